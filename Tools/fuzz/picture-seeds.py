#!/usr/bin/env python3
"""Writes the pictures of the tests as seeds: picture-seeds.py PICTURES.JSON FOLDER makes the folders
jpeg, png, webp and exif in it, the last with EXIF data alone. Exit status 0."""
import base64
import json
import os
import struct
import sys


def tiff(orientation, order):
    mark = {"<": b"II", ">": b"MM"}[order]
    entries = [(0x010F, 2, 4, b"abc\0"), (0x0112, 3, 1, struct.pack(order + "HH", orientation, 0))]
    data = mark + struct.pack(order + "HIH", 42, 8, len(entries))
    for tag, kind, count, value in entries:
        data += struct.pack(order + "HHI", tag, kind, count) + value
    return data + b"\0\0\0\0"


def main(pictures, folder):
    def write(kind, name, data):
        os.makedirs(os.path.join(folder, kind), exist_ok=True)
        with open(os.path.join(folder, kind, name), "wb") as out:
            out.write(data)
    with open(pictures) as stream:
        for name, case in json.load(stream).items():
            data = base64.b64decode(case["file"])
            kind = {b"\xff\xd8": "jpeg", b"\x89P": "png", b"RI": "webp"}[data[:2]]
            write(kind, name, data)
    for order in "<>":
        for orientation in (0, 1, 6, 9):
            name = f"{orientation}-{'little' if order == '<' else 'big'}"
            write("exif", name, tiff(orientation, order))
            write("exif", "marked-" + name, b"Exif\0\0" + tiff(orientation, order))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
