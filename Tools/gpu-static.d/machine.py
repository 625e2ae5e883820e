"""The lanes of some work-groups of a launch, and how they run: see emulate.py.

Lanes that stand at the same instruction run together; the lowest address goes first, so that those
behind catch up. BSSY and BSYNC hold lanes back until the others of their warp have come, as they do
on the device."""

import numpy as np

import constants
import memory
import opcodes
import sass

U32 = np.uint32


def barrier(one):
    """The number of the register that holds who meets again."""
    return int(next(o.text for o in one.operands if o.text.startswith("B"))[1:])


def sampled(extent, wanted):
    """[(group, weight)]: groups to look at, and how many each stands for.

    They are spread over all, at irregular distances: steps of a row of an image would meet the same
    columns again and again. The last ones along x, which may have less to do or add up what the
    others left, are a share of their own, and so is the very last group."""
    across, rest = extent[0], extent[1] * extent[2]
    total = across * rest
    if total <= wanted:
        return [(group, 1.0) for group in range(total)]
    last = max(1, round(wanted / across)) if rest > 1 and across > 1 else 0
    inner = across - 1 if last else across
    # Without the very last group, which is the last of `edge` or, where there is none, of `main`.
    main = _spread(inner * rest - (0 if last else 1), wanted - last - 1)
    edge = _spread(rest - 1, last) if last else []
    groups = [(i // inner * across + i % inner, weight) for i, weight in main]
    groups += [(i * across + across - 1, weight) for i, weight in edge]
    return sorted(groups) + [(total - 1, 1.0)]


def _spread(total, wanted):
    """`wanted` of `total` numbers, each with how many it stands for."""
    if total <= wanted:
        return [(i, 1.0) for i in range(total)]
    golden = 0.6180339887498949
    return [(min(total - 1, int((i + i * golden % 1) * total / wanted)), total / wanted)
            for i in range(wanted)]


class Machine:
    """The lanes of the sampled groups."""

    def __init__(self, program, bank, buffers, global_size, local_size, local_bytes):
        self.program, self.code = program, program.code
        self.bank = bank
        per_group = local_size[0] * local_size[1] * local_size[2]
        self.warps = (per_group + 31) // 32
        self.extent = [g // l for g, l in zip(global_size, local_size)]
        self.groups = self.extent[0] * self.extent[1] * self.extent[2]
        most = max(constants.LEAST_GROUPS, constants.MOST_LANES // (32 * self.warps))
        chosen = sampled(self.extent, most)
        self.sample = [group for group, _ in chosen]
        count = len(self.sample)
        # Of each warp, how many it stands for.
        self.weights = np.repeat([weight for _, weight in chosen], self.warps)
        self.lanes = lanes = count * self.warps * 32
        self.registers = np.zeros((256, lanes), U32)
        self.uniform = np.zeros((64, lanes), U32)
        self.predicates = np.zeros((8, lanes), bool)
        self.uniform_predicates = np.zeros((8, lanes), bool)
        each = self.warps * 32
        item = np.tile(np.arange(each), count)
        group = np.repeat(np.array(self.sample), each)
        self.linear_group = group.astype(U32)
        self.group_of_lane = np.repeat(np.arange(count), each)
        x, y = local_size[0], local_size[1]
        gx, gy = self.extent[0], self.extent[1]
        self.specials = {
            "SR_TID.X": item % x, "SR_TID.Y": item // x % y, "SR_TID.Z": item // x // y,
            "SR_CTAID.X": group % gx, "SR_CTAID.Y": group // gx % gy,
            "SR_CTAID.Z": group // gx // gy, "SR_LANEID": item % 32,
        }
        self.specials = {name: value.astype(U32) for name, value in self.specials.items()}
        self.alive = item < per_group
        self.issued = np.zeros(lanes // 32)
        self.depth = np.zeros(lanes // 32)
        self.ready, self.copied, self.committed = {}, None, []
        self.runs = np.zeros(len(self.code.blocks))
        self.members = np.zeros((16, lanes), bool)
        self.arrived = np.zeros((16, lanes), bool)
        self.after_barrier = {}
        self.at_bar = {}
        self.memory = memory.Memory(self, buffers, local_bytes, count)

    # MARK: What instructions ask for

    def constant(self, offset, kind):
        if isinstance(offset, np.ndarray):
            return np.frombuffer(self.bank, U32)[offset // 4]
        return np.frombuffer(self.bank, kind, 1, int(offset))[0]

    def special(self, name):
        return self.specials.get(name, U32(0))

    def tickets(self, address):
        """What an atomic operation is taken to return: the group's number among those that count
        by the same counter, which are all of them, or, with several counters, those along x."""
        one_counter = address.size == 0 or address.min() == address.max()
        return self.linear_group if one_counter else self.specials["SR_CTAID.X"]

    def guard(self, operand):
        rows = self.predicates if operand.kind == "P" else self.uniform_predicates
        return ~rows[operand.number] if operand.negative else rows[operand.number]

    def everywhere(self, mask):
        return np.ones(self.lanes, bool) if mask is None else mask

    def _warps(self, mask):
        return None if mask is None else mask.reshape(-1, 32).any(axis=1)

    def waits_for(self, one, mask):
        warps = self._warps(mask)
        if one.name == "LDGSTS":
            if self.copied is None:
                self.copied = np.zeros(len(self.depth))
            np.copyto(self.copied, np.maximum(self.copied, self.depth + 1),
                      where=True if warps is None else warps)
            return
        if one.name not in opcodes.WAITED_FOR:
            return
        result = next((o for o in one.operands if o.kind == "R" and o.number is not None), None)
        if result is not None:
            for offset in range(opcodes.width(one.modifiers)):
                row = self.ready.setdefault("R%d" % (result.number + offset),
                                            np.zeros(len(self.depth)))
                np.copyto(row, self.depth + 1, where=True if warps is None else warps)

    def wait(self, registers, mask):
        rows = [self.ready[name] for name in registers if name in self.ready]
        if rows:
            latest = rows[0] if len(rows) == 1 else np.maximum.reduce(rows)
            np.copyto(self.depth, np.maximum(self.depth, latest),
                      where=True if mask is None else self._warps(mask))

    def commit(self):
        self.committed.append(self.copied if self.copied is not None
                              else np.zeros(len(self.depth)))
        self.copied = None

    def drain(self, left, mask):
        while len(self.committed) > left:
            done = self.committed.pop(0)
            np.copyto(self.depth, np.maximum(self.depth, done),
                      where=True if mask is None else self._warps(mask))

    # MARK: Running

    def leave(self, number, mask):
        self.members[number] &= ~self.everywhere(mask)

    def run(self):
        """Until all have come to the end."""
        pending = {0: self.alive.copy()}
        executed = 0
        while True:
            if not pending:
                self._release(pending)
                if not pending:
                    break
            number = min(pending)
            mask = pending.pop(number)
            executed += 1
            if executed > constants.MOST_BLOCKS:
                raise sass.Unreadable("%s: no end after %d blocks" % (self.code.kernel, executed))
            self._block(self.code.blocks[number], mask, pending)

    def _block(self, block, mask, pending):
        warps = mask.reshape(-1, 32).any(axis=1)
        whole = None if mask.all() else mask
        size = block.end - block.first
        self.issued += size if whole is None else size * warps
        self.runs[block.index] += self.weights[warps].sum()
        for step in self.program.steps[block.index]:
            step(self, whole)
        self._lead_on(block, mask, pending)

    def _go(self, pending, instruction, mask):
        if not mask.any():
            return
        block = self.code.block_at.get(instruction)
        if block is None:
            raise sass.Unreadable("%s: runs beyond its end" % self.code.kernel)
        if block.index in pending:
            pending[block.index] = pending[block.index] | mask
        else:
            pending[block.index] = mask

    def _lead_on(self, block, mask, pending):
        last = self.code.instructions[block.end - 1]
        taken = mask
        if last.guard is not None:
            taken = (mask & self.guard(last.guard) if last.guard.number is not None
                     else np.zeros_like(mask))
        for operand in last.operands:
            if operand.kind in ("P", "UP") and operand.number is not None and last.name == "BRA":
                taken = taken & self.guard(operand)
        rest = mask & ~taken
        if last.name in ("BRA", "JMP", "CALL") and "DIV" not in last.modifiers:
            self._go(pending, self.code.labels[sass.target(last)], taken)
            self._go(pending, block.end, rest)
        elif last.name == "EXIT":
            self.alive &= ~taken
            self._go(pending, block.end, rest)
            self._release(pending)
        elif last.name == "RET":
            to = self.registers[last.operands[0].number]
            for address in np.unique(to[taken]):
                at = next(i for i, one in enumerate(self.code.instructions)
                          if one.address == address)
                self._go(pending, at, taken & (to == address))
            self._go(pending, block.end, rest)
        elif last.name == "BSSY":
            number = barrier(last)
            self.members[number] |= mask
            self.arrived[number] &= ~mask
            self._go(pending, block.end, mask)
        elif last.name == "BSYNC":
            number = barrier(last)
            self.arrived[number] |= taken
            self.after_barrier[number, block.end] = (
                self.after_barrier.get((number, block.end), np.zeros_like(mask)) | taken)
            self._go(pending, block.end, rest)
            self._release(pending)
        elif last.name == "BAR" and self.program.reads_local:
            self.at_bar[block.end] = self.at_bar.get(block.end, np.zeros_like(mask)) | taken
            self._go(pending, block.end, rest)
            self._release(pending)
        else:
            self._go(pending, block.end, mask)

    def _release(self, pending):
        """Lets go the lanes whose whole warp has come to where it meets again, and groups that have
        come to a barrier."""
        if self.at_bar:
            waiting = np.logical_or.reduce(list(self.at_bar.values()))
            missing = (self.alive & ~waiting).reshape(-1, self.warps * 32).any(axis=1)
            free = np.repeat(~missing, self.warps * 32)
            if free.any():
                for to, lanes in list(self.at_bar.items()):
                    self._go(pending, to, lanes & free)
                    self.at_bar[to] = lanes & ~free
                    if not self.at_bar[to].any():
                        del self.at_bar[to]
        for (number, to), waiting in list(self.after_barrier.items()):
            missing = self.members[number] & ~self.arrived[number] & self.alive
            if missing.any():
                blocked = np.repeat(missing.reshape(-1, 32).any(axis=1), 32)
                free = waiting & ~blocked
                if not free.any():
                    continue
            else:
                free = waiting
            left = waiting & ~free
            if left.any():
                self.after_barrier[number, to] = left
            else:
                del self.after_barrier[number, to]
            self.members[number] &= ~free
            self.arrived[number] &= ~free
            self._go(pending, to, free)
