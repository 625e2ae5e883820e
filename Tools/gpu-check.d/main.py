"""gpu-check BUNDLE OUT: checks Dovetail on a machine with a GPU, and measures it there."""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import traceback

import archives
import correctness
import machine
import model
import ptx
import pytorch
import run
import speed
import training
from check import FAILED, SKIPPED, Check, Skip

# Name, title, seconds of ten minutes at most, the share of the time that those behind it are left,
# and what it does.
STAGES = [
    ("machine", "machine and drivers", 30, 0.5, machine.look),
    ("devices", "devices", 40, 0.5, machine.choose),
    ("doctor", "doctor", 90, 0.5, correctness.doctor),
    ("doctor-tf32", "doctor in TF32", 60, 0.5, correctness.doctor_tf32),
    ("equal-bits", "equal bits, losses as the CPU's", 60, 0.5, correctness.equal_bits),
    ("build-logs", "build logs", 40, 0.45, speed.build_logs),
    ("bench-step", "training steps", 180, 0.4, speed.bench_step),
    ("bench-kernels", "ops one by one", 70, 0.35, speed.bench_kernels),
    ("ptx", "kernels as PTX", 120, 0.3, ptx.bench),
    ("pytorch", "PyTorch", 150, 0.25, pytorch.bench),
    ("training", "a real training", 600, 0.02, training.train),
]
DETAILS = """
parts, in this order: %s

Each has a limit and the rest goes on without it. The real training gets what minutes are left, a
quarter of them at least; give it CIFAR-10 (whole or partial) and an image folder such as TIN-10.

exit status: 0 everything passed or could not be had here; 1 something did not pass (wrong, failed,
timed out, killed); 64 usage; 66 bundle or data missing; 69 no GPU that could be checked;
73 OUT cannot be made; 75 ended by a signal.
""" % ", ".join(stage[0] for stage in STAGES)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(64, "gpu-check: %s; see gpu-check --help\n" % message)


def parsed():
    parser = Parser(
        prog="gpu-check", description=__doc__, epilog=DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    path = pathlib.Path
    parser.add_argument("bundle", metavar="BUNDLE", type=path, help="from Tools/bundle: a folder, "
                        ".tar.xz or .tar.gz")
    parser.add_argument("out", metavar="OUT", type=path, help="folder for the results")
    parser.add_argument("--minutes", type=float, default=10, help="of everything (10)")
    parser.add_argument("--data", type=path, metavar="PATH", help="folder or archive with "
                        "cifar-10-batches-bin/ and tin10/")
    parser.add_argument("--cifar10", type=path, metavar="PATH", help="folder or archive with "
                        "data_batch_1.bin, as many more as there are, and test_batch.bin")
    parser.add_argument("--tin10", type=path, metavar="PATH", help="folder or archive with "
                        "train/<class>/*.JPEG and test/<class>/*.JPEG")
    parser.add_argument("--device", help="opencl:N instead of the first GPU")
    parser.add_argument("--kernels", choices=["vector", "portable"],
                        help="instead of the device's own")
    parser.add_argument("--only", metavar="PARTS", default="", help="by comma; machine and devices "
                        "are always looked at")
    parser.add_argument("--skip", metavar="PARTS", default="", help="by comma")
    parser.add_argument("--ptx", action="store_true", help="kernels as PTX even where OpenCL is")
    parser.add_argument("--memory", type=float, metavar="GIB", default=0,
                        help="what a part may hold before it is ended (nine tenths of all)")
    parser.add_argument("--work", type=path, metavar="DIR", help="keep what is made on the way "
                        "in this new folder")
    parser.add_argument("--stand-in", action="store_true", help="for tests: any OpenCL device, "
                        "portable kernels, small sizes, PyTorch on the CPU")
    a = parser.parse_args()
    if not a.minutes > 0:
        parser.error("--minutes: expected more than 0, got %g" % a.minutes)
    names = [stage[0] for stage in STAGES]
    for option in ("only", "skip"):
        value = [name for name in getattr(a, option).split(",") if name]
        for name in value:
            if name not in names:
                parser.error("--%s: expected some of %s, got %s" % (option, ", ".join(names), name))
        setattr(a, option, value)
    if a.stand_in:
        a.kernels = a.kernels or "portable"
    a.memory = a.memory or 0.9 * run.memory_of_machine() / 2**30
    for option in ("bundle", "data", "cifar10", "tin10"):
        value = getattr(a, option)
        if value is not None:
            if not value.exists():
                fail(66, "%s: there is no such file or folder" % value)
            setattr(a, option, value.resolve())
    return a


def fail(status, text):
    sys.stderr.write("gpu-check: %s\n" % text)
    sys.exit(status)


def open_bundle(path, work):
    """The folder of the bundle, unpacked where it is an archive."""
    if path.is_file():
        folder = work / "bundle"
        try:
            archives.unpack(path, folder)
        except (tarfile.TarError, OSError, EOFError) as error:
            fail(66, "%s cannot be unpacked: %s" % (path, error))
        inside = [folder] + sorted(p for p in folder.glob("*/"))
    else:
        inside = [path]
    for place in inside:
        if (place / "dovetail").is_file():
            return place
    fail(66, "%s: expected a bundle with the program dovetail in it; Tools/bundle makes one" % path)


def do(check, name, title, seconds, reserve, what):
    stage = check.stage(name, title, seconds, reserve)
    chosen = check.arguments.only
    try:
        if name not in ("machine", "devices") and (
                (chosen and name not in chosen) or name in check.arguments.skip):
            raise Skip("not asked for")
        if stage.left() < 1:
            raise Skip("no time was left")
        check.say(title)
        what(check, stage)
    except Skip as reason:
        if stage.status == "passed":
            stage.status, stage.reason = SKIPPED, str(reason)
    except run.Stopped:
        stage.find(FAILED, "gpu-check was told to end")
        raise
    except Exception as error:  # A part that breaks is one result among others.
        (check.logs / (name + "-traceback.log")).write_text(traceback.format_exc())
        stage.find(FAILED, "%s: %s" % (type(error).__name__, error))
    finally:
        stage.finish()
        check.say("%s: %s%s" % (
            title, stage.status, ", " + stage.reason if stage.reason else ""))
        check.save(logs=True)


def stop(number, frame):
    # Once: results have to be written in peace.
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise run.Stopped(signal.Signals(number).name)


def main():
    arguments = parsed()
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        if arguments.work:
            arguments.work.mkdir(parents=True)
    except OSError as error:
        fail(73, str(error))
    arguments.out = arguments.out.resolve()
    work = (arguments.work.resolve() if arguments.work
            else pathlib.Path(tempfile.mkdtemp(prefix="gpu-check.")))
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, stop)
    try:
        return whole(arguments, work)
    finally:
        if not arguments.work:
            shutil.rmtree(work, ignore_errors=True)


def whole(arguments, work):
    start = time.monotonic()
    check = Check(arguments, None, work)
    check.start, check.deadline = start, start + arguments.minutes * 60
    check.parts = pathlib.Path(__file__).resolve().parent
    check.bundle = open_bundle(arguments.bundle, work)
    check.model = model.load(check.bundle / "model.json")
    try:
        for stage in STAGES:
            do(check, *stage)
    except run.Stopped as reason:
        check.stopped = "Ended by %s before the last part." % reason
    check.save()
    names = sorted(p.name for p in arguments.out.iterdir())
    check.say("exit status %d; %s: %s" % (check.status(), arguments.out, ", ".join(names)))
    return check.status()


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
