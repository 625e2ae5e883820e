"""Figures as text, as Markdown for docs/gpu.md, and as JSON."""

import json

import constants as c

COLUMNS = ("n", "kernel", "what", "groups x items", "registers", "spill", "stack", "local",
           "occupancy", "loop", "useful", "executed", "us", "bound")


def _percent(value):
    return "" if value is None else "%.0f %%" % (100 * value)


def _cells(row):
    shape = "" if row.groups is None else "%d x %d" % (row.groups, row.items)
    return [str(row.launches), row.name, row.shape, shape, str(row.registers),
            str(row.spill_bytes), str(row.stack_bytes), str(row.local_bytes),
            _percent(row.occupancy), str(row.loop_instructions or ""), _percent(row.useful_share),
            _percent(row.executed_share),
            "" if row.seconds is None else "%.1f" % (1e6 * row.seconds), row.bound or ""]


def _ordered(rows):
    return sorted(rows, key=lambda row: (-(row.seconds or 0) * row.launches, row.name, row.shape))


def table(network):
    """Lines of plain text: what takes longest first."""
    cells = [list(COLUMNS)] + [_cells(row) for row in _ordered(network.rows)]
    used = [i for i in range(len(COLUMNS)) if any(line[i] for line in cells[1:])]
    widths = {i: max(len(line[i]) for line in cells) for i in used}
    yield "%s, %s, batch %d, %s" % (network.name, network.target, network.batch, network.precision)
    for line in cells:
        yield "  ".join(line[i].ljust(widths[i]) if i in (1, 2, 13) else line[i].rjust(widths[i])
                        for i in used).rstrip()


def verdict(network):
    """One line."""
    parts = ["%d launches" % network.launches]
    if network.seconds is not None:
        parts.append("model %.2f ms (convolutions %.2f ms)"
                     % (1e3 * network.seconds, 1e3 * network.convolution_seconds))
    most = max((row.spill_bytes for row in network.rows), default=0)
    if network.target == "sm_90" and most <= c.MOST_SPILL_BYTES:
        parts.append("no spill over %d B" % c.MOST_SPILL_BYTES)
    else:
        spilling = sum(row.spill_bytes > 0 for row in network.rows)
        parts.append("%d of %d kernels spill, at most %d B"
                     % (spilling, len(network.rows), most) if most else "no spills")
    parts.append("at most %d registers and %d B of local memory"
                 % (network.most_registers, network.most_local_bytes))
    return "%s %s: %s" % (network.name, network.target, ", ".join(parts))


def _sums(network):
    """[(kernel, launches, seconds)], what takes longest first."""
    found = {}
    for row in network.rows:
        launches, seconds = found.get(row.name, (0, 0.0))
        found[row.name] = (launches + row.launches, seconds + row.launches * (row.seconds or 0))
    return sorted(((name, *sums) for name, sums in found.items()), key=lambda sums: -sums[2])


def markdown(networks, versions, skipped):
    yield "<!-- Made by Tools/gpu-static --markdown; do not edit. -->"
    yield ""
    yield ("Compiled with %s. Times are a model's (`Tools/gpu-static.d/constants.py`), no clock's."
           % ", ".join(versions))
    yield ""
    yield ("| network | target | programs | launches | model, ms | convolutions, ms "
           "| most registers | most spilled, B | most local memory, B |")
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for one in networks:
        times = ["–", "–"] if one.seconds is None else [
            "%.2f" % (1e3 * one.seconds), "%.2f" % (1e3 * one.convolution_seconds)]
        yield "| %s | %s | %d | %d | %s | %s | %d | %d | %d |" % (
            one.name, one.target, one.programs, one.launches, *times, one.most_registers,
            one.spill_bytes, one.most_local_bytes)
    for one in networks:
        if one.seconds is None:
            continue
        yield ""
        yield "### %s, %s" % (one.name, one.target)
        yield ""
        yield "| kernel | launches | model, ms |"
        yield "|---|---:|---:|"
        for name, launches, seconds in _sums(one):
            yield "| %s | %d | %.3f |" % (name, launches, 1e3 * seconds)
        yield ""
        yield ("| n | kernel | what | groups × items | registers | spill, B | local, B "
               "| occupancy | loop | useful | µs | bound |")
        yield "|---:|---|---|---|---:|---:|---:|---:|---:|---:|---:|---|"
        for row in _ordered(one.rows):
            cells = _cells(row)
            kept = (cells[i] for i in (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13))
            yield "| " + " | ".join(kept) + " |"
    for line in skipped:
        yield ""
        yield "Skipped: " + line


def as_json(networks, versions, skipped, failures):
    return json.dumps({
        "format": 1,
        "tools": versions,
        "networks": [{
            "name": one.name, "target": one.target, "precision": one.precision,
            "batch": one.batch, "launches": one.launches, "products": one.products,
            "copies": one.copies, "programs": one.programs,
            "modelMilliseconds": _rounded(one.seconds, 1e3),
            "convolutionMilliseconds": _rounded(one.convolution_seconds, 1e3),
            "spillBytes": one.spill_bytes, "registers": one.most_registers,
            "localBytes": one.most_local_bytes,
        } for one in networks],
        "kernels": [{
            "name": row.name, "shape": row.shape, "network": row.network, "target": row.target,
            "launches": row.launches, "groups": row.groups, "items": row.items,
            "registers": row.registers, "spillBytes": row.spill_bytes,
            "stackBytes": row.stack_bytes, "localBytes": row.local_bytes,
            "occupancy": _rounded(row.occupancy, 1), "loopInstructions": row.loop_instructions,
            "usefulShare": _rounded(row.useful_share, 1),
            "executedShare": _rounded(row.executed_share, 1),
            "modelMicroseconds": _rounded(row.seconds, 1e6), "bound": row.bound,
        } for one in networks for row in one.rows],
        "skipped": skipped,
        "failures": failures,
    }, indent=1, ensure_ascii=False) + "\n"


def _rounded(value, factor):
    return None if value is None else round(value * factor, 4)
