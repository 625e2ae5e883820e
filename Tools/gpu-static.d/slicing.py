"""Which instructions a kernel's path and addresses depend on, and where it waits for memory.

The first is what has to be computed to know how often each block runs: a tenth of a kernel.
"""

from collections import namedtuple

import opcodes

Slice = namedtuple("Slice", "needed reads_local reads_stack")


def control(code):
    """A Slice: for each instruction whether it is needed."""
    count = len(code.instructions)
    written, read = [], []
    for one in code.instructions:
        outs, ins = opcodes.written_and_read(one)
        written.append(outs)
        read.append(ins)
    needed = [False] * count
    local = stack = False
    while True:
        _mark(code, written, read, needed, local, stack)
        # What is read from local memory was stored there: these stores are needed as well.
        reads = {one.name for one, need in zip(code.instructions, needed) if need}
        now_local = bool(reads & {"LDS", "ATOMS", "LDSM"})
        now_stack = "LDL" in reads
        if (now_local, now_stack) == (local, stack):
            return Slice(needed, local, stack)
        local, stack = now_local, now_stack


def _mark(code, written, read, needed, local, stack):
    """Marks what is needed, by a backward pass over the blocks until nothing changes.

    What is live is a set of (register, condition): the guard of the instruction that reads it, as
    long as its predicate is the same. A guarded write ends what is read under the same guard;
    without that a register that is used twice would tie a loop's arithmetic to its addresses."""
    live_in = {block.index: set() for block in code.blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(code.blocks):
            live = set()
            for successor in block.successors:
                live |= live_in[successor]
            for at in range(block.end - 1, block.first - 1, -1):
                live = _before(code.instructions[at], at, written[at], read[at], live, needed,
                               _is_root(code.instructions[at], local, stack))
            if live != live_in[block.index]:
                live_in[block.index] = live
                changed = True


def _before(one, at, written, read, live, needed, root):
    """What is live before an instruction, from what is after it."""
    guard = None if one.guard is None else (one.guard.kind + str(one.guard.number),
                                            one.guard.negative)
    opposite = (None, None) if guard is None else (guard[0], not guard[1])
    if not root and not any(name in written and condition != opposite for name, condition in live):
        return live
    needed[at] = True
    live = {(name, condition) for name, condition in live
            if name not in written or guard is not None and condition != guard}
    live = {(name, None if condition is not None and condition[0] in written else condition)
            for name, condition in live}
    uses = _address_registers(one, read) if root == "address" else read
    own = set() if guard is None else {guard[0]}
    return live | {(name, None if name in own else guard) for name in uses}


def _is_root(one, local, stack):
    """"all" or "address" where an instruction is needed whatever comes after it, else None."""
    if one.name in ("BRA", "EXIT", "RET", "CALL", "JMP", "BSSY", "BSYNC", "BREAK"):
        return "all"
    if one.name in opcodes.ATOMICS:
        return "address" if one.name != "ATOMS" else None
    if one.name in opcodes.GLOBAL:
        return "address"
    if one.name == "STS" and local or one.name == "STL" and stack:
        return "all"
    return None


def _address_registers(one, read):
    """Without the data of a store."""
    data = set()
    for operand in one.operands:
        if operand.kind in ("R", "UR") and operand.number is not None:
            data |= {operand.kind + str(operand.number + i) for i in range(4)}
    addresses = set()
    for operand in one.operands:
        if operand.kind == "M":
            for place, (kind, number) in enumerate(operand.base):
                addresses.add(kind + str(number))
                if operand.wide and place == 0 and kind == "R":
                    addresses.add("R" + str(number + 1))
    guard = set()
    if one.guard is not None and one.guard.number is not None:
        guard = {one.guard.kind + str(one.guard.number)}
    return (read - data) | addresses | guard


def waits(code):
    """{instruction: registers}: where a warp waits for loads, in order of issue: a load's registers
    are pending until something reads or writes one of them."""
    shapes = [opcodes.written_and_read(one) for one in code.instructions]
    pending_in = [set() for _ in code.blocks]
    found = {}
    todo = [block.index for block in code.blocks]
    while todo:
        block = code.blocks[todo.pop()]
        pending = set(pending_in[block.index])
        for at in range(block.first, block.end):
            written, read = shapes[at]
            met = (written | read) & pending
            if met:
                found[at] = tuple(sorted(met | set(found.get(at, ()))))
                pending -= met
            if code.instructions[at].name in opcodes.WAITED_FOR:
                pending |= {name for name in written if name.startswith("R")}
        for successor in block.successors:
            if not pending <= pending_in[successor]:
                pending_in[successor] |= pending
                todo.append(successor)
    return found
