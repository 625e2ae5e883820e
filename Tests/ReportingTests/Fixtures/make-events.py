#!/usr/bin/env python3
"""Writes events.bin beside itself, with TensorBoard's own record writer and messages.

    python Tests/ReportingTests/Fixtures/make-events.py      # wants the package tensorboard
"""
import pathlib

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def scalars(wall_time, step, *values):
    summary = summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return event_pb2.Event(wall_time=wall_time, step=step, summary=summary)


events = [
    event_pb2.Event(wall_time=1700000000.5, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=1700000000.5, step=7, session_log=event_pb2.SessionLog(
        status=event_pb2.SessionLog.START)),
    scalars(1700000001.25, 0, ("loss/cifar10/target", 2.302585092994046)),
    scalars(1700000002, 1, ("learning-rate", 0.1), ("recombination/é ↔ <b>", -0.0)),
    scalars(1700000003, 3_000_000_000, ("a" * 200, 1e-40), ("none", float("inf"))),
    scalars(-1, -1, ("before", 1.5)),
]
with open(pathlib.Path(__file__).with_name("events.bin"), "wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString())
    writer.flush()
