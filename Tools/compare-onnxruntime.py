#!/usr/bin/env python3
"""Predictions by Dovetail and by ONNX Runtime of the same networks, in turn, in one run.

    python Tools/compare-onnxruntime.py [--dovetail PATH] [--batch 1,32] [--image-size 224]
        [--rounds 5] [--threads 2] [--networks resnet-18,resnet-50,mobilenet-v2] [--json PATH]

Each network is made with fresh weights, exported to ONNX and run by both on random images: Dovetail by
`dovetail bench predict MODEL` (images as bytes; it normalizes them, too), ONNX Runtime on the file of
`dovetail export` (images as floats, normalized already), on as many threads. Rounds alternate; the
medians of all batches of all rounds count. Needs onnxruntime and numpy, and `dovetail` built.
"""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime

NETWORKS = {
    "resnet-18": "{name: imagenet-resnet, depth: 18, resolution: standard}",
    "resnet-50": "{name: imagenet-resnet, depth: 50, resolution: standard}",
    "mobilenet-v2": "{name: mobilenet-v2, resolution: standard}",
}


def arguments():
    parser = argparse.ArgumentParser(
        prog="Tools/compare-onnxruntime.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dovetail", default=".build/release/dovetail", metavar="PATH")
    parser.add_argument("--batch", default="1,32", help="sizes of batches, by comma")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="ONNX Runtime's")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--json", metavar="PATH")
    a = parser.parse_args()
    a.networks = a.networks.split(",")
    for name in a.networks:
        if name not in NETWORKS:
            parser.error(f"--networks: expected {', '.join(NETWORKS)}, got {name}")
    a.batch = [int(size) for size in a.batch.split(",")]
    if min(a.batch + [a.rounds, a.threads, a.image_size]) < 1:
        parser.error("--batch, --rounds, --threads and --image-size: expected 1 or more")
    a.dovetail = str(pathlib.Path(a.dovetail).resolve())
    return a


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare-onnxruntime: {' '.join(map(str, command))}: {done.stderr}")
    return done.stdout


def joined(files, to):
    """The tensors of several safetensors files in one, without what is said about them."""
    header, parts, at = {}, [], 0
    for file in files:
        data = file.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        for name, tensor in json.loads(data[8:8 + length]).items():
            if name == "__metadata__":
                continue
            begin, end = tensor["data_offsets"]
            parts.append(data[8 + length + begin:8 + length + end])
            header[name] = {**tensor, "data_offsets": [at, at + end - begin]}
            at += end - begin
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    to.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def made(a, name, folder):
    """A model by running statistics, and its ONNX file."""
    recipe = folder / f"{name}.yaml"
    recipe.write_text(
        "tasks: [{dataset: made-up-ink}]\nimage-size: 64\nsteps: 0\nbatch: 16\n"
        f"architecture: {NETWORKS[name]}\n")
    run(a.dovetail, "train", recipe, "--output", folder / name)
    parts = [folder / name / "components" / f"made-up-ink.{part}.safetensors"
             for part in ("extractor", "head")]
    joined(parts, folder / f"{name}.safetensors")
    architecture = "mobilenet-v2" if name == "mobilenet-v2" else "imagenet-resnet"
    run(a.dovetail, "import", folder / f"{name}.safetensors", "--architecture", architecture,
        "--classes", ",".join(f"class{i}" for i in range(10)), "--image-size", a.image_size,
        "--output", folder)
    model = folder / f"{name}.model.safetensors"
    run(a.dovetail, "recombine", folder / f"{name}.extractor.safetensors",
        folder / f"{name}.head.safetensors", "--output", model)
    run(a.dovetail, "export", model, "--onnx", folder / f"{name}.onnx")
    return model, folder / f"{name}.onnx"


def main():
    a = arguments()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = a.threads
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in a.networks:
            model, onnx = made(a, name, pathlib.Path(folder))
            session = onnxruntime.InferenceSession(
                str(onnx), options, providers=["CPUExecutionProvider"])
            feed = session.get_inputs()[0].name
            for batch in a.batch:
                repeats = 15 if batch < 8 else 4
                x = np.random.default_rng(0).standard_normal(
                    (batch, 3, a.image_size, a.image_size), dtype=np.float32)
                ours, theirs = [], []
                for _ in range(a.rounds):
                    result = json.loads(run(
                        a.dovetail, "bench", "predict", model, "--batch", batch,
                        "--repeats", repeats, "--json", "-"))
                    ours += result["millisecondsOfBatches"]
                    for repeat in range(repeats + 2):
                        start = time.perf_counter()
                        session.run(None, {feed: x})
                        if repeat >= 2:
                            theirs.append((time.perf_counter() - start) * 1e3)
                row = {
                    "network": name, "batch": batch,
                    "dovetail": statistics.median(ours), "onnxruntime": statistics.median(theirs),
                    "peakMemoryBytes": result.get("peakMemoryBytes"), "device": result["device"],
                }
                row["ratio"] = row["onnxruntime"] / row["dovetail"]
                rows.append(row)
                print(f"{name}, batch {batch}: Dovetail {row['dovetail']:.1f} ms, ONNX Runtime "
                      f"{row['onnxruntime']:.1f} ms, {row['ratio']:.2f} times as fast", flush=True)
    print(f"{datetime.date.today()}, {rows[0]['device']}, ONNX Runtime {onnxruntime.__version__}, "
          f"{a.threads} threads, Python {platform.python_version()}")
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(
            {"rows": rows, "onnxruntime": onnxruntime.__version__,
             "date": str(datetime.date.today())}, indent=2) + "\n")


if __name__ == "__main__":
    main()
