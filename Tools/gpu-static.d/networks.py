"""The networks whose steps are looked at, as the command makes them, and how a dump is made."""

import os
import shutil
import subprocess

BATCH = "128"
NETWORKS = {
    "resnet-56": ["--architecture", "resnet", "--depth", "56"],
    "wrn-28-2": ["--architecture", "wide-resnet", "--depth", "28", "--width", "2"],
    "wrn-28-10": ["--architecture", "wide-resnet", "--depth", "28", "--width", "10"],
    "mobilenet-v2": ["--architecture", "mobilenet-v2"],
    "wrn-28-10-tf32": ["--architecture", "wide-resnet", "--depth", "28", "--width", "10",
                       "--precision", "tf32"],
}


class NoDump(Exception):
    """The command did not write one."""


def _bench(dovetail, *arguments):
    return subprocess.run([dovetail, "bench", "step", *arguments], capture_output=True, text=True,
                          timeout=120)


def known(dovetail):
    """Names of those that this build of the command can make."""
    try:
        text = _bench(dovetail, "--help").stdout
    except OSError as error:
        raise NoDump("%s does not run: %s; build it with swift build -c release" %
                     (dovetail, error.strerror))
    if "--dump-programs" not in text:
        raise NoDump("%s has no bench step --dump-programs; build the current source" % dovetail)
    return [name for name, arguments in NETWORKS.items()
            if all(word in text for word in arguments if word.startswith("--"))]


def dump(dovetail, name, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    found = _bench(dovetail, *NETWORKS[name], "--batch", BATCH, "--kernels", "portable",
                   "--dump-programs", folder)
    if found.returncode or not os.path.exists(os.path.join(folder, "step.json")):
        lines = (found.stderr + found.stdout).strip().splitlines() or ["no message"]
        raise NoDump("bench step --dump-programs for %s: status %d: %s"
                     % (name, found.returncode, lines[-1]))
