import Foundation

/// A figure as the union of parts, in coordinates from −1 to 1, x to the right, y down. Each class
/// has an upright position: a quarter turn makes it look wrong, so that predicting rotation means
/// something.
struct SyntheticShape: Sendable {
  enum Part: Sendable {
    case disc(x: Float, y: Float, radius: Float)
    case polygon([SIMD2<Float>])
    case stroke(from: SIMD2<Float>, to: SIMD2<Float>, radius: Float)
  }

  let name: String
  let parts: [Part]

  /// Signed distance from the figure's outline, negative inside.
  func distance(_ p: SIMD2<Float>) -> Float {
    parts.reduce(Float.infinity) { min($0, Self.distance(p, to: $1)) }
  }

  private static func distance(_ p: SIMD2<Float>, to part: Part) -> Float {
    switch part {
    case .disc(let x, let y, let radius):
      let d = p - SIMD2(x, y)
      return (d * d).sum().squareRoot() - radius
    case .stroke(let from, let to, let radius):
      return distance(p, from, to).squareRoot() - radius
    case .polygon(let corners):
      var nearest = Float.infinity
      var inside = false
      var previous = corners[corners.count - 1]
      for corner in corners {
        nearest = min(nearest, distance(p, previous, corner))
        if (corner.y > p.y) != (previous.y > p.y),
          p.x < (previous.x - corner.x) * (p.y - corner.y) / (previous.y - corner.y) + corner.x
        {
          inside.toggle()
        }
        previous = corner
      }
      return inside ? -nearest.squareRoot() : nearest.squareRoot()
    }
  }

  /// Squared distance from the segment a b.
  private static func distance(
    _ p: SIMD2<Float>, _ a: SIMD2<Float>, _ b: SIMD2<Float>
  ) -> Float {
    let along = b - a
    let to = p - a
    let length = (along * along).sum()
    let t = length > 0 ? min(max((to * along).sum() / length, 0), 1) : 0
    let d = to - along * t
    return (d * d).sum()
  }

  // MARK: The classes

  private static func box(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float) -> Part {
    .polygon([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
  }

  /// The upper half of a disc.
  private static func dome(x: Float, y: Float, radius: Float, height: Float) -> Part {
    .polygon(
      (0...10).map { step in
        let angle = Float.pi * Float(step) / 10
        return [x + radius * cos(angle), y - height * sin(angle)]
      })
  }

  /// Nine classes that both domains have.
  static let common: [SyntheticShape] = [
    SyntheticShape(
      name: "arrow",
      parts: [.polygon([[0, -0.9], [0.65, -0.1], [-0.65, -0.1]]), box(-0.2, -0.15, 0.2, 0.85)]),
    SyntheticShape(
      name: "boat",
      parts: [
        .polygon([[-0.85, 0.3], [0.85, 0.3], [0.5, 0.8], [-0.5, 0.8]]),
        .polygon([[0.05, -0.85], [0.65, 0.15], [0.05, 0.15]]),
        .stroke(from: [0, -0.85], to: [0, 0.4], radius: 0.06),
      ]),
    SyntheticShape(
      name: "cup",
      parts: [
        .polygon([[-0.65, -0.45], [0.35, -0.45], [0.2, 0.7], [-0.5, 0.7]]),
        .stroke(from: [0.3, -0.25], to: [0.75, -0.2], radius: 0.08),
        .stroke(from: [0.75, -0.2], to: [0.7, 0.3], radius: 0.08),
        .stroke(from: [0.7, 0.3], to: [0.25, 0.4], radius: 0.08),
      ]),
    SyntheticShape(
      name: "house",
      parts: [box(-0.55, -0.05, 0.55, 0.8), .polygon([[-0.8, 0], [0.8, 0], [0, -0.8]])]),
    SyntheticShape(
      name: "lamp",
      parts: [
        .polygon([[-0.3, -0.85], [0.3, -0.85], [0.65, -0.15], [-0.65, -0.15]]),
        .stroke(from: [0, -0.2], to: [0, 0.75], radius: 0.07), box(-0.45, 0.68, 0.45, 0.85),
      ]),
    SyntheticShape(
      name: "mushroom",
      parts: [dome(x: 0, y: 0.1, radius: 0.8, height: 0.85), box(-0.22, 0, 0.22, 0.8)]),
    SyntheticShape(
      name: "person",
      parts: [
        .disc(x: 0, y: -0.6, radius: 0.26),
        .stroke(from: [0, -0.3], to: [0, 0.25], radius: 0.14),
        .stroke(from: [-0.5, -0.15], to: [0.5, -0.15], radius: 0.09),
        .stroke(from: [0, 0.25], to: [-0.35, 0.85], radius: 0.1),
        .stroke(from: [0, 0.25], to: [0.35, 0.85], radius: 0.1),
      ]),
    SyntheticShape(
      name: "tree",
      parts: [
        .disc(x: 0, y: -0.4, radius: 0.42), .disc(x: -0.32, y: -0.05, radius: 0.33),
        .disc(x: 0.32, y: -0.05, radius: 0.33), box(-0.13, 0, 0.13, 0.85),
      ]),
    SyntheticShape(
      name: "umbrella",
      parts: [
        dome(x: 0, y: -0.1, radius: 0.85, height: 0.7),
        .stroke(from: [0, -0.15], to: [0, 0.65], radius: 0.06),
        .stroke(from: [0, 0.65], to: [0.15, 0.8], radius: 0.06),
        .stroke(from: [0.15, 0.8], to: [0.3, 0.65], radius: 0.06),
      ]),
  ]

  static let chair = SyntheticShape(
    name: "chair",
    parts: [
      .stroke(from: [-0.5, -0.85], to: [-0.5, 0.85], radius: 0.1), box(-0.55, -0.05, 0.55, 0.2),
      .stroke(from: [0.45, 0.1], to: [0.45, 0.85], radius: 0.1),
    ])

  static let rocket = SyntheticShape(
    name: "rocket",
    parts: [
      .polygon([[0, -0.9], [0.28, -0.35], [0.28, 0.5], [-0.28, 0.5], [-0.28, -0.35]]),
      .polygon([[0.25, 0.1], [0.6, 0.75], [0.25, 0.5]]),
      .polygon([[-0.25, 0.1], [-0.6, 0.75], [-0.25, 0.5]]),
      .polygon([[-0.15, 0.5], [0.15, 0.5], [0, 0.9]]),
    ])
}
