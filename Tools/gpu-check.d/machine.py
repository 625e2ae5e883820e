"""The machine, its drivers, and which device is checked."""
import glob
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import subprocess

from check import WRONG, Skip

# Where drivers lie that no linker knows of; the command looks there, too.
PLACES = [
    "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib", "/opt/rocm/lib",
    "/opt/rocm/opencl/lib", "/usr/lib/x86_64-linux-gnu/intel-opencl", "/usr/lib64/intel-opencl",
    "/usr/lib/x86_64-linux-gnu/nvidia/current", "/usr/lib/x86_64-linux-gnu", "/usr/lib64"]
DRIVERS = ["libnvidia-opencl.so.1", "libamdocl64.so", "libigdrcl.so"]
SMI = [
    "name", "driver_version", "memory.total", "memory.used", "pstate", "clocks.sm", "clocks.mem",
    "clocks.max.sm", "clocks.max.mem", "power.draw", "power.limit", "temperature.gpu",
    "compute_cap"]


def output(*command, limit=20):
    """What a small command prints; nothing where it cannot be run."""
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=limit)
        return run.stdout.decode(errors="replace") if run.returncode == 0 else ""
    except (OSError, subprocess.TimeoutExpired):
        return ""


def gpus():
    """What nvidia-smi says of each NVIDIA GPU; it is asked, nothing is set."""
    smi = shutil.which("nvidia-smi") or next(
        iter(glob.glob("/usr/local/nvidia/bin/nvidia-smi")), None)
    if not smi:
        return []
    text = output(smi, "--query-gpu=" + ",".join(SMI), "--format=csv,noheader")
    if not text:
        # An older driver knows fewer columns.
        text = output(smi, "--query-gpu=" + ",".join(SMI[:3]), "--format=csv,noheader")
    rows = [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]
    return [dict(zip(SMI, row)) for row in rows]


def drivers():
    """Paths of OpenCL drivers, registered or not."""
    found = []
    known = output("ldconfig", "-p") or output("/sbin/ldconfig", "-p")
    for name in DRIVERS:
        paths = [line.split("=>")[1].strip() for line in known.splitlines()
                 if line.strip().startswith(name + " ") and "=>" in line]
        folders = os.environ.get("LD_LIBRARY_PATH", "").split(":") + PLACES
        paths += [os.path.join(f, name) for f in folders if f]
        for path in paths:
            if os.path.exists(path) and os.path.realpath(path) not in map(os.path.realpath, found):
                found.append(path)
    return found


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def look(check, stage):
    """Stage: what is here."""
    facts = check.machine
    memory = next((int(line.split()[1]) >> 10
                   for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                   if line.startswith("MemTotal:")), None)
    facts.update(
        processor=processor(), cores=len(os.sched_getaffinity(0)), memoryMiB=memory,
        system=" ".join(os.uname()[0:1] + os.uname()[2:3]), libc=" ".join(platform.libc_ver()),
        python=platform.python_version(), gpus=gpus(),
        deviceFiles=[p for p in ("/dev/nvidia0", "/dev/kfd", "/dev/dxg", "/dev/dri/renderD128")
                     if os.path.exists(p)],
        drivers=drivers(), registered=sorted(glob.glob("/etc/OpenCL/vendors/*.icd")),
        modules={name: importlib.util.find_spec(name) is not None
                 for name in ("torch", "numpy", "cupy", "triton")})
    if not check.stand_in:
        # Kernels are compiled once and then found, whatever the user's own caches hold.
        cache = check.work / "cache"
        cache.mkdir()
        check.environment.update(
            CUDA_CACHE_PATH=str(cache / "cuda"), CUDA_CACHE_MAXSIZE=str(1 << 30),
            CUDA_CACHE_DISABLE="0", XDG_CACHE_HOME=str(cache))
    outcome = stage.run("version", check.dovetail("--version", device=False), 30)
    if outcome.fine:
        log = check.logs / "machine-version.log"
        facts["dovetail"] = log.read_text().splitlines()[1].strip()
    stage.data = dict(facts)


def choose(check, stage):
    """Stage: the devices that the command lists, and the one that is checked."""
    path = check.work / "devices.json"
    outcome = stage.run(
        "devices", check.dovetail("devices", "--json", path, device=False), 60)
    if not outcome.fine:
        return
    listed = json.loads(path.read_text())
    stage.data = listed
    devices = [d for d in listed["devices"] if d["device"].startswith("opencl:")]
    asked = check.arguments.device
    if asked:
        devices = [d for d in devices if d["device"] == asked]
        if not devices:
            stage.find(WRONG, "%s is not among the devices that are listed" % asked)
            return
    elif not check.stand_in:
        devices = [d for d in devices if is_gpu(d)]
        # The one that is used where nothing is said, else the first.
        devices.sort(key=lambda d: not d.get("isDefault"))
    for note in listed.get("notes") or []:
        stage.note(note if isinstance(note, str) else json.dumps(note))
    if not devices:
        here = check.machine.get("gpus") or check.machine.get("deviceFiles")
        reason = "no OpenCL device that is a GPU is listed"
        if here:
            drivers = check.machine["drivers"]
            stage.find(WRONG, "a GPU is here, but %s; drivers found: %s" % (
                reason, ", ".join(drivers) or "none (no libnvidia-opencl.so.1 or the like)"))
            return
        raise Skip(reason)
    usable = [d for d in devices if d.get("isUsable", True)]
    for device in devices:
        if device not in usable:
            stage.find(WRONG, "%s cannot be used: %s" % (device["device"], device.get("reason")))
    if usable:
        check.device = usable[0]
        stage.note("checked: %s, %s" % (check.device["device"], check.device["name"]))
        busy(stage)


def fact(device, name):
    """What the driver says of a device."""
    return device.get("openCL", {}).get(name, device.get(name))


def is_gpu(device):
    known = fact(device, "isGPU")
    return device.get("kernels") == "portable" if known is None else known


def is_nvidia(device):
    return "NVIDIA" in " ".join(
        str(fact(device, key)) for key in ("platform", "vendor", "name"))


def has_tensor_cores(device):
    """Whether the command takes --precision tf32 there."""
    return bool(device) and fact(device, "hasTensorCores") is True


def busy(stage):
    """Notes what else holds the GPU."""
    text = output(
        "nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader", limit=10)
    if text.strip():
        stage.note("other processes on the GPU: %s" % "; ".join(text.strip().splitlines()))
