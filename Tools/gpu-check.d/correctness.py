"""Does the device compute rightly: the doctor, equal bits, a short training beside the CPU's."""
import hashlib
import json

import machine
from check import WRONG, Skip

# The largest error that the doctor lets pass, relative to the largest value.
LARGEST_ERROR = 2e-4
# Where convolutions round their factors to ten bits of mantissa.
LARGEST_TF32_ERROR = 2e-3
LARGEST_LOSS_DIFFERENCE = 1e-3


def doctor(check, stage):
    """Stage: every op of the device's own kernels against the CPU backend."""
    check.need_device()
    examine(check, stage, [], LARGEST_ERROR)


def doctor_tf32(check, stage):
    """Stage: the same with convolutions on tensor cores, where the device has them."""
    check.need_device()
    if not check.stand_in and not machine.has_tensor_cores(check.device):
        raise Skip("the device has no tensor cores that the command takes")
    emulated = ["--emulate-tensor-cores"] if check.stand_in else []
    examine(check, stage, ["--precision", "tf32"] + emulated, LARGEST_TF32_ERROR)


def examine(check, stage, options, largest):
    path, builds = check.work / (stage.name + ".json"), check.work / (stage.name + "-builds")
    outcome = stage.run(
        stage.name, check.dovetail("doctor", *options, "--json", path, "--build-logs", builds),
        expected=(0, 1))
    if path.exists():
        read_doctor(stage, json.loads(path.read_text()), largest)
    if outcome.kind == "exited" and outcome.code == 1:
        stage.find(WRONG, "the doctor's exit status is 1")
    programs = builds / "programs.json"
    if programs.exists():
        seconds = [p.get("seconds") or 0 for p in listed(json.loads(programs.read_text()))]
        stage.data["programs"], stage.data["compileSeconds"] = len(seconds), round(sum(seconds), 1)


def listed(programs):
    return programs["programs"] if isinstance(programs, dict) else programs


def read_doctor(stage, results, largest):
    worst, failures, checks = 0.0, [], 0
    for device in results["devices"]:
        for family in device["families"]:
            findings = family["findings"]
            checks += len(findings)
            errors = [f["error"] for f in findings if f.get("error") is not None]
            worst = max(errors + [worst])
            failures += [dict(f, family=family["family"]) for f in findings
                         if f["outcome"] != "fine"]
    stage.data.update(
        checks=checks, failures=len(failures), largestError=worst, found=failures[:20],
        advice=results.get("advice", []), devices=[
            {k: v for k, v in d.items() if k != "families"} for d in results["devices"]])
    if not checks:
        stage.find(WRONG, "the doctor checked nothing")
    for f in failures[:5]:
        stage.find(WRONG, "%s %s, %s kernels: %s %s" % (
            f["op"], f["size"], f["family"], f["outcome"], f.get("detail", "")))
    if worst > largest:
        stage.find(WRONG, "the largest error is %.2g, expected at most %.0e" % (worst, largest))


RECIPE = """\
tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]
image-size: 32
architecture: {name: resnet, depth: 8, split: stage2}
methods: [identical-initial-weights, rotation-prediction, common-classes]
steps: %d
batch: %d
# At the usual rate rounding alone moves the losses of ten steps by 0.004.
learning-rate: 0.01
seed: 0
"""


def equal_bits(check, stage):
    """Stage: a short training twice on the device, and once on the CPU."""
    check.need_device()
    steps, batch = (10, 16) if check.stand_in else (20, 32)
    recipe = check.work / "bits.yaml"
    recipe.write_text(RECIPE % (steps, batch))
    runs = {}
    for name in ("first", "second", "cpu"):
        output = check.work / ("bits-%s" % name)
        command = ["train", recipe, "--output", output, "--quiet", "--checkpoint-every", "0"]
        command = (check.dovetail(*command, "--device", "cpu", device=False) if name == "cpu"
                   else check.dovetail(*command))
        # The CPU may take as long as it likes, the others leave it something.
        limit = None if name == "cpu" else stage.left() * 0.6
        if stage.run("train %s" % name, command, limit).fine:
            runs[name] = output
    if "first" in runs and "second" in runs:
        compare_bits(stage, runs["first"], runs["second"])
    if "first" in runs and "cpu" in runs:
        compare_losses(stage, losses(runs["first"]), losses(runs["cpu"]))


def digests(folder):
    components = folder / "components"
    return {str(p.relative_to(components)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(components.rglob("*")) if p.is_file()}


def compare_bits(stage, first, second):
    a, b = digests(first), digests(second)
    differ = sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
    stage.data.update(components=len(a), componentsThatDiffer=differ)
    if not a:
        stage.find(WRONG, "the training left no components")
    elif differ:
        stage.find(WRONG, "two equal trainings gave other bits: %s" % ", ".join(differ))
    else:
        stage.note("%d components are equal byte for byte" % len(a))


def losses(folder):
    """Of the earliest line of metrics.jsonl that has losses: name and value."""
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if "losses" in entry:
            values = {}
            for task in entry["losses"]:
                values[task["task"]] = task["target"]
                for name, value in task.get("auxiliary", {}).items():
                    values["%s, %s" % (task["task"], name)] = value
            return entry["minibatch"], values
    return None, {}


def compare_losses(stage, device, cpu):
    (minibatch, ours), (_, theirs) = device, cpu
    if not ours or ours.keys() != theirs.keys():
        raise Skip("no losses to compare were written")
    differences = {name: abs(ours[name] - theirs[name]) for name in ours}
    name = max(differences, key=differences.get)
    stage.data.update(
        minibatch=minibatch, losses=ours, lossesOfCPU=theirs, largestDifference=differences[name])
    text = "losses of minibatch %d are within %.1e of the CPU's" % (minibatch, differences[name])
    # NaN is no smaller than anything.
    if differences[name] <= LARGEST_LOSS_DIFFERENCE:
        stage.note(text)
    else:
        stage.find(WRONG, "%s (%s), expected %.0e" % (text, name, LARGEST_LOSS_DIFFERENCE))
