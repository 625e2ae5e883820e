/// Numbers that the scripts which make fixtures in Python draw alike.
public enum HashNoise {
  /// Uniform in [-1, 1), multiples of 2⁻²³: a 32-bit integer hash of (index, stream).
  public static func values(_ count: Int, stream: Int) -> [Double] {
    (0..<count).map { index in
      var x = UInt32(index) &+ 1 &+ UInt32(stream << 20)
      x ^= x >> 16
      x = x &* 0x7FEB_352D
      x ^= x >> 15
      x = x &* 0x846C_A68B
      x ^= x >> 16
      return Double(x >> 8) * 0x1p-23 - 1
    }
  }
}
