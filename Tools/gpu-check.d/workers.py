"""Runs a worker, a process that does one job after the other, with a limit for each of them.

The worker gets its jobs in a JSON file and writes a line of JSON as each begins and ends. One that
takes too long, or takes the worker with it, is recorded as such, and a new worker does the rest.
"""
import json
import sys
import time

import run
from check import FAILED, KILLED, PASSED, SKIPPED, TIMED_OUT, WRONG, Skip

# Seconds until a worker begins its first job: PyTorch's import takes some of them.
STARTING = 60
# A worker that cannot go on in the process it is in asks for a new one.
ANEW = 3


def do(check, stage, script, jobs, limit, done, arguments=()):
    """Does all jobs for which there is time; returns those for which there was none.

    `jobs` have a "name"; `limit(job)` is in seconds, `done(job, status, reason, figures)` is told
    of each. A worker that ends with 77 says why it cannot work here in an event "unavailable".
    """
    waiting, starts = list(jobs), 0
    results, plan = check.work / (stage.name + ".jsonl"), check.work / (stage.name + "-jobs.json")
    while waiting and stage.left() > 5 and starts < 20:
        starts += 1
        results.write_text("")
        plan.write_text(json.dumps(waiting))
        watch = Watch(check, results, waiting, limit, done)
        outcome = run.run(
            [sys.executable, "-B", check.parts / script, plan, results, *arguments],
            check.logs / (stage.name + ".log"), stage.left(), check.memory, check.environment,
            check.work, watch)
        watch()
        stage.peak = max(stage.peak, outcome.peak)
        stage.data.update(watch.facts)
        if outcome.code == 77:
            raise Skip(watch.facts.get("reason", "it cannot be had here"))
        waiting = [job for job in waiting if job["name"] not in watch.finished]
        if watch.running and stage.left() > 0:
            job = watch.running
            kind = {"timed out": TIMED_OUT, "killed": KILLED}.get(outcome.kind, FAILED)
            done(job, kind, outcome.reason or "the worker ended", {})
            waiting.remove(job)
        elif not outcome.fine and outcome.code != ANEW and not watch.finished:
            if stage.left() > 0:
                # It fails before its first job, and would again.
                kind = {"timed out": TIMED_OUT, "killed": KILLED}.get(outcome.kind, FAILED)
                stage.find(kind, "%s ended before its first job: %s" % (script, outcome.reason))
            return waiting
    return waiting


class Watch:
    """Reads what the worker writes, and ends it where a job takes too long."""

    def __init__(self, check, path, jobs, limit, done):
        self.check, self.path, self.limit, self.done = check, path, limit, done
        self.jobs = {job["name"]: job for job in jobs}
        self.offset, self.running, self.since = 0, None, time.monotonic()
        self.finished, self.facts = set(), {}

    def __call__(self):
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            text = file.read()
        # A line may be half written.
        whole = text[:text.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.decode().splitlines():
            self.read(json.loads(line))
        limit = self.limit(self.running) if self.running else STARTING
        if time.monotonic() - self.since > limit:
            return "after %.0f s" % limit
        return None

    def read(self, entry):
        event = entry.pop("event")
        if event == "begin":
            self.running, self.since = self.jobs[entry["name"]], time.monotonic()
            self.check.say("  %s …" % entry["name"])
        elif event == "end":
            job = self.jobs[entry.pop("name")]
            self.running, self.since = None, time.monotonic()
            self.finished.add(job["name"])
            status = entry.pop("status", PASSED)
            if status not in (PASSED, WRONG, FAILED, SKIPPED):
                status = FAILED
            self.done(job, status, entry.pop("reason", ""), entry)
            self.check.save()
        else:
            self.facts.update(entry)


def tell_to(path):
    """For the worker: a function that writes an event."""
    results = open(path, "a", buffering=1)

    def tell(event, **entry):
        results.write(json.dumps(dict(entry, event=event)) + "\n")
        results.flush()

    return tell
