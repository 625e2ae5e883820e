#!/usr/bin/env python3
"""The same training step in Dovetail and in PyTorch, in turn, in one run; run by Tools/compare-pytorch.

Both train the same networks on random images: forward, loss, backward, SGD with momentum and weight
decay. With --methods, both make the joint step of two tasks, one minibatch each: identical initial
weights, the four rotated copies through a shared rotation head, a shared common-classes head.
Dovetail's step also gathers and augments its images on the device; PyTorch's finds them ready.

PyTorch runs in three modes, NCHW, channels_last and torch.compile (where a C++ compiler is there);
the best of them counts. Every round runs Dovetail and each mode once; figures are medians over all
steps of all rounds.
"""
import argparse
import copy
import datetime
import importlib.util
import json
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("fixtures", HERE / "make-pytorch-fixtures.py")
networks = importlib.util.module_from_spec(spec)
sys.modules["fixtures"] = networks  # torch.compile looks its classes up.
spec.loader.exec_module(networks)

CLASSES = 10
METHODS = {
    "iiw": "identical-initial-weights", "rp": "rotation-prediction", "dcc": "common-classes",
}


def arguments():
    parser = argparse.ArgumentParser(
        prog="Tools/compare-pytorch", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--architecture", default="resnet",
        choices=["resnet", "wide-resnet", "mobilenet-v2", "imagenet-resnet"])
    parser.add_argument(
        "--depth", type=int, help="56 of a resnet, 28 of a wide-resnet, 18 of an imagenet-resnet")
    parser.add_argument("--image-size", type=int, default=32, help="height and width, pixels")
    parser.add_argument(
        "--resolution", choices=["small", "standard"],
        help="strides of a mobilenet-v2 or imagenet-resnet; default: small up to 64 pixels")
    parser.add_argument("--width", type=int, help="1 of a resnet, 2 of a wide-resnet")
    parser.add_argument("--batch", type=int, default=128, help="images of a minibatch")
    parser.add_argument("--methods", default="", help="of a joint step, by comma: iiw, rp, dcc")
    parser.add_argument("--rounds", type=int, default=3, help="turns of all programs")
    parser.add_argument("--steps", type=int, default=3, help="steps that count, a turn")
    parser.add_argument("--threads", type=int, help="PyTorch's; default: as many as cores")
    parser.add_argument("--device", help="Dovetail's, as dovetail devices lists them")
    parser.add_argument("--cuda", action="store_true", help="PyTorch on the first CUDA device")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--json", metavar="PATH", help="write the figures; - for stdout alone")
    parser.add_argument(
        "--dovetail", default=".build/release/dovetail", metavar="PATH", help="the built command")
    parser.add_argument(
        "--python", metavar="PATH", help="an interpreter that has torch; nothing is installed")
    result = parser.parse_args()
    for name in ("batch", "rounds", "steps", "image_size"):
        if getattr(result, name) < 1:
            parser.error(f"--{name}: expected 1 or more, got {getattr(result, name)}")
    if result.architecture == "mobilenet-v2" and (result.depth or (result.width or 1) != 1):
        parser.error("mobilenet-v2 is compared at its own depth and width 1")
    names = [m for m in result.methods.split(",") if m]
    for name in names:
        if name not in METHODS:
            parser.error(f"--methods: expected {', '.join(METHODS)}, got {name}")
    result.methods = names
    if result.resolution and result.architecture not in ("mobilenet-v2", "imagenet-resnet"):
        parser.error("--resolution: is for mobilenet-v2 and imagenet-resnet")
    if result.architecture == "imagenet-resnet" and result.methods:
        parser.error("imagenet-resnet is compared without --methods")
    return completed(result)


def completed(a):
    """Options of which those that are not given, or None, have the defaults; gpu-check's, too."""
    given = {"image_size": 32, "batch": 128, "methods": [], **vars(a)}
    depths = {"resnet": 56, "wide-resnet": 28, "imagenet-resnet": 18}
    depth, resolution = given.get("depth"), given.get("resolution")
    given["depth"] = depth or depths.get(a.architecture)
    given["resolution"] = resolution
    given["small"] = resolution == "small" if resolution else given["image_size"] <= 64
    given["width"] = given.get("width") or (2 if a.architecture == "wide-resnet" else 1)
    return argparse.Namespace(**given)


# MARK: PyTorch's side


class Cut(torch.nn.Module):
    """A network as extractor and head, cut where Dovetail cuts it by default."""

    def __init__(self, a, classes):
        super().__init__()
        if a.architecture == "resnet":
            n = networks.ResNet(a.depth, classes, a.width)
            before = [n.conv1, n.bn1, torch.nn.ReLU(), n.layer1, n.layer2]
            after, last = [n.layer3], n.linear
        elif a.architecture == "wide-resnet":
            n = networks.WideResNet(a.depth, a.width, classes)
            before, after = [n.conv1, n.block1, n.block2], [n.block3, n.bn1, torch.nn.ReLU()]
            last = n.fc
        elif a.architecture == "imagenet-resnet":
            n = networks.ImageNetResNet(a.depth, a.small, classes)
            before = [n.conv1, n.bn1, torch.nn.ReLU(), n.pool, n.layer1, n.layer2]
            after, last = [n.layer3, n.layer4], n.fc
        else:
            n = networks.MobileNetV2(a.small, classes)
            before, after = list(n.features[:12]), list(n.features[12:])
            last = n.classifier[1]
        self.extractor = torch.nn.Sequential(*before)
        self.head = torch.nn.Sequential(
            *after, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), last)

    def forward(self, x):
        return self.head(self.extractor(x))


class Step:
    """One training step, as `Trainer` makes it."""

    def __init__(self, a, layout, compiled, device):
        torch.manual_seed(0)
        self.layout, self.methods = layout, a.methods

        def made(module):
            return module.to(device=device, memory_format=layout)

        def run(function):
            return torch.compile(function) if compiled else function

        first = Cut(a, CLASSES)
        tasks = [first]
        if a.methods:
            tasks.append(copy.deepcopy(first) if "iiw" in a.methods else Cut(a, CLASSES))
        self.tasks = [made(task) for task in tasks]
        self.rotation = made(Cut(a, 4).head) if "rp" in a.methods else None
        self.common = made(Cut(a, CLASSES - 1).head) if "dcc" in a.methods else None
        self.images = [
            torch.randn(a.batch, 3, a.image_size, a.image_size).to(device=device, memory_format=layout)
            for _ in tasks]
        self.labels = [torch.randint(CLASSES, (a.batch,)).to(device) for _ in tasks]
        self.turns = torch.arange(4).repeat_interleave(a.batch).to(device)
        auxiliary = [head for head in (self.rotation, self.common) if head is not None]
        # One optimizer a task: only what took part in a minibatch is updated.
        self.optimizers = [
            torch.optim.SGD(
                [p for m in (task, *auxiliary) for p in m.parameters()], 0.01, momentum=0.9,
                weight_decay=1e-4)
            for task in self.tasks]
        self.losses = [run(self.loss(task)) for task in self.tasks]

    def loss(self, task):
        def target_and_auxiliary(images, labels, turns):
            features = task.extractor(images)
            loss = F.cross_entropy(task.head(features), labels)
            if self.common is not None:
                # Class 0 is the task's own; the mean is over the whole batch.
                loss = loss + F.cross_entropy(
                    self.common(features), labels - 1, ignore_index=-1,
                    reduction="sum") / labels.shape[0]
            if self.rotation is not None:
                turned = torch.cat([torch.rot90(images, r, (2, 3)) for r in range(4)])
                turned = turned.contiguous(memory_format=self.layout)
                loss = loss + F.cross_entropy(self.rotation(task.extractor(turned)), turns)
            return loss

        return target_and_auxiliary

    def __call__(self):
        for loss, images, labels, optimizer in zip(
                self.losses, self.images, self.labels, self.optimizers):
            optimizer.zero_grad()
            loss(images, labels, self.turns).backward()
            optimizer.step()


class PyTorch:
    def __init__(self, name, a, layout, compiled, device):
        self.name, self.times, self.device = name, [], device
        self.make = lambda: Step(a, layout, compiled, device)
        self.step, self.error = None, None

    def timed(self):
        start = time.perf_counter()
        self.step()
        if self.device == "cuda":
            torch.cuda.synchronize()
        return (time.perf_counter() - start) * 1e3

    def turn(self, steps):
        """The step is made anew each turn, so that no mode holds memory in another one's turn;
        torch.compile keeps its own, as building it takes minutes."""
        try:
            self.step = self.step or self.make()
            for _ in range(2):
                self.timed()
            self.times += [self.timed() for _ in range(steps)]
        except Exception as error:  # torch.compile's own failures have many types.
            self.error = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        if self.name != "torch.compile":
            self.step = None


# MARK: Dovetail's side


def dovetail(a):
    command = [
        a.dovetail, "bench", "step", "--architecture", a.architecture, "--batch", str(a.batch),
        "--image-size", str(a.image_size), "--repeats", str(a.steps), "--json", "-"]
    if a.depth:
        command += ["--depth", str(a.depth)]
    if a.width != 1 or a.architecture == "wide-resnet":
        command += ["--width", str(a.width)]
    if a.resolution:
        command += ["--resolution", a.resolution]
    if a.methods:
        command += ["--methods", ",".join(a.methods)]
    if a.device:
        command += ["--device", a.device]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.stderr.write(run.stderr)
        sys.exit(f"compare-pytorch: {' '.join(command)} ended with {run.returncode}")
    return json.loads(run.stdout)


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main():
    a = arguments()
    quiet = a.json == "-"

    def say(text):
        print(text, file=sys.stderr if quiet else sys.stdout, flush=True)

    if a.threads:
        torch.set_num_threads(a.threads)
    device = "cuda" if a.cuda else "cpu"
    if a.cuda and not torch.cuda.is_available():
        sys.exit("compare-pytorch: --cuda: PyTorch finds no CUDA device")
    modes = [
        PyTorch("NCHW", a, torch.contiguous_format, False, device),
        PyTorch("channels_last", a, torch.channels_last, False, device)]
    notes = []
    if a.no_compile:
        notes.append("torch.compile was left out (--no-compile)")
    elif shutil.which("g++") or shutil.which("clang++"):
        modes.append(PyTorch("torch.compile", a, torch.channels_last, True, device))
    else:
        notes.append("torch.compile was left out: it needs a C++ compiler, and there is none")

    ours = {"times": [], "memory": None}
    for turn in range(a.rounds):
        result = dovetail(a)
        ours["times"] += result["millisecondsOfSteps"]
        ours["last"] = result
        say(f"round {turn + 1}: Dovetail {result['millisecondsPerStep']:.0f} ms")
        for mode in list(modes):
            mode.turn(a.steps)
            if mode.error:
                notes.append(f"PyTorch's {mode.name} failed: {mode.error}")
                modes.remove(mode)
                continue
            say(f"round {turn + 1}: PyTorch {mode.name} "
                f"{statistics.median(mode.times[-a.steps:]):.0f} ms")
    if not modes:
        sys.exit("compare-pytorch: no mode of PyTorch ran: " + "; ".join(notes))

    median = statistics.median(ours["times"])
    best = min(modes, key=lambda mode: statistics.median(mode.times))
    best_median = statistics.median(best.times)
    last = ours["last"]
    images = last["batch"] * last["tasks"]
    figures = {
        "architecture": last["architecture"], "methods": a.methods, "batch": a.batch,
        "imageSize": a.image_size, "tasks": last["tasks"], "rounds": a.rounds, "stepsPerRound": a.steps,
        "dovetail": {
            "device": last["device"], "millisecondsPerStep": median,
            "imagesPerSecond": images / median * 1e3, "millisecondsOfSteps": ours["times"],
            "launches": last.get("launches"), "peakMemoryBytes": last.get("peakMemoryBytes")},
        "pytorch": {
            "version": torch.__version__, "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name(0) if a.cuda else "cpu",
            "best": best.name, "millisecondsPerStep": best_median,
            "imagesPerSecond": images / best_median * 1e3,
            "modes": {m.name: {"millisecondsPerStep": statistics.median(m.times),
                               "millisecondsOfSteps": m.times} for m in modes}},
        "ratio": best_median / median, "notes": notes,
        "date": datetime.date.today().isoformat(), "processor": processor(),
        "python": platform.python_version(),
    }
    joint = f", joint step of {last['tasks']} tasks ({', '.join(a.methods)})" if a.methods else ""
    say(f"\n{last['architecture']}, {a.image_size} pixels, batch {a.batch}{joint}; {a.rounds} rounds of {a.steps} steps")
    rows = [("Dovetail, " + last["device"], ours["times"])]
    rows += [(f"PyTorch {torch.__version__}, {m.name}", m.times) for m in modes]
    for name, times in rows:
        m = statistics.median(times)
        say(f"{m:9.1f} ms ({min(times):.1f} to {max(times):.1f}) {images / m * 1e3:7.1f} images/s  "
            f"{name}")
    say(f"Dovetail is {figures['ratio']:.2f} times as fast as PyTorch's best mode ({best.name})")
    for note in notes:
        say(note)
    say(f"{figures['date']}, {figures['processor']}, {torch.get_num_threads()} threads, "
        f"Python {figures['python']}")
    if a.json == "-":
        print(json.dumps(figures, indent=2))
    elif a.json:
        pathlib.Path(a.json).write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
