import Dispatch
import Foundation
import Tensors

/// Two domains of synthetic images, drawn by code: ten upright classes each, nine in common, in two
/// styles that no pixel statistic shares. The embedded default: a demonstration needs no download.
public enum SyntheticDomain: String, Sendable, CaseIterable {
  /// Dark pen strokes on bright, stained paper; `chair` is its own class.
  case ink
  /// Glowing, saturated figures on dark, colored ground; `rocket` is its own class.
  case neon

  public static let trainCount = 2000
  public static let testCount = 1000

  var shapes: [SyntheticShape] {
    SyntheticShape.common + [self == .ink ? SyntheticShape.chair : SyntheticShape.rocket]
  }

  /// 2,000 training and 1,000 test images of size × size, always the same ones.
  public func dataset(size: Int) -> Dataset {
    Dataset(
      name: "made-up \(rawValue)", classNames: shapes.map(\.name),
      train: images(0..<Self.trainCount, size: size),
      test: images(Self.trainCount..<Self.trainCount + Self.testCount, size: size),
      notes: ["drawn by code"])
  }

  /// Image i is of class i mod 10 and depends on i alone.
  func images(_ range: Range<Int>, size: Int) -> ImageSet {
    let shapes = shapes
    let area = size * size * 3
    var bytes = [UInt8](repeating: 0, count: range.count * area)
    let chunk = 32
    bytes.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own images alone.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: (range.count + chunk - 1) / chunk) { block in
        for i in block * chunk..<min((block + 1) * chunk, range.count) {
          let index = range.lowerBound + i
          draw(shapes[index % shapes.count], index: index, size: size) { slots[i * area + $0] = $1 }
        }
      }
    }
    return ImageSet(bytes: bytes, labels: range.map { Int32($0 % shapes.count) }, size: size)
  }

  private func draw(
    _ shape: SyntheticShape, index: Int, size: Int, put: (Int, UInt8) -> Void
  ) {
    // The images are part of the product: their seed is not the run's.
    var random = RandomStream(
      seed: 2021, .syntheticImages, stream: self == .ink ? 0 : 1, step: UInt32(index))
    let pose = Pose(&random)
    var style = Style(self, &random)
    let pixel = 2 / Float(size)
    for row in 0..<size {
      for column in 0..<size {
        let at = SIMD2<Float>((Float(column) + 0.5) * pixel - 1, (Float(row) + 0.5) * pixel - 1)
        let distance = shape.distance(pose.inverse(at)) * pose.scale
        let color = style.color(at: at, distance: distance, pixel: pixel, &random)
        for channel in 0..<3 {
          let value = min(max(color[channel], 0), 1) * 255
          put((row * size + column) * 3 + channel, UInt8(value.rounded()))
        }
      }
    }
  }

  /// Where a figure stands: size, place, a slight tilt and shear.
  private struct Pose {
    let scale: Float
    private let center: SIMD2<Float>
    private let tilt: (cos: Float, sin: Float)
    private let shear: Float, aspect: Float

    init(_ random: inout RandomStream) {
      func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * random.uniform() }
      scale = between(0.45, 0.85)
      let room = 1 - scale
      center = [between(-room, room), between(-room, room)]
      let angle = between(-0.25, 0.25)
      tilt = (cos(angle), sin(angle))
      shear = between(-0.25, 0.25)
      aspect = between(0.75, 1.3)
    }

    func inverse(_ p: SIMD2<Float>) -> SIMD2<Float> {
      let q = (p - center) / scale
      let x = tilt.cos * q.x + tilt.sin * q.y
      let y = tilt.cos * q.y - tilt.sin * q.x
      return [(x - shear * y) * aspect, y]
    }
  }

  /// Colors and texture of one image.
  private struct Style {
    private let domain: SyntheticDomain
    private let ground: SIMD3<Float>, groundEnd: SIMD3<Float>, figure: SIMD3<Float>
    private let direction: SIMD2<Float>
    private let stroke: Float, noise: Float
    private let filled: Bool
    private let clutter: [(a: SIMD2<Float>, b: SIMD2<Float>)]

    init(_ domain: SyntheticDomain, _ random: inout RandomStream) {
      self.domain = domain
      func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * random.uniform() }
      func color(_ low: Float, _ high: Float) -> SIMD3<Float> {
        [between(low, high), between(low, high), between(low, high)]
      }
      let angle = between(0, 2 * .pi)
      direction = [cos(angle), sin(angle)]
      switch domain {
      case .ink:
        let paper = between(0.7, 1)
        ground = [paper, paper * between(0.85, 1), paper * between(0.65, 0.9)]
        groundEnd = ground * between(0.7, 1)
        figure = color(0, 0.35)
        stroke = between(0.06, 0.13)
        noise = between(0.03, 0.15)
        filled = random.uniform() < 0.25
      case .neon:
        ground = color(0, 0.4)
        groundEnd = color(0, 0.4)
        var bright = color(0.1, 1)
        bright[Int(between(0, 2.99))] = 1
        figure = bright
        stroke = between(0.05, 0.1)
        noise = between(0.02, 0.12)
        filled = random.uniform() < 0.65
      }
      clutter = (0..<Int(between(1, 4))).map { _ in
        (
          a: [between(-1, 1), between(-1, 1)],
          b: [between(-1, 1), between(-1, 1)]
        )
      }
    }

    mutating func color(
      at p: SIMD2<Float>, distance: Float, pixel: Float, _ random: inout RandomStream
    ) -> SIMD3<Float> {
      let t = min(max(0.5 + 0.5 * (p * direction).sum(), 0), 1)
      var color = ground + (groundEnd - ground) * t
      for line in clutter {
        let d = SyntheticShape(
          name: "", parts: [.stroke(from: line.a, to: line.b, radius: 0.02)]
        ).distance(p)
        color += (figure - color) * (0.45 * coverage(d, pixel))
      }
      switch domain {
      case .ink:
        let outline = coverage(abs(distance) - stroke, pixel)
        let fill = filled ? 0.75 * coverage(distance, pixel) : 0
        color += (figure - color) * max(outline, fill)
      case .neon:
        let glow = 0.45 * exp(-max(distance, 0) * 7)
        let core =
          filled ? coverage(distance, pixel) : coverage(abs(distance) - stroke, pixel)
        color += (figure - color) * max(core, glow)
      }
      return color + noise * (random.uniform() + random.uniform() - 1)
    }

    /// Share of a pixel inside, from the signed distance of its center.
    private func coverage(_ distance: Float, _ pixel: Float) -> Float {
      min(max(0.5 - distance / pixel, 0), 1)
    }
  }
}
