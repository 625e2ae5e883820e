"""From counts to figures: a row of each launch, a line of each network."""

import math
from dataclasses import dataclass, field

import amd
import constants as c
import describe
import dump
import model

NVIDIA = "sm_90"


@dataclass
class Row:
    """One shape of launch (NVIDIA) or one program (AMD) of a network."""
    name: str
    shape: str
    network: str
    target: str
    launches: int
    registers: int
    spill_bytes: int
    stack_bytes: int
    local_bytes: int
    useful_share: float | None       # products ÷ instructions of the hot loop's code
    executed_share: float | None = None   # the same of all that is executed
    loop_instructions: int | None = None
    groups: int | None = None
    items: int | None = None
    occupancy: float | None = None
    seconds: float | None = None     # the model's, of one launch
    bound: str | None = None         # what the model says it waits for
    # The hot loop's instructions alone, each as often as the loop runs: an older, simpler model,
    # kept for the check against figures that were made with it.
    loop_seconds: float | None = None
    is_convolution: bool = False


@dataclass
class Network:
    name: str
    target: str
    precision: str
    batch: int
    launches: int
    products: int
    copies: int
    programs: int                    # that were compiled
    spill_bytes: int                 # of the kernel that has most
    seconds: float | None
    convolution_seconds: float | None
    most_registers: int
    most_local_bytes: int
    rows: list = field(default_factory=list)


def nvidia(step, compiled, counts, failures):
    """The Network of a step; `compiled` and `counts` are by program and by launch."""
    rows = []
    for one in step.launches:
        result = compiled[one.program.number]
        if "error" in result:
            continue
        count = counts[id(one)]
        where = "%s %s: %s (%s)" % (step.name, NVIDIA, one.program.kernel, describe.launch(one))
        if isinstance(count, str):
            failures.append("%s is not counted: %s" % (where, count))
            continue
        row = _row(step, one, result, count)
        _limits(row, where, failures)
        rows.append(row)
    extra = sum(model.product(*shape) * times for shape, times in step.products.items())
    extra += sum(model.copy(size) * times for size, times in step.copies.items())
    return _network(step, NVIDIA, rows, compiled,
                    sum(row.seconds * row.launches for row in rows) + extra)


def _row(step, one, result, count):
    local = one.local_size or dump.chosen_local(one.global_size, c.CHOSEN_ITEMS)
    items = math.prod(local)
    time = model.kernel(count, result["registers"], items, result["localBytes"])
    loop = None
    if count.rounds is not None:
        waves = math.ceil(count.groups / (c.MULTIPROCESSORS * time.places))
        each = count.rounds * count.loop
        loop = max(math.ceil(count.groups / c.MULTIPROCESSORS) * count.warps * each / c.SCHEDULERS,
                   waves * each / c.WARP_ISSUE) / c.CLOCK
    return Row(
        name=one.program.kernel, shape=describe.launch(one), network=step.name, target=NVIDIA,
        launches=one.count, registers=result["registers"], spill_bytes=result["spillBytes"],
        stack_bytes=result["stackBytes"], local_bytes=result["localBytes"],
        useful_share=count.useful, executed_share=count.executed, loop_instructions=count.loop,
        groups=count.groups, items=items, occupancy=time.occupancy, seconds=time.seconds,
        bound=time.bound, loop_seconds=loop,
        is_convolution=describe.is_convolution(one.program))


def _limits(row, where, failures):
    for amount, most, what in (
            (row.spill_bytes, c.MOST_SPILL_BYTES, "bytes of spilled registers"),
            (row.registers, c.MOST_REGISTERS, "registers"),
            (row.local_bytes, c.MOST_LOCAL_BYTES, "bytes of local memory")):
        if amount > most:
            failures.append("%s: %d %s, at most %d are allowed" % (where, amount, what, most))


def of_amd(step, target, compiled):
    """The same for an AMD target: a row of each program, without times."""
    rows = []
    for program in step.programs:
        result = compiled.get(program.number)
        if result is None or "error" in result:
            continue
        launches = [one for one in step.launches if one.program is program]
        rows.append(Row(
            name=program.kernel, shape=describe.launch(launches[0]) if launches else "",
            network=step.name, target=target, launches=sum(one.count for one in launches),
            registers=result["registers"], spill_bytes=result["spillBytes"],
            stack_bytes=result["stackBytes"], local_bytes=result["localBytes"],
            useful_share=result["usefulShare"], loop_instructions=result["loopInstructions"],
            is_convolution=describe.is_convolution(program)))
    return _network(step, target, rows, compiled, None)


def _network(step, target, rows, compiled, seconds):
    times = [(row.seconds - c.LAUNCH_SECONDS) * row.launches for row in rows
             if row.is_convolution and row.seconds is not None]
    good = [result for result in compiled.values() if "error" not in result]
    return Network(
        name=step.name, target=target, precision=step.precision, batch=step.batch,
        launches=step.launch_count, products=sum(step.products.values()),
        copies=sum(step.copies.values()), programs=len(good),
        spill_bytes=max((result["spillBytes"] for result in good), default=0), seconds=seconds,
        convolution_seconds=sum(times) if seconds is not None else None,
        most_registers=max((result["registers"] for result in good), default=0),
        most_local_bytes=max((result["localBytes"] for result in good), default=0), rows=rows)


TARGETS = (NVIDIA,) + amd.TARGETS
