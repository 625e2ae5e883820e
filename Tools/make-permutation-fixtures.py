#!/usr/bin/env python3
"""Networks whose channels stand in another order in every layer, and compute the same.

    python3 Tools/make-permutation-fixtures.py             writes a fixture of TrainingTests
    python3 Tools/make-permutation-fixtures.py --verify    computes it again and compares

Which permutation each axis of each weight has is written down here for a ResNet-8 with either
shortcut and a WRN-10-1; the weights are made by a hash that the Swift test has too. The fixture holds
the permutations and a digest of the permuted weights, as they stand in files, by name. Needs NumPy.
Exit status: 0 fine, 1 another file, 77 no NumPy here.
"""
import hashlib
import json
import pathlib
import sys

try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

TARGET = pathlib.Path(__file__).parent.parent / "Tests/TrainingTests/Fixtures/permuted-networks.json"
CLASSES, BUFFERS = 4, 500


def noise(count, stream):
    """Uniform in [-1, 1), multiples of 2^-23."""
    x = (np.arange(count, dtype=np.uint64) + 1 + (stream << 20)) & 0xFFFFFFFF
    for factor, shift in ((0x7FEB352D, 16), (0x846CA68B, 15)):
        x = ((x ^ (x >> np.uint64(shift))) * factor) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return (x >> np.uint64(8)).astype(np.float64) * 2.0 ** -23 - 1


def made(name, shape, stream):
    """In the order of Swift: filters [R, S, C, K], linear weights [C, K]."""
    u = noise(int(np.prod(shape)), stream)
    if len(shape) == 4:
        u = np.sqrt(6.0 / (shape[0] * shape[1] * shape[3])) * u
    elif len(shape) == 2:
        u = np.sqrt(1.0 / shape[0]) * u
    else:
        u = 1 + 0.2 * u if name.endswith("weight") else 0.1 * u
    return u.astype(np.float32).reshape(shape)


class Network:
    """Weights in the order of the forward pass: name, shape, permutations of outputs and inputs."""

    def __init__(self):
        self.parameters, self.buffers = [], []

    def convolution(self, name, outputs, inputs, out, into, size=3):
        self.parameters.append((f"{name}.weight", (size, size, inputs, outputs), (out, into)))

    def norm(self, name, channels, out):
        for part in ("weight", "bias"):
            self.parameters.append((f"{name}.{part}", (channels,), (out,)))
        self.buffers += [(f"{name}.running_mean", (channels,), (out,)),
                         (f"{name}.running_var", (channels,), (out,))]

    def linear(self, name, inputs, into):
        self.parameters.append((f"{name}.weight", (inputs, CLASSES), ("", into)))
        self.parameters.append((f"{name}.bias", (CLASSES,), ("",)))


def resnet(projects):
    network = Network()
    network.convolution("conv1", 16, 3, "stream1", "")
    network.norm("bn1", 16, "stream1")
    channels = 16
    for stage, outputs in ((1, 16), (2, 32), (3, 64)):
        name, inner, stream = f"layer{stage}.0", f"inner{stage}", f"stream{stage}"
        before = f"stream{max(stage - 1, 1)}"
        network.convolution(f"{name}.conv1", outputs, channels, inner, before)
        network.norm(f"{name}.bn1", outputs, inner)
        network.convolution(f"{name}.conv2", outputs, outputs, stream, inner)
        network.norm(f"{name}.bn2", outputs, stream)
        if projects and stage > 1:
            network.convolution(f"{name}.shortcut.0", outputs, channels, stream, before, size=1)
            network.norm(f"{name}.shortcut.1", outputs, stream)
        channels = outputs
    network.linear("linear", 64, "stream3")
    return network


def wide():
    network = Network()
    network.convolution("conv1", 16, 3, "stream1", "")
    channels = 16
    for stage, outputs in ((1, 16), (2, 32), (3, 64)):
        name, inner, stream = f"block{stage}.layer.0", f"inner{stage}", f"stream{stage}"
        before = f"stream{max(stage - 1, 1)}"
        network.norm(f"{name}.bn1", channels, before)
        network.convolution(f"{name}.conv1", outputs, channels, inner, before)
        network.norm(f"{name}.bn2", outputs, inner)
        network.convolution(f"{name}.conv2", outputs, outputs, stream, inner)
        if stage > 1:
            network.convolution(f"{name}.convShortcut", outputs, channels, stream, before, size=1)
        channels = outputs
    network.norm("bn1", 64, "stream3")
    network.linear("fc", 64, "stream3")
    return network


def permutations(nested):
    """new[k] = old[p[k]]; a stream of option A holds the one before in its middle."""
    random = np.random.default_rng(11)
    found = {f"inner{stage}": random.permutation(8 << stage).tolist() for stage in (1, 2, 3)}
    before = []
    for stage in (1, 2, 3):
        size = 8 << stage
        order = random.permutation(size)
        if nested and before:
            offset = (size - len(before)) // 2
            rest = np.r_[:offset, offset + len(before):size]
            order = np.arange(size)
            order[rest] = random.permutation(rest)
            order[offset:offset + len(before)] = offset + np.array(before)
        before = order.tolist()
        found[f"stream{stage}"] = before
    return found


def text():
    networks = {}
    for title, network, nested in (("resnet", resnet(False), True),
                                   ("projection", resnet(True), False), ("wide", wide(), False)):
        orders = permutations(nested)
        files, axes = {}, {}
        for kind, first in ((network.parameters, 0), (network.buffers, BUFFERS)):
            for index, (name, shape, names) in enumerate(kind):
                array = made(name, shape, first + index)
                if array.ndim == 4:
                    array = array.transpose(3, 2, 0, 1)
                array = array.T if array.ndim == 2 else array
                for axis, order in enumerate(names):
                    if order:
                        array = np.take(array, orders[order], axis)
                files[name], axes[name] = array, names
        digest = hashlib.sha256(b"".join(
            np.ascontiguousarray(files[name], "<f4").tobytes() for name in sorted(files)))
        networks[title] = {"orders": orders, "axes": axes, "digest": digest.hexdigest()}
    # Place k of an order has what order[k] had; an axis without one is as it was.
    return json.dumps(networks, sort_keys=True).replace('"axes"', '\n"axes"') + "\n"


if sys.argv[1:] == ["--verify"]:
    sys.exit(0 if TARGET.read_text() == text() else 1)
if sys.argv[1:]:
    sys.exit(__doc__)
TARGET.parent.mkdir(exist_ok=True)
TARGET.write_text(text())
