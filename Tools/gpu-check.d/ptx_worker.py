#!/usr/bin/env python3
"""Runs convolution kernels one by one, real shapes and random data, and times and checks each;
started by ptx.py: ptx_worker.py JOBS RESULTS.

A job is a launch of a program. PTX runs through CuPy, in memory that PyTorch holds; OpenCL C (.cl),
which takes its place where there is no CUDA, through the first OpenCL device. Either way PyTorch's
float64 says what is right.
"""
import json
import math
import pathlib
import statistics
import sys
import time
import traceback

import ptx_reference as reference
import workers

WARM, BATCHES, COUNTED = 5, 7, 20
SEED = 20


class CuPy:
    device = "cuda"

    def __init__(self, torch):
        import cupy
        import numpy
        self.torch, self.cupy, self.numpy = torch, cupy, numpy
        self.modules = {}

    def facts(self):
        return {"cupy": self.cupy.__version__,
                "name": self.torch.cuda.get_device_name(0)}

    def load(self, path, job):
        if path not in self.modules:
            # Others are not wanted again, jobs come in the order of their programs.
            self.modules = {path: self.cupy.RawModule(path=str(path))}
        return self.modules[path].get_function(job["entry"])

    def argument(self, argument, tensors):
        if "buffer" in argument:
            return self.numpy.uint64(tensors[argument["buffer"]].data_ptr())
        if "int" in argument:
            return self.numpy.int32(argument["int"])
        if "float" in argument:
            return self.numpy.float32(argument["float"])
        return self.numpy.uint64(0)

    def prepare(self, kernel, job, tensors):
        arguments = tuple(self.argument(a, tensors) for a in job["arguments"])
        grid, block = tuple(job["grid"]), tuple(job["block"])
        self.torch.cuda.synchronize()
        return lambda: kernel(grid, block, arguments)

    def finish(self, tensors):
        self.torch.cuda.synchronize()

    def milliseconds(self, launch):
        """Of one launch, the median of batches of them between two events."""
        torch, times = self.torch, []
        for _ in range(WARM):
            launch()
        for _ in range(BATCHES):
            first = torch.cuda.Event(enable_timing=True)
            last = torch.cuda.Event(enable_timing=True)
            # Both libraries work on CUDA's default stream.
            first.record()
            for _ in range(COUNTED):
                launch()
            last.record()
            torch.cuda.synchronize()
            times.append(first.elapsed_time(last) / COUNTED)
        return statistics.median(times)


def check(torch, runner, job, folder):
    """Time and errors of a launch."""
    what = reference.described(job["options"], job["arguments"])
    start = time.perf_counter()
    kernel = runner.load(folder / job["file"], job)
    compiled = time.perf_counter() - start
    generator = torch.Generator(device=runner.device)
    generator.manual_seed(SEED)
    tensors, roles = {}, what["roles"] if what else [""] * len(job["arguments"])
    # What a kernel reads and writes in one buffer has to hold something: y and partial last.
    for role, argument in sorted(
            zip(roles, job["arguments"]), key=lambda entry: entry[0] in ("y", "partial")):
        if "buffer" in argument and argument["buffer"] not in tensors:
            count = argument["bytes"] // 4
            tensors[argument["buffer"]] = (
                reference.value(torch, role, count, what, generator, runner.device) if what
                else torch.randn(count, generator=generator, device=runner.device) * 0.1)
    figures = {"compileSeconds": round(compiled, 3)}
    wanted = None
    if what:
        wanted, near = reference.expected(
            torch, what, {role: read(argument, tensors)
                          for role, argument in zip(roles, job["arguments"])
                          if role not in ("y", "partial") and "none" not in argument})
    launch = runner.prepare(kernel, job, tensors)
    launch()
    runner.finish(tensors)
    if wanted:
        got = {role: tensors[argument["buffer"]].double()
               for role, argument in zip(roles, job["arguments"])
               if role in ("y", "partial") and "buffer" in argument}
        figures["errors"] = reference.errors(torch, what, wanted, near, got)
        del got, wanted
    figures["milliseconds"] = runner.milliseconds(launch)
    return figures


def read(argument, tensors):
    if "buffer" in argument:
        return tensors[argument["buffer"]].double()
    return argument["int"] if "int" in argument else argument["float"]


def main():
    jobs = json.loads(pathlib.Path(sys.argv[1]).read_text())
    tell = workers.tell_to(sys.argv[2])
    import torch
    if jobs[0]["file"].endswith(".cl"):
        import opencl
        runner = opencl.OpenCL(torch)
    elif not torch.cuda.is_available():
        tell("unavailable", reason="PyTorch %s finds no CUDA device" % torch.__version__)
        return 77
    else:
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        runner = CuPy(torch)
    tell("facts", torch=torch.__version__, **runner.facts())
    for job in jobs:
        tell("begin", name=job["name"])
        print(job["name"], flush=True)
        try:
            figures = check(torch, runner, job, pathlib.Path(job["folder"]))
            worst = max(figures.get("errors", {"": 0}).values())
            # Infinity is no JSON.
            figures["errors"] = {k: v if math.isfinite(v) else None
                                 for k, v in figures.get("errors", {}).items()}
            if worst <= job["tolerance"]:
                tell("end", name=job["name"], **figures)
            else:
                tell("end", name=job["name"], status="wrong",
                     reason="relative error %.2g, expected at most %.0e" % (
                         worst, job["tolerance"]), **figures)
        except Exception as error:
            traceback.print_exc()
            lines = str(error).strip().splitlines() or [""]
            tell("end", name=job["name"], status="failed",
                 reason="%s: %s" % (type(error).__name__, lines[0][:300]))
            if runner.device == "cuda":
                # After an error in a kernel nothing works in this process.
                try:
                    torch.cuda.synchronize()
                except Exception:
                    return workers.ANEW
    return 0


if __name__ == "__main__":
    sys.exit(main())
