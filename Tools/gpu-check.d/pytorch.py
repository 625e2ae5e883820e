"""The same steps in PyTorch, each way under a limit of its own; torch_worker.py runs them."""
import sys

import workers
from check import PASSED, Skip

RESNET = {"architecture": "resnet", "depth": 56}
NETWORKS = [
    ("ResNet-56", dict(RESNET, batch=128)),
    ("ResNet-56 joint", dict(RESNET, batch=128, methods=["iiw", "rp", "dcc"])),
    ("WRN-28-10", {"architecture": "wide-resnet", "depth": 28, "width": 10, "batch": 128}),
    ("MobileNetV2", {"architecture": "mobilenet-v2", "batch": 128}),
    ("ResNet-56 b512", dict(RESNET, batch=512)),
    ("WRN-28-2", {"architecture": "wide-resnet", "depth": 28, "width": 2, "batch": 128}),
]


def way(run, precision, layout="channels_last"):
    return {"run": run, "precision": precision, "layout": layout}


# The quick ones, and those that take a minute to compile.
QUICK = [
    way("graph", "float32", "NCHW"), way("graph", "float32"), way("graph", "tf32"),
    way("graph", "bf16"), way("eager", "float32", "NCHW"), way("eager", "tf32")]
COMPILED = [way("reduce-overhead", "tf32"), way("compile", "tf32")]
LAST = [way("reduce-overhead", "float32"), way("reduce-overhead", "bf16")]
LIMITS = {"graph": 40, "eager": 30, "compile": 110, "reduce-overhead": 110}


def job(network, options, how):
    name = "%s, %s %s %s" % (network, how["run"], how["precision"], how["layout"])
    return dict(options, name=name, network=network, **how)


def jobs_of(check):
    if check.stand_in:
        small = {"architecture": "resnet", "depth": 8, "batch": 16}
        joint = dict(small, methods=["iiw", "rp", "dcc"])
        return [job("ResNet-8", small, way("eager", "float32", "NCHW")),
                job("ResNet-8", small, way("eager", "bf16")),
                job("ResNet-8", small, way("graph", "tf32")),
                job("ResNet-8 joint", joint, way("eager", "float32"))]
    # Compiling takes a minute a way, so it comes when every network has a time.
    return [job(*network, how) for ways in (QUICK, COMPILED, LAST) for network in NETWORKS
            for how in ways]


def bench(check, stage):
    """Stage: PyTorch, in float32, TF32 and bf16."""
    missing = [name for name in ("torch", "numpy") if not check.machine["modules"][name]]
    if missing:
        raise Skip("%s cannot be imported by %s" % (" and ".join(missing), sys.executable))
    rows = stage.data.setdefault("rows", [])

    def done(job, status, reason, figures):
        rows.append(dict(
            {key: job[key] for key in ("name", "network", "run", "precision", "layout", "batch")},
            status=status, reason=reason, **figures))
        if status != PASSED:
            # What PyTorch cannot do is no fault of what is checked here.
            stage.note("%s: %s, %s" % (job["name"], status, reason))

    def limit(job):
        return LIMITS[job["run"]] * (3 if check.stand_in else 1)

    waiting = workers.do(
        check, stage, "torch_worker.py", jobs_of(check), limit, done,
        ["--device", "cpu"] if check.stand_in else [])
    if waiting:
        stage.note("no time was left for %d ways, the first is %s" % (
            len(waiting), waiting[0]["name"]))
    if rows and not any(row["status"] == PASSED for row in rows):
        stage.find(rows[0]["status"], "PyTorch ran in no way: %s" % rows[0]["reason"])
    elif not rows and stage.status == PASSED:
        raise Skip("no time was left")
