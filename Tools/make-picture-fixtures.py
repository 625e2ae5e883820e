#!/usr/bin/env python3
"""Makes Tests/DatasetsTests/Fixtures/pictures.json: small pictures of every kind, and their pixels.

    Tools/make-picture-fixtures.py OUT

Needs Pillow with WebP (13.0 made what is committed). PNG files are written here, as Pillow has not
all depths and no interlacing; what Pillow reads of them has to agree. Expected pixels are RGB,
upright, alpha laid over white by (c·a + 255·(255 − a)) / 255; of 16 bits the nearest 8.
"""
import base64
import io
import json
import struct
import sys
import zlib

from PIL import Image, ImageOps

WIDTH, HEIGHT = 11, 9
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(name, data):
    return (struct.pack(">I", len(data)) + name + data
            + struct.pack(">I", zlib.crc32(name + data)))


def pack(row, depth):
    """Samples of a row, one after the other, in `depth` bits each."""
    if depth == 16:
        return b"".join(struct.pack(">H", v) for v in row)
    bits = 0
    for v in row:
        bits = bits << depth | v
    missing = -len(row) * depth % 8
    return (bits << missing).to_bytes((len(row) * depth + missing) // 8, "big")


def png(samples, color, depth, interlaced=False, extra=()):
    """samples[y][x]: a tuple of the channels."""
    height, width = len(samples), len(samples[0])
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    raw = b""
    for x0, y0, dx, dy in passes:
        for y in range(y0, height, dy):
            row = [v for x in range(x0, width, dx) for v in samples[y][x]]
            if row:
                raw += b"\0" + pack(row, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*e) for e in extra)
            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def sample(x, y, channel, most):
    return (x * 37 + y * 59 + channel * 91 + x * y * 7) % (most + 1)


def over_white(rgba):
    *rgb, a = rgba
    return tuple((c * a + 255 * (255 - a) + 127) // 255 for c in rgb)


def eight(v, most):
    return (v * 255 * 2 + most) // (2 * most)


def png_cases():
    depths = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}
    names = {0: "gray", 2: "rgb", 3: "palette", 4: "gray-alpha", 6: "rgba"}
    for color, list_of_depths in depths.items():
        for depth in list_of_depths:
            for interlaced in (False, True):
                for transparent in (False, True) if color in (0, 2, 3) else (False,):
                    yield png_case(color, depth, interlaced, transparent, names[color])


def png_case(color, depth, interlaced, transparent, name):
    most = (1 << depth) - 1
    samples = [[tuple(sample(x, y, c, most) for c in range(CHANNELS[color]))
                for x in range(WIDTH)] for y in range(HEIGHT)]
    extra = []
    palette = [(i * 53 % 256, i * 101 % 256, 255 - i * 17 % 256) for i in range(most + 1)]
    alphas = [(i * 71 + 40) % 256 for i in range(most + 1)]
    if color == 3:
        extra.append((b"PLTE", bytes(v for c in palette for v in c)))
    key = samples[2][3]
    if transparent:
        extra.append((b"tRNS", bytes(alphas) if color == 3
                      else b"".join(struct.pack(">H", v) for v in key)))

    def rgb(value):
        if color == 3:
            return over_white(palette[value[0]] + ((alphas[value[0]] if transparent else 255),))
        small = [eight(v, most) for v in value]
        if color in (4, 6):
            small, alpha = small[:-1], small[-1]
        else:
            alpha = 0 if transparent and value == key else 255
        if len(small) == 1:
            small *= 3
        return over_white(tuple(small) + (alpha,))
    pixels = [rgb(v) for row in samples for v in row]
    full = f"png-{name}-{depth}" + "-key" * transparent + "-interlaced" * interlaced
    return full, png(samples, color, depth, interlaced, extra), pixels


def flat(image):
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def smooth(mode="RGB", size=(WIDTH, HEIGHT)):
    image = Image.new(mode, size)
    for y in range(size[1]):
        for x in range(size[0]):
            value = (x * 20 % 256, y * 25 % 256, (x + y) * 9 % 256, (x * y * 6 + 30) % 256)
            image.putpixel((x, y), value[:len(mode)])
    return image


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def case(file, expected, tolerance=0):
    data = expected.tobytes()
    return {"file": base64.b64encode(file).decode(), "width": expected.width,
            "height": expected.height, "rgb": base64.b64encode(data).decode(),
            "tolerance": tolerance}


def main(out):
    cases = {}
    for name, file, pixels in png_cases():
        expected = Image.new("RGB", (WIDTH, HEIGHT))
        expected.putdata(pixels)
        cases[name] = case(file, expected)
        # Pillow takes the high byte of 16 bits, and of 16-bit gray something else.
        if "-16" not in name:
            theirs = flat(Image.open(io.BytesIO(file)))
            worst = max(abs(a - b) for a, b in zip(theirs.tobytes(), expected.tobytes()))
            assert worst <= 1, (name, worst)
    big = smooth(size=(40, 24))
    for name, options in {"jpeg": {}, "jpeg-progressive": {"progressive": True},
                          "jpeg-420": {"subsampling": 2}}.items():
        file = saved(big, "JPEG", quality=90, **options)
        cases[name] = case(file, Image.open(io.BytesIO(file)).convert("RGB"), 2)
    file = saved(big.convert("L"), "JPEG", quality=90)
    cases["jpeg-gray"] = case(file, Image.open(io.BytesIO(file)).convert("RGB"), 2)
    for name, image, options in [
        ("webp-lossy", big, {"quality": 80}), ("webp-lossless", big, {"lossless": True}),
        ("webp-lossy-alpha", smooth("RGBA"), {"quality": 90}),
        ("webp-lossless-alpha", smooth("RGBA"), {"lossless": True, "exact": True}),
    ]:
        file = saved(image, "WEBP", **options)
        cases[name] = case(file, flat(Image.open(io.BytesIO(file))), 1)
    frames = [smooth(), smooth().transpose(Image.Transpose.ROTATE_180)]
    file = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    cases["webp-animation"] = case(file, flat(Image.open(io.BytesIO(file))), 1)
    # Its encoder stores the opaque part of the frame alone.
    clear = [Image.new("RGBA", (24, 20), (0, 0, 0, 0)) for _ in frames]
    for image, frame in zip(clear, frames):
        image.paste(frame, (8, 6))
    file = saved(clear[0], "WEBP", save_all=True, append_images=clear[1:], lossless=True)
    cases["webp-animation-offset"] = case(file, flat(Image.open(io.BytesIO(file))), 1)
    for kind, options in [("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {"lossless": True})]:
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x010F] = "made here"
            exif[0x0112] = orientation
            file = saved(smooth(), kind, exif=exif, **options)
            upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("RGB")
            cases[f"orientation-{orientation}-{kind.lower()}"] = case(file, upright, 2)
    with open(out, "w") as stream:
        json.dump(cases, stream, indent=0, sort_keys=True)
        stream.write("\n")
    print(f"{len(cases)} pictures", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
