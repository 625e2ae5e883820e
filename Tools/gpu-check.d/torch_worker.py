#!/usr/bin/env python3
"""Times training steps in PyTorch, one job after the other; run by pytorch.py.

torch_worker.py JOBS RESULTS [--device cpu]: a line of JSON goes to RESULTS as each job begins and
ends, so that a job that hangs is known. Networks and step are those of Tools/compare-pytorch: a
step is forward, loss, backward and SGD with momentum and weight decay; its images lie ready.
"""
import gc
import importlib.util
import json
import math
import pathlib
import statistics
import sys
import time
import traceback
import types

import workers

HERE = pathlib.Path(__file__).resolve().parent
WARM, COUNTED = 5, 20
# What a job says of its network; compare-pytorch.py knows the rest.
OPTIONS = ("architecture", "depth", "width", "batch", "methods", "image_size", "resolution")


def load_compare():
    """compare-pytorch.py, which lies here in a bundle, and else in Tools."""
    for folder in (HERE, HERE.parent):
        path = folder / "compare-pytorch.py"
        if path.exists():
            spec = importlib.util.spec_from_file_location("compare_pytorch", path)
            module = importlib.util.module_from_spec(spec)
            sys.modules["compare_pytorch"] = module
            spec.loader.exec_module(module)
            return module
    raise FileNotFoundError("compare-pytorch.py is missing beside %s" % HERE)


def set_precision(torch, precision):
    """Float32 as it is, or its products on the tensor cores in TF32; what PyTorch then says."""
    tf32 = precision != "float32"
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    return {"cudnn": torch.backends.cudnn.allow_tf32,
            "matmul": torch.backends.cuda.matmul.allow_tf32}


def make_step(torch, compare, job, device):
    """One training step as a function without arguments; it returns the last loss."""
    asked = {key: job[key] for key in OPTIONS if key in job}
    options = compare.completed(types.SimpleNamespace(**asked))
    layout = torch.channels_last if job["layout"] == "channels_last" else torch.contiguous_format
    step = compare.Step(options, layout, False, device)
    losses = step.losses
    if job["run"] in ("compile", "reduce-overhead"):
        mode = {"mode": "reduce-overhead"} if job["run"] == "reduce-overhead" else {}
        losses = [torch.compile(loss, **mode) for loss in losses]
    shared = [head for head in (step.rotation, step.common) if head is not None]
    # One kernel for all parameters where the device has it.
    fused = {"fused": True} if device == "cuda" else {}
    optimizers = [
        torch.optim.SGD([p for m in (task, *shared) for p in m.parameters()], 0.01, momentum=0.9,
                        weight_decay=1e-4, **fused)
        for task in step.tasks]
    half = job["precision"] == "bf16"
    mark = job["run"] == "reduce-overhead"

    def run():
        for loss, images, labels, optimizer in zip(losses, step.images, step.labels, optimizers):
            if mark:
                torch.compiler.cudagraph_mark_step_begin()
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device, torch.bfloat16, enabled=half):
                value = loss(images, labels, step.turns)
            value.backward()
            optimizer.step()
        return value.detach()

    return run


def captured(torch, run):
    """The whole step as one CUDA graph; `loss` holds the loss of the last replay."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    # Momentum, and cuDNN's choice of algorithms, have to be there before anything is recorded.
    with torch.cuda.stream(side):
        for _ in range(WARM):
            run()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = run()

    def replay():
        graph.replay()
        return loss

    return replay


def measure_cuda(torch, run):
    for _ in range(WARM):
        run()
    torch.cuda.synchronize()
    events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
              for _ in range(COUNTED)]
    start = time.perf_counter()
    for first, last in events:
        first.record()
        loss = run()
        last.record()
    host = (time.perf_counter() - start) / COUNTED * 1e3
    torch.cuda.synchronize()
    wall = (time.perf_counter() - start) / COUNTED * 1e3
    return [first.elapsed_time(last) for first, last in events], host, wall, float(loss)


def measure_cpu(run, counted=3):
    run()
    times = []
    for _ in range(counted):
        start = time.perf_counter()
        loss = run()
        times.append((time.perf_counter() - start) * 1e3)
    return times, times[0], statistics.mean(times), float(loss)


def do(torch, compare, job, device):
    said = set_precision(torch, job["precision"])
    start = time.perf_counter()
    run = make_step(torch, compare, job, device)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        if job["run"] == "graph":
            run = captured(torch, run)
        times, host, wall, loss = measure_cuda(torch, run)
        memory = torch.cuda.max_memory_allocated() >> 20
    else:
        if job["run"] == "graph":
            raise RuntimeError("a CUDA graph needs CUDA")
        times, host, wall, loss = measure_cpu(run)
        memory = None
    return {
        "milliseconds": statistics.median(times), "of": times, "hostMilliseconds": host,
        "wallMilliseconds": wall, "memoryMiB": memory, "loss": loss,
        "allowTF32": said, "seconds": time.perf_counter() - start}


def main():
    jobs = json.loads(pathlib.Path(sys.argv[1]).read_text())
    tell = workers.tell_to(sys.argv[2])
    device = sys.argv[4] if sys.argv[3:4] == ["--device"] else "cuda"
    import torch
    tell("torch", version=torch.__version__, cuda=torch.version.cuda)
    if device == "cuda" and not torch.cuda.is_available():
        tell("unavailable", reason="PyTorch %s finds no CUDA device" % torch.__version__)
        return 77
    compare = load_compare()
    torch.backends.cudnn.benchmark = True
    if device == "cuda":
        tell("device", name=torch.cuda.get_device_name(0), cudnn=torch.backends.cudnn.version())
    for job in jobs:
        tell("begin", name=job["name"])
        print(job["name"], flush=True)
        try:
            if job["run"] in ("compile", "reduce-overhead"):
                torch._dynamo.reset()
            figures = do(torch, compare, job, device)
            if math.isfinite(figures["loss"]):
                tell("end", name=job["name"], **figures)
            else:
                figures["loss"] = None
                tell("end", name=job["name"], status="wrong", reason="the loss is no number",
                     **figures)
        except Exception as error:  # Of every kind: cuDNN's, the compiler's, out of memory.
            traceback.print_exc()
            lines = str(error).strip().splitlines() or [""]
            text = "%s: %s" % (type(error).__name__, lines[0][:300])
            tell("end", name=job["name"], status="failed", reason=text)
            if device == "cuda" and not alive(torch):
                return workers.ANEW
        gc.collect()
        if device == "cuda":
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
    return 0


def alive(torch):
    """Whether CUDA still works: after some errors nothing does in this process."""
    try:
        torch.cuda.synchronize()
        return float(torch.ones(1, device="cuda").sum()) == 1
    except Exception:
        return False


if __name__ == "__main__":
    sys.exit(main())
