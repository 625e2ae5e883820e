"""The page of results, in Markdown, from what gpu-check.json holds."""

BEST = ("float32", "tf32", "bf16")
PRECISIONS = {"float32": "float32", "tf32": "TF32", "bf16": "bf16"}


def number(value, digits=1):
    if value is None:
        return "–"
    return "{:,.{}f}".format(value, digits)


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(header, rows):
    """A table; columns of numbers to the right."""
    lines = ["| %s |" % " | ".join(header)]
    right = [all(_numeric(row[i]) for row in rows) for i in range(len(header))]
    lines.append("|%s|" % "|".join("---:" if r else "---" for r in right))
    lines += ["| %s |" % " | ".join(cell(c) for c in row) for row in rows]
    return lines + [""]


def _numeric(text):
    stripped = str(text).replace(",", "").replace("–", "0").rstrip(" %×")
    try:
        float(stripped)
    except ValueError:
        return False
    return True


def page(results):
    stages = {stage["name"]: stage for stage in results["stages"]}
    lines = ["# gpu-check", ""]
    lines += summary(results)
    lines += machine(results)
    for name, section in SECTIONS:
        stage = stages.get(name)
        if stage and stage["data"]:
            lines += section(stage["data"], stages)
    return "\n".join(lines).rstrip() + "\n"


# MARK: What was run


def summary(results):
    device = results["device"]
    what = "%s (%s)" % (device["name"], device["platform"]) if device else "no OpenCL device"
    lines = ["%s, %s; %.0f s of %g minutes; exit status %d." % (
        results["started"], what, results["seconds"], results["minutes"], results["exitStatus"])]
    if results["standIn"]:
        lines.append("**A stand-in: small sizes, and a device that need not be a GPU.**")
    if results["stopped"]:
        lines.append("**%s**" % results["stopped"])
    lines.append("")
    rows = []
    for stage in results["stages"]:
        status = stage["status"]
        if status not in ("passed", "skipped", "running"):
            status = "**%s**" % status
        rows.append([stage["title"], status, "%.0f" % stage["seconds"],
                     stage["reason"] or "; ".join(stage["notes"][:2])])
    lines += table(["part", "result", "s", ""], rows)
    for stage in results["stages"]:
        more = stage["notes"] if stage["reason"] else stage["notes"][2:]
        lines += ["- %s: %s" % (stage["title"], note) for note in more[:12]]
        if len(more) > 12:
            lines.append("- %s: and %d more, in gpu-check.json" % (
                stage["title"], len(more) - 12))
    return lines + [""]


def machine(results):
    facts, device = results["machine"], results["device"] or {}
    lines = ["## Machine", ""]
    for gpu in facts.get("gpus", []):
        lines.append("- " + ", ".join(
            "%s %s" % (key, value) if key != "name" else value for key, value in gpu.items()))
    if facts.get("processor"):
        lines.append("- %s, %s cores, %s MiB; %s, %s, Python %s" % (
            facts["processor"], facts["cores"], facts["memoryMiB"], facts["system"],
            facts["libc"], facts["python"]))
        lines.append("- OpenCL drivers found: %s; registered: %s" % (
            ", ".join(facts["drivers"]) or "none", ", ".join(facts["registered"]) or "none"))
        lines.append("- installed: %s" % (", ".join(
            name for name, there in facts["modules"].items() if there) or
            "none of PyTorch, NumPy, CuPy, Triton"))
    if device:
        said = dict(device, **device.get("openCL", {}))
        told = [(key, said[key]) for key in ("version", "languageVersion", "driver", "vendor",
                "computeUnits", "kernels", "maxWorkGroupSize", "localMemoryBytes", "hasDoubles")
                if key in said]
        if said.get("memoryBytes"):
            told.append(("memory", "%d MiB" % (said["memoryBytes"] >> 20)))
        lines.append("- %s: %s" % (
            device["device"], ", ".join("%s %s" % entry for entry in told)))
        if said.get("extensions"):
            lines.append("- extensions: %s" % " ".join(said["extensions"]))
    return lines + [""]


# MARK: Correctness


def doctor_tf32(data, stages):
    return doctor(data, stages, "Doctor in TF32")


def doctor(data, stages, title="Doctor"):
    lines = ["## " + title, "", "%s checks, %s found something wrong; largest error %s." % (
        data.get("checks", "no"), data.get("failures", 0),
        "%.2g" % data["largestError"] if data.get("largestError") is not None else "–")]
    if data.get("compileSeconds") is not None:
        lines[-1] += " %d programs were built in %.1f s." % (
            data["programs"], data["compileSeconds"])
    lines += ["- %s %s: %s %s" % (f["op"], f["size"], f["outcome"], f.get("detail", ""))
              for f in data.get("found", [])]
    return lines + [""]


def equal_bits(data, stages):
    if "losses" not in data:
        return []
    rows = [[name, number(value, 6), number(data["lossesOfCPU"][name], 6),
             "%.1e" % abs(value - data["lossesOfCPU"][name])]
            for name, value in data["losses"].items()]
    return ["## A short training beside the CPU's", "", "Losses of minibatch %d." % (
        data["minibatch"]), ""] + table(["loss", "device", "CPU", "difference"], rows)


def builds(data, stages):
    rows = sorted(data.get("programs", []), key=lambda r: -(r.get("registers") or 0))
    lines = ["## Programs of a step of %s" % data.get("network"), "",
             "%d programs, %.1f s of compiling." % (len(rows), data.get("compileSeconds", 0)), ""]
    told = [r for r in rows if r.get("registers")]
    if told:
        lines += table(
            ["kernel", "registers", "spilled, B", "stack, B", "local, B", "s"],
            [[r["label"], r["registers"], r["spilled"], r["stack"], r["local"],
              number(r["seconds"], 2)] for r in told[:25]])
    return lines


# MARK: Speed


def steps(data, stages):
    torch = stages.get("pytorch", {}).get("data", {})
    header = ["network", "batch", "ms", "images/s", "host, ms", "launches", "first step, s",
              "second start, s", "buffers, MiB"]
    header += ["PyTorch %s, ms" % PRECISIONS[p] for p in BEST] + ["times"]
    rows = []
    for name, result in data.get("steps", {}).items():
        precision = result.get("precision", "float32")
        ways = {p: fastest(torch, name.replace(" " + precision, ""), p) for p in BEST}
        best = ways[precision]
        rows.append(
            [name, result["batch"], number(result["millisecondsPerStep"], 2),
             number(result["imagesPerSecond"], 0), number(result["hostMilliseconds"], 2),
             result.get("launches") or "–", number(result["firstStepMilliseconds"] / 1e3),
             number(result["secondStartMilliseconds"] / 1e3)
             if "secondStartMilliseconds" in result else "–",
             number((result.get("peakBufferBytes") or 0) / 2**20, 0)]
            + [number(ways[p]["milliseconds"], 2) if ways[p] else "–" for p in BEST]
            + [number(best["milliseconds"] / result["millisecondsPerStep"], 2) if best else "–"])
    lines = ["## Training steps", "", "Medians. PyTorch: the best of its ways in that precision; "
             "the last column is its time in the row's own precision, float32 unless the name says "
             "tf32, over ours.", ""] + table(header, rows)
    for name, result in data.get("steps", {}).items():
        if result.get("kernels"):
            lines += profile(name, result)
    return lines


def fastest(torch, network, precision):
    rows = [r for r in torch.get("rows", []) if r["network"] == network
            and r["precision"] == precision and r["status"] == "passed"]
    return min(rows, key=lambda r: r["milliseconds"], default=None)


def profile(name, result):
    total = result["millisecondsOfKernels"] or 1e-9
    modeled = any("modelMilliseconds" in k for k in result["kernels"])
    header = ["kernel", "launches", "ms", "share"] + (["model, ms"] if modeled else [])
    rows = [[k["name"], k["count"], number(k["milliseconds"], 3),
             "%.0f %%" % (100 * k["milliseconds"] / total)]
            + ([number(k.get("modelMilliseconds"), 3)] if modeled else [])
            for k in result["kernels"][:18]]
    return ["### %s, kernel by kernel: %s ms" % (name, number(total, 2)), ""] + table(header, rows)


def kernels(data, stages):
    lines = ["## Ops one by one", "", "FMA peak %s GFLOP/s, copy %s GB/s, batch %s." % (
        number(data.get("fmaPeakGFLOPS"), 0), number(data.get("copyGBs"), 0),
        data.get("batch", "–")), ""]
    rows = []
    for r in data.get("rows", []):
        model = r.get("modelMilliseconds")
        rows.append([
            r["op"], r["place"], "fused" if r["fused"] else "", number(r["milliseconds"], 4),
            number(r["gflops"], 0) if r["gflops"] else "–", number(r["gbs"], 0),
            "%.0f %%" % (100 * r["fractionOfPeak"]), number(model, 4),
            number(r["milliseconds"] / model, 2) if model else "–"])
    return lines + table(
        ["op", "place", "", "ms", "GFLOP/s", "GB/s", "of peak", "model, ms", "times"], rows)


def pytorch(data, stages):
    rows = [[r["name"], r["status"], number(r.get("milliseconds"), 2),
             number(r.get("hostMilliseconds"), 2), number(r.get("memoryMiB"), 0),
             r["reason"] or ""] for r in data.get("rows", [])]
    return ["## PyTorch %s, CUDA %s, cuDNN %s" % (
        data.get("version", "–"), data.get("cuda") or "–", data.get("cudnn", "–")), "",
        "Medians of 20 steps after 5, by CUDA events; *graph*: forward, loss, backward and fused "
        "SGD as one CUDA graph.", ""] + table(
            ["network, way", "result", "ms", "host, ms", "MiB", ""], rows)


def ptx(data, stages):
    rows = []
    for r in data.get("rows", []):
        errors = [e for e in (r.get("errors") or {}).values() if e is not None]
        rows.append([r["name"], r["count"], r["status"],
                     number(1e3 * r["milliseconds"], 1) if r.get("milliseconds") else "–",
                     number(1e3 * r["modelMilliseconds"], 1) if r.get("modelMilliseconds")
                     else "–", "%.1e" % max(errors) if errors else "not checked"])
    return ["## Kernels as PTX", ""] + table(
        ["launch", "a step", "result", "µs", "model, µs", "error"], rows)


# MARK: Training


def training(data, stages):
    lines = ["## A training with the time that was left", ""]
    if "steps" in data:
        lines += ["ResNet-%d, batch %d, %d joint steps of %.1f ms; tasks %s." % (
            data["depth"], data["batch"], data["steps"], data["millisecondsPerStep"],
            " and ".join(task["name"] for task in data["tasks"])), ""]
    if data.get("curve"):
        names = list(data["curve"][0]["own"])
        lines += table(
            ["step", "recombined"] + ["own, " + n for n in names],
            [[p["step"], "%.1f %%" % (100 * p["recombined"])]
             + ["%.1f %%" % (100 * p["own"][n]) for n in names] for p in data["curve"]])
    results = data.get("results")
    if results:
        lines += table(
            ["network", "test images", "accuracy", "on common classes"],
            [[t["name"], t["testImages"], "%.1f %%" % (100 * t["ownAccuracy"]),
              "%.1f %%" % (100 * t["ownAccuracyOnCommonClasses"])] for t in results["tasks"]])
        lines += table(
            ["extractor + head", "images", "accuracy", "chance"],
            [["%s + %s" % (r["extractor"], r["head"]), r["images"],
              "%.1f %%" % (100 * r["accuracy"]), "%.1f %%" % (100 * r["chance"])]
             for r in results["recombinations"]])
    lines += ["- %s: %s, %s" % (c["pair"], c["verdict"], "%.1f %%" % (100 * c["accuracy"])
                               if c["accuracy"] is not None else "–")
              for c in data.get("certificates", [])]
    return lines + [""]


SECTIONS = [
    ("doctor", doctor), ("doctor-tf32", doctor_tf32), ("equal-bits", equal_bits), ("build-logs", builds),
    ("bench-step", steps), ("bench-kernels", kernels), ("pytorch", pytorch), ("ptx", ptx),
    ("training", training)]
