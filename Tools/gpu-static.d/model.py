"""How long an H100 would take: a model of instructions, bytes and waits, not a measurement.

A kernel takes the greatest of
  issue   instructions: SCHEDULERS a clock on a multiprocessor, whole groups to each; and one warp
          alone at most WARP_ISSUE a clock, in whole waves of the groups that fit at once
  tensor  products in tensor cores, whole groups to each multiprocessor
  memory  bytes that must move: of each buffer what is asked for, at most all of it, once in each
          direction
  chain   loads that a warp waits for one after the other, wave after wave
and LAUNCH_SECONDS beside. The counts are emulate.py's."""

import math
from dataclasses import dataclass

import constants as c


@dataclass
class Time:
    issue: float
    tensor: float
    memory: float
    chain: float
    places: int          # groups that fit on a multiprocessor at once
    occupancy: float     # of the threads that it holds at most

    @property
    def seconds(self):
        return max(self.issue, self.tensor, self.memory, self.chain) + c.LAUNCH_SECONDS

    @property
    def bound(self):
        parts = {"issue": self.issue, "tensor": self.tensor, "memory": self.memory,
                 "chain": self.chain}
        return max(parts, key=parts.get)


def places(registers, items, local_bytes):
    """Groups on a multiprocessor at once."""
    warps = math.ceil(items / c.LANES)
    of_a_warp = math.ceil(max(registers, 1) * c.LANES / 256) * 256
    by_registers = c.REGISTERS // c.SCHEDULERS // of_a_warp * c.SCHEDULERS // warps
    by_local = c.LOCAL_BYTES // (math.ceil((local_bytes + c.LOCAL_RESERVED) / 128) * 128)
    by_threads = c.MOST_THREADS // (warps * c.LANES)
    return max(1, min(by_registers, by_local, by_threads, c.MOST_GROUPS))


def kernel(count, registers, items, local_bytes):
    """The Time of a launch, from its emulate.Count."""
    fit = places(registers, items, local_bytes)
    waves = math.ceil(count.groups / (c.MULTIPROCESSORS * fit))
    rounds = math.ceil(count.groups / c.MULTIPROCESSORS)
    throughput = rounds * count.warps * count.issued / c.SCHEDULERS
    alone = waves * count.issued / c.WARP_ISSUE
    moved = sum(min(asked, size) for amounts in (count.read, count.written)
                for asked, size in zip(amounts, count.buffers))
    dense = sum(operations / (c.TENSOR_FLOPS[kind] * c.TENSOR_SHARE / c.MULTIPROCESSORS)
                for kind, operations in count.tensor.items())
    return Time(
        issue=max(throughput, alone) / c.CLOCK, tensor=rounds * dense,
        memory=moved / c.BYTES_PER_SECOND,
        chain=_chain(count, waves, c.MULTIPROCESSORS * fit) * c.LOAD_CYCLES / c.CLOCK,
        places=fit, occupancy=fit * count.warps * c.LANES / c.MOST_THREADS)


def _chain(count, waves, of_a_wave):
    """The longest chain of each wave, added up; groups start in order."""
    longest = {}
    for group, chain in count.chains:
        wave = group // of_a_wave
        longest[wave] = max(longest.get(wave, 0), chain)
    return sum(longest.values()) / len(longest) * waves


def product(m, n, k):
    """Seconds of one of CLBlast's products (constants.py says how they are counted)."""
    groups = math.ceil(m / c.PRODUCT_TILE) * math.ceil(n / c.PRODUCT_TILE)
    warps = c.PRODUCT_ITEMS // c.LANES
    issued = k * c.PRODUCT_TILE**2 / c.PRODUCT_ITEMS / c.PRODUCT_SHARE
    rounds = math.ceil(groups / c.MULTIPROCESSORS)
    cycles = max(rounds * warps * issued / c.SCHEDULERS, issued / c.WARP_ISSUE,
                 math.ceil(k / c.PRODUCT_TILE) * c.LOAD_CYCLES)
    moved = 4 * (m * k + k * n + m * n) / c.BYTES_PER_SECOND
    return max(cycles / c.CLOCK, moved) + c.LAUNCH_SECONDS


def copy(size):
    """Seconds of a copy on the device."""
    return 2 * size / c.BYTES_PER_SECOND + c.LAUNCH_SECONDS
