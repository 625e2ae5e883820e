"""Programs for AMD's gfx90a and gfx1100, by clang alone: registers, spills, local memory and the
share of the hot loop that is the product's. There is no model of these cards."""

import os
import re
import tempfile

from nvidia import Refused, first_error, run

TARGETS = ("gfx90a", "gfx1100")
MULTIPLY_ADD = re.compile(r"\bv_(?:dual_|pk_)?(?:fmac|fma|fmamk|fmaak)_f32")


def compiled(program, target, tools):
    """What clang says of a program."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "program.cl")
        with open(source, "w", encoding="utf-8") as file:
            file.write(tools.amd_builtins + program.source)
        found = run(
            [tools.clang_amd, "-x", "cl", "-target", "amdgcn-amd-amdhsa", "-mcpu=" + target,
             "-nogpulib", "-cl-no-stdinc", "-include", "opencl-c-base.h", "-O3", "-Wno-everything",
             "-S", "-o", "-", source] + program.options)
    if found.returncode:
        raise Refused("clang: " + first_error(found.stderr))
    return read(found.stdout, program.kernel)


def read(assembly, kernel):
    entries = re.split(r"\n  - \.a", assembly[assembly.find("amdhsa.kernels"):])
    entry = next((one for one in entries
                  if re.search(r"\.name:\s+%s\n" % re.escape(kernel), one)), None)
    if entry is None:
        raise Refused("clang describes no kernel " + kernel)

    def number(name):
        match = re.search(r"\.%s:\s+(\d+)" % name, entry)
        return int(match[1]) if match else 0
    body = assembly[assembly.find("\n%s:" % kernel):]
    useful, size = _hot_loop(body[:body.find(".Lfunc_end")])
    return {
        "registers": number("vgpr_count"),
        "spillBytes": 4 * number("vgpr_spill_count"),
        "stackBytes": number("private_segment_fixed_size"),
        "localBytes": number("group_segment_fixed_size"),
        "usefulShare": useful / size if useful >= size / 50 else None,
        "loopInstructions": size,
    }


def _hot_loop(body):
    """(multiply-adds, instructions) of the loop that has most of the first; of the whole kernel
    where no loop has half of them."""
    labels, instructions = {}, []
    for line in body.splitlines():
        label = re.match(r"^(\.L\w+):", line)
        if label:
            labels[label[1]] = len(instructions)
        elif re.match(r"^\t[a-z]\w*", line) and not line.startswith("\t."):
            instructions.append(line.split(";")[0].strip())
    best = None
    for at, one in enumerate(instructions):
        branch = re.match(r"s_c?branch\w*\s+(\.L\w+)", one)
        if branch and labels.get(branch[1], at + 1) <= at:
            first = labels[branch[1]]
            useful = sum(map(_sums, instructions[first:at + 1]))
            # The smallest of those that have most.
            rank = (useful, first - at)
            if best is None or rank > best[0]:
                best = (rank, useful, at + 1 - first)
    everywhere = sum(map(_sums, instructions))
    if best is None or best[1] < everywhere / 2:
        return everywhere, max(1, len(instructions))
    return best[1], best[2]


def _sums(instruction):
    """Multiply-adds in an instruction: one, or two where it is packed or dual, or none. Those of a
    batch norm on the way in count as well: some five in a hundred."""
    return sum(2 if "v_pk_" in part else 1 for part in instruction.split(" :: ")
               if MULTIPLY_ADD.search(part))
