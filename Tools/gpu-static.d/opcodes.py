"""Which registers an instruction of sm_90 writes and reads, by its name and modifiers.

A name that is not here is an error: what it writes has to be known before loops can be counted.
What the known ones compute stands in lanes.py, as far as a loop's length may depend on it.
"""

from sass import Unreadable

# Names whose first operand is what they write, a register; predicates right behind it are carries.
REGISTER_FIRST = set("""
    IADD3 VIADD IMAD LEA SHF LOP3 SEL VIMNMX IMNMX VIADDMNMX VIADD3 IABS MOV MOV32I S2R S2UR CS2R
    LDC ULDC UMOV UIADD3 UIMAD ULEA USHF ULOP3 USEL R2UR PRMT UPRMT P2R POPC FLO BREV SGXT BMSK UFLO
    UBREV UPOPC USGXT UBMSK UP2UR FADD FMUL FFMA FMNMX FSEL FSWZADD MUFU I2F I2FP F2I F2F F2FP FRND
    I2I I2IP HFMA2 HADD2 HMUL2 HMNMX2 HSET2 DADD DMUL DFMA LDG LDS LDL LD LDSM ATOMG ATOMS ATOM
    HMMA IMMA BMMA DMMA MOVM REDUX IDP IDP4A LEPC GETLMEMBASE BMOV B2R
""".split())
# Names that write predicates.
PREDICATES_FIRST = set("""
    ISETP UISETP FSETP DSETP PLOP3 UPLOP3 HSETP2 FCHK VOTE VOTEU SHFL MATCH ELECT
""".split())
# Names that write neither.
NOTHING = set("""
    NOP BRA EXIT BSSY BSYNC BREAK BAR WARPSYNC YIELD RET CALL JMP STG STS STL ST RED MEMBAR ERRBAR
    CCTL CCTLL DEPBAR LDGDEPBAR LDGSTS R2P NANOSLEEP KILL BPT FENCE STSM PREFETCH
""".split())

STORES = {"STG", "STS", "STL", "ST", "RED", "STSM"}
# What a warp waits for some hundred clocks when it needs it.
WAITED_FOR = {"LDG", "LD", "ATOMG", "ATOM"}
ATOMICS = {"ATOMG", "ATOM", "ATOMS"}
GLOBAL = {"LDG", "LD", "STG", "ST", "RED", "ATOMG", "ATOM", "LDGSTS"}
LOCAL = {"LDS", "STS", "ATOMS"}
STACK = {"LDL", "STL"}


def width(modifiers):
    """Registers of what a load or store moves."""
    for one in modifiers:
        if one in ("64", "128"):
            return int(one) // 32
    return 1


def bytes_moved(modifiers):
    for one in modifiers:
        if one in ("U8", "S8"):
            return 1
        if one in ("U16", "S16"):
            return 2
    return 4 * width(modifiers)


def _widths(one):
    """Registers of (what is written, each operand that is read, by its place; 1 if left out)."""
    name, modifiers = one.name, one.modifiers
    if name in ("LDG", "LD", "LDS", "LDL", "LDC", "ULDC", "ATOMG", "ATOM", "ATOMS"):
        return width(modifiers), {}
    if name in STORES or name == "RED":
        return 0, {1: width(modifiers)}
    if name == "LDSM":
        return int(modifiers[-1]) if modifiers[-1].isdigit() else 1, {}
    if name == "CS2R":
        return (1 if "32" in modifiers else 2), {}
    if name in ("IMAD", "UIMAD") and "WIDE" in modifiers:
        return 2, {"last": 2}
    if name in ("IMAD", "UIMAD") and "HI" in modifiers:
        return 1, {"last": 2}
    if name in ("DADD", "DMUL", "DFMA"):
        return 2, {1: 2, 2: 2, 3: 2}
    if name == "DSETP":
        return 0, {2: 2, 3: 2}
    if name in ("F2F", "I2F", "F2I", "FRND"):
        # In F2F.F64.F32 the first is what is made; I2F.U64 reads a pair, I2F.F64 makes one,
        # F2I.U64 makes one, F2I.F64 reads one.
        kinds = [m for m in modifiers if m in ("F64", "F32", "F16", "U64", "S64", "U16", "S16")]
        if name == "F2F":
            return (2 if kinds[0] == "F64" else 1), {1: 2 if kinds[1:] == ["F64"] else 1}
        integer = any(k in ("U64", "S64") for k in kinds)
        double = "F64" in kinds
        made, read = (double, integer) if name == "I2F" else (integer, double)
        return (2 if made else 1), {1: 2 if read else 1}
    if name in ("HMMA", "IMMA", "BMMA"):
        return (2 if "F16" in modifiers[1:2] else 4), {1: 4, 2: 2, 3: 4}
    if name == "DMMA":
        return 4, {1: 2, 2: 2, 3: 4}
    return 1, {}


def _registers(operand, count):
    """Names of the registers that an operand is or has in its address."""
    if operand.kind in ("R", "UR"):
        if operand.number is None:
            return set()
        return {operand.kind + str(operand.number + i) for i in range(count)}
    if operand.kind in ("P", "UP"):
        return set() if operand.number is None else {operand.kind + str(operand.number)}
    if operand.kind in ("M", "C"):
        names = set()
        for place, (kind, number) in enumerate(operand.base):
            names.add(kind + str(number))
            if operand.kind == "M" and operand.wide and place == 0 and kind == "R":
                names.add("R" + str(number + 1))
        return names
    return set()


def split(one):
    """(operands that are written, operands that are read) by their places."""
    name, operands = one.name, one.operands
    places = list(range(len(operands)))
    if name in NOTHING or not operands:
        return [], places
    if name in PREDICATES_FIRST:
        if name in ("VOTE", "VOTEU", "MATCH", "SHFL", "FCHK", "ELECT"):
            # VOTE.ALL P0, P1; VOTE.ANY R1, P0, P1; SHFL P0, R1, R2, ...
            two = (name == "SHFL" or (name != "FCHK" and operands[0].kind in ("R", "UR")
                                      and len(operands) > 2))
            return places[:2 if two else 1], places[2 if two else 1:]
        return places[:2], places[2:]
    if name not in REGISTER_FIRST:
        raise Unreadable("no entry in Tools/gpu-static.d/opcodes.py for `%s`" % one.text)
    if operands[0].kind in ("P", "UP"):
        # LOP3.LUT P0, R1, ...; ATOMG PT, R1, ...
        return places[:2], places[2:]
    written = 1
    # A carry stands between what is written and the first number.
    while (written < len(operands) - 1 and operands[written].kind in ("P", "UP")
           and name not in ("SEL", "USEL", "FSEL", "P2R")):
        written += 1
    return places[:written], places[written:]


def written_and_read(one):
    """The names of the registers and predicates that an instruction writes and reads."""
    wide, by_place = _widths(one)
    outs, ins = split(one)
    written, read = set(), set()
    for place in outs:
        kind = one.operands[place].kind
        written |= _registers(one.operands[place], wide if kind in ("R", "UR") else 1)
    numbers = [p for p in ins if one.operands[p].kind in ("R", "UR", "I", "C")]
    for place in ins:
        count = by_place.get(place, 1)
        if "last" in by_place and numbers and place == numbers[-1]:
            count = by_place["last"]
        read |= _registers(one.operands[place], count)
    if one.name == "R2P":
        mask = int(one.operands[-1].text, 16)
        written = {"P%d" % bit for bit in range(7) if mask >> bit & 1}
    if one.name == "P2R":
        mask = int(one.operands[-1].text, 16)
        read |= {"P%d" % bit for bit in range(7) if mask >> bit & 1}
    if one.name == "RET":
        read |= _registers(one.operands[0], 2)
    if one.guard is not None:
        read |= _registers(one.guard, 1)
    return written, read
