#!/usr/bin/env python3
"""What PyTorch computes with weights that Dovetail then imports.

    python Tools/make-import-fixtures.py            writes Tests/ComponentsTests/Fixtures
    python Tools/make-import-fixtures.py --verify   computes it again and compares
    python Tools/make-import-fixtures.py --network 56 DIR
        writes DIR/weights.safetensors (a ResNet of this depth under DataParallel's names, running
        statistics of its own) and DIR/case.safetensors (images and logits), for ImportTests;
        imagenet-18 (34, 50, 101): an ImageNet ResNet, for images of 64x64
    python Tools/make-import-fixtures.py --names
        prints what ImageNetImportTests holds of torchvision's names and shapes; needs torchvision

The fixture holds logits alone: weights and images are made by a hash (`noise`) that the Swift test
has too. PyTorch is in evaluation mode: batch norm by running statistics.
"""
import argparse
import importlib.util
import json
import pathlib
import sys

import numpy as np
import torch

root = pathlib.Path(__file__).parent.parent
spec = importlib.util.spec_from_file_location("whole", root / "Tools/make-pytorch-fixtures.py")
whole = importlib.util.module_from_spec(spec)
spec.loader.exec_module(whole)
BATCH, SIZE, CLASSES = 3, 16, 7


def value(name, shape, stream):
    """A tensor in PyTorch's layout, row-major, rounded to float32."""
    u = whole.noise(int(np.prod(shape)), stream)
    if len(shape) > 1:
        u = np.sqrt(6.0 / np.prod(shape[1:])) * u
    elif name.endswith("running_var"):
        u = 1 + 0.5 * u
    elif name.endswith("weight"):
        u = 1 + 0.2 * u
    else:
        u = 0.1 * u
    return u.astype(np.float32).reshape(shape)


def network(depth, classes):
    model = whole.ResNet(depth, classes)
    state = model.state_dict()
    names = sorted(n for n in state if not n.endswith("num_batches_tracked"))
    for stream, name in enumerate(names):
        state[name] = torch.from_numpy(value(name, tuple(state[name].shape), stream))
    model.load_state_dict(state)
    return model.eval()


def resnet8():
    model = network(8, CLASSES).double()
    x = (1.5 * whole.noise(BATCH * 3 * SIZE * SIZE, 500)).astype(np.float32)
    x = torch.from_numpy(x.reshape(BATCH, 3, SIZE, SIZE)).double()
    with torch.no_grad():
        return [float(f"{v:.9g}") for v in model(x).reshape(-1)]


def write_network(depth, folder):
    """With weights as PyTorch draws them, saved by its own safetensors bindings."""
    from safetensors.torch import save_file

    torch.manual_seed(0)
    of_imagenet = depth.startswith("imagenet-")
    number, size = int(depth.removeprefix("imagenet-")), 64 if of_imagenet else 32
    model = whole.ImageNetResNet(number, False, 10) if of_imagenet else whole.ResNet(number, 10)
    with torch.no_grad():
        # Some passes in training mode: running statistics that are not those of the start.
        for _ in range(3):
            model(torch.randn(32, 3, size, size) * 0.5 + 0.2)
    model.eval()
    x = torch.randn(8, 3, size, size)
    with torch.no_grad():
        logits = model(x)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"module.{n}".replace("linear", "fc"): t for n, t in model.state_dict().items()}
    save_file(state, folder / "weights.safetensors", metadata={"format": "pt"})
    save_file({"images": x, "logits": logits.contiguous()}, folder / "case.safetensors",
              metadata={"architecture": "imagenet-resnet" if of_imagenet else "resnet"})


def print_names():
    import hashlib

    from torchvision import models

    for depth in (18, 34, 50, 101):
        state = getattr(models, f"resnet{depth}")(num_classes=10).state_dict()
        lines = sorted(f"{name} {list(tensor.shape)}" for name, tensor in state.items()
                       if not name.endswith("num_batches_tracked"))
        print(depth, hashlib.sha256("\n".join(lines).encode()).hexdigest())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--network", nargs=2, metavar=("DEPTH", "DIR"))
    parser.add_argument("--names", action="store_true")
    arguments = parser.parse_args()
    if arguments.names:
        return print_names()
    if arguments.network:
        return write_network(*arguments.network)
    path = root / "Tests/ComponentsTests/Fixtures/import-resnet8.json"
    logits = resnet8()
    if arguments.verify:
        stored = json.loads(path.read_text())["logits"]
        if len(stored) != len(logits) or not np.allclose(stored, logits, rtol=1e-6, atol=1e-9):
            sys.exit(f"{path.name}: computed otherwise")
        print(f"{path.name}: as stored")
    else:
        fixture = {
            "torch": torch.__version__, "made by": "Tools/make-import-fixtures.py, float64",
            "batch": BATCH, "size": SIZE, "classes": CLASSES, "logits": logits,
        }
        path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
