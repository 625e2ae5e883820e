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

  /// Tries the points in several orders, as the first ones have the choice; nil where none works.
  static func place(
    _ texts: [String], at points: [(Double, Double)], in room: Box
  ) -> [Label]? {
    let indices = Array(texts.indices)
    let orders = [
      indices, indices.reversed(),
      indices.sorted { points[$0].0 > points[$1].0 },
      indices.sorted { points[$0].0 < points[$1].0 },
      indices.sorted { points[$0].1 > points[$1].1 },
      indices.sorted { points[$0].1 < points[$1].1 },
    ]
    for order in orders {
      let found = place(
        order.map { texts[$0] }, at: order.map { points[$0] }, avoiding: points, room)
      if let found { return found }
    }
    return nil
  }

  /// Point by point, at the first free one of the places around it.
  private static func place(
    _ texts: [String], at points: [(Double, Double)], avoiding all: [(Double, Double)], _ room: Box
  ) -> [Label]? {
    var taken = all.map { Box(left: $0.0 - 5, top: $0.1 - 5, right: $0.0 + 5, bottom: $0.1 + 5) }
    var labels: [Label] = []
    for (text, point) in zip(texts, points) {
      let width = TextWidth.of(text, size: Drawing.textSize)
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
