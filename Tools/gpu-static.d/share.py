"""Which part of a kernel's instructions are its product's: the hot loop, and over all."""

import math
import re

import sass

TILES = ("LDS", "LDSM")
MEMORY = ("LDG", "LD", "LDC", "LDL")


def hot_loop(code, runs):
    """(first, last) instruction of the smallest loop with half of all that is executed in loops,
    or None where loops are not where the time goes."""
    sizes = [block.end - block.first for block in code.blocks]
    executed = sum(n * size for n, size in zip(runs, sizes))

    def weight(loop):
        return sum(runs[b.index] * sizes[b.index] for b in code.blocks
                   if loop[0] <= b.first and b.end <= loop[1] + 1)
    found = sorted(sass.loops(code), key=lambda loop: loop[1] - loop[0])
    heaviest = max((weight(loop) for loop in found), default=0)
    if heaviest < executed / 2:
        return None
    return next(loop for loop in found if weight(loop) >= heaviest / 2)


def products(code, first, end):
    """Indices of the instructions in first ..< end that sum a product: tensor-core instructions;
    else multiply-adds of what was read from a tile in local memory; where there are none of these
    either, of what was read from memory at all.

    What a batch norm does on the way in is none: it multiplies what was computed before."""
    writer, tensor, tiles, memory = {}, [], [], []
    # Twice, so that the second time what the loop's end wrote is known.
    for again in (False, True):
        for at in range(first, end):
            one = code.instructions[at]
            if again and one.name == "HMMA":
                tensor.append(at)
            elif again and one.name == "FFMA":
                sources = {writer.get(o.number) for o in one.operands[1:3] if o.kind == "R"}
                if sources & set(TILES):
                    tiles.append(at)
                elif sources & set(MEMORY):
                    memory.append(at)
            _note(one, writer)
    return tensor or tiles or memory


def _note(one, writer):
    if one.operands and one.operands[0].kind == "R" and one.operands[0].number is not None:
        count = 4 if "128" in one.modifiers else 2 if "64" in one.modifiers else 1
        for offset in range(count):
            writer[one.operands[0].number + offset] = one.name


def shares(code, runs):
    """(of the hot loop's code, of all that is executed, instructions of the loop, products in it);
    the first two None where no product is summed, the third where there is no such loop. A kernel
    without one, as where all is unrolled, is its own loop."""
    loop = hot_loop(code, runs)
    everywhere = set(products(code, 0, len(code.instructions)))
    inside = products(code, loop[0], loop[1] + 1) if loop else []
    everywhere |= set(inside)
    size = loop[1] + 1 - loop[0] if loop else len(code.instructions)
    executed = useful = 0
    for block in code.blocks:
        executed += runs[block.index] * (block.end - block.first)
        useful += runs[block.index] * sum(at in everywhere for at in range(block.first, block.end))
    if not everywhere or useful < executed / 50:
        return None, None, size if loop else None, 0
    if loop is None:
        return useful / executed, useful / executed, size, len(everywhere)
    return len(inside) / size, useful / executed, size, len(inside)


def loop_iterations(code, runs):
    """How often a warp goes through the hot loop, or None."""
    loop = hot_loop(code, runs)
    return None if loop is None else runs[code.block_at[loop[0]].index]


def tensor_operations(code, runs, warps):
    """{kind: operations of a group} in tensor cores, a multiplication and an addition being two."""
    found = {}
    for block in code.blocks:
        for one in code.instructions[block.first:block.end]:
            if one.name != "HMMA":
                continue
            rows, columns, terms = _shape(one.modifiers[0])
            kind = next((m for m in one.modifiers if m in ("TF32", "BF16")), "F16")
            found[kind] = found.get(kind, 0) + (
                2 * rows * columns * terms * runs[block.index] * warps)
    return found


def _shape(text):
    match = re.fullmatch(r"(16|8)(8)(4|8|16|32)", text)
    if not match or math.prod(map(int, match.groups())) == 0:
        raise sass.Unreadable("the shape of a tensor-core instruction: " + text)
    return tuple(int(size) for size in match.groups())
