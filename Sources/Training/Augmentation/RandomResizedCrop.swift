import Foundation
public import Tensors

/// A random part of the stored image, resized to the whole (Szegedy et al. 2015; the draws are those
/// of torchvision's RandomResizedCrop): its area is a share s of the image's, uniform in
/// `smallestArea`…1, its width ÷ height a, log a uniform in log ¾…log 4⁄3. Where ten draws give no
/// rectangle within the image, all of it is taken.
///
/// The part is taken from the image as it is stored, at the recipe's size; a larger picture behind it
/// is not read again (ours).
public struct RandomResizedCrop: AugmentationStep {
  /// From above 0 to 1.
  public let smallestArea: Double

  public init(smallestArea: Double = 0.08) { self.smallestArea = smallestArea }

  public var name: String { "resized-crop" }

  public func change(
    _ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream
  ) {
    transform.window = random.rectangle(
      in: imageSize, area: smallestArea...1, logAspect: log(0.75)...log(4.0 / 3))
  }
}

/// A random rectangle becomes the mean color, 0 after normalization (Zhong et al. 2020, with the
/// standards of torchvision's RandomErasing): its area is a share of the image's, uniform in
/// 0.02…0.33, its height ÷ width a, log a uniform in log 0.3…log 3.3.
public struct RandomErasing: AugmentationStep {
  /// How often; from 0 to 1.
  public let probability: Double

  public init(probability: Double = 0.5) { self.probability = probability }

  public var name: String { "erase" }

  public func change(
    _ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream
  ) {
    guard Double(random.uniform()) < probability else { return }
    transform.erased = random.rectangle(
      in: imageSize, area: 0.02...0.33, logAspect: -log(3.3)...(-log(0.3)))
  }
}

extension RandomStream {
  /// A rectangle within a square of `size` pixels; nil where ten draws give none.
  fileprivate mutating func rectangle(
    in size: Int, area: ClosedRange<Double>, logAspect: ClosedRange<Double>
  ) -> PixelRectangle? {
    func between(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + Double(uniform()) * (range.upperBound - range.lowerBound)
    }
    for _ in 0..<10 {
      let pixels = between(area) * Double(size * size)
      let aspect = exp(between(logAspect))
      let width = Int((pixels * aspect).squareRoot().rounded(.toNearestOrEven))
      let height = Int((pixels / aspect).squareRoot().rounded(.toNearestOrEven))
      guard (1...size).contains(width), (1...size).contains(height) else { continue }
      return PixelRectangle(
        top: below(size - height + 1), left: below(size - width + 1), height: height, width: width)
    }
    return nil
  }
}
