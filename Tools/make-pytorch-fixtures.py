#!/usr/bin/env python3
"""Writes Tests/NetworksTests/Fixtures/resnet8.json: what PyTorch computes for a whole ResNet-8.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python Tools/make-pytorch-fixtures.py [--check]

Weights and images are made by a hash (`noise`), so the fixture stores none of them: the Swift test
makes the same ones, bit for bit. PyTorch runs in float64 from these float32 values, so that what
is left of a difference is ours; --check prints how far PyTorch's own float32 is from it.

Values are listed in Dovetail's layout: filters [R, S, C, K], linear weights [C, K].
"""
import argparse
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

BATCH, SIZE, CLASSES, STEPS = 8, 32, 10, 10
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.05, 0.9, 1e-4


def noise(count, stream):
    """Uniform in [-1, 1), multiples of 2^-23: a 32-bit integer hash of (index, stream)."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(1) + np.uint32(stream << 20)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1


def made(name, shape, stream):
    """The value of a parameter, in Dovetail's layout, rounded to float32."""
    u = noise(int(np.prod(shape)), stream)
    if len(shape) == 4:
        u = np.sqrt(6.0 / (shape[0] * shape[1] * shape[3])) * u
    elif len(shape) == 2:
        u = np.sqrt(1.0 / shape[0]) * u
    elif name.endswith("weight"):
        u = 1 + 0.2 * u
    else:
        u = 0.1 * u
    return u.astype(np.float32).reshape(shape)


def to_house(tensor):
    """OIHW to RSCK, [K, C] to [C, K]."""
    array = tensor.detach().double().numpy()
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def to_torch(array):
    array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
    return torch.from_numpy(np.ascontiguousarray(array))


class Block(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.stride, self.padding = stride, (outputs - inputs) // 2

    def forward(self, x):
        shortcut = x[:, :, :: self.stride, :: self.stride]
        shortcut = F.pad(shortcut, (0, 0, 0, 0, self.padding, self.padding))
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet(torch.nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        n = (depth - 2) // 6
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        channels = 16
        for stage, outputs in enumerate((16, 32, 64)):
            blocks = []
            for block in range(n):
                blocks.append(Block(channels, outputs, 2 if stage and not block else 1))
                channels = outputs
            setattr(self, f"layer{stage + 1}", torch.nn.Sequential(*blocks))
        self.linear = torch.nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def summary(array, stream):
    """What stands for a tensor: its norm, a random projection, and its first values."""
    flat = array.reshape(-1)
    return {
        "shape": list(array.shape),
        "norm": float(np.sqrt((flat**2).sum())),
        "projection": float((flat * noise(flat.size, stream)).sum()),
        "first": [float(f"{v:.9g}") for v in flat[:8]],
    }


def run(dtype):
    torch.manual_seed(0)
    network = ResNet(8, CLASSES).to(dtype)
    parameters = list(network.named_parameters())
    for stream, (name, parameter) in enumerate(parameters):
        shape = to_house(parameter).shape
        parameter.data = to_torch(made(name, shape, stream)).to(dtype)
    images = (1.5 * noise(BATCH * SIZE * SIZE * 3, 100)).astype(np.float32)
    images = torch.from_numpy(images.reshape(BATCH, SIZE, SIZE, 3).transpose(0, 3, 1, 2).copy())
    labels = torch.arange(BATCH) * 3 % CLASSES
    optimizer = torch.optim.SGD(
        network.parameters(), LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    result = {"losses": []}
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = network(images.to(dtype))
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        result["losses"].append(loss.item())
        if step == 0:
            result["logits"] = [float(f"{v:.9g}") for v in logits.detach().reshape(-1)]
            result["gradients"] = {
                name: summary(to_house(p.grad), 200 + i) for i, (name, p) in enumerate(parameters)
            }
            result["running"] = {
                name: summary(b.detach().double().numpy(), 300)
                for name, b in network.named_buffers()
                if "num_batches" not in name
            }
        optimizer.step()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare PyTorch's float32 with it")
    arguments = parser.parse_args()
    result = run(torch.float64)
    if arguments.check:
        other = run(torch.float32)
        print("losses f64", result["losses"])
        print("losses f32", other["losses"])
        for name, expected in result["gradients"].items():
            got = other["gradients"][name]
            worst = max(abs(a - b) for a, b in zip(expected["first"], got["first"]))
            rms = expected["norm"] / np.prod(expected["shape"]) ** 0.5
            print(f"{name}: norm {got['norm'] / expected['norm'] - 1:+.1e}, first "
                  f"{worst / rms:.1e} of the rms")
        return
    fixture = {
        "torch": torch.__version__,
        "made by": "Tools/make-pytorch-fixtures.py, float64",
        "batch": BATCH, "size": SIZE, "classes": CLASSES, "learningRate": LEARNING_RATE,
        "momentum": MOMENTUM, "weightDecay": WEIGHT_DECAY, **result,
    }
    path = pathlib.Path(__file__).parent.parent / "Tests/NetworksTests/Fixtures/resnet8.json"
    path.write_text(json.dumps(fixture, separators=(",", ":")).replace('},"', '},\n"') + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
