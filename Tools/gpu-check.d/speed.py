"""Build logs, training steps and single kernels, timed by the command itself."""
import json
import re

import machine
from check import WRONG

# Of a kernel on an NVIDIA GPU: more of either costs what GPUs hide latency with.
MOST_REGISTERS, MOST_SPILLED = 255, 64
# A step is bound by its host where enqueueing takes more of it.
HOST_SHARE = 0.6
# Slower than this many times the model's time is named.
SLOW = 1.5

RESNET = ["--architecture", "resnet", "--depth", "56"]
WRN_10 = ["--architecture", "wide-resnet", "--depth", "28", "--width", "10"]
# Name, options, batch, whether its kernels are timed one by one as well; in the order in which time
# is spent on them. With --precision tf32: where the device has tensor cores.
STEPS = [
    ("ResNet-56", RESNET, 128, True),
    ("ResNet-56 joint", RESNET + ["--methods", "iiw,rp,dcc"], 128, False),
    ("WRN-28-10", WRN_10, 128, True),
    ("WRN-28-10 tf32", WRN_10 + ["--precision", "tf32"], 128, True),
    ("MobileNetV2", ["--architecture", "mobilenet-v2"], 128, True),
    ("ResNet-56 b512", RESNET, 512, False),
    ("WRN-28-2", ["--architecture", "wide-resnet", "--depth", "28", "--width", "2"], 128, False),
]
RESNET_8 = ["--architecture", "resnet", "--depth", "8"]
STAND_IN_STEPS = [
    ("ResNet-8", RESNET_8, 16, True),
    ("ResNet-8 joint", RESNET_8 + ["--methods", "iiw,rp,dcc"], 8, False),
    ("ResNet-8 tf32", RESNET_8 + ["--precision", "tf32", "--emulate-tensor-cores"], 8, False),
]


def steps_of(check):
    if check.stand_in:
        return STAND_IN_STEPS
    return [step for step in STEPS
            if "--precision" not in step[1] or machine.has_tensor_cores(check.device)]


# MARK: Build logs


def build_logs(check, stage):
    """Stage: what the driver's compiler says of each program of a step."""
    check.need_device()
    name, options, batch, _ = steps_of(check)[0]
    folder = check.logs / "builds"
    command = check.dovetail(
        "bench", "step", *options, "--batch", str(batch), "--repeats", "1", "--build-logs", folder)
    if machine.is_nvidia(check.device):
        command += ["--build-options", "-cl-nv-verbose"]
    outcome = stage.run(name, command)
    path = folder / "programs.json"
    if not path.exists():
        if outcome.fine:
            stage.find(WRONG, "no programs.json was written to --build-logs")
        return
    programs = json.loads(path.read_text())
    programs = programs["programs"] if isinstance(programs, dict) else programs
    rows = [read_program(folder, program) for program in programs]
    stage.data.update(
        network=name, programs=rows,
        compileSeconds=round(sum(row["seconds"] or 0 for row in rows), 1))
    told = [row for row in rows if row.get("registers")]
    if not told:
        stage.note("%d programs; the driver says nothing of registers" % len(rows))
        return
    stage.note("%d of %d programs: at most %d registers, %d bytes spilled" % (
        len(told), len(rows), max(r["registers"] for r in told), max(r["spilled"] for r in told)))
    for row in told:
        if row["spilled"] > MOST_SPILLED:
            stage.find(WRONG, "%s spills %d bytes, expected at most %d" % (
                row["label"], row["spilled"], MOST_SPILLED))
        if row["registers"] > MOST_REGISTERS:
            stage.find(WRONG, "%s takes %d registers, expected at most %d" % (
                row["label"], row["registers"], MOST_REGISTERS))
    if check.model:
        for text in check.model.other_registers(told):
            stage.note(text)


def read_program(folder, program):
    log = program.get("log") or ""
    text = ""
    if log:
        path = folder / log.split("/")[-1]
        text = path.read_text(errors="replace") if path.exists() else ""
    options = program.get("options") or []
    options = options.split() if isinstance(options, str) else options
    row = {"kernel": program["kernel"], "label": "%s (program %s)" % (
        program["kernel"], program.get("id")), "seconds": program.get("seconds"),
        "options": options}
    row.update(ptxas(text, program["kernel"]))
    return row


def ptxas(text, kernel):
    """Registers, spills and the like of one kernel in what NVIDIA's compiler says."""
    at = text.find("Compiling entry function '%s'" % kernel)
    if at < 0:
        at = 0
    end = text.find("Compiling entry function", at + 1)
    text = text[at:end if end > 0 else None]

    def number(pattern):
        found = re.search(pattern, text)
        return int(found.group(1)) if found else 0

    registers = number(r"Used (\d+) registers")
    if not registers:
        return {}
    return {
        "registers": registers, "stack": number(r"(\d+) bytes stack frame"),
        "spilled": number(r"(\d+) bytes spill stores"), "local": number(r"(\d+) bytes smem")}


# MARK: Steps


def bench_step(check, stage):
    """Stage: whole training steps, and where their time goes."""
    check.need_device()
    results = stage.data.setdefault("steps", {})
    for name, options, batch, profiles in steps_of(check):
        path = check.work / "step.json"
        base = check.dovetail(
            "bench", "step", *options, "--batch", str(batch), "--json", path)
        path.unlink(missing_ok=True)
        repeats = "2" if check.stand_in else "20"
        outcome = stage.run(name, base + ["--repeats", repeats], share(stage))
        if not outcome.fine or not path.exists():
            continue
        result = json.loads(path.read_text())
        result.pop("buffersAtPeak", None)
        result["precision"] = "tf32" if "--precision" in options else "float32"
        results[name] = result
        share_of_host = result["hostMilliseconds"] / max(result["millisecondsPerStep"], 1e-9)
        if share_of_host > HOST_SHARE:
            stage.note("%s: the host takes %.0f %% of the step" % (name, share_of_host * 100))
        check.save()
        if profiles:
            profile(check, stage, name, base, result)


def profile(check, stage, name, base, result):
    path = check.work / "step.json"
    path.unlink(missing_ok=True)
    if stage.run(name + " profile", base + [
            "--repeats", "1" if check.stand_in else "5", "--profile"], share(stage)).fine:
        again = json.loads(path.read_text())
        result["secondStartMilliseconds"] = again["firstStepMilliseconds"]
        kernels = again.get("kernels")
        if kernels is None:
            stage.find(WRONG, "bench step --profile --json lists no kernels")
            return
        result["kernels"] = sorted(kernels, key=lambda k: -k["milliseconds"])
        if check.model:
            check.model.of_step(
                result["architecture"], result["batch"], result["methods"], kernels,
                result["precision"])
        result["millisecondsOfKernels"] = sum(k["milliseconds"] for k in kernels)
        check.save()


def share(stage):
    """One that hangs may take six tenths of what is left; one with less than 20 s is cut short."""
    return max(stage.left() * 0.6, 20.0)


# MARK: Kernels


def bench_kernels(check, stage):
    """Stage: ops one by one, beside the model's times."""
    check.need_device()
    filters = (["resnet-56 stage 3 convolution"] if check.stand_in
               else ["resnet-56", "wrn", "mobilenetv2"])
    rows = stage.data.setdefault("rows", [])
    for words in filters:
        path = check.work / "kernels.json"
        path.unlink(missing_ok=True)
        command = check.dovetail("bench", "kernels", "--filter", words, "--json", path)
        if check.stand_in:
            command += ["--batch", "8", "--repeats", "1"]
        outcome = stage.run(words, command, share(stage), expected=(0, 64))
        if not outcome.fine or not path.exists():
            # 64: there is no row of that name.
            continue
        result = json.loads(path.read_text())
        stage.data.update(
            batch=result["batch"], fmaPeakGFLOPS=result["fmaPeakGFLOPS"],
            copyGBs=result["copyGBs"])
        rows += result["rows"]
        check.save()
    if not rows:
        if not stage.reason:
            stage.find(WRONG, "bench kernels listed no rows")
        return
    if not check.model:
        stage.note("the bundle holds no model to hold the rows against")
        return
    slow = []
    for row in rows:
        expected = check.model.milliseconds(row, stage.data["batch"])
        if expected:
            row["modelMilliseconds"] = expected
            if row["milliseconds"] > SLOW * expected:
                slow.append(row)
    slow.sort(key=lambda row: row["modelMilliseconds"] / row["milliseconds"])
    stage.data["slow"] = len(slow)
    if slow:
        stage.note("%d of %d rows with a model are more than %.1f times slower than it" % (
            len(slow), sum("modelMilliseconds" in r for r in rows), SLOW))
