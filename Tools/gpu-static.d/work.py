"""The work, divided into tasks for several processes, and what of it was done before.

Everything is kept under a folder by a digest of all that it hangs on: sources, options, tools, and
the files of this tool that make it."""

import hashlib
import json
import math
import os
import re
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import amd
import constants
import dump
import emulate
import memory
import nvidia
import sass

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Tools:
    """Where things are, and what is put before each program."""
    clang15: str
    clang_amd: str
    clang_amd_version: str
    libnvvm: str
    ptxas: str
    nvdisasm: str
    cache: str
    nvidia_builtins: str = ""
    amd_builtins: str = ""

    def __post_init__(self):
        common = _text("builtins.h")
        self.nvidia_builtins = _text("builtins_nvidia.h") + common + "#line 1\n"
        self.amd_builtins = _text("builtins_amd.h") + common + "#line 1\n"
        os.makedirs(self.cache, exist_ok=True)
        versions = [self.clang15, self.libnvvm, self.ptxas, self.nvdisasm]
        self.nvidia_key = _digest(self.nvidia_builtins, *map(_stamp, versions),
                                  *map(_text, ("nvidia.py", "nvvm_ir.py", "sass.py")))
        self.amd_key = _digest(self.amd_builtins, self.clang_amd_version, _text("amd.py"))
        self.emulation_key = _digest(*map(_text, (
            "emulate.py", "machine.py", "memory.py", "lanes.py", "lanes_base.py", "lanes_float.py",
            "lanes_logic.py", "slicing.py", "opcodes.py", "sass.py", "share.py")),
            repr([constants.MOST_LANES, constants.LEAST_GROUPS, constants.CHOSEN_ITEMS]))


def _text(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def _stamp(path):
    """Size and time of a tool: another version is another tool."""
    status = os.stat(path)
    return "%s %d %d" % (os.path.basename(path), status.st_size, int(status.st_mtime))


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


class Work:
    def __init__(self, tools, processes):
        self.tools = tools
        self.pool = ProcessPoolExecutor(processes)
        self.processes = processes

    def close(self):
        self.pool.shutdown()

    def _each(self, function, tasks):
        """(task, result) as they are done."""
        futures = {self.pool.submit(function, *task, self.tools): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()

    def nvidia(self, programs):
        """{digest: result} of {digest: program}; "error" in a result says why there is none."""
        results = {digest: nvidia.load(self.tools.cache, digest) for digest in programs}
        missing = [digest for digest, result in results.items() if result is None]
        ready = []
        for (digest, _), (text, error) in self._each(
                _front, [(digest, programs[digest]) for digest in missing]):
            if error:
                results[digest] = {"error": error}
            else:
                ready.append((digest, programs[digest].kernel, text))
        ready.sort()
        # Small batches towards the end would leave a process idle.
        size = max(1, min(nvidia.TOGETHER, math.ceil(len(ready) / (4 * self.processes))))
        batches = [(ready[i:i + size],) for i in range(0, len(ready), size)]
        for _, found in self._each(_back, batches):
            results.update(found)
        return results

    def amd(self, programs, target):
        """The same of {digest: program}, a digest being of the target as well."""
        results = {digest: nvidia.load(self.tools.cache, digest) for digest in programs}
        missing = [(digest, programs[digest], target) for digest, result in results.items()
                   if result is None]
        for (digest, _, _), found in self._each(_amd, missing):
            results[digest] = found
        return results

    def counts(self, launches):
        """{key: emulate.Count or a message} of {key: (code, entry, launch)}; a task takes all
        launches of a program."""
        results, tasks = {}, {}
        for key, (result, one) in launches.items():
            kept = nvidia.load(self.tools.cache, key)
            if kept is not None:
                results[key] = emulate.Count(**kept)
            else:
                tasks.setdefault(id(result), (result, one.program.kernel, []))[2].append((key, one))
        heavy = sorted(tasks.values(), key=lambda task: -len(task[0]["code"]))
        for _, found in self._each(_count, heavy):
            results.update(found)
        return results

    def count_key(self, digest, one):
        arguments = json.dumps([one.global_size, one.local_size, _sharing(one.arguments)])
        return _digest("count", digest, arguments, self.tools.emulation_key)


def _sharing(arguments):
    """Arguments with their buffers numbered in the order of their first use."""
    numbers = {}
    return [{"buffer": numbers.setdefault(a["buffer"], len(numbers)), "bytes": a["bytes"]}
            if "buffer" in a else a for a in arguments]


# MARK: In the processes

def _front(digest, program, tools):
    try:
        return nvidia.intermediate(program, tools), None
    except Exception as error:  # Whatever it is, it is this program's result.
        return None, _message(error)


def _back(batch, tools):
    results = nvidia.assembled(batch, tools)
    for digest, result in results.items():
        if "error" not in result:
            nvidia.keep(tools.cache, digest, result)
    return results


def _amd(digest, program, target, tools):
    try:
        result = amd.compiled(program, target, tools)
    except Exception as error:
        return {"error": _message(error)}
    nvidia.keep(tools.cache, digest, result)
    return result


def _count(result, kernel, launches, tools):
    found = {}
    try:
        program = emulate.Program(sass.parse(result["code"], kernel))
        layout = memory.parameters(result["ptxEntry"], kernel)
    except Exception as error:
        return {key: _message(error) for key, _ in launches}
    for key, one in launches:
        try:
            local = one.local_size or dump.chosen_local(one.global_size, constants.CHOSEN_ITEMS)
            count = emulate.launch(program, layout, one.arguments, dump.three(one.global_size),
                                   dump.three(local), result["localBytes"])
            nvidia.keep(tools.cache, key, count.__dict__)
            found[key] = count
        except Exception as error:
            found[key] = _message(error)
    return found


def _message(error):
    text = re.sub(r"\s+", " ", str(error)).strip()
    known = (nvidia.Refused, sass.Unreadable, memory.OutOfBounds)
    return text if isinstance(error, known) else "%s: %s" % (type(error).__name__, text)
