"""Programs for NVIDIA's sm_90: clang 15's front end, libNVVM, ptxas, nvdisasm.

libNVVM and ptxas are what NVIDIA's OpenCL compiles with; its front end is the one part that clang
stands for, and its library's functions those of builtins.h. Results are kept by digest."""

import ctypes
import json
import os
import re
import subprocess
import tempfile

import nvvm_ir
import sass

ARCHITECTURE = "90"
NVVM_OPTIONS = ["-arch=compute_" + ARCHITECTURE, "-opt=3", "-prec-div=0", "-prec-sqrt=0"]
# ptxas and nvdisasm take longest to start: they get so many programs at once.
TOGETHER = 16
# Seconds for one program in one tool.
PATIENCE = 120


# An option of NVIDIA's compiler alone.
MOST_REGISTERS = "-cl-nv-maxrregcount="


class Refused(Exception):
    """A program that does not compile."""


def run(command, programs=1):
    """What a tool says of so many programs. On a machine that is halted for a while, any tool seems
    to take for ever: it is tried twice."""
    for last in (False, True):
        try:
            return subprocess.run(command, capture_output=True, text=True,
                                  timeout=PATIENCE * programs)
        except subprocess.TimeoutExpired:
            if last:
                raise Refused("%s: not done after %d seconds, twice"
                              % (os.path.basename(command[0]), PATIENCE * programs)) from None


def clang_command(tools, source, options):
    return ([tools.clang15, "-x", "cl", "-target", "nvptx64-nvidia-cuda", "-cl-no-stdinc",
             "-include", "opencl-c-base.h", "-fno-discard-value-names", "-Wno-everything"]
            + [word for flag in ("-no-opaque-pointers", "-target-cpu", "sm_86", "-target-feature",
                                 "+ptx72", "-disable-llvm-passes") for word in ("-Xclang", flag)]
            + ["-O1", "-S", "-emit-llvm", "-o", "-", source] + options)


def intermediate(program, tools):
    """PTX of a program."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "program.cl")
        with open(source, "w", encoding="utf-8") as file:
            file.write(tools.nvidia_builtins + program.source)
        found = run(clang_command(
            tools, source, [o for o in program.options if not o.startswith("-cl-nv-")]))
    if found.returncode:
        raise Refused("clang: " + first_error(found.stderr))
    ptx = _libnvvm(nvvm_ir.lowered(found.stdout, program.kernel, program.local), tools)
    # What the driver passes on to ptxas, said in the program, as ptxas gets many of them at once.
    most = next((option.partition("=")[2] for option in program.options
                 if option.startswith(MOST_REGISTERS)), None)
    return re.sub(r"(\n\.reqntid [^\n]*)", r"\1\n.maxnreg " + most, ptx) if most else ptx


def first_error(text):
    lines = [line for line in text.splitlines() if "error" in line or "fatal" in line]
    line = (lines or text.splitlines() or ["no message"])[0]
    return re.sub(r"\S*/(all\.ptx|program\.cl)", r"\1", line)[:300]


def _libnvvm(module, tools):
    """In a process of its own: a module that libNVVM cannot take may end it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            status, text = _compile(module, tools)
            with os.fdopen(writing, "wb") as file:
                file.write(text)
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        text = file.read().decode()
    status = os.waitpid(child, 0)[1]
    if status:
        raise Refused("libNVVM: " + (text.strip().splitlines() or ["ended by itself"])[0][:300])
    return text


def _compile(module, tools):
    """(0, PTX) or (1, messages)."""
    library = ctypes.CDLL(tools.libnvvm)
    program = ctypes.c_void_p()
    if library.nvvmCreateProgram(ctypes.byref(program)):
        return 1, b"no program could be made"
    text = module.encode()
    library.nvvmAddModuleToProgram(program, text, ctypes.c_size_t(len(text)), b"program")
    options = (ctypes.c_char_p * len(NVVM_OPTIONS))(*[o.encode() for o in NVVM_OPTIONS])
    failed = library.nvvmCompileProgram(program, len(NVVM_OPTIONS), options)
    ask = ("nvvmGetProgramLog" if failed else "nvvmGetCompiledResult")
    size = ctypes.c_size_t()
    getattr(library, ask + "Size")(program, ctypes.byref(size))
    result = ctypes.create_string_buffer(size.value)
    getattr(library, ask)(program, result)
    return (1 if failed else 0), result.value


# Not an instruction, whose name goes on behind a dot: there is a kernel `add`.
IDENTIFIER = re.compile(r"(?<![\w$%.])([A-Za-z_$][\w$]*)(?![\w$.])")


def _renamed(ptx, prefix):
    """PTX without its heading, its names behind a prefix, so that several can stand in a file."""
    body = re.sub(r"^\.(?:version|target|address_size)[^\n]*\n", "", ptx, flags=re.M)
    names = set(re.findall(r"^(?:\.visible\s+|\.weak\s+)?\.(?:entry|func)\s+(?:\([^)]*\)\s*)?"
                           r"([\w$]+)", body, flags=re.M))
    names |= set(re.findall(r"^(?:\.visible\s+)?\.(?:shared|global|const)\b[^;\n]*?"
                            r"([A-Za-z_$][\w$]*)(?:\[\d*\])*(?:\s*=[^;]*)?;", body, flags=re.M))

    def replaced(match):
        name = match[1]
        if name in names or re.sub(r"_param_\d+$", "", name) in names:
            return prefix + name
        return name
    return IDENTIFIER.sub(replaced, body)


def assembled(batch, tools):
    """{digest: result} of [(digest, kernel, PTX)]: all in one file, or one by one where that fails,
    so that the one that fails is known. A result is a dictionary; "error" in it says why not."""
    try:
        return _assembled(batch, tools)
    except (Refused, sass.Unreadable) as error:
        if len(batch) == 1:
            return {batch[0][0]: {"error": str(error)}}
    results = {}
    for one in batch:
        results.update(assembled([one], tools))
    return results


def _assembled(batch, tools):
    heading = re.search(r"\.version.*?\.address_size[^\n]*\n", batch[0][2], re.S)[0]
    text = heading + "".join(_renamed(ptx, "p%d_" % i) for i, (_, _, ptx) in enumerate(batch))
    with tempfile.TemporaryDirectory() as folder:
        source, binary = os.path.join(folder, "all.ptx"), os.path.join(folder, "all.cubin")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        found = run([tools.ptxas, "-v", "-O3", "-arch=sm_" + ARCHITECTURE, source, "-o", binary],
                    len(batch))
        if found.returncode:
            raise Refused("ptxas: " + first_error(found.stderr + found.stdout))
        report = found.stderr + found.stdout
        found = run([tools.nvdisasm, "-c", binary], len(batch))
        if found.returncode:
            raise Refused("nvdisasm: " + first_error(found.stderr))
    results = {}
    for number, (digest, kernel, ptx) in enumerate(batch):
        name = "p%d_%s" % (number, kernel)
        code = sass.section(found.stdout, name)
        if code is None:
            raise Refused("nvdisasm shows no kernel " + kernel)
        result = _resources(report, name)
        result["code"] = re.sub(r"\bp%d_" % number, "", code)
        result["ptxEntry"] = re.search(r"\.entry\s+%s\s*\(.*?\)" % re.escape(kernel), ptx, re.S)[0]
        results[digest] = result
    return results


def _resources(report, name):
    """What ptxas says of a kernel."""
    match = re.search(r"Compiling entry function '%s'.*?\n(.*?)(?=Compiling entry|\Z)"
                      % re.escape(name), report, re.S)
    if not match:
        raise Refused("ptxas reports nothing of " + name)

    def number(pattern):
        found = re.search(pattern, match[1])
        return int(found[1]) if found else 0
    return {
        "registers": number(r"Used (\d+) registers"),
        "spillBytes": number(r"(\d+) bytes spill stores"),
        "stackBytes": number(r"(\d+) bytes stack frame"),
        "localBytes": number(r"(\d+) bytes smem"),
    }


def load(cache, digest):
    """A result that was kept, or None."""
    try:
        with open(os.path.join(cache, digest + ".json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def keep(cache, digest, result):
    """Written aside and renamed, so that a run that is stopped leaves no half."""
    path = os.path.join(cache, digest + ".json")
    with open("%s.%d" % (path, os.getpid()), "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(file.name, path)
