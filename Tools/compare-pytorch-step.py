#!/usr/bin/env python3
"""Seconds of one PyTorch training step of a CIFAR ResNet, for comparison with `dovetail`'s.

    venv/bin/python Tools/compare-pytorch-step.py [--depth 56] [--batch 128] [--threads 2]

Forward, backward and SGD step on 32×32 images, CPU, in both memory formats; the median of 5 steps
after 2 for warming up.
"""
import argparse
import importlib.util
import pathlib
import statistics
import time

import torch
import torch.nn.functional as F

path = pathlib.Path(__file__).parent / "make-pytorch-fixtures.py"
spec = importlib.util.spec_from_file_location("fixtures", path)
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)


def measure(depth, batch, layout):
    torch.manual_seed(0)
    network = fixtures.ResNet(depth, 10).to(memory_format=layout)
    images = torch.randn(batch, 3, 32, 32).to(memory_format=layout)
    labels = torch.arange(batch) % 10
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return seconds[2:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--depth", type=int, default=56)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, ResNet-{arguments.depth}, batch {arguments.batch}, "
          f"{arguments.threads} threads")
    for name, layout in (("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last)):
        seconds = measure(arguments.depth, arguments.batch, layout)
        print(f"{name}: {statistics.median(seconds):.3f} s a step "
              f"({min(seconds):.3f} to {max(seconds):.3f})")


if __name__ == "__main__":
    main()
