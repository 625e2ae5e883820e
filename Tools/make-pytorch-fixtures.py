#!/usr/bin/env python3
"""Writes Tests/NetworksTests/Fixtures: what PyTorch computes for whole networks.

resnet8.json holds ten training steps of a ResNet-8; wide-resnet-28-2.json, resnet-56-2.json,
resnet-20-projection.json (1x1 convolutions with batch norm as shortcuts: option B),
mobilenet-v2.json (32x32), mobilenet-v2-standard.json (64x64), imagenet-resnet-18.json and -50.json
(64x64) and -18-small.json (32x32) hold one step's loss, logits and gradients, those of ImageNet's
also the logits by running statistics after three forward passes in training mode; optimizers.json holds ten steps of AdamW and of SGD after Nesterov on given gradients.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python Tools/make-pytorch-fixtures.py [--check]
    venv/bin/python Tools/make-pytorch-fixtures.py --large DIR    the larger networks, for WholeNetworkTests

Weights and images are made by a hash (`noise`), so the fixture stores none of them: the Swift test
makes the same ones, bit for bit. PyTorch runs in float64 from these float32 values, so that what
is left of a difference is ours; --check prints how far PyTorch's own float32 is from it.

Values are listed in Dovetail's layout: filters [R, S, C, K], linear weights [C, K].
"""
import argparse
import json
import pathlib
import sys

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


def made(name, shape, stream, beta=0):
    """The value of a parameter, in Dovetail's layout, rounded to float32; biases lie around beta."""
    u = noise(int(np.prod(shape)), stream)
    if len(shape) == 4:
        u = np.sqrt(6.0 / (shape[0] * shape[1] * shape[3])) * u
    elif len(shape) == 3:
        u = np.sqrt(6.0 / (shape[0] * shape[1])) * u
    elif len(shape) == 2:
        u = np.sqrt(1.0 / shape[0]) * u
    elif name.endswith("weight"):
        u = 1 + 0.2 * u
    else:
        u = beta + 0.1 * u
    return u.astype(np.float32).reshape(shape)


def to_house(tensor):
    """OIHW to RSCK, depthwise [C, 1, R, S] to [R, S, C], [K, C] to [C, K]."""
    array = tensor.detach().double().numpy()
    if array.ndim == 4 and array.shape[1] == 1:
        return array[:, 0].transpose(1, 2, 0)
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def to_torch(array):
    if array.ndim == 3:
        array = array.transpose(2, 0, 1)[:, None]
    else:
        array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
    return torch.from_numpy(np.ascontiguousarray(array))


class Block(torch.nn.Module):
    def __init__(self, inputs, outputs, stride, projects=False):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.stride, self.padding = stride, (outputs - inputs) // 2
        self.shortcut = None
        if projects and (stride > 1 or outputs != inputs):
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                torch.nn.BatchNorm2d(outputs))

    def forward(self, x):
        if self.shortcut:
            shortcut = self.shortcut(x)
        else:
            shortcut = x[:, :, :: self.stride, :: self.stride]
            shortcut = F.pad(shortcut, (0, 0, 0, 0, self.padding, self.padding))
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet(torch.nn.Module):
    def __init__(self, depth, classes, width=1, projects=False):
        super().__init__()
        n = (depth - 2) // 6
        channels = 16 * width
        self.conv1 = torch.nn.Conv2d(3, channels, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels)
        for stage, outputs in enumerate((16 * width, 32 * width, 64 * width)):
            blocks = []
            for block in range(n):
                blocks.append(Block(channels, outputs, 2 if stage and not block else 1, projects))
                channels = outputs
            setattr(self, f"layer{stage + 1}", torch.nn.Sequential(*blocks))
        self.linear = torch.nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class PreactivationBlock(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = torch.nn.BatchNorm2d(inputs)
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = None
        if inputs != outputs or stride != 1:
            self.convShortcut = torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (x if self.convShortcut is None else self.convShortcut(active))


class Stage(torch.nn.Module):
    """What gives the usual names: block1.layer.0."""

    def __init__(self, *blocks):
        super().__init__()
        self.layer = torch.nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class WideResNet(torch.nn.Module):
    def __init__(self, depth, width, classes):
        super().__init__()
        n = (depth - 4) // 6
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        channels = 16
        for stage, outputs in enumerate((16 * width, 32 * width, 64 * width)):
            blocks = []
            for block in range(n):
                stride = 2 if stage and not block else 1
                blocks.append(PreactivationBlock(channels, outputs, stride))
                channels = outputs
            setattr(self, f"block{stage + 1}", Stage(*blocks))
        self.bn1 = torch.nn.BatchNorm2d(channels)
        self.fc = torch.nn.Linear(channels, classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


def normed(inputs, outputs, size, stride=1, groups=1):
    return torch.nn.Sequential(
        torch.nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        torch.nn.BatchNorm2d(outputs), torch.nn.ReLU6())


class InvertedResidual(torch.nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        expand = [normed(inputs, hidden, 1)] if expansion != 1 else []
        self.conv = torch.nn.Sequential(
            *expand, normed(hidden, hidden, 3, stride, hidden),
            torch.nn.Conv2d(hidden, outputs, 1, bias=False), torch.nn.BatchNorm2d(outputs))

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(torch.nn.Module):
    STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
              (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self, small, classes):
        super().__init__()
        layers = [normed(3, 32, 3, 1 if small else 2)]
        channels = 32
        for index, (expansion, outputs, blocks, stride) in enumerate(self.STAGES):
            for block in range(blocks):
                first = 1 if small and index == 1 else stride
                layers.append(
                    InvertedResidual(channels, outputs, 1 if block else first, expansion))
                channels = outputs
        layers.append(normed(channels, 1280, 1))
        self.features = torch.nn.Sequential(*layers)
        self.classifier = torch.nn.Sequential(
            torch.nn.Identity(), torch.nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class BasicBlock(torch.nn.Module):
    expansion = 1

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels)
        self.conv2 = torch.nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels)
        self.downsample = downsample(inputs, channels, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(torch.nn.Module):
    expansion = 4

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels)
        self.conv2 = torch.nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels)
        self.conv3 = torch.nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = torch.nn.BatchNorm2d(4 * channels)
        self.downsample = downsample(inputs, 4 * channels, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def downsample(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return torch.nn.Sequential(
        torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False), torch.nn.BatchNorm2d(outputs))


class ImageNetResNet(torch.nn.Module):
    PLANS = {18: (BasicBlock, (2, 2, 2, 2)), 34: (BasicBlock, (3, 4, 6, 3)),
             50: (Bottleneck, (3, 4, 6, 3)), 101: (Bottleneck, (3, 4, 23, 3))}

    def __init__(self, depth, small, classes):
        super().__init__()
        block, counts = self.PLANS[depth]
        self.conv1 = (torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False) if small
                      else torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False))
        self.bn1 = torch.nn.BatchNorm2d(64)
        self.pool = torch.nn.Identity() if small else torch.nn.MaxPool2d(3, 2, 1)
        channels = 64
        for stage, count in enumerate(counts):
            blocks = []
            for number in range(count):
                blocks.append(block(channels, 64 << stage, 2 if stage and not number else 1))
                channels = (64 << stage) * block.expansion
            setattr(self, f"layer{stage + 1}", torch.nn.Sequential(*blocks))
        self.fc = torch.nn.Linear(channels, classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


# Name, network, batch, image size.
WHOLE = [
    ("wide-resnet-28-2", lambda: WideResNet(28, 2, CLASSES), 2, 32),
    ("resnet-56-2", lambda: ResNet(56, CLASSES, width=2), 2, 32),
    ("resnet-20-projection", lambda: ResNet(20, CLASSES, projects=True), 2, 32),
    ("mobilenet-v2", lambda: MobileNetV2(True, CLASSES), 2, 32),
    ("mobilenet-v2-standard", lambda: MobileNetV2(False, CLASSES), 4, 64),
    ("imagenet-resnet-18", lambda: ImageNetResNet(18, False, CLASSES), 2, 64),
    ("imagenet-resnet-18-small", lambda: ImageNetResNet(18, True, CLASSES), 2, 32),
    ("imagenet-resnet-50", lambda: ImageNetResNet(50, False, CLASSES), 2, 64),
]
# What takes long: not committed, made where it is wanted.
LARGE = [
    ("imagenet-resnet-18", lambda: ImageNetResNet(18, False, CLASSES), 2, 224),
    ("imagenet-resnet-34", lambda: ImageNetResNet(34, False, CLASSES), 2, 224),
    ("imagenet-resnet-50", lambda: ImageNetResNet(50, False, CLASSES), 2, 224),
    ("imagenet-resnet-101", lambda: ImageNetResNet(101, False, CLASSES), 2, 224),
]
# Of millions of activations some lie within rounding of a ReLU's kink, where float32 and float64
# fall on different sides, and one that does moves some gradients of these deep networks by a per
# cent. Biases around BETA, a few deviations of what they are added to, put nearly all activations
# out of its reach: float32 is then within 5e-5 of float64 (--check).
BETA = 3


def summary(array, stream, values=8):
    """What stands for a tensor: its norm, a random projection, and its first values."""
    flat = array.reshape(-1)
    return {
        "shape": list(array.shape),
        "norm": float(f"{np.sqrt((flat**2).sum()):.9g}"),
        "projection": float(f"{(flat * noise(flat.size, stream)).sum():.9g}"),
        "first": [float(f"{v:.9g}") for v in flat[:values]],
    }


def fill(network, dtype, beta=0):
    network.to(dtype)
    for stream, (name, parameter) in enumerate(network.named_parameters()):
        parameter.data = to_torch(made(name, to_house(parameter).shape, stream, beta)).to(dtype)
    return network


def made_images(batch, size, stream=100):
    images = (1.5 * noise(batch * size * size * 3, stream)).astype(np.float32)
    return torch.from_numpy(images.reshape(batch, size, size, 3).transpose(0, 3, 1, 2).copy())


def one_step(make, batch, size, dtype):
    """Loss, logits and gradients of a whole network."""
    network = fill(make(), dtype, BETA)
    logits = network(made_images(batch, size).to(dtype))
    loss = F.cross_entropy(logits, torch.arange(batch) * 3 % CLASSES)
    loss.backward()
    evaluated = {}
    if isinstance(network, ImageNetResNet):
        with torch.no_grad():
            for stream in (101, 102):
                network(made_images(batch, size, stream).to(dtype))
            network.eval()
            values = network(made_images(batch, size, 103).to(dtype))
        evaluated["evaluated"] = [float(f"{v:.9g}") for v in values.reshape(-1)]
    return {
        **evaluated,
        "loss": loss.item(),
        "logits": [float(f"{v:.9g}") for v in logits.detach().reshape(-1)],
        "gradients": [
            {"name": name, **summary(to_house(p.grad), 200 + i, values=3)}
            for i, (name, p) in enumerate(network.named_parameters())
        ],
    }


def check_whole(name, expected, got):
    """How far PyTorch's own float32 is from float64."""
    loss = abs(got["loss"] / expected["loss"] - 1)
    scale = max(map(abs, expected["logits"]))
    logits = max(abs(a - b) for a, b in zip(expected["logits"], got["logits"])) / scale
    floor = 1e-3 * sum(e["norm"] ** 2 for e in expected["gradients"]) ** 0.5
    worst = []
    for e, g in zip(expected["gradients"], got["gradients"]):
        norm, root = max(e["norm"], floor), np.prod(e["shape"]) ** 0.5
        errors = [g["norm"] - e["norm"], g["projection"] - e["projection"]]
        errors += [(a - b) * root for a, b in zip(e["first"], g["first"])]
        worst.append((max(map(abs, errors)) / norm, e["name"]))
    if "evaluated" in expected:
        scale = max(map(abs, expected["evaluated"]))
        error = max(abs(a - b) for a, b in zip(expected["evaluated"], got["evaluated"])) / scale
        print(f"{name}: by running statistics {error:.1e}")
    print(f"{name}: loss {loss:.1e}, logits {logits:.1e}, worst gradients",
          ", ".join(f"{w:.1e} {n}" for w, n in sorted(worst, reverse=True)[:3]))


def run(dtype):
    torch.manual_seed(0)
    network = fill(ResNet(8, CLASSES), dtype)
    parameters = list(network.named_parameters())
    images = made_images(BATCH, SIZE)
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


def optimizers():
    """Weights after each of ten steps of two parameters with gradients that `noise` makes."""
    kinds = {
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.98), eps=1e-6,
                                             weight_decay=0.1),
        "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01,
                                              nesterov=True),
    }
    result = {}
    for name, make in kinds.items():
        parameters = [torch.tensor(noise(count, stream), requires_grad=True)
                      for count, stream in ((5, 1), (3, 2))]
        optimizer = make(parameters)
        steps = []
        for step in range(STEPS):
            for index, parameter in enumerate(parameters):
                # The second takes part in every other step only: its own steps count.
                takes_part = index == 0 or step % 2 == 1
                parameter.grad = (torch.tensor(noise(len(parameter), 10 + 2 * step + index))
                                  if takes_part else None)
            optimizer.step()
            steps.append([parameter.detach().tolist() for parameter in parameters])
        result[name] = steps
    return result


FIXTURES = pathlib.Path(__file__).parent.parent / "Tests/NetworksTests/Fixtures"


def write(name, fixture, end, with_newline, folder=FIXTURES):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(fixture, separators=(",", ":")).replace(end, with_newline) + "\n")
    print(path.name, path.stat().st_size, "bytes")


def verify(name, computed):
    """Exits unless every number of the stored fixture is the computed one, to 1e-6 of it."""
    stored = json.loads((FIXTURES / f"{name}.json").read_text())

    def compare(a, b, where):
        if isinstance(a, dict):
            for key in a:
                compare(a[key], b[key], f"{where}.{key}")
        elif isinstance(a, list):
            if len(a) != len(b):
                sys.exit(f"{where}: {len(b)} values stored, {len(a)} computed")
            for index, pair in enumerate(zip(a, b)):
                compare(*pair, f"{where}[{index}]")
        elif isinstance(a, str):
            if a != b:
                sys.exit(f"{where}: {b} stored, {a} computed")
        elif abs(a - b) > 1e-6 * max(abs(a), abs(b)) + 1e-9:
            sys.exit(f"{where}: {b} stored, {a} computed")

    compare(computed, stored, name)
    print(f"{name}: as stored")


def write_whole(networks, only=None, folder=FIXTURES):
    for name, make, batch, size in networks:
        if only not in (None, name):
            continue
        fixture = {
            "torch": torch.__version__,
            "made by": "Tools/make-pytorch-fixtures.py, float64",
            "batch": batch, "size": size, "classes": CLASSES, "beta": BETA,
            **one_step(make, batch, size, torch.float64),
        }
        write(name, fixture, "},{", "},\n{", folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare PyTorch's float32 with it")
    parser.add_argument(
        "--verify", action="store_true", help="compute the fixtures again, compare, write nothing")
    parser.add_argument("--large", metavar="DIR", help="write the larger networks there")
    parser.add_argument("--only", metavar="NAME", help="write this network alone")
    arguments = parser.parse_args()
    if arguments.large:
        folder = pathlib.Path(arguments.large)
        folder.mkdir(parents=True, exist_ok=True)
        return write_whole(LARGE, arguments.only, folder)
    if arguments.only:
        return write_whole(WHOLE, arguments.only)
    result = run(torch.float64)
    if arguments.verify:
        verify("resnet8", result)
        verify("optimizers", optimizers())
        for name, *step in WHOLE:
            verify(name, one_step(*step, torch.float64))
        return
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
        for name, *step in WHOLE:
            check_whole(name, one_step(*step, torch.float64), one_step(*step, torch.float32))
        return
    fixture = {
        "torch": torch.__version__,
        "made by": "Tools/make-pytorch-fixtures.py, float64",
        "batch": BATCH, "size": SIZE, "classes": CLASSES, "learningRate": LEARNING_RATE,
        "momentum": MOMENTUM, "weightDecay": WEIGHT_DECAY, **result,
    }
    write("resnet8", fixture, '},"', '},\n"')
    write("optimizers", {"torch": torch.__version__,
                         "made by": "Tools/make-pytorch-fixtures.py, float64", **optimizers()},
          "]],", "]],\n")
    write_whole(WHOLE)


if __name__ == "__main__":
    main()
