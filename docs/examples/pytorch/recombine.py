#!/usr/bin/env python3
"""One network's extractor under another's head, in PyTorch.

usage: recombine.py EXTRACTOR HEAD PICTURE...

Takes components of a CIFAR ResNet of depth 20 that is cut after stage 2 behind an adapter of 16
channels, such as those of docs/parts, and prints which class each picture is of. Batch norm takes the
pictures' own statistics, as these components want it: give 32 or more. Pictures of 32x32 pixels are
read as they are, others made so by Pillow. Wants torch, safetensors, numpy and pillow.
"""
import json
import sys

import numpy
import torch
from PIL import Image
from safetensors import safe_open
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.padding = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        # The shortcut without parameters: half of the new channels stand before the old ones.
        x = x[:, :, ::self.stride, ::self.stride]
        return torch.relu(y + functional.pad(x, (0, 0, 0, 0, self.padding, self.padding)))


def stage(inputs, outputs, stride):
    return nn.Sequential(Block(inputs, outputs, stride), Block(outputs, outputs, 1),
                         Block(outputs, outputs, 1))


class Extractor(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2 = stage(16, 16, 1), stage(16, 32, 2)
        self.adapter = nn.Sequential(nn.Conv2d(32, 16, 1, bias=False), nn.BatchNorm2d(16))

    def forward(self, x):
        return self.adapter(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))


class Head(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.layer3, self.linear = stage(16, 64, 2), nn.Linear(64, classes)

    def forward(self, x):
        return self.linear(self.layer3(x).mean((2, 3)))


def load(path, make):
    """The module with a component's weights, and what the component says of itself."""
    with safe_open(path, "pt") as file:
        about = {key: value for key, value in file.metadata().items()}
        module = make(about)
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    # PyTorch counts batches; the component has no use for that.
    for name, buffer in module.named_buffers():
        if name.endswith("num_batches_tracked"):
            tensors[name] = buffer
    module.load_state_dict(tensors, strict=True)
    return module.train(), about  # Training mode: the batch's statistics.


def main(extractor_file, head_file, *pictures):
    extractor, about = load(extractor_file, lambda _: Extractor())
    head, knows = load(head_file, lambda about: Head(len(json.loads(about["classes"]))))
    normal = json.loads(about["preprocessing"])["normalisation"]
    pixels = numpy.stack([
        numpy.asarray(Image.open(path).convert("RGB").resize((32, 32)), numpy.float32) / 255
        for path in pictures])
    images = torch.from_numpy((pixels - normal["mean"]) / normal["std"]).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = head(extractor(images))
    classes = json.loads(knows["classes"])
    for path, row in zip(pictures, logits):
        print(f"{path}\t{classes[int(row.argmax())]}\t{float(row.max()):.4f}")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    main(*sys.argv[1:])
