"""A step as `dovetail bench step --dump-programs DIR` writes it: DIR/step.json and DIR/programs."""

import hashlib
import json
import math
import os
from collections import Counter
from dataclasses import dataclass, field

FORMAT = 1


class Damaged(Exception):
    """A dump that cannot be read."""


@dataclass
class Program:
    number: int
    kernel: str
    options: list
    source: str
    local: tuple | None = None      # as it is launched; None: the driver's choice

    def define(self, name, default=None):
        """The value of -Dname=value; True of -Dname; else the default."""
        for option in self.options:
            if option == "-D" + name:
                return True
            if option.startswith("-D%s=" % name):
                return option.partition("=")[2]
        return default

    def integer(self, name, default=None):
        value = self.define(name)
        try:
            return int(str(value).strip("()"))
        except ValueError:
            return default

    def digest(self, *more):
        """Of all that its code hangs on."""
        text = json.dumps([self.source, self.options, self.kernel, self.local, *more])
        return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass
class Launch:
    """One shape of launch of a program, and how often a step has it."""
    program: Program
    global_size: tuple
    local_size: tuple | None
    arguments: list
    count: int = 0


@dataclass
class Step:
    name: str
    batch: int
    precision: str
    programs: list
    launches: list = field(default_factory=list)
    products: Counter = field(default_factory=Counter)   # (m, n, k) -> how many
    copies: Counter = field(default_factory=Counter)     # bytes -> how many

    @property
    def launch_count(self):
        return sum(launch.count for launch in self.launches)


def read(folder, name):
    path = os.path.join(folder, "step.json")
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise Damaged("%s: %s; make it with dovetail bench step --dump-programs" % (path, error))
    if data.get("format") != FORMAT:
        raise Damaged("%s: expected format %d, got %r" % (path, FORMAT, data.get("format")))
    programs = {}
    for entry in data["programs"]:
        with open(os.path.join(folder, entry["file"]), encoding="utf-8") as file:
            programs[entry["id"]] = Program(entry["id"], entry["kernel"], list(entry["options"]),
                                            file.read())
    step = Step(name, data["batch"], data.get("precision", "float32"), list(programs.values()))
    known = {}
    for command in data["commands"]:
        kind = command["kind"]
        if kind == "launch":
            _add(step, known, programs[command["program"]], command)
        elif kind == "product":
            step.products[command["m"], command["n"], command["k"]] += 1
        elif kind == "copy":
            step.copies[command["bytes"]] += 1
    return step


def _add(step, known, program, command):
    local = tuple(command["local"]) if command["local"] else None
    if local is not None:
        if program.local not in (None, local):
            raise Damaged("%s, program %d is launched with groups of %s and of %s"
                          % (step.name, program.number, program.local, local))
        program.local = local
    # Buffers count as equal where they are equally large and shared alike.
    numbers = {}
    shape = []
    for argument in command["arguments"]:
        if "buffer" in argument:
            place = numbers.setdefault(argument["buffer"], len(numbers))
            shape.append(("buffer", place, argument["bytes"]))
        else:
            shape.append(json.dumps(argument))
    key = (program.number, tuple(command["global"]), local, tuple(shape))
    if key not in known:
        known[key] = Launch(program, tuple(command["global"]), local, command["arguments"])
        step.launches.append(known[key])
    known[key].count += 1


def three(sizes):
    return tuple(sizes) + (1,) * (3 - len(sizes))


def chosen_local(global_size, most):
    """Where the driver chooses: the largest divisor of the first size up to `most`, and so on."""
    sizes = []
    for extent in global_size:
        size = max(d for d in range(1, min(most, extent) + 1) if extent % d == 0)
        sizes.append(size)
        most //= size
    return tuple(sizes)


def group_count(global_size, local_size):
    return math.prod(g // l for g, l in zip(three(global_size), three(local_size)))
