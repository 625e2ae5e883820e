"""What the stages share: where things lie, how long is left, what has come out so far."""
import datetime
import json
import os
import re
import time

import archives
import report
import run

PASSED, WRONG, FAILED, TIMED_OUT, KILLED, SKIPPED = (
    "passed", "wrong", "failed", "timed out", "killed", "skipped")
# The worst first.
SEVERITY = [WRONG, KILLED, TIMED_OUT, FAILED, SKIPPED, PASSED]


class Skip(Exception):
    """The stage, or what is left of it, cannot be had here; the text says why."""


class Stage:
    """One part of the check. It passes unless something says otherwise."""

    def __init__(self, check, name, title, limit):
        self.check, self.name, self.title = check, name, title
        self.status, self.reason, self.notes, self.parts, self.data = PASSED, "", [], [], {}
        self.start, self.seconds, self.peak = time.monotonic(), 0, 0
        self.deadline = self.start + limit

    def left(self):
        """Seconds."""
        return max(0.0, self.deadline - time.monotonic())

    def find(self, status, reason):
        """Something is not as it should be; the worst of a stage counts."""
        if SEVERITY.index(status) < SEVERITY.index(self.status):
            self.status, self.reason = status, reason
        elif reason not in self.notes and reason != self.reason:
            self.notes.append(reason)

    def run(self, name, command, limit=None, optional=False, environment=None, watch=None,
            expected=(0,)):
        """Runs a command as a part of the stage, its output to the log `name`.

        Returns its outcome. An exit status that is not among `expected` and every other end is
        found; of an `optional` part, and of one that began when less was left than it may take, the
        want of time is noted alone.
        """
        wanted = limit or (self.deadline - self.start) / 2
        limit = min(limit or self.left(), self.left())
        part = {"name": name, "status": PASSED, "reason": ""}
        self.parts.append(part)
        if limit < 1:
            part.update(status=SKIPPED, reason="no time was left", seconds=0)
            self.note("%s: no time was left" % name)
            return run.Outcome("not run", None, 0, 0, "no time was left")
        log = self.check.logs / ("%s-%s.log" % (self.name, re.sub("[ /]", "-", name)))
        self.check.say("  %s …" % name)
        outcome = run.run(
            command, log, limit, self.check.memory, environment or self.check.environment,
            self.check.work, watch)
        self.peak = max(self.peak, outcome.peak)
        part.update(
            seconds=round(outcome.seconds, 2), peakMiB=outcome.peak >> 20, log=log.name,
            command=[str(c) for c in command])
        if outcome.kind != "exited":
            part.update(status={"timed out": TIMED_OUT}.get(outcome.kind, KILLED),
                        reason=outcome.reason)
        elif outcome.code not in expected:
            last = last_line(log)
            part.update(status=FAILED, reason=outcome.reason + (": " + last if last else ""))
        if part["status"] != PASSED:
            if part["status"] == TIMED_OUT and (optional or limit < wanted):
                part["status"] = SKIPPED
                self.note("%s: cut short %s; more --minutes would show it" % (
                    name, part["reason"]))
            else:
                self.find(part["status"], "%s: %s" % (name, part["reason"]))
        return outcome

    def note(self, text):
        self.notes.append(text)

    def finish(self):
        self.seconds = time.monotonic() - self.start

    def described(self):
        return {
            "name": self.name, "title": self.title, "status": self.status, "reason": self.reason,
            "seconds": round(self.seconds, 1), "peakMiB": self.peak >> 20, "notes": self.notes,
            "parts": self.parts, "data": self.data}


def last_line(log):
    """The last line that a command printed."""
    lines = log.read_text(errors="replace").strip().splitlines()
    lines = [line.strip() for line in lines if line.strip() and not line.startswith(("$ ", "["))]
    return lines[-1][:300] if lines else ""


class Check:
    """The whole check."""

    def __init__(self, arguments, bundle, work):
        self.arguments, self.bundle, self.work = arguments, bundle, work
        self.out = arguments.out
        self.logs = work / "logs"
        self.logs.mkdir(parents=True)
        self.start = time.monotonic()
        self.deadline = self.start + arguments.minutes * 60
        self.started = datetime.datetime.now().isoformat(timespec="seconds")
        # Limits of stages are made for ten minutes.
        self.scale = arguments.minutes / 10
        self.memory = int(arguments.memory * 2**30)
        self.stand_in = arguments.stand_in
        self.machine, self.device, self.stages, self.stopped = {}, None, [], ""
        self.environment = dict(os.environ)
        self.model = None

    # MARK: The command

    def dovetail(self, *words, device=True):
        """The command; with the device that is checked, unless told otherwise."""
        command = [self.bundle / "dovetail", *words]
        if device:
            command += ["--device", self.device["device"]]
            if self.arguments.kernels:
                command += ["--kernels", self.arguments.kernels]
        return command

    def need_device(self):
        if not self.device:
            raise Skip("no OpenCL device that is a GPU was found")

    # MARK: Time

    def left(self):
        return max(0.0, self.deadline - time.monotonic())

    def stage(self, name, title, seconds, reserve):
        """A stage of so many seconds in a check of ten minutes, that leaves the share `reserve` of
        all the time to those behind it."""
        whole = self.arguments.minutes * 60
        limit = min(seconds * self.scale, self.left() - reserve * whole - 5)
        stage = Stage(self, name, title, limit)
        self.stages.append(stage)
        return stage

    # MARK: Results

    def say(self, text):
        print("gpu-check: %5.0f s  %s" % (time.monotonic() - self.start, text), flush=True)

    def status(self):
        """0; 1 where a stage found something; 69 without a GPU; 75 where it was ended."""
        if self.stopped:
            return 75
        if any(s.status not in (PASSED, SKIPPED) for s in self.stages):
            return 1
        return 0 if self.device else 69

    def described(self):
        return {
            "format": 1, "started": self.started,
            "seconds": round(time.monotonic() - self.start, 1),
            "minutes": self.arguments.minutes, "standIn": self.stand_in,
            "stopped": self.stopped, "exitStatus": self.status(), "bundle": self.bundle_facts(),
            "machine": self.machine, "device": self.device,
            "stages": [stage.described() for stage in self.stages]}

    def bundle_facts(self):
        return {"version": self.machine.get("dovetail"), "kernels": self.arguments.kernels}

    def save(self, logs=False):
        """Writes what there is; the logs between the parts alone, as packing them takes a while."""
        results = self.described()
        archives.replace(self.out / "gpu-check.json", json.dumps(results, indent=1) + "\n")
        archives.replace(self.out / "report.md", report.page(results))
        if logs:
            archives.logs(self.logs, self.out / "logs.tar.gz")
