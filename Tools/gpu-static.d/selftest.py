"""Tools/gpu-static --self-test: this tool's parts, on kernels whose counts are known by hand."""

import math
import os

import constants as c
import dump
import emulate
import machine
import memory
import model
import nvidia
import nvvm_ir
import sass
import share

HERE = os.path.dirname(os.path.abspath(__file__))
FAILED = []


def same(what, got, expected, within=0.0):
    if got is None or abs(got - expected) > within:
        FAILED.append("%s: expected %s, got %s" % (what, expected, got))


def run(tools):
    _operands()
    _dialect()
    _samples()
    _model()
    with open(os.path.join(HERE, "selftest.cl"), encoding="utf-8") as file:
        source = file.read()
    checks = {"chain": _chain, "stream": _stream, "uneven": _uneven, "parted": _parted,
              "divided": _divided, "clamped": _clamped, "doubles": _doubles,
              "last_adds": _last_adds,
              "tensor": _tensor, "tiled": _tiled}
    local = {"last_adds": (64, 1, 1), "tensor": (32, 1, 1), "tiled": (32, 1, 1)}
    program = dump.Program(1, "chain", ["-cl-std=CL1.2"], source)
    # All kernels of the file at once, each as if it were a program of its own.
    batch = []
    for name in checks:
        program.kernel, program.local = name, local.get(name)
        batch.append((name, name, nvidia.intermediate(program, tools)))
    results = nvidia.assembled(batch, tools)
    for name, check in checks.items():
        if "error" in results[name]:
            FAILED.append("%s: %s" % (name, results[name]["error"]))
            continue
        check(Kernel(name, results[name]))
    _refuses(tools)
    for text in FAILED:
        print("gpu-static: self-test: " + text)
    print("gpu-static: self-test: %s" % ("%d failed" % len(FAILED) if FAILED else "passed"))
    return 1 if FAILED else 0


class Kernel:
    def __init__(self, name, result):
        self.code = sass.parse(result["code"], name)
        self.program = emulate.Program(self.code)
        self.layout = memory.parameters(result["ptxEntry"], name)
        self.local_bytes = result["localBytes"]

    def launch(self, arguments, items, local):
        given = [{"buffer": i, "bytes": a[0]} if isinstance(a, tuple) else {"int": a}
                 for i, a in enumerate(arguments)]
        return emulate.launch(self.program, self.layout, given, (items, 1, 1), (local, 1, 1),
                              self.local_bytes)

    def executed(self, count, name):
        """How often a warp runs instructions of a name, on average."""
        return sum(runs * sum(one.name == name for one in
                              self.code.instructions[block.first:block.end])
                   for block, runs in zip(self.code.blocks, count.blocks))


def _operands():
    one = sass.parse("\n        /*0010*/  @!P1 LDG.E.128.CONSTANT R4, desc[UR6][R2.64+-0x10] ;\n"
                     "        /*0020*/  IADD3 R3, P0, -R9, c[0x0][0x21c], RZ ;\n"
                     "        /*0030*/  EXIT ;", "k").instructions
    same("a negative offset", one[0].operands[1].offset, -16)
    same("a guard", one[0].guard.negative, True)
    same("a pair in an address", one[0].operands[1].wide, True)
    same("a constant", one[1].operands[3].offset, 0x21C)
    same("a negative register", one[1].operands[2].negative, True)


def _dialect():
    text = nvvm_ir.lowered("%1 = fneg contract <2 x float> %0\n"
                           "define available_externally float @f(float noundef %0) #1 {\n", "k",
                           None)
    same("a negation", "= fsub contract <2 x float> <float -0.0, float -0.0>, %0" in text, True)
    same("a function of the module's own", "define internal float @f(float %0) #1 {" in text, True)


def _samples():
    for extent, wanted in (((3, 1, 86), 32), ((1000, 1, 1), 16), ((1, 1, 7), 4), ((5, 1, 1), 8)):
        chosen = machine.sampled(extent, wanted)
        total = math.prod(extent)
        same("groups that a sample of %s stands for" % (extent,), sum(w for _, w in chosen), total,
             1e-6)
        same("the last group of %s" % (extent,), chosen[-1][0], total - 1)
        same("groups twice", len({group for group, _ in chosen}), len(chosen))


def _model():
    # 64 registers are 2,048 of a warp: 8 warps on a scheduler, 32 on all, 4 groups of 8 warps.
    same("groups by registers", model.places(64, 256, 0), 4)
    same("groups by local memory", model.places(16, 64, 48 << 10), 4)
    same("groups at most", model.places(16, 32, 0), 32)
    count = emulate.Count(264, 2, 600.0, [(0, 3.0), (263, 3.0)], [], [1e6], [0.0], [5e5])
    time = model.kernel(count, 64, 64, 0)
    # Two groups on each multiprocessor, 2 warps of 600, 4 a clock; a warp alone takes longer.
    same("issue", time.issue * c.CLOCK, 600 / c.WARP_ISSUE, 1e-6)
    same("memory", time.memory * c.BYTES_PER_SECOND, 5e5, 1e-6)
    same("chain", time.chain * c.CLOCK, 3 * c.LOAD_CYCLES, 1e-6)


def _longest(count):
    return max(chain for _, chain in count.chains)


def _chain(kernel):
    for n in (1, 7, 33):
        count = kernel.launch([(4096,), (1024,), n], 256, 64)
        same("chain of %d" % n, _longest(count), n)
    same("bytes written", sum(count.written), 1024)


def _stream(kernel):
    count = kernel.launch([(4 * 256 * 40,), (1024,), 40], 256, 64)
    same("a loop of 40 loads, one a round", _longest(count), 40)
    same("bytes read", sum(count.read), 4 * 256 * 40)


def _uneven(kernel):
    count = kernel.launch([(4096,), (1024,)], 256, 64)
    same("loads of a warp whose items go round 0 to 31 times", kernel.executed(count, "LDG"), 31)
    same("bytes asked for", sum(count.read), 4 * 8 * (31 * 32 // 2))


def _parted(kernel):
    count = kernel.launch([(4096,), (1024,), 10], 256, 64)
    same("loads of both ways and what follows", kernel.executed(count, "LDG"), 10 + 20 + 10)
    same("stores of a warp", kernel.executed(count, "STG"), 1)


def _divided(kernel):
    # Neither may leave its buffer: 12 is a multiple of both divisors.
    for d, e in ((1, 1), (3, 4), (12, 6)):
        count = kernel.launch([(4 * 768,), (4 * 768,), d, e], 768, 96)
        same("bytes read", sum(count.read), 4 * 768)
    try:
        kernel.launch([(4 * 768,), (4 * 767,), 3, 4], 768, 96)
        FAILED.append("a store behind a buffer's end was not seen")
    except memory.OutOfBounds:
        pass


def _clamped(kernel):
    # A smaller buffer than the range: every address has to be held back.
    count = kernel.launch([(4 * 100,), (1024,), 100, 30], 256, 64)
    same("stores of clamped loads", sum(count.written), 1024)


def _doubles(kernel):
    count = kernel.launch([(4096,), (1024,), 12, 5], 256, 64)
    same("a loop of 12 divisions", kernel.executed(count, "LDG"), 12)


def _last_adds(kernel):
    count = kernel.launch([(4,), (4 * 64 * 500,), (256,), 500], 64 * 500, 64)
    chains = dict(count.chains)
    same("the last group's chain", chains[499], 501)
    same("another group's chain", max(chain for group, chain in chains.items() if group != 499), 1)
    same("bytes read for the sum", count.read[1], 4 * 64 * 500)


def _tensor(kernel):
    count = kernel.launch([(4096,), (1024,), 50], 256, 32)
    same("kinds of tensor operations", list(count.tensor) == ["TF32"], True)
    same("tensor operations of a group", count.tensor.get("TF32"), 50 * 2 * 16 * 8 * 8)


def _tiled(kernel):
    count = kernel.launch([(4096,), (1024,), 300], 32, 32)
    _, _, size, products = share.shares(kernel.code, count.blocks)
    same("products of all rounds", products * count.rounds, 8 * 300, 8)
    same("the loop's useful share", count.useful, products / size, 1e-9)


def _refuses(tools):
    """Programs that do not compile are told, each for itself."""
    def why(source):
        program = dump.Program(1, "k", [], source)
        try:
            text = nvidia.intermediate(program, tools)
        except nvidia.Refused as error:
            return str(error)
        return nvidia.assembled([("k", "k", text)], tools)["k"].get("error", "")
    same("a source that is wrong",
         "clang: " in why("__kernel void k() { nothing(x); }"), True)
    prefetch = ("__kernel void k(__global float* x) {"
                " __builtin_prefetch((const __private void*)(size_t)x); x[0] = 1; }")
    same("a prefetch, which NVIDIA's assembler does not know",
         "ptxas" in why(prefetch), True)
