#!/usr/bin/env python3
"""How strong NumPy and Pillow make the corruptions of images: their PSNR.

    python3 Tools/make-corruption-fixtures.py             writes Tests/DatasetsTests/PillowCorruptions.swift
    python3 Tools/make-corruption-fixtures.py --verify    computes it again and compares

The images are made by a formula that the Swift test has too: waves with noise on them. PSNR is
10 log10(255^2 / mean squared difference) over all of them. Values are rounded, where the authors'
code cuts off. Exit status: 0 fine, 1 another file, 77 a module is missing.
"""
import io
import pathlib
import re
import sys

try:
    import numpy as np
    from PIL import Image
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

TARGET = pathlib.Path(__file__).parent.parent / "Tests/DatasetsTests/PillowCorruptions.swift"
COUNT, SIZE = 32, 32


def noise(count, stream):
    """Uniform in [-1, 1), multiples of 2^-23."""
    x = (np.arange(count, dtype=np.uint64) + 1 + (stream << 20)) & 0xFFFFFFFF
    for factor, shift in ((0x7FEB352D, 16), (0x846CA68B, 15)):
        x = ((x ^ (x >> np.uint64(shift))) * factor) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return (x >> np.uint64(8)).astype(np.float64) * 2.0 ** -23 - 1


def made():
    """Bytes [COUNT, SIZE, SIZE, 3]: of each image and channel a wave of its own."""
    wave = noise(COUNT * 9, 1).reshape(COUNT, 3, 3)
    grain = noise(COUNT * SIZE * SIZE * 3, 2).reshape(COUNT, SIZE, SIZE, 3)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    images = np.empty((COUNT, SIZE, SIZE, 3))
    for image in range(COUNT):
        for channel in range(3):
            a, b, phase = wave[image, channel]
            images[image, :, :, channel] = 128 + 80 * np.sin(
                2 * np.pi * (3 * a * x + 3 * b * y + phase))
    return np.clip(np.floor(images + 12 * grain + 0.5), 0, 255).astype(np.uint8)


def through_jpeg(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def pixelated(image, share):
    side = int(SIZE * share)
    small = Image.fromarray(image).resize((side, side), Image.BOX)
    return np.asarray(small.resize((SIZE, SIZE), Image.BOX))


def blurred(image, deviation):
    reach = int(4 * deviation + 0.5)
    filter = np.exp(-np.arange(-reach, reach + 1) ** 2 / (2 * deviation ** 2))

    def along(values):
        padded = np.pad(values, reach, mode="edge")
        return np.convolve(padded, filter / filter.sum(), mode="valid")

    rows = np.apply_along_axis(along, 1, image.astype(np.float64))
    return np.apply_along_axis(along, 0, rows)


random = np.random.default_rng(7)
KINDS = {
    "gaussian-noise": ([0.04, 0.06, 0.08, 0.09, 0.10],
                       lambda x, c: x + random.normal(0, 255 * c, x.shape)),
    "gaussian-blur": ([0.4, 0.6, 0.7, 0.8, 1], blurred),
    "contrast": ([0.75, 0.5, 0.4, 0.3, 0.15],
                 lambda x, c: (x - x.mean((0, 1))) * c + x.mean((0, 1))),
    "pixelation": ([0.95, 0.9, 0.85, 0.75, 0.65], pixelated),
    "jpeg": ([80, 65, 58, 50, 40], through_jpeg),
}


def text():
    images = made()
    lines = []
    for kind, (parameters, change) in KINDS.items():
        values = []
        for parameter in parameters:
            changed = [np.clip(np.round(change(image, parameter)), 0, 255) for image in images]
            error = np.mean((np.array(changed, np.float64) - images) ** 2)
            values.append(f"{10 * np.log10(255 ** 2 / error):.2f}")
        lines.append(f'    "{kind}": [{", ".join(values)}],\n')
    return f"""/// Made by `Tools/make-corruption-fixtures.py`: PSNR by strength, with NumPy and Pillow.
enum PillowCorruptions {{
  static let decibels: [String: [Double]] = [
{"".join(lines)}  ]
  /// Sum of all bytes of the images.
  static let sum = {int(images.sum()):_}
}}
"""


if sys.argv[1:] == ["--verify"]:
    # Other versions may differ in the last digits; the first line names one.
    held, made = ([float(n) for n in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", t.split("\n", 1)[1])]
                  for t in (TARGET.read_text(), text()))
    same = len(held) == len(made) and all(
        abs(a - b) <= 0.1 for a, b in zip(held, made))
    sys.exit(0 if same else 1)
if sys.argv[1:]:
    sys.exit(__doc__)
TARGET.write_text(text())
