"""What a kernel under emulation sees as memory: arguments, buffers, local memory, a stack.

Buffers hold zeros. Every address is looked at: one outside all buffers is an error, of the kernel
or of the emulation, and the bytes that are asked for are counted buffer by buffer."""

import re
import struct

import numpy as np

import opcodes
from lanes_base import pair, put, integer
from sass import Unreadable

U32, U64 = np.uint32, np.uint64
# Where the arguments of a kernel start in constant bank 0 of sm_90.
ARGUMENTS = 0x210
STACK_POINTER = 0x28
SPACING = 36   # Buffer i stands at (i + 1) << SPACING.
LOCAL_BASE = 0x400


class OutOfBounds(Exception):
    """An address that belongs to no buffer, or lies behind its end."""


def parameters(entry, kernel):
    """[(offset, bytes)] of a kernel's arguments, told by its entry in the PTX."""
    match = re.search(r"\.entry\s+%s\s*\((.*?)\)" % re.escape(kernel), entry, re.S)
    if not match:
        raise Unreadable("no entry %s in the PTX" % kernel)
    found, offset = [], 0
    sizes = {"8": 1, "16": 2, "32": 4, "64": 8}
    for line in match[1].split(","):
        one = re.search(r"\.param\s+(?:\.align\s+(\d+)\s+)?\.([a-z])(8|16|32|64)\s+"
                        r"(?:\.ptr[^%]*?)?([\w$]+)(?:\[(\d+)\])?\s*$", line.strip())
        if not one:
            if line.strip():
                raise Unreadable("an argument in the PTX of %s: %s" % (kernel, line.strip()))
            continue
        size = sizes[one[3]] * int(one[5] or 1)
        align = int(one[1] or sizes[one[3]])
        offset = (offset + align - 1) // align * align
        found.append((offset, size))
        offset += size
    return found


def constant_bank(layout, arguments, global_size, local_size):
    """(bank 0, bytes of each buffer by its place) of a launch."""
    groups = [g // l for g, l in zip(global_size, local_size)]
    bank = bytearray(0x1000)
    struct.pack_into("<6I", bank, 0, *local_size, *groups)
    struct.pack_into("<I", bank, STACK_POINTER, 0x10000)
    if len(layout) != len(arguments):
        raise Unreadable("the kernel takes %d arguments, the dump has %d"
                         % (len(layout), len(arguments)))
    buffers, numbers = [], {}
    for (offset, size), argument in zip(layout, arguments):
        at = ARGUMENTS + offset
        if "buffer" in argument:
            place = numbers.setdefault(argument["buffer"], len(buffers))
            if place == len(buffers):
                buffers.append(0)
            buffers[place] = max(buffers[place], argument["bytes"])
            data = struct.pack("<Q", (place + 1) << SPACING)
        elif "int" in argument:
            data = struct.pack("<q", argument["int"])[:size]
        elif "float" in argument:
            data = struct.pack("<f", argument["float"])
        elif "floats" in argument:
            data = struct.pack("<%df" % len(argument["floats"]), *argument["floats"])
        elif "ints" in argument:
            data = struct.pack("<%di" % len(argument["ints"]), *argument["ints"])
        else:
            data = bytes(size)
        if len(data) != size:
            raise Unreadable("an argument of %d bytes, the dump has %r" % (size, argument))
        bank[at:at + size] = data
    return bytes(bank), buffers


class Memory:
    def __init__(self, machine, buffers, local_bytes, groups):
        self.buffers = buffers
        # By buffer and group.
        self.read = np.zeros((len(buffers), groups))
        self.written = np.zeros((len(buffers), groups))
        self.local = np.zeros((groups, (local_bytes + LOCAL_BASE) // 4 + 64), U32)
        self.stack = {}
        self.machine = machine

    def count(self, address, bytes_each, mask, one):
        """Adds an access of each lane in `mask` to what is asked for."""
        group = self.machine.group_of_lane
        taken = address if mask is None else address[mask]
        group = group if mask is None else group[mask]
        if taken.size == 0:
            return
        lists = [self.read] if one.name not in opcodes.STORES else [self.written]
        if one.name in opcodes.ATOMICS:
            lists.append(self.written)
        low, high = int(taken.min()), int(taken.max())
        if low >> SPACING == high >> SPACING:
            self._add(lists, low, high, bytes_each, group, one)
            return
        for place in np.unique(taken >> U64(SPACING)):
            here = taken >> U64(SPACING) == place
            part = taken[here]
            self._add(lists, int(part.min()), int(part.max()), bytes_each, group[here], one)

    def _add(self, lists, low, high, bytes_each, groups, one):
        place = (low >> SPACING) - 1
        if not 0 <= place < len(self.buffers):
            raise OutOfBounds("`%s` at %#x, where no buffer is" % (one.text, low))
        end = (high & (1 << SPACING) - 1) + bytes_each
        if end > self.buffers[place]:
            raise OutOfBounds("`%s` up to byte %d of buffer %d, which has %d"
                              % (one.text, end, place, self.buffers[place]))
        for amounts in lists:
            amounts[place] += bytes_each * np.bincount(groups, minlength=amounts.shape[1])


def _address(operand):
    """A function of the machine: the address, 64 bits where its first register is a pair."""
    parts = []
    for place, (kind, number) in enumerate(operand.base):
        named = type(operand)(kind, number)
        wide = operand.wide and place == 0 or kind == "UR" and operand.wide
        parts.append(pair(named) if wide else integer(named))

    def read(machine):
        total = U64(operand.offset & 0xFFFFFFFFFFFFFFFF)
        for part in parts:
            total = total + np.asarray(part(machine)).astype(U64)
        return np.broadcast_to(total, (machine.lanes,))
    return read


def access(one, wanted):
    """A function (machine, mask) for an access to memory, or None where nothing hangs on it;
    `wanted` says whether what it reads or stores matters, beside its address."""
    place = next(i for i, o in enumerate(one.operands) if o.kind == "M")
    if one.name == "LDGSTS":
        place = [i for i, o in enumerate(one.operands) if o.kind == "M"][-1]
    address = _address(one.operands[place])
    count = opcodes.width(one.modifiers)
    if one.name in opcodes.GLOBAL:
        size = opcodes.bytes_moved(one.modifiers)
        result = next((o for o in one.operands[:place] if o.kind == "R"), None)
        if one.name in opcodes.STORES or one.name == "LDGSTS":
            result = None

        def move(machine, mask):
            machine.memory.count(address(machine), size, mask, one)
            if result is not None and wanted:
                value = U32(0)
                if one.name in opcodes.ATOMICS:
                    at = address(machine)
                    value = machine.tickets(at if mask is None else at[mask])
                for offset in range(count):
                    put(machine, result, value, mask, offset)
            machine.waits_for(one, mask)
        return move
    if not wanted:
        return None
    if one.name in opcodes.STACK:
        return _stack(one, place, address, count)
    return _local(one, place, address, count)


def _stack(one, place, address, count):
    """Each lane's own memory; an address is one for all lanes, or it cannot be followed."""
    def move(machine, mask):
        at = np.asarray(address(machine)) & U64(0xFFFFFFFF)
        some = at if mask is None else at[mask]
        if some.size == 0:
            return
        if some.min() != some.max():
            raise Unreadable("an array on the stack, indexed lane by lane: `%s`" % one.text)
        for offset in range(count):
            key = int(some[0]) + 4 * offset
            row = machine.memory.stack.setdefault(key, np.zeros(machine.lanes, U32))
            if one.name == "LDL":
                put(machine, one.operands[0], row.copy(), mask, offset)
            else:
                data = one.operands[1]
                value = U32(0) if data.number is None else machine.registers[data.number + offset]
                np.copyto(row, value, where=machine.everywhere(mask))
    return move


def _local(one, place, address, count):
    def move(machine, mask):
        local, group = machine.memory.local, machine.group_of_lane
        at = (np.asarray(address(machine)) & U64(0xFFFFFF)).astype(np.int64) // 4
        running = machine.everywhere(mask)
        here, whose = at[running], group[running]
        if here.size and (here.min() < 0 or here.max() + count > local.shape[1]):
            raise OutOfBounds("`%s` beyond local memory" % one.text)
        for offset in range(count):
            if one.name == "LDS":
                value = np.zeros(machine.lanes, U32)
                value[running] = local[whose, here + offset]
                put(machine, one.operands[0], value, mask, offset)
            elif one.name == "STS":
                data = one.operands[place + 1]
                value = (np.zeros(machine.lanes, U32) if data.number is None
                         else machine.registers[data.number + offset])
                local[whose, here + offset] = value[running]
            else:
                raise Unreadable("nothing in Tools/gpu-static.d/memory.py does `%s`" % one.text)
    return move
