#!/usr/bin/env python3
"""ONNX files of Dovetail under onnx's checker and ONNX Runtime.

    python Tools/check-onnx.py path/to/dovetail [--short] [part of a network's name]

For each architecture, cut and adapter a pair of networks is trained for two steps on images drawn by
code; for each batch-norm policy the recombined model, its extractor, its head and the rotation head
are exported. Logits of JPEG images by `dovetail predict` have to agree with ONNX Runtime's within
1e-4 (of the largest, where that is above 1), for the whole model and for the two halves, one after the other and joined by onnx.compose; the
number of images differs from that of the training. --short leaves out the networks that take longest.
Needs onnx, onnxruntime, safetensors, pillow.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

TOLERANCE = 1e-4
ARCHITECTURES = {
    "resnet-8, stage 2": "{name: resnet, depth: 8, split: stage2}",
    "resnet-14, stage 1": "{name: resnet, depth: 14, split: stage1}",
    "resnet-8 of width 2, stage 3": "{name: resnet, depth: 8, width: 2, split: stage3}",
    "resnet-8 with adapter": "{name: resnet, depth: 8, split: stage2, adapter: 48}",
    "resnet-8 with affine adapter": "{name: resnet, depth: 8, split: stage2, affine-adapter: "
    "{channels: 40, activation: relu}}",
    "mobilenet-v2 with both adapters": "{name: mobilenet-v2, width: 0.25, split: block4, adapter: 24, "
    "affine-adapter: {channels: 32, activation: relu6}}",
    "resnet-56, stage 2": "{name: resnet, depth: 56, split: stage2}",
    "wide-resnet-10-2, stage 1": "{name: wide-resnet, depth: 10, width: 2, split: stage1}",
    "wide-resnet-10-2, stage 3": "{name: wide-resnet, depth: 10, width: 2, split: stage3}",
    "wide-resnet-16-2, stage 2": "{name: wide-resnet, depth: 16, width: 2, split: stage2}",
    "mobilenet-v2, block 11": "{name: mobilenet-v2, width: 0.5, split: block11}",
    "mobilenet-v2, block 1": "{name: mobilenet-v2, width: 0.25, split: block1}",
    "mobilenet-v2, strides as published": "{name: mobilenet-v2, width: 0.25, split: block17, "
    "resolution: standard}",
    "imagenet-resnet-18, stage 3": "{name: imagenet-resnet, depth: 18, split: stage3}",
    "imagenet-resnet-18, as published": "{name: imagenet-resnet, depth: 18, split: stage4, "
    "resolution: standard}",
    "imagenet-resnet-50 with adapter": "{name: imagenet-resnet, depth: 50, split: stage2, adapter: 64, "
    "resolution: standard}",
    "mobilenet-v2 with adapter": "{name: mobilenet-v2, width: 0.25, split: block4, adapter: 64}",
}
dovetail = pathlib.Path(sys.argv[1]).resolve()
LONG = {"imagenet-resnet-18, stage 3", "imagenet-resnet-50 with adapter", "resnet-14, stage 1"}
short = "--short" in sys.argv[2:]
wanted = ([a for a in sys.argv[2:] if a != "--short"] + [""])[0]
random = np.random.default_rng(0)


def run(*arguments):
    done = subprocess.run([dovetail, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def with_policy(source, target, policy):
    """The same component stating another batch-norm policy: what an import would state."""
    with safe_open(source, "np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    interface = json.loads(metadata["interface"])
    interface["batchNorm"] = policy
    metadata["interface"] = json.dumps(interface)
    save_file(tensors, target, metadata)


def session(path):
    onnx.checker.check_model(str(path), full_check=True)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def compare(name, ours, theirs):
    # After two steps the running statistics are far off, and a deep network's logits in the ten
    # thousands: those agree relatively.
    error = float(np.abs(ours - theirs).max()) / max(1, float(np.abs(ours).max()))
    assert error <= TOLERANCE, f"{name}: logits differ by {error}"
    return error


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    pictures = folder / "pictures"
    pictures.mkdir()
    for index in range(40):
        base = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(base).resize((32, 32), Image.BILINEAR).save(
            pictures / f"{index:02}.jpg", quality=95)
    files = sorted(pictures.iterdir())
    x = np.stack([np.asarray(Image.open(f)) for f in files]).astype(np.float32) / 255
    x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    for name, architecture in ARCHITECTURES.items():
        if short and name in LONG:
            continue
        if wanted not in name:
            continue
        place = folder / name.replace(" ", "-").replace(",", "")
        place.mkdir()
        recipe = place / "recipe.yaml"
        recipe.write_text(
            f"tasks: [{{dataset: made-up-ink}}, {{dataset: made-up-neon}}]\n"
            f"architecture: {architecture}\nmethods: [rotation-prediction]\nsteps: 2\nbatch: 40\n")
        run("train", recipe, "--output", place / "run", "--quiet")
        parts = place / "run/components"
        extractor = parts / "made-up-ink.extractor.safetensors"
        head = parts / "made-up-neon.head.safetensors"
        run("recombine", extractor, head, "--output", place / "batch.safetensors")
        run("recalibrate", place / "batch.safetensors", "--data", f"images={pictures}",
            "--output", place / "recalibrated.safetensors")
        running = [place / "running.extractor.safetensors", place / "running.head.safetensors"]
        with_policy(extractor, running[0], "running")
        with_policy(head, running[1], "running")
        run("recombine", *running, "--output", place / "running.safetensors")
        for policy in ("batch", "running", "recalibrated"):
            model = place / f"{policy}.safetensors"
            run("export", model, "--onnx", place / f"{policy}.onnx")
            predicted = json.loads(run("predict", model, pictures, "--json", "-"))
            ours = np.array([image["logits"] for image in predicted["images"]], np.float32)
            assert [image["path"] for image in predicted["images"]] == [str(f) for f in files]
            whole = session(place / f"{policy}.onnx").run(["logits"], {"images": x})[0]
            worst = compare(f"{name}, {policy}", ours, whole)
            if policy != "recalibrated":
                halves = [extractor, head] if policy == "batch" else running
                graphs = []
                for half, what in zip(halves, ("extractor", "head")):
                    run("export", half, "--onnx", place / f"{what}.onnx")
                    graphs.append(place / f"{what}.onnx")
                features = session(graphs[0]).run(["features"], {"images": x})[0]
                apart = session(graphs[1]).run(["logits"], {"features": features})[0]
                worst = max(worst, compare(f"{name}, {policy}, halves", ours, apart))
                joined = onnx.compose.merge_models(
                    onnx.load(graphs[0]), onnx.load(graphs[1]), io_map=[("features", "features")])
                onnx.save(joined, place / "joined.onnx")
                together = session(place / "joined.onnx").run(["logits"], {"images": x})[0]
                worst = max(worst, compare(f"{name}, {policy}, joined", ours, together))
            else:
                # Image by image, as a dynamic batch allows.
                single = session(place / f"{policy}.onnx")
                alone = np.concatenate(
                    [single.run(["logits"], {"images": x[i:i + 1]})[0] for i in range(3)])
                worst = max(worst, compare(f"{name}, {policy}, alone", ours[:3], alone))
            print(f"{name}, {policy}: logits within {worst:.1e}")
        run("export", parts / "auxiliary/rotation.safetensors", "--onnx", place / "rotation.onnx")
        session(place / "rotation.onnx")
print("ONNX Runtime agrees")
