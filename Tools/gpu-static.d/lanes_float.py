"""What the floating-point half of sm_90 computes, as far as a path may depend on it: divisions by
numbers known at run time go through floats, and a few kernels test their data."""

import numpy as np

from lanes_base import (Missing, binary, integer, pair, predicate, put, put_pair, put_predicate)

U32, U64, F32, F64 = np.uint32, np.uint64, np.float32, np.float64
WORDS = {"+INF": "inf", "INF": "inf", "-INF": "-inf", "+QNAN": "nan", "QNAN": "nan",
         "-QNAN": "nan", "+SNAN": "nan"}


def _single(operand):
    if operand.kind == "I":
        if operand.text.lower().lstrip("-").startswith("0x"):
            value = U32(int(operand.text, 16) & 0xFFFFFFFF).view(F32)
        else:
            value = F32(WORDS.get(operand.text.upper(), operand.text))
        return lambda machine: value
    return _signed(operand, lambda plain: _as(integer(plain), F32))


def _double(operand):
    if operand.kind == "I":
        value = F64(WORDS.get(operand.text.upper(), operand.text))
        return lambda machine: value
    return _signed(operand, lambda plain: _as(pair(plain), F64))


def _as(read, kind):
    return lambda machine: np.asarray(read(machine)).view(kind)


def _signed(operand, make):
    plain = type(operand)(**{**operand.__dict__, "negative": False, "absolute": False})
    read = make(plain)
    if operand.absolute and operand.negative:
        return lambda machine: -np.abs(read(machine))
    if operand.absolute:
        return lambda machine: np.abs(read(machine))
    if operand.negative:
        return lambda machine: -read(machine)
    return read


def _put(machine, operand, value, mask):
    put(machine, operand, np.asarray(value, F32).view(U32), mask)


def _arithmetic(one):
    reads = [_single(o) for o in one.operands[1:] if o.kind not in ("P", "UP")]
    how = {"FADD": lambda a, b: a + b, "FMUL": lambda a, b: a * b,
           "FFMA": lambda a, b, c: (a.astype(F64) * b + c).astype(F32)}[one.name]
    return lambda machine, mask: _put(
        machine, one.operands[0], how(*(np.asarray(read(machine)) for read in reads)), mask)


def _double_arithmetic(one):
    reads = [_double(o) for o in one.operands[1:]]
    how = {"DADD": lambda a, b: a + b, "DMUL": lambda a, b: a * b,
           "DFMA": lambda a, b, c: a * b + c}[one.name]

    def compute(machine, mask):
        value = np.asarray(how(*(np.asarray(read(machine)) for read in reads)), F64)
        put_pair(machine, one.operands[0], value.view(U64), mask)
    return compute


def _minmax(one):
    a, b, least = _single(one.operands[1]), _single(one.operands[2]), predicate(one.operands[3])
    return lambda machine, mask: _put(
        machine, one.operands[0],
        np.where(least(machine), np.fmin(a(machine), b(machine)), np.fmax(a(machine), b(machine))),
        mask)


def _select(one):
    a, b, which = _single(one.operands[1]), _single(one.operands[2]), predicate(one.operands[3])
    return lambda machine, mask: _put(
        machine, one.operands[0], np.where(which(machine), a(machine), b(machine)), mask)


def _compare(one):
    """FSETP, DSETP: a U behind the name is true of NaN as well."""
    read = _double if one.name == "DSETP" else _single
    a, b = read(one.operands[2]), read(one.operands[3])
    before = predicate(one.operands[4])
    logic = {"AND": np.logical_and, "OR": np.logical_or, "XOR": np.logical_xor}
    combine = next(logic[m] for m in one.modifiers[1:] if m in logic)
    name = one.modifiers[0]

    def test(machine, mask):
        x, y = np.asarray(a(machine)), np.asarray(b(machine))
        unordered = np.isnan(x) | np.isnan(y)
        if name in ("NAN", "NUM"):
            truth = unordered if name == "NAN" else ~unordered
        elif name.endswith("U") and len(name) == 3:
            truth = binary(name[:2])(x, y) | unordered
        else:
            truth = binary(name)(x, y) & ~unordered
        put_predicate(machine, one.operands[1], combine(~truth, before(machine)), mask)
        put_predicate(machine, one.operands[0], combine(truth, before(machine)), mask)
    return test


def _function(one):
    what = one.modifiers[0]
    if what in ("RCP64H", "RSQ64H"):
        # The upper half of a double, of the upper half of one.
        high = integer(one.operands[1])

        def upper(machine, mask):
            value = (np.asarray(high(machine)).astype(U64) << U64(32)).view(F64)
            result = 1 / value if what == "RCP64H" else 1 / np.sqrt(value)
            put(machine, one.operands[0],
                (np.asarray(result, F64).view(U64) >> U64(32)).astype(U32), mask)
        return upper
    how = {"RCP": lambda v: 1 / v, "RSQ": lambda v: 1 / np.sqrt(v), "SQRT": np.sqrt,
           "EX2": np.exp2, "LG2": np.log2, "SIN": np.sin, "COS": np.cos, "TANH": np.tanh}.get(what)
    if how is None:
        raise Missing(one)
    read = _single(one.operands[1])
    return lambda machine, mask: _put(
        machine, one.operands[0], how(np.asarray(read(machine)).astype(F64)), mask)


def _whole(operand, modifiers):
    """An integer operand as a double, by the kind that the modifiers name."""
    kinds = {"U64": (pair, U64), "S64": (pair, np.int64), "U32": (integer, U32)}
    for name, (read, kind) in kinds.items():
        if name in modifiers:
            return _as(read(operand), kind)
    narrow = {"U16": np.uint16, "S16": np.int16, "U8": np.uint8, "S8": np.int8}
    for name, kind in narrow.items():
        if name in modifiers:
            value = integer(operand)
            return lambda machine: np.asarray(value(machine)).astype(kind)
    return _as(integer(operand), np.int32)


def _from_integer(one):
    read = _whole(one.operands[1], one.modifiers)
    double = "F64" in one.modifiers
    up = "RP" in one.modifiers

    def convert(machine, mask):
        exact = np.asarray(read(machine)).astype(F64)
        if double:
            put_pair(machine, one.operands[0], exact.view(U64), mask)
            return
        single = exact.astype(F32)
        if up:
            single = np.where(single.astype(F64) < exact, np.nextafter(single, F32(np.inf)), single)
        _put(machine, one.operands[0], single, mask)
    return convert


def _to_integer(one):
    read = _double(one.operands[1]) if "F64" in one.modifiers else _single(one.operands[1])
    kinds = {"U64": (U64, 0, 2.0**64), "S64": (np.int64, -2.0**63, 2.0**63),
             "U32": (U32, 0, 2.0**32 - 1), "": (np.int32, -2.0**31, 2.0**31 - 1)}
    kind, least, most = kinds[next((m for m in one.modifiers if m in kinds), "")]
    rounding = {"TRUNC": np.trunc, "FLOOR": np.floor, "CEIL": np.ceil}
    whole = next((rounding[m] for m in one.modifiers if m in rounding), np.rint)

    def convert(machine, mask):
        value = np.nan_to_num(whole(np.asarray(read(machine)).astype(F64)))
        if kind in (U64, np.int64):
            top = np.nextafter(most, 0)
            put_pair(machine, one.operands[0],
                     np.clip(value, least, top).astype(kind).view(U64), mask)
        else:
            put(machine, one.operands[0], np.clip(value, least, most).astype(kind).view(U32), mask)
    return convert


def _between_floats(one):
    kinds = [m for m in one.modifiers if m in ("F64", "F32", "F16")]
    if kinds == ["F64", "F32"]:
        read = _single(one.operands[1])
        return lambda machine, mask: put_pair(
            machine, one.operands[0], np.asarray(read(machine)).astype(F64).view(U64), mask)
    if kinds == ["F32", "F64"]:
        read = _double(one.operands[1])
        return lambda machine, mask: _put(machine, one.operands[0], read(machine), mask)
    raise Missing(one)


TABLE = {
    "FADD": _arithmetic, "FMUL": _arithmetic, "FFMA": _arithmetic, "DADD": _double_arithmetic,
    "DMUL": _double_arithmetic, "DFMA": _double_arithmetic, "FMNMX": _minmax, "FSEL": _select,
    "FSETP": _compare, "DSETP": _compare, "MUFU": _function, "I2F": _from_integer,
    "I2FP": _from_integer, "F2I": _to_integer, "F2F": _between_floats,
}
