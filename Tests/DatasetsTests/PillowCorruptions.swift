/// Made by `Tools/make-corruption-fixtures.py`: PSNR by strength, with NumPy and Pillow.
enum PillowCorruptions {
  static let decibels: [String: [Double]] = [
    "gaussian-noise": [27.97, 24.44, 21.98, 20.97, 20.10],
    "gaussian-blur": [45.44, 34.25, 32.33, 30.98, 28.85],
    "contrast": [25.10, 19.08, 17.50, 16.16, 14.47],
    "pixelation": [33.63, 30.69, 29.81, 27.76, 26.06],
    "jpeg": [27.41, 26.18, 25.66, 24.95, 24.22],
  ]
  /// Sum of all bytes of the images.
  static let sum = 12_607_173
}
