"""Reading and writing the registers of many lanes: what lanes.py and lanes_float.py share."""

import operator

import numpy as np

from sass import Unreadable

U32, U64 = np.uint32, np.uint64


class Missing(Unreadable):
    """An instruction that a path or an address depends on, and that nothing here computes."""

    def __init__(self, one):
        super().__init__("nothing in Tools/gpu-static.d/lanes.py computes `%s`, on which a path "
                         "or an address depends; add it there" % one.text)


def _registers(machine, operand):
    return machine.registers if operand.kind == "R" else machine.uniform


def integer(operand):
    """A function of the machine: an operand's 32 bits, as an array or one number."""
    kind = operand.kind
    if kind == "I":
        value = U32(int(operand.text, 16) & 0xFFFFFFFF)
        return lambda machine: value
    if kind in ("R", "UR"):
        if operand.number is None:
            value = U32(0xFFFFFFFF if operand.inverted else 0)
            return lambda machine: value
        number = operand.number
        if kind == "R":
            read = lambda machine: machine.registers[number]
        else:
            read = lambda machine: machine.uniform[number]
    elif kind == "C":
        read = _constant(operand, U32)
    else:
        raise Unreadable("not a number: %r" % (operand,))
    if operand.absolute:
        plain = read
        read = lambda machine: np.abs(np.asarray(plain(machine)).view(np.int32)).view(U32)
    if operand.inverted:
        return lambda machine: ~read(machine)
    if operand.negative:
        return lambda machine: U32(0) - read(machine)
    return read


def _constant(operand, kind):
    if operand.bank != 0:
        raise Unreadable("constant bank %d is not laid out (emulate.py)" % operand.bank)
    if not operand.base:
        return lambda machine: machine.constant(operand.offset, kind)
    names = operand.base

    def indexed(machine):
        at = U32(operand.offset & 0xFFFFFFFF)
        for space, number in names:
            at = at + (machine.registers if space == "R" else machine.uniform)[number]
        return machine.constant(at, kind)
    return indexed


def carried(operand):
    """The same as 64 bits, so that a sum shows its carry: -x is ~x + 1."""
    if operand.negative:
        positive = integer(type(operand)(**{**operand.__dict__, "negative": False}))
        return lambda machine: (np.asarray(~positive(machine)).astype(U64) + U64(1))
    read = integer(operand)
    return lambda machine: np.asarray(read(machine)).astype(U64)


def pair(operand):
    """Two registers, or 8 bytes of constants, as one number."""
    if operand.kind == "C":
        return _constant(operand, U64)
    if operand.kind in ("R", "UR"):
        if operand.number is None:
            return lambda machine: U64(0)
        number = operand.number

        def both(machine):
            registers = _registers(machine, operand)
            value = registers[number].astype(U64) | registers[number + 1].astype(U64) << U64(32)
            return U64(0) - value if operand.negative else value
        return both
    value = U64(int(operand.text, 16) & 0xFFFFFFFFFFFFFFFF)
    return lambda machine: value


def predicate(operand):
    if operand.number is None:
        value = np.bool_(not operand.negative)
        return lambda machine: value
    number, negative = operand.number, operand.negative
    if operand.kind == "P":
        if negative:
            return lambda machine: ~machine.predicates[number]
        return lambda machine: machine.predicates[number]
    if negative:
        return lambda machine: ~machine.uniform_predicates[number]
    return lambda machine: machine.uniform_predicates[number]


def scalar(value, machine):
    """As an array over all lanes."""
    return np.ascontiguousarray(np.broadcast_to(value, (machine.lanes,)))


def put(machine, operand, value, mask, offset=0):
    if operand.number is None:
        return
    row = _registers(machine, operand)[operand.number + offset]
    if mask is None:
        row[...] = value
    else:
        np.copyto(row, value, where=mask)


def put_pair(machine, operand, value, mask):
    value = np.asarray(value)
    put(machine, operand, (value & U64(0xFFFFFFFF)).astype(U32), mask)
    put(machine, operand, (value >> U64(32)).astype(U32), mask, 1)


def put_predicate(machine, operand, value, mask):
    if operand.number is None:
        return
    rows = machine.predicates if operand.kind == "P" else machine.uniform_predicates
    if mask is None:
        rows[operand.number][...] = value
    else:
        np.copyto(rows[operand.number], value, where=mask)


def binary(name):
    """A comparison by its name."""
    return {"LT": operator.lt, "LE": operator.le, "GT": operator.gt, "GE": operator.ge,
            "EQ": operator.eq, "NE": operator.ne}[name]
