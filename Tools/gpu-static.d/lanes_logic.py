"""Comparisons, choices and bits, for many lanes at once: the other half of lanes.py."""

import numpy as np

from lanes_base import Missing, binary, integer, predicate, put, put_predicate, scalar
from sass import Operand

U32, U64 = np.uint32, np.uint64


def _truth(table, a, b, c, inverse):
    """The bits of a three-input truth table; `inverse` is ~ of the kind that a, b and c are."""
    result = None
    for place in range(8):
        if table >> place & 1:
            term = ((a if place & 4 else inverse(a)) & (b if place & 2 else inverse(b))
                    & (c if place & 1 else inverse(c)))
            result = term if result is None else result | term
    return (a & inverse(a)) if result is None else result


SHORT = {0xC0: lambda a, b, c: a & b, 0xFC: lambda a, b, c: a | b, 0x3C: lambda a, b, c: a ^ b,
         0x30: lambda a, b, c: a & ~b, 0x33: lambda a, b, c: ~b, 0x0F: lambda a, b, c: ~a}


def _lop3(one):
    test = one.operands[0] if one.operands[0].kind in ("P", "UP") else None
    result, rest = (one.operands[1], one.operands[2:]) if test else (one.operands[0],
                                                                     one.operands[1:])
    a, b, c = (integer(o) for o in rest[:3])
    table = int(rest[3].text, 16)
    also = predicate(rest[4]) if len(rest) > 4 else None
    short = SHORT.get(table)

    def combine(machine, mask):
        x, y, z = a(machine), b(machine), c(machine)
        value = short(x, y, z) if short else _truth(table, x, y, z, lambda v: ~v)
        put(machine, result, value, mask)
        if test is not None:
            put_predicate(machine, test, (value != 0) | (also(machine) if also else False), mask)
    return combine


def _plop3(one):
    inputs = [predicate(o) for o in one.operands[2:5]]
    tables = [int(o.text, 16) for o in one.operands[5:7]]

    def combine(machine, mask):
        values = [read(machine) for read in inputs]
        results = [_truth(table, *values, lambda v: ~v) for table in tables]
        for operand, value in zip(one.operands[:2], results):
            put_predicate(machine, operand, value, mask)
    return combine


def _isetp(one):
    a, b = integer(one.operands[2]), integer(one.operands[3])
    others = [predicate(o) for o in one.operands[4:]]
    compare = binary(one.modifiers[0])
    kind = U32 if "U32" in one.modifiers else np.int32
    logic = next(m for m in one.modifiers[1:] if m in ("AND", "OR", "XOR"))
    combine = {"AND": np.logical_and, "OR": np.logical_or, "XOR": np.logical_xor}[logic]
    extended = "EX" in one.modifiers
    strict = {"GE": "GT", "LE": "LT"}.get(one.modifiers[0], one.modifiers[0])
    above = binary(strict)

    def test(machine, mask):
        x = np.asarray(a(machine)).view(kind)
        y = np.asarray(b(machine)).view(kind)
        if extended:
            lower = others[1](machine)
            if strict == "NE":
                truth = (x != y) | lower
            elif strict == "EQ":
                truth = (x == y) & lower
            else:
                truth = above(x, y) | (x == y) & lower
        else:
            truth = compare(x, y)
        before = others[0](machine)
        opposite = combine(~truth, before)
        put_predicate(machine, one.operands[0], combine(truth, before), mask)
        put_predicate(machine, one.operands[1], opposite, mask)
    return test


def _select(one):
    a, b, which = integer(one.operands[1]), integer(one.operands[2]), predicate(one.operands[3])
    return lambda machine, mask: put(
        machine, one.operands[0], np.where(which(machine), a(machine), b(machine)), mask)


def _minmax(one):
    """VIMNMX, IMNMX; VIADDMNMX adds its first two numbers before; RELU: 0 where it is below."""
    reads = [integer(o) for o in one.operands[1:-1]]
    least = predicate(one.operands[-1])
    kind = U32 if "U32" in one.modifiers else np.int32

    def choose(machine, mask):
        values = [np.asarray(read(machine)) for read in reads]
        if len(values) == 3:
            values = [values[0] + values[1], values[2]]
        x, y = (value.view(kind) for value in values)
        result = np.where(least(machine), np.minimum(x, y), np.maximum(x, y))
        if "RELU" in one.modifiers:
            result = np.maximum(result, kind(0))
        put(machine, one.operands[0], result.view(U32), mask)
    return choose


def _p2r(one):
    if one.modifiers:
        raise Missing(one)
    a, bits = integer(one.operands[2]), int(one.operands[3].text, 16)

    def pack(machine, mask):
        value = a(machine) & U32(~bits & 0xFFFFFFFF)
        for place in range(7):
            if bits >> place & 1:
                value = value | machine.predicates[place].astype(U32) << U32(place)
        put(machine, one.operands[0], value, mask)
    return pack


def _r2p(one):
    a, bits = integer(one.operands[1]), int(one.operands[2].text, 16)
    byte = one.operands[1].text.rpartition(".B")[2]
    shift = 8 * int(byte) if byte.isdigit() and ".B" in one.operands[1].text else 0

    def unpack(machine, mask):
        value = np.asarray(a(machine))
        for place in range(7):
            if bits >> place & 1:
                put_predicate(machine, Operand("P", place),
                              (value >> U32(place + shift) & U32(1)).astype(bool), mask)
    return unpack


def _prmt(one):
    a, selector, b = (integer(o) for o in one.operands[1:4])
    if one.modifiers:
        raise Missing(one)

    def permute(machine, mask):
        whole = (np.asarray(a(machine)).astype(U64)
                 | np.asarray(b(machine)).astype(U64) << U64(32))
        picks = np.asarray(selector(machine)).astype(U64)
        result = U64(0)
        for place in range(4):
            pick = picks >> U64(4 * place)
            byte = whole >> ((pick & U64(7)) * U64(8)) & U64(255)
            sign = np.where(byte & U64(128), U64(255), U64(0))
            result = result | np.where(pick & U64(8), sign, byte) << U64(8 * place)
        put(machine, one.operands[0], result.astype(U32), mask)
    return permute


def _vote(one):
    """VOTE, VOTEU .ALL, .ANY: of the lanes of a warp that run."""
    results = [o for o in one.operands[:2]][:1 if len(one.operands) == 2 else 2]
    read = predicate(one.operands[len(results)])

    def vote(machine, mask):
        running = machine.everywhere(mask)
        truth = scalar(read(machine), machine).reshape(-1, 32)
        within = running.reshape(-1, 32)
        if "ALL" in one.modifiers:
            answer = (truth | ~within).all(axis=1)
        elif "ANY" in one.modifiers:
            answer = (truth & within).any(axis=1)
        else:
            raise Missing(one)
        ballot = ((truth & within) * (U32(1) << np.arange(32, dtype=U32))).sum(axis=1)
        for operand in results:
            if operand.kind in ("P", "UP"):
                put_predicate(machine, operand, np.repeat(answer, 32), mask)
            else:
                put(machine, operand, np.repeat(ballot.astype(U32), 32), mask)
    return vote


def _popc(one):
    a = integer(one.operands[1])

    def count(machine, mask):
        value = scalar(a(machine), machine)
        bits = np.unpackbits(value.view(np.uint8).reshape(-1, 4), axis=1).sum(axis=1)
        put(machine, one.operands[0], bits.astype(U32), mask)
    return count


TABLE = {
    "LOP3": _lop3, "ULOP3": _lop3, "PLOP3": _plop3, "UPLOP3": _plop3, "ISETP": _isetp,
    "UISETP": _isetp, "SEL": _select, "USEL": _select, "VIMNMX": _minmax, "IMNMX": _minmax,
    "VIADDMNMX": _minmax, "P2R": _p2r, "R2P": _r2p, "PRMT": _prmt, "UPRMT": _prmt, "VOTE": _vote,
    "VOTEU": _vote, "POPC": _popc, "UPOPC": _popc,
}
