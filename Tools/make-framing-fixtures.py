#!/usr/bin/env python3
"""Makes Tests/DatasetsTests/Fixtures/framing.json: pictures, and what Pillow's resize and a crop of the
middle make of them, as torchvision's and timm's Resize and CenterCrop call it.

    Tools/make-framing-fixtures.py OUT

Needs Pillow (13.0 made what is committed). Of turned pictures the upright one is resized.
"""
import base64
import io
import json
import sys

from PIL import Image, ImageOps

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def framed(image, shorter, size, name):
    """As torchvision 0.28's transforms do for a Pillow image."""
    width, height = image.size
    if width <= height:
        resized = image.resize((shorter, int(shorter * height / width)), FILTERS[name])
    else:
        resized = image.resize((int(shorter * width / height), shorter), FILTERS[name])
    left = int(round((resized.width - size) / 2.0))
    top = int(round((resized.height - size) / 2.0))
    return resized.crop((left, top, left + size, top + size))


def made(width, height):
    """Edges and fine texture."""
    image = Image.new("RGB", (width, height))
    image.putdata([
        ((x * 7 ^ y * 5) % 256, (x * y // 3 + 40 * (x // 9 % 2)) % 256, (x * x + y * 13) % 256)
        for y in range(height) for x in range(width)])
    return image


def encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def main():
    cases = {}

    def add(name, file, shorter, size, filter_name):
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("RGB")
        rgb = framed(image, shorter, size, filter_name).tobytes()
        cases[name] = {
            "file": base64.b64encode(file).decode(), "shorterSide": shorter, "size": size,
            "filter": filter_name, "rgb": base64.b64encode(rgb).decode()}

    for width, height in ((61, 43), (43, 61), (20, 20), (7, 50), (9, 4), (1, 1)):
        file = encoded(made(width, height), format="PNG")
        for filter_name in FILTERS:
            for shorter, size in ((16, 14), (23, 23), (17, 8)):
                add(f"{width}x{height} to {size} of {shorter}, {filter_name}", file, shorter, size,
                    filter_name)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = encoded(made(30, 23), format="PNG", exif=exif)
        add(f"orientation {orientation}", file, 16, 13, "bilinear")
    smooth = made(24, 18).resize((320, 240), Image.Resampling.BICUBIC)
    add("a JPEG", encoded(smooth, format="JPEG", quality=85), 36, 32, "bilinear")
    lines = ",\n".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in cases.items())
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("{" + lines + "}\n")


if __name__ == "__main__":
    main()
