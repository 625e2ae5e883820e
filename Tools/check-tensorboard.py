#!/usr/bin/env python3
"""Do the event files of run directories say in TensorBoard what metrics.jsonl says, no more, no less?

    python Tools/check-tensorboard.py runs/first…      # wants the package tensorboard

Prints each tag with its last value; exits with 1 on the first directory that differs.
"""
import json
import logging
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def single(value):
    """As the event file keeps it."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def tags(value, tag=()):
    """(tag, number) of everything below a value; how tags are made: Sources/Reporting/Events/MetricsLine.swift."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key != "images" and not key.startswith("chance"):
                yield from tags(member, tag + (key,))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            name = str(index)
            if isinstance(element, dict) and "task" in element:
                name = element["task"]
            elif isinstance(element, dict) and "extractor" in element and "head" in element:
                name = f"{element['extractor']}+{element['head']}"
            yield from tags(element, tag + (name,))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield "/".join(tag), single(value)


def expected(path):
    series = {}
    for line in path.read_text().splitlines():
        line = json.loads(line)
        step = line["step"] if "step" in line else line["minibatch"]
        for tag, value in tags({k: v for k, v in line.items() if k not in ("minibatch", "step")}):
            series.setdefault(tag, []).append((step, value))
    return series


def found(directory):
    accumulator = EventAccumulator(str(directory), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {tag: [(event.step, event.value) for event in accumulator.Scalars(tag)]
            for tag in accumulator.Tags()["scalars"]}


def check(directory):
    if not list(directory.glob("events.out.tfevents.*")):
        return "holds no events.out.tfevents.*"
    theirs, ours = found(directory), expected(directory / "metrics.jsonl")
    for tag in sorted(theirs):
        step, value = theirs[tag][-1]
        print(f"{directory}: {tag}: {len(theirs[tag])} values, the last {value:.6g} at {step}")
    for tag in sorted(ours.keys() | theirs.keys()):
        if ours.get(tag, []) != theirs.get(tag, []):
            return (f"{tag}: metrics.jsonl has {len(ours.get(tag, []))} values, the event file "
                    f"{len(theirs.get(tag, []))}, or they differ")
    return None if ours else "metrics.jsonl holds no values"


logging.disable(logging.WARNING)
if len(sys.argv) < 2:
    sys.exit(__doc__)
for argument in sys.argv[1:]:
    problem = check(pathlib.Path(argument))
    if problem:
        sys.exit(f"{argument}: {problem}")
