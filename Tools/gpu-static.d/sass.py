"""nvdisasm's text of one kernel as instructions, blocks and loops."""

import re
from dataclasses import dataclass, field

INSTRUCTION = re.compile(r"^\s*/\*([0-9a-f]+)\*/\s+(.*?)\s*;")
LABEL = re.compile(r"^\s*([.$\w]+):\s*$")
MEMORY = re.compile(r"^(?:desc\[(UR\d+)\])?\[(.*)\]$")
REGISTER = re.compile(r"^(R|UR)(\d+|Z)$")
PREDICATE = re.compile(r"^(P|UP)([0-6]|T)$")


class Unreadable(Exception):
    """A line of the disassembly that this file cannot read."""


@dataclass(frozen=True)
class Operand:
    """kind: R, UR, P, UP (number None: RZ, PT), I (a number as text), C (a constant), M (memory),
    L (a label) or S (any other word)."""
    kind: str
    number: int | None = None
    text: str = ""
    negative: bool = False   # -x of a number, !p of a predicate
    inverted: bool = False   # ~x
    absolute: bool = False
    base: tuple = ()         # M, C: the registers of the address
    offset: int = 0          # M, C
    bank: int = 0            # C
    wide: bool = False       # M: the first register is a pair


@dataclass
class Instruction:
    address: int
    text: str
    guard: Operand | None
    name: str                # "IMAD"
    modifiers: tuple         # ("WIDE", "U32")
    operands: tuple

    @property
    def opcode(self):
        return ".".join((self.name,) + self.modifiers)


@dataclass
class Block:
    """Instructions first ..< end of a kernel, with one way in and out at the end."""
    index: int
    first: int
    end: int
    successors: list = field(default_factory=list)


@dataclass
class Code:
    kernel: str
    instructions: list
    labels: dict             # name -> index of an instruction
    blocks: list = field(default_factory=list)
    block_at: dict = field(default_factory=dict)   # index of a first instruction -> Block


def section(disassembly, kernel):
    """The lines of one kernel's code, or None."""
    for part in re.split(r"^//-+ ", disassembly, flags=re.M)[1:]:
        if re.match(r"\.text\.%s\s" % re.escape(kernel), part):
            return part
    return None


def parse(text, kernel):
    instructions, labels = [], {}
    for line in text.splitlines():
        label = LABEL.match(line)
        if label:
            labels[label[1]] = len(instructions)
            continue
        match = INSTRUCTION.match(line)
        if match:
            instructions.append(_instruction(int(match[1], 16), match[2]))
    while instructions and instructions[-1].name == "NOP":
        instructions.pop()
    labels = {name: at for name, at in labels.items() if at < len(instructions)}
    code = Code(kernel, instructions, labels)
    _divide(code)
    return code


def _instruction(address, text):
    text = re.sub(r"\(\*.*?\*\)", "", text).strip()
    guard = None
    rest = text
    match = re.match(r"^@(!?)(U?P[0-6T])\s+(.*)$", text)
    if match:
        guard = _operand(match[1] + match[2])
        rest = match[3]
    opcode, _, arguments = rest.partition(" ")
    name, *modifiers = opcode.split(".")
    operands = tuple(_operand(part) for part in _split(arguments) if part)
    if guard is not None and guard.number is None and not guard.negative:
        guard = None
    return Instruction(address, text, guard, name, tuple(modifiers), operands)


def _split(arguments):
    """At commas, not inside brackets; a bare blank also separates (as in RET R20 `(name))."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(arguments):
        if letter in "[(":
            depth += 1
        elif letter in "])":
            depth -= 1
        elif letter in ", " and depth == 0:
            parts.append(arguments[start:at].strip())
            start = at + 1
    parts.append(arguments[start:].strip())
    return parts


def _operand(text):
    whole = text
    if text.startswith("`("):
        return Operand("L", text=text[2:-1].strip("()"))
    negative = inverted = absolute = False
    if text.startswith("!"):
        negative, text = True, text[1:]
    if text.startswith("~"):
        inverted, text = True, text[1:]
    if re.match(r"^-(?:R|UR|c\[|\|)", text):
        negative, text = True, text[1:]
    if text.startswith("|"):
        absolute, text = True, text.replace("|", "")
    flags = dict(negative=negative, inverted=inverted, absolute=absolute)
    constant = re.match(r"^c\[(0x[0-9a-f]+|UR\d+)\]\s*\[(.*)\]", text)
    if constant:
        if constant[1].startswith("UR"):
            raise Unreadable("a constant bank in a register: " + whole)
        base, offset, wide = _address(constant[2])
        return Operand("C", bank=int(constant[1], 16), base=base, offset=offset, wide=wide, **flags)
    memory = MEMORY.match(text)
    if memory:
        base, offset, wide = _address(memory[2])
        return Operand("M", base=base, offset=offset, wide=wide, text=text)
    plain = re.sub(r"\.(?:reuse|64|U32|H0|H1|H0_H0|H1_H1|B\d)\b", "", text)
    register = REGISTER.match(plain)
    if register:
        return Operand(register[1], None if register[2] == "Z" else int(register[2]),
                       text=text, **flags)
    predicate = PREDICATE.match(plain)
    if predicate:
        return Operand(predicate[1], None if predicate[2] == "T" else int(predicate[2]), **flags)
    if re.match(r"^[-+]?(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[-+]?\d+)?|INF|QNAN|SNAN)$", text, re.I):
        return Operand("I", text=text)
    return Operand("S", text=text)


def _address(text):
    """The registers of an address, its constant, and whether the first register is a pair."""
    base, offset, wide = [], 0, False
    for part in text.replace("+-", "+ -").split("+"):
        part = part.strip()
        if not part or part == "RZ" or part == "URZ":
            continue
        register = re.match(r"^(R|UR)(\d+)(\.\w+)*$", part)
        if register:
            base.append((register[1], int(register[2])))
            if ".64" in part:
                wide = True
        elif re.match(r"^-?0x[0-9a-f]+$", part):
            offset += int(part, 16)
        elif not re.match(r"^U?RZ\b", part):
            raise Unreadable("an address: [" + text + "]")
    return tuple(base), offset, wide


ENDS = ("BRA", "EXIT", "RET", "CALL", "BSYNC", "BAR", "JMP", "BRX", "JMX", "KILL", "BPT")


def target(instruction):
    """The label that a branch names."""
    for operand in instruction.operands:
        if operand.kind == "L":
            return operand.text
    return None


def _divide(code):
    """Blocks and where they lead. A return leads to the instruction after each call."""
    starts = {0} | set(code.labels.values())
    for at, one in enumerate(code.instructions):
        if one.name in ENDS or one.name == "BSSY":
            starts.add(at + 1)
    ordered = sorted(at for at in starts if at < len(code.instructions))
    for number, first in enumerate(ordered):
        end = ordered[number + 1] if number + 1 < len(ordered) else len(code.instructions)
        block = Block(number, first, end)
        code.blocks.append(block)
        code.block_at[first] = block
    after_calls = [at + 1 for at, one in enumerate(code.instructions) if one.name == "CALL"]
    for block in code.blocks:
        last = code.instructions[block.end - 1]
        leads = []
        if last.name in ("BRA", "CALL", "JMP"):
            name = target(last)
            if name not in code.labels:
                raise Unreadable("%s: a branch to nowhere: %s" % (code.kernel, last.text))
            leads.append(code.labels[name])
        elif last.name == "RET":
            leads += after_calls
        elif last.name in ("BRX", "JMX"):
            raise Unreadable("%s: a jump by a table: %s" % (code.kernel, last.text))
        falls = last.name not in ("BRA", "EXIT", "RET", "CALL", "JMP", "KILL", "BPT")
        conditional = last.guard is not None or any(
            operand.kind in ("P", "UP") for operand in last.operands)
        if falls or conditional or "DIV" in last.modifiers:
            leads.append(block.end)
        block.successors = [code.block_at[at].index for at in leads if at in code.block_at]


def loops(code):
    """(first, last) instruction of each loop, told by branches that lead back."""
    found = []
    for at, one in enumerate(code.instructions):
        if one.name == "BRA":
            to = code.labels[target(one)]
            # A branch to itself, behind a kernel's end, is no loop.
            if to < at:
                found.append((to, at))
    return found
