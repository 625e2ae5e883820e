"""Runs a kernel's own instructions for some work-groups of a launch, and counts them.

How often a loop runs is not told by its code. Here the part of the code that paths and addresses
depend on (slicing.py) is computed for a sample of the groups, all their lanes at once, with the
launch's own sizes and arguments, divergence and reconvergence included. That needs no table of
kernels: a new one is counted like the old ones."""

from dataclasses import dataclass, field

import numpy as np

import memory
import opcodes
import sass
import share
import slicing
from lanes import compiled
from machine import Machine, barrier


@dataclass
class Count:
    """Of one launch. Per group: means over the groups that were looked at."""
    groups: int
    warps: int                 # of a group
    issued: float              # instructions, of a warp
    chains: list               # [(group, loads one after the other)], the longest of its warps
    blocks: list               # how often a warp runs each block, on average
    read: list                 # bytes asked for by all groups, by buffer
    written: list
    buffers: list              # bytes, by buffer
    # What share.py makes of it.
    useful: float | None = None
    executed: float | None = None
    loop: int | None = None    # instructions of the hot loop
    rounds: float | None = None
    tensor: dict = field(default_factory=dict)


class Program:
    """A kernel's code, made ready once for all its launches."""

    def __init__(self, code):
        self.code = code
        cut = slicing.control(code)
        self.reads_local = cut.reads_local
        self.waits = slicing.waits(code)
        self.steps = []
        for block in code.blocks:
            steps = []
            for at in range(block.first, block.end):
                if at in self.waits:
                    steps.append(_wait(self.waits[at]))
                one = code.instructions[at]
                step = self._step(one, cut, cut.needed[at])
                if step is not None:
                    steps.append(_guarded(one, step))
            self.steps.append(steps)

    def _step(self, one, cut, needed):
        name = one.name
        if name in opcodes.GLOBAL or name in opcodes.LOCAL or name in opcodes.STACK:
            wanted = needed and (name not in opcodes.STORES or name in ("STS", "STL"))
            return memory.access(one, wanted)
        if name in ("LDGDEPBAR", "DEPBAR"):
            return _pipeline(one)
        if not needed or name in sass.ENDS or name == "BSSY":
            return None
        if name == "BREAK":
            number = barrier(one)
            return lambda machine, mask: machine.leave(number, mask)
        return compiled(one)


def _guarded(one, step):
    guard = one.guard
    if guard is None:
        return step
    if guard.number is None:
        return lambda machine, mask: None
    def run(machine, mask):
        allowed = machine.guard(guard)
        step(machine, allowed if mask is None else mask & allowed)
    return run


def _wait(registers):
    return lambda machine, mask: machine.wait(registers, mask)


def _pipeline(one):
    """cp.async: copies are committed in groups, and all but the last n are waited for."""
    if one.name == "LDGDEPBAR":
        return lambda machine, mask: machine.commit()
    if not one.operands or not one.operands[0].text.startswith("SB"):
        return None
    left = int(one.operands[-1].text, 16)
    return lambda machine, mask: machine.drain(left, mask)


def launch(program, layout, arguments, global_size, local_size, local_bytes):
    """The Count of one launch."""
    bank, buffers = memory.constant_bank(layout, arguments, global_size, local_size)
    machine = Machine(program, bank, buffers, global_size, local_size, local_bytes)
    with np.errstate(all="ignore"):
        machine.run()
    weights = machine.weights
    of_a_group = weights[::machine.warps]
    chains = machine.depth.reshape(-1, machine.warps).max(axis=1)

    def total(amounts):
        return [float(each @ of_a_group) for each in amounts]
    runs = [float(n / weights.sum()) for n in machine.runs]
    useful, executed, size, _ = share.shares(program.code, runs)
    return Count(
        groups=machine.groups, warps=machine.warps,
        issued=float(machine.issued @ weights / weights.sum()),
        chains=[(group, float(chain)) for group, chain in zip(machine.sample, chains)],
        blocks=runs, read=total(machine.memory.read), written=total(machine.memory.written),
        buffers=list(machine.memory.buffers), useful=useful, executed=executed, loop=size,
        rounds=share.loop_iterations(program.code, runs),
        tensor=share.tensor_operations(program.code, runs, machine.warps))
