/// Places for names beside points, such that none covers another or a point.
enum LabelPlacement {
  struct Box {
    let left: Double
    let top: Double
    let right: Double
    let bottom: Double

    func meets(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }

    func holds(_ other: Box) -> Bool {
      other.left >= left && other.right <= right && other.top >= top && other.bottom <= bottom
    }
  }

  struct Label {
    let text: String
    /// Left end of the base line.
    let x: Double
    let y: Double
  }

  /// Point by point, at the first free one of eight places around it; nil where one finds none.
  static func place(
    _ texts: [String], at points: [(Double, Double)], in room: Box
  ) -> [Label]? {
    var taken = points.map { Box(left: $0.0 - 5, top: $0.1 - 5, right: $0.0 + 5, bottom: $0.1 + 5) }
    var labels: [Label] = []
    for (text, point) in zip(texts, points) {
      let width = TextWidth.of(text, size: 12)
      let places: [(Double, Double)] = [
        (7, 4), (-width - 7, 4), (-width / 2, -8), (-width / 2, 17), (6, -6), (6, 15),
        (-width - 6, -6), (-width - 6, 15),
      ]
      let boxes = places.map { shift in
        let (x, y) = (point.0 + shift.0, point.1 + shift.1)
        return (x, y, Box(left: x, top: y - 10, right: x + width, bottom: y + 3))
      }
      guard
        let free = boxes.first(where: { _, _, box in
          room.holds(box) && !taken.contains { $0.meets(box) }
        })
      else { return nil }
      taken.append(free.2)
      labels.append(Label(text: text, x: free.0, y: free.1))
    }
    return labels
  }
}
