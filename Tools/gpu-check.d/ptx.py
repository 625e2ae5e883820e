"""The convolution kernels as PTX, where the driver brings no OpenCL; ptx_worker.py runs them."""
import json

import ptx_reference as reference
import workers
from check import PASSED, Skip

# As the doctor's; a product of plain TF32 has ten bits of each factor.
TOLERANCES = {"float32": 2e-4, "3xtf32": 2e-4, "tf32": 5e-3, "bf16": 3e-2}
LIMIT = 30


def bench(check, stage):
    """Stage: each convolution launch of the networks' steps, its time and its error."""
    if check.device and not check.arguments.ptx:
        raise Skip("the GPU has OpenCL, which runs the same kernels (--ptx asks for both)")
    folder = check.bundle / "ptx"
    if not (folder / "index.json").exists():
        raise Skip("the bundle was made without PTX")
    modules = check.machine["modules"]
    index = json.loads((folder / "index.json").read_text())
    jobs = jobs_of(index, folder)
    is_ptx = not jobs or jobs[0]["file"].endswith(".ptx")
    missing = [name for name in ["torch", "numpy"] + (["cupy"] if is_ptx else [])
               if not modules[name]]
    if missing:
        raise Skip("%s cannot be imported" % " and ".join(missing))
    rows = stage.data.setdefault("rows", [])

    def done(job, status, reason, figures):
        row = {key: job.get(key) for key in ("name", "network", "count", "modelMilliseconds")}
        rows.append(dict(row, status=status, reason=reason, **figures))
        if status != PASSED:
            stage.find(status, "%s: %s" % (job["name"], reason))

    waiting = workers.do(
        check, stage, "ptx_worker.py", jobs, lambda job: LIMIT * max(1, check.scale), done)
    if waiting:
        stage.note("no time was left for %d launches" % len(waiting))
    unchecked = sum(not row.get("errors") for row in rows if row["status"] == PASSED)
    if unchecked:
        stage.note("%d launches were timed, and not checked: their arguments are not known" %
                   unchecked)


def jobs_of(index, folder):
    """One for each different launch, in the order of the programs."""
    jobs = []
    for network in index["networks"]:
        programs = {program["id"]: program for program in network["programs"]}
        for number, launch in enumerate(network["launches"]):
            program = programs[launch["program"]]
            what = reference.described(program["options"], launch["arguments"])
            jobs.append({
                "name": "%s, %s (%d)" % (
                    network["network"], reference.title(what) if what else program["entry"],
                    number + 1),
                "network": network["network"], "folder": str(folder), "file": program["file"],
                "entry": program["entry"], "options": program["options"],
                "grid": launch["grid"], "block": launch["block"],
                "arguments": launch["arguments"], "count": launch["count"],
                "modelMilliseconds": launch.get("modelMilliseconds"),
                "tolerance": TOLERANCES.get(network.get("precision"), 2e-4)})
    return jobs
