"""Compares modeled times with expected ones: --check-table FILE.

FILE has, for a network, `convolutionMilliseconds` (the model's sum over all convolutions, without
the launches' own time) and `loopMicroseconds`, by what a convolution does (the table's column
`what`): the time of the hot loop's code alone. Each may deviate by `tolerance`."""

import json

import results


def compare(path, networks):
    """(lines, failures)."""
    with open(path, encoding="utf-8") as file:
        expected = json.load(file)
    tolerance = expected["tolerance"]
    lines, failures = [], []
    for name, wanted in expected["networks"].items():
        network = next((one for one in networks
                        if one.name == name and one.target == results.NVIDIA), None)
        if network is None:
            failures.append("%s: expected by %s, and not among the networks here" % (name, path))
            continue
        found = [("all convolutions, ms", wanted["convolutionMilliseconds"],
                  1e3 * network.convolution_seconds)]
        by_shape = {row.shape: row for row in network.rows if row.is_convolution}
        for shape, microseconds in wanted.get("loopMicroseconds", {}).items():
            row = by_shape.get(shape)
            seconds = row.loop_seconds if row is not None else None
            found.append((shape, microseconds, None if seconds is None else 1e6 * seconds))
        for what, before, now in found:
            _one(name, what, before, now, tolerance, lines, failures)
    return lines, failures


def _one(name, what, before, now, tolerance, lines, failures):
    if now is None:
        failures.append("%s: %s: expected %.1f, and there is no such loop here"
                        % (name, what, before))
        return
    deviation = now / before - 1
    line = "%s: %s: expected %.2f, got %.2f (%+.1f %%)" % (name, what, before, now, 100 * deviation)
    lines.append(line)
    if abs(deviation) > tolerance:
        failures.append(line + ", more than %.0f %% away" % (100 * tolerance))
