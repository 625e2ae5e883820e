#!/usr/bin/env python3
"""What NumPy and SciPy find for the alignment, retrieval and neighbors of small made-up features.

    python3 Tools/make-alignment-fixtures.py             writes Tests/AnalysisTests/NumPyValues.swift
    python3 Tools/make-alignment-fixtures.py --verify    computes it again and compares

The features are made by a hash (`noise`) that the Swift tests have too. Needs NumPy and SciPy. Exit
status: 0 fine, 1 another file, 77 no NumPy or SciPy here.
"""
import pathlib
import re
import sys

try:
    import numpy as np
    import scipy.linalg
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

TARGET = pathlib.Path(__file__).parent.parent / "Tests/AnalysisTests/NumPyValues.swift"


def noise(count, stream):
    """Uniform in [-1, 1), multiples of 2^-23."""
    x = (np.arange(count, dtype=np.uint64) + 1 + (stream << 20)) & 0xFFFFFFFF
    for factor, shift in ((0x7FEB352D, 16), (0x846CA68B, 15)):
        x = ((x ^ (x >> np.uint64(shift))) * factor) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return (x >> np.uint64(8)).astype(np.float64) * 2.0 ** -23 - 1


def features(rows, stream):
    """Five channels, and five that depend on them."""
    x = noise(rows * 5, stream).reshape(rows, 5) + 2
    y = noise(rows * 5, stream + 1).reshape(rows, 5) + x[:, [1, 2, 3, 4, 0]] + 0.5 * x
    return x, y.astype(np.float32).astype(np.float64)


def retrieval(queries, gallery, labels):
    """recall@1, recall@5 and mAP of image i among all others."""
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, gallery)]
    first, five, precision = [], [], []
    for i, cosines in enumerate(unit[0] @ unit[1].T):
        order = [j for j in np.argsort(-cosines, kind="stable") if j != i]
        hits = np.array([labels[j] == labels[i] for j in order])
        first.append(hits[0])
        five.append(hits[:5].any())
        precision.append((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())
    return [np.mean(first), np.mean(five), np.mean(precision)]


def mutual(first, second, k):
    near = []
    for v in (first, second):
        unit = v / np.linalg.norm(v, axis=1, keepdims=True)
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, -np.inf)
        near.append(np.argsort(-cosines, axis=1, kind="stable")[:, :k])
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*near)])


def main():
    (x, y), (held_x, held_y) = features(60, 0), features(40, 10)
    xc, yc = x - x.mean(0), y - y.mean(0)
    rotation, total = scipy.linalg.orthogonal_procrustes(xc, yc)
    scale = total / (xc ** 2).sum()
    ridge = 1e-2 * (xc ** 2).sum() / 5
    weights = np.linalg.lstsq(
        np.vstack([xc, np.sqrt(ridge) * np.eye(5)]), np.vstack([yc, np.zeros((5, 5))]),
        rcond=None)[0]
    bias = y.mean(0) - x.mean(0) @ weights
    left = ((held_y - held_x @ weights - bias) ** 2).sum()
    unexplained = left / ((held_y - held_y.mean(0)) ** 2).sum()
    square = noise(49, 20).reshape(7, 7)
    labels = np.arange(40) % 5
    centers = noise(30, 30).reshape(5, 6)[labels]
    queries = noise(240, 31).reshape(40, 6) + centers
    gallery = noise(240, 32).reshape(40, 6) + centers
    values = {
        "rotation": rotation.ravel(), "scale": [scale], "weights": weights.ravel(), "bias": bias,
        "unexplained": [unexplained], "singularValues": np.linalg.svd(square)[1],
        "acrossScores": retrieval(queries, gallery, labels),
        "ownScores": retrieval(queries, queries, labels),
        "mutualNeighbors": [mutual(queries, gallery, 3), mutual(queries, gallery, 10)],
    }
    lines = [
        "/// Made by `Tools/make-alignment-fixtures.py`: what NumPy and SciPy find.",
        "enum NumPyValues {",
    ]
    for name, numbers in values.items():
        lines.append(f"  static let {name}: [Double] = [")
        lines += [f"    {float(number)!r}," for number in numbers]
        lines.append("  ]")
    text = "\n".join(lines + ["}"]) + "\n"
    if "--verify" in sys.argv:
        found = [float(v) for v in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", TARGET.read_text())]
        wanted = [float(v) for numbers in values.values() for v in numbers]
        same = len(found) == len(wanted) and np.allclose(found, wanted, rtol=1e-9, atol=1e-12)
        print("the same" if same else f"{TARGET}: other values; write it again")
        sys.exit(0 if same else 1)
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
