"""What the integer half of sm_90 computes, for many lanes at once, as numpy arrays.

Enough for paths and addresses: a step's kernels branch on sizes and indices, seldom on data, and
where they do, memory holds zeros (memory.py). `compiled` gives a function (machine, mask) of an
instruction; one that is missing is an error that names it. Sums and shifts are here, comparisons
and bits in lanes_logic.py, floats in lanes_float.py."""

import numpy as np

import lanes_float
import lanes_logic
from lanes_base import Missing, carried, integer, pair, predicate, put, put_pair, put_predicate

U32, U64, I64 = np.uint32, np.uint64, np.int64


def compiled(one):
    for table in (TABLE, lanes_logic.TABLE, lanes_float.TABLE):
        if one.name in table:
            return table[one.name](one)
    raise Missing(one)


def _carries(one):
    """Predicates between what is written and the first number, and the operands after them."""
    place = 1
    while one.operands[place].kind in ("P", "UP"):
        place += 1
    return one.operands[1:place], one.operands[place:]


def _iadd3(one):
    carries, rest = _carries(one)
    numbers = [o for o in rest if o.kind not in ("P", "UP")]
    inputs = [predicate(o) for o in rest if o.kind in ("P", "UP")]
    if any(o.number is not None for o in carries):
        terms = [carried(o) for o in numbers]

        def add(machine, mask):
            total = sum(term(machine) for term in terms)
            for one_in in inputs:
                total = total + one_in(machine)
            put(machine, one.operands[0], (total & 0xFFFFFFFF).astype(U32), mask)
            for least, carry in enumerate(carries):
                put_predicate(machine, carry, (total >> U64(32)) > least, mask)
        return add
    terms = [integer(o) for o in numbers]

    def add_low(machine, mask):
        total = terms[0](machine)
        for term in terms[1:]:
            total = total + term(machine)
        for one_in in inputs:
            total = total + one_in(machine).astype(U32)
        put(machine, one.operands[0], total, mask)
    return add_low


def _imad(one):
    carries, rest = _carries(one)
    numbers = [o for o in rest if o.kind not in ("P", "UP")]
    inputs = [predicate(o) for o in rest if o.kind in ("P", "UP")] if "X" in one.modifiers else []
    a, b = integer(numbers[0]), integer(numbers[1])
    signed = "U32" not in one.modifiers

    def product(machine):
        x, y = np.asarray(a(machine)), np.asarray(b(machine))
        if signed:
            return (x.view(np.int32).astype(I64) * y.view(np.int32).astype(I64)).view(U64)
        return x.astype(U64) * y.astype(U64)

    if "WIDE" in one.modifiers or "HI" in one.modifiers:
        c = pair(numbers[2])

        def wide(machine, mask):
            part = product(machine)
            total = part + c(machine)
            overflow = total < part
            for one_in in inputs:
                total = total + one_in(machine).astype(U64)
            if "HI" in one.modifiers:
                put(machine, one.operands[0], (total >> U64(32)).astype(U32), mask)
            else:
                put_pair(machine, one.operands[0], total, mask)
            for carry in carries:
                put_predicate(machine, carry, overflow, mask)
        return wide
    c = integer(numbers[2])

    def low(machine, mask):
        total = a(machine) * b(machine) + c(machine)
        for one_in in inputs:
            total = total + one_in(machine).astype(U32)
        put(machine, one.operands[0], total, mask)
    return low


def _lea(one):
    carries, rest = _carries(one)
    numbers = [o for o in rest if o.kind not in ("P", "UP")]
    inputs = [predicate(o) for o in rest if o.kind in ("P", "UP")]
    shift = U64(int(numbers[-1].text, 16))
    a, b = integer(numbers[0]), integer(numbers[1])
    high = "HI" in one.modifiers
    signed = "SX32" in one.modifiers
    c = integer(numbers[2]) if high and not signed else None

    def add(machine, mask):
        x = np.asarray(a(machine))
        if signed:
            whole = x.view(np.int32).astype(I64).view(U64)
        elif high:
            whole = x.astype(U64) | np.asarray(c(machine)).astype(U64) << U64(32)
        else:
            whole = x.astype(U64)
        moved = whole << shift
        part = moved >> U64(32) if high else moved & U64(0xFFFFFFFF)
        total = part + np.asarray(b(machine)).astype(U64)
        for one_in in inputs:
            total = total + one_in(machine).astype(U64)
        put(machine, one.operands[0], (total & U64(0xFFFFFFFF)).astype(U32), mask)
        for carry in carries:
            put_predicate(machine, carry, (total >> U64(32)) > 0, mask)
    return add


def _shf(one):
    low, amount, high = (integer(o) for o in one.operands[1:4])
    signed = bool({"S32", "S64"} & set(one.modifiers))
    right, upper, wraps = "R" in one.modifiers, "HI" in one.modifiers, "W" in one.modifiers
    long = bool({"U64", "S64"} & set(one.modifiers))

    def shift(machine, mask):
        count = np.asarray(amount(machine)).astype(U64)
        most = U64(63 if long else 32)
        count = (count & (most - U64(0 if long else 1))) if wraps else np.minimum(count, most)
        whole = (np.asarray(low(machine)).astype(U64)
                 | np.asarray(high(machine)).astype(U64) << U64(32))
        if right:
            moved = (whole.view(I64) >> count.astype(I64)).view(U64) if signed else whole >> count
        else:
            moved = whole << count
        if upper:
            moved = moved >> U64(32)
        put(machine, one.operands[0], (moved & U64(0xFFFFFFFF)).astype(U32), mask)
    return shift


def _viadd(one):
    a, b = integer(one.operands[1]), integer(one.operands[2])
    return lambda machine, mask: put(machine, one.operands[0], a(machine) + b(machine), mask)


def _iabs(one):
    a = integer(one.operands[1])
    return lambda machine, mask: put(
        machine, one.operands[0], np.abs(np.asarray(a(machine)).view(np.int32)).view(U32), mask)


def _mov(one):
    a = integer(one.operands[1])
    return lambda machine, mask: put(machine, one.operands[0], a(machine), mask)


def _constant(one):
    """LDC, ULDC."""
    if "64" in one.modifiers:
        whole = pair(one.operands[1])
        return lambda machine, mask: put_pair(machine, one.operands[0], whole(machine), mask)
    return _mov(one)


def _special(one):
    if one.name == "CS2R":
        wide = "32" not in one.modifiers

        def zero(machine, mask):
            put(machine, one.operands[0], U32(0), mask)
            if wide:
                put(machine, one.operands[0], U32(0), mask, 1)
        return zero
    name = one.operands[1].text
    return lambda machine, mask: put(machine, one.operands[0], machine.special(name), mask)


def _hfma2(one):
    """Only as the compiler writes constants: 0 * 0 + two halves."""
    if any(o.kind != "R" or o.number is not None for o in one.operands[1:3]):
        raise Missing(one)
    halves = [np.float16(o.text.replace("QNAN", "nan")).view(np.uint16) if o.kind == "I" else None
              for o in one.operands[3:5]]
    if None in halves:
        raise Missing(one)
    value = U32(int(halves[0]) << 16 | int(halves[1]))
    return lambda machine, mask: put(machine, one.operands[0], value, mask)


TABLE = {
    "IADD3": _iadd3, "UIADD3": _iadd3, "IMAD": _imad, "UIMAD": _imad, "LEA": _lea, "ULEA": _lea,
    "SHF": _shf, "USHF": _shf, "VIADD": _viadd, "IABS": _iabs, "MOV": _mov, "MOV32I": _mov,
    "UMOV": _mov, "R2UR": _mov, "LDC": _constant, "ULDC": _constant, "S2R": _special,
    "S2UR": _special, "CS2R": _special, "HFMA2": _hfma2,
}
