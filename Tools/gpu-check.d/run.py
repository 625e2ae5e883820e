"""Runs a command under limits of time and memory, and says how it ended."""
import os
import pathlib
import signal
import subprocess
import time

# What a command gets after SIGTERM to leave a checkpoint before it is killed.
GRACE = 10
PAGE = os.sysconf("SC_PAGE_SIZE")


class Stopped(Exception):
    """gpu-check itself was told to end."""


class Outcome:
    """How a command ended: `kind` is exited, timed out or killed."""

    def __init__(self, kind, code, seconds, peak, reason):
        self.kind, self.code, self.seconds = kind, code, seconds
        self.peak, self.reason = peak, reason

    @property
    def fine(self):
        return self.kind == "exited" and self.code == 0


def memory_of_machine():
    """Bytes: the machine's, or the container's limit where that is less."""
    total = None
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            total = int(line.split()[1]) << 10
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(pathlib.Path(path).read_text()))
        except (OSError, ValueError):
            pass
    return total


def killed_for_memory():
    """How many processes the kernel has killed for want of memory; 0 where it does not say."""
    try:
        for line in pathlib.Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def resident(session):
    """Bytes that the processes of a session hold."""
    pages = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as file:
                    # The name stands in parentheses and may hold anything.
                    fields = file.read().rsplit(")", 1)[1].split()
                if int(fields[3]) == session:
                    pages += int(fields[21])
            except (OSError, IndexError, ValueError):
                pass
    return pages * PAGE


def end(process, number):
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def wait(process, seconds):
    """Whether it ended within these seconds."""
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def stop(process, grace=GRACE):
    """Ends a process and its children; a driver that hangs may keep it even then."""
    end(process, signal.SIGTERM)
    wait(process, grace)
    end(process, signal.SIGKILL)
    return wait(process, 10)


def how_it_ended(process, memory_kills):
    """Kind, code and reason of a process that nobody here ended."""
    code = process.returncode
    # A shell says 128 + signal of what it ran.
    number = -code if code < 0 else code - 128 if code in (134, 135, 137, 139) else 0
    if not number:
        return "exited", code, "exit status %d" % code if code else ""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "signal %d" % number
    if number == signal.SIGKILL:
        more = killed_for_memory() - memory_kills
        why = ("for memory: the kernel ended %d process%s" % (more, "" if more == 1 else "es")
               if more > 0 else "most likely for memory")
        return "killed", code, "%s, %s" % (name, why)
    return "killed", code, name


def run(command, log, limit, memory, environment=None, folder=None, watch=None):
    """Runs a command, its output to the file `log`, for at most `limit` seconds and `memory` bytes.

    `watch`, where given, is called about ten times a second, and ends the command by returning a
    reason.
    """
    start = time.monotonic()
    kills = killed_for_memory()
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as file:
        file.write(("$ %s\n" % " ".join(map(str, command))).encode())
        file.flush()
        try:
            process = subprocess.Popen(
                [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, env=environment, cwd=folder, start_new_session=True)
        except OSError as error:
            return Outcome("exited", 127, 0, 0, "cannot be started: %s" % error)
        peak, looked = 0, 0.0
        kind = reason = None
        try:
            while not wait(process, 0.1):
                now = time.monotonic()
                if now - looked >= 0.5:
                    looked, held = now, resident(process.pid)
                    peak = max(peak, held)
                    if held > memory:
                        kind, reason = "killed", "for memory: it held %d MiB, the limit is %d" % (
                            held >> 20, memory >> 20)
                        break
                if now - start > limit:
                    kind, reason = "timed out", "after %.0f s" % limit
                    break
                reason = watch() if watch else None
                if reason:
                    kind = "timed out"
                    break
        except BaseException:
            stop(process)
            raise
        if kind:
            # One that eats the memory is not asked first.
            ended = stop(process, 0 if kind == "killed" else GRACE)
            if not ended:
                reason += ", and could not be ended"
            code = process.returncode
        else:
            kind, code, reason = how_it_ended(process, kills)
            # What it left running would disturb what comes next.
            end(process, signal.SIGKILL)
        file.write(("\n[%s%s, %.1f s]\n" % (
            kind, ", " + reason if reason else "", time.monotonic() - start)).encode())
    return Outcome(kind, code, time.monotonic() - start, peak, reason)
