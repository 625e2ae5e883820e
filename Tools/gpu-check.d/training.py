"""A real training with the minutes that are left: as many steps as fit, the schedule to its end."""
import json
import time

import archives
from check import WRONG, Skip

RECIPE = """\
tasks:
%s
image-size: 32
architecture: {name: resnet, depth: %d, split: stage2}
methods: [identical-initial-weights, rotation-prediction, common-classes]
scheme: joint
steps: %d
batch: %d
learning-rate: 0.1
schedule: cosine
seed: 0
evaluate-at: [%s]
"""
# Of the probe, which tells what a training costs besides its steps.
PROBE = 20
# Kept back of the time, in shares: steps may be slower than they were, certificates come after.
MARGIN, CERTIFICATES = 0.08, 0.12
# Where the accuracies of the curve are taken; the end is measured anyway.
CURVE = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
FEWEST_STEPS = 40


def train(check, stage):
    """Stage: ResNet-56, all methods, CIFAR-10 and TIN-10, whose networks are then recombined."""
    check.need_device()
    tasks, notes = find_tasks(check)
    for note in notes:
        stage.note(note)
    depth, batch = (8, 8) if check.stand_in else (56, 128)
    # On synthetic images alone there is little to be learned about the GPU that is not known by now.
    if not any("path" in task for task in tasks) and not check.stand_in:
        stage.deadline = min(stage.deadline, time.monotonic() + 60)
    milliseconds = step_time(check)
    if not milliseconds:
        raise Skip("no joint step was timed, so nobody knows how many steps fit")
    plan = probe(check, stage, tasks, depth, batch, milliseconds)
    if not plan:
        return
    steps, points = plan
    recipe = check.work / "training.yaml"
    recipe.write_text(RECIPE % (lines(tasks), depth, steps, batch, ", ".join(map(str, points))))
    folder = check.work / "training"
    stage.data.update(steps=steps, batch=batch, depth=depth, tasks=tasks, planned=points)
    outcome = stage.run(
        "training", check.dovetail(
            "train", recipe, "--output", folder, "--quiet", "--checkpoint-every", "0"),
        stage.left() - 5)
    if (folder / "results.json").exists():
        stage.data["results"] = json.loads((folder / "results.json").read_text())
        check.save()
        judge(stage)
    elif outcome.code == 75:
        stage.note("it was told to end before its last step; the curve is what there is of it")
    stage.data["curve"] = curve(folder)
    if outcome.fine:
        certify(check, stage, folder, tasks)
    pack(check, stage, folder)


def lines(tasks):
    """The recipe's tasks; a path is written as JSON, which is YAML."""
    return "\n".join("  - " + json.dumps(task) for task in tasks)


def step_time(check):
    for stage in check.stages:
        if stage.name == "bench-step":
            for name, result in stage.data.get("steps", {}).items():
                if name.endswith(" joint"):
                    return result["millisecondsPerStep"]
    return None


# MARK: Data


def find_tasks(check):
    arguments, notes = check.arguments, []
    cifar = tin = None
    if arguments.data:
        place = opened(check, arguments.data, "data")
        cifar, tin = find_cifar(place), find_folders(place)
    if arguments.cifar10:
        cifar = find_cifar(opened(check, arguments.cifar10, "cifar10"))
    if arguments.tin10:
        tin = find_folders(opened(check, arguments.tin10, "tin10"))
    if cifar and tin:
        count = sum(p.stat().st_size for p in cifar.glob("data_batch_*.bin")) // 3073
        notes.append("CIFAR-10: %d training images were given" % count)
        return [
            {"name": "cifar10", "dataset": "cifar10", "path": str(cifar)},
            {"name": "tin10", "dataset": "folder", "path": str(tin),
             "synonyms": {"car": "automobile"}}], notes
    if arguments.data or arguments.cifar10 or arguments.tin10:
        raise Skip("%s was not found in what was given: wanted are a folder with data_batch_1.bin "
                   "and test_batch.bin, and one with train/<class>/*.JPEG and test/" % (
                       "TIN-10" if cifar else "CIFAR-10" if tin else "neither data set"))
    notes.append("no data was given; synthetic images take its place")
    return [{"name": "ink", "dataset": "made-up-ink"},
            {"name": "neon", "dataset": "made-up-neon"}], notes


def opened(check, path, name):
    """A folder, or an archive unpacked."""
    if path.is_dir():
        return path
    folder = check.work / ("unpacked-" + name)
    archives.unpack(path, folder)
    return folder


def find_cifar(place):
    found = [place] + sorted(p for p in place.glob("*/") if p.is_dir())
    found += sorted(p for p in place.glob("*/*/") if p.is_dir())
    return next((p for p in found if list(p.glob("data_batch_*.bin"))
                 and (p / "test_batch.bin").exists()), None)


def find_folders(place):
    found = [place, place / "tin10"] + sorted(p for p in place.glob("*/") if p.is_dir())
    return next((p for p in found if (p / "train").is_dir()
                 and ((p / "test").is_dir() or (p / "val").is_dir())), None)


# MARK: How many steps


class Moments:
    """Notes when each line of a run's metrics came."""

    def __init__(self, path):
        self.path, self.times = path, []

    def __call__(self):
        try:
            count = self.path.read_bytes().count(b"\n")
        except OSError:
            return None
        self.times += [time.monotonic()] * (count - len(self.times))
        return None


def probe(check, stage, tasks, depth, batch, milliseconds):
    """Trains a few steps with two measurements, and returns steps and curve that fit; or None."""
    recipe, folder = check.work / "probe.yaml", check.work / "probe"
    count = 4 if check.stand_in else PROBE
    recipe.write_text(RECIPE % (lines(tasks), depth, count, batch, "0, 1"))
    moments = Moments(folder / "metrics.jsonl")
    outcome = stage.run(
        "probe", check.dovetail("train", recipe, "--output", folder, "--quiet"),
        stage.left() * 0.5, watch=moments)
    if not outcome.fine:
        return None
    # From the first measurement to the second there is one step and the second one.
    measuring = moments.times[1] - moments.times[0] if len(moments.times) > 1 else 0.0
    besides = max(0.0, outcome.seconds - count * milliseconds / 1e3 - 2 * measuring)
    points = 1 if check.stand_in else len(CURVE)
    ready = stage.left() * (1 - MARGIN - CERTIFICATES) - besides - points * measuring
    steps = int(ready * 1e3 / milliseconds)
    stage.data.update(
        millisecondsPerStep=milliseconds, probeSeconds=outcome.seconds,
        secondsOfAMeasurement=measuring, secondsBesides=besides)
    fewest = 4 if check.stand_in else FEWEST_STEPS
    if steps < fewest:
        stage.note("skipped: in %.0f s no more than %d steps of %.0f ms fit, fewest are %d" % (
            stage.left(), max(steps, 0), milliseconds, fewest))
        return None
    if check.stand_in:
        return min(steps, 10), [0]
    return steps, sorted({int(steps * share) for share in CURVE})


# MARK: What came out


def judge(stage):
    results = stage.data["results"]
    stage.note("%d steps in %.0f s; recombined %.1f %%, own networks %.1f %% on common classes" % (
        results["steps"], results["seconds"], results["recombinationAccuracy"] * 100,
        100 * sum(t["ownAccuracyOnCommonClasses"] for t in results["tasks"])
        / len(results["tasks"])))
    if not results["recombinations"]:
        stage.find(WRONG, "nothing was recombined")


def curve(folder):
    path, points = folder / "metrics.jsonl", []
    for line in path.read_text().splitlines() if path.exists() else []:
        entry = json.loads(line)
        if "recombinationAccuracy" in entry:
            points.append({
                "step": entry["step"], "recombined": entry["recombinationAccuracy"],
                "own": entry["averageClassAccuracy"]})
    return points


def certify(check, stage, folder, tasks):
    """Each extractor under the other's head; the smaller test set first."""
    certificates = stage.data.setdefault("certificates", [])
    (check.work / "certificates").mkdir()
    for mine, other in ((tasks[1], tasks[0]), (tasks[0], tasks[1])):
        parts = folder / "components"
        path = check.work / "certificates" / ("%s-under-%s.json" % (mine["name"], other["name"]))
        data = mine["dataset"] + ("=" + mine["path"] if "path" in mine else "")
        command = check.dovetail(
            "certify", parts / (mine["name"] + ".extractor.safetensors"),
            parts / (other["name"] + ".head.safetensors"), "--own-head",
            parts / (mine["name"] + ".head.safetensors"), "--data", data, "--json", path)
        for given, common in mine.get("synonyms", {}).items():
            command += ["--synonyms", "%s=%s" % (given, common)]
        # 3: incompatible, a verdict like the others.
        stage.run("certify %s" % path.stem, command, optional=True, expected=(0, 3))
        if path.exists():
            certificate = json.loads(path.read_text())
            certificates.append({
                "pair": path.stem, "verdict": certificate.get("verdict"),
                "accuracy": certificate.get("accuracy")})


def pack(check, stage, folder):
    """One archive of recipe, curve, results, components and certificates."""
    if not folder.exists():
        return
    for checkpoint in folder.glob("checkpoints/*"):
        checkpoint.unlink()
    certificates = check.work / "certificates"
    folders = {"training": folder}
    if certificates.exists():
        folders["certificates"] = certificates
    left_out = archives.pack(folders, check.out / "training.tar.gz")
    if left_out:
        stage.note("no room in training.tar.gz for %s" % ", ".join(left_out))
