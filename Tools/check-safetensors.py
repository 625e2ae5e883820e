#!/usr/bin/env python3
"""Do the components below folders read with the safetensors package, and does it write them as we do?

    python Tools/check-safetensors.py runs/first/components …
"""
import json
import pathlib
import sys

import numpy as np
import safetensors
from safetensors.numpy import save

files = sorted(f for folder in sys.argv[1:] for f in pathlib.Path(folder).rglob("*.safetensors"))
if not files:
    sys.exit(f"no .safetensors file below {sys.argv[1:]}")
kinds = set()
for path in files:
    with safetensors.safe_open(path, framework="np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    kinds.add(metadata["kind"])
    if not tensors:
        sys.exit(f"{path}: holds no tensors")
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            sys.exit(f"{path}: {name} is {tensor.dtype}, or not finite")
        if name.endswith("weight") and tensor.ndim == 4 and tensor.shape[2] > 7:
            sys.exit(f"{path}: {name} {tensor.shape} is not OIHW")
    ours = path.read_bytes()
    length = int.from_bytes(ours[:8], "little")
    header = json.loads(ours[8:8 + length])
    if header.pop("__metadata__", None) != metadata:
        sys.exit(f"{path}: metadata differ")
    theirs = save(tensors, metadata)
    their_length = int.from_bytes(theirs[:8], "little")
    their_header = json.loads(theirs[8:8 + their_length])
    their_header.pop("__metadata__", None)
    if header != their_header or ours[8 + length:] != theirs[8 + their_length:]:
        sys.exit(f"{path}: written by the package it has another order or other bytes")
    print(f"{path}: {metadata['kind']}, {len(tensors)} tensors")
print("kinds:", ", ".join(sorted(kinds)))
