"""What the portable family's convolutions compute, in float64 (Kernels/convolution_fused.cl).

A launch is known by its program's -D and its arguments. Where these are not what is expected here,
`described` returns None: such a kernel is timed, and not checked.
"""
import math

INPUTS = {
    0: ["x"],
    1: ["x", "mean", "variance", "gamma", "beta", "epsilon"],
    2: ["x", "pre", "mean", "variance", "gamma", "sums", "epsilon", "rows"],
    3: ["x", "pre", "mean", "variance", "gamma", "sums", "epsilon", "rows"],
}
OUTPUTS = {
    0: ["addend"],
    1: ["addend", "partial"],
    2: ["addend", "out_pre", "out_mean", "out_variance", "out_gamma", "out_beta", "out",
        "out_epsilon", "partial"],
}


def defines(options):
    """The -D of a program: numbers where they are such, else text; True without a value."""
    found = {}
    for option in options:
        if option.startswith("-D"):
            name, _, value = option[2:].partition("=")
            value = value.strip("()")
            found[name] = int(value) if value.lstrip("-").isdigit() else value or True
    return found


def described(options, arguments):
    """Roles of the arguments and what is computed, or None."""
    d = defines(options)
    x_input = d.get("X_INPUT")
    if x_input not in INPUTS:
        return None
    roles = ["x_" + name for name in INPUTS[x_input]]
    if "CONVOLUTION" in d or "DATA_GRADIENT" in d:
        if d.get("EPILOGUE") not in OUTPUTS:
            return None
        kind = "data gradient" if "DATA_GRADIENT" in d else "forward"
        roles += ["w", "y", "images"] + OUTPUTS[d["EPILOGUE"]]
        wanted = ["IN_H", "IN_W", "OUT_H", "OUT_W", "R", "S", "STRIDE", "PAD", "X_CHANNELS",
                  "OUT_CHANNELS"]
    elif d.get("DY_INPUT") in INPUTS and "P" in d:
        kind = "filter gradient"
        roles += ["dy_" + name for name in INPUTS[d["DY_INPUT"]]]
        roles += ["partial", "images", "slice_pixels"]
        wanted = ["H", "W", "P", "Q", "R", "S", "STRIDE", "PAD", "X_CHANNELS", "DY_CHANNELS"]
    else:
        return None
    if len(roles) != len(arguments) or any(name not in d for name in wanted):
        return None
    for role, argument in zip(roles, arguments):
        scalar = role.split("_")[-1] in ("epsilon", "rows", "images", "pixels")
        if scalar != ("int" in argument or "float" in argument):
            return None
    return {"kind": kind, "roles": roles, "defines": d}


def title(what):
    """For example `forward 16->32 3x3/2, 32x32, in 1, epilogue 1`."""
    d = what["defines"]
    out = d["DY_CHANNELS"] if what["kind"] == "filter gradient" else d["OUT_CHANNELS"]
    size = (d["H"], d["W"]) if what["kind"] == "filter gradient" else (d["IN_H"], d["IN_W"])
    text = "%s %d->%d %dx%d/%d, %dx%d, in %d" % (
        what["kind"], d["X_CHANNELS"], out, d["R"], d["S"], d["STRIDE"], *size, d["X_INPUT"])
    if what["kind"] == "filter gradient":
        return text + ", dy %d" % d["DY_INPUT"]
    return text + ", epilogue %d%s%s" % (
        d["EPILOGUE"], ", mask %d" % d["MASK"] if d["EPILOGUE"] == 2 else "",
        ", adds" if d.get("ACCUMULATE") else "")


# MARK: Values


def value(torch, role, count, what, generator, device):
    """Random contents of a buffer of `count` floats; NaN where the kernel is to write all of it."""
    def normal(scale):
        return torch.randn(count, generator=generator, device=device) * scale

    name = role.split("_", 1)[1] if role.startswith(("x_", "dy_", "out_")) else role
    if role in ("y", "partial"):
        return torch.full((count,), math.nan, device=device)
    if role == "w":
        d = what["defines"]
        return normal(math.sqrt(2 / (d["R"] * d["S"] * d["X_CHANNELS"])))
    if name in ("variance", "gamma"):
        return 0.5 + torch.rand(count, generator=generator, device=device)
    if name in ("mean", "beta"):
        return normal(0.1)
    if name == "sums":
        return normal(100)
    if role == "out":
        return activated(torch, normal(1), what["defines"].get("OUT_ACTIVATION", 0))
    return normal(1)


def activated(torch, v, code):
    if code == 0:
        return v
    return v.clamp(min=0) if code == 1 else v.clamp(0, 6)


def applied(torch, prefix, kind, values, code):
    """What a kernel reads: the tensor as it stands, normalized, or through a norm's backward."""
    get = lambda name: values[prefix + name]
    x = get("x")
    if kind == 0:
        return x
    inverse = 1 / torch.sqrt(get("variance") + get("epsilon"))
    scale = get("gamma") * inverse
    if kind == 1:
        return activated(torch, (x - get("mean")) * scale + get("beta"), code)
    if kind == 3:
        return scale * x
    sums, rows = get("sums").reshape(2, -1), get("rows")
    centered = (get("pre") - get("mean")) * inverse
    return scale * (x - sums[0] / rows - centered * sums[1] / rows)


# MARK: Convolutions


def expected(torch, what, values):
    """What the launch should write, by role, and which elements of y lie too near to a kink of the
    activation for float32 to tell the side. `values` are flat, float64, as they are before it."""
    d, n = what["defines"], int(values["images"])
    stride, pad = d["STRIDE"], d["PAD"]
    if what["kind"] == "filter gradient":
        c, k = d["X_CHANNELS"], d["DY_CHANNELS"]
        shaped = shape(values, "x_", (n, d["H"], d["W"], c))
        shaped.update(shape(values, "dy_", (n, d["P"], d["Q"], k)))
        x = applied(torch, "x_", d["X_INPUT"], shaped, d.get("X_ACTIVATION", 0))
        dy = applied(torch, "dy_", d["DY_INPUT"], shaped, d.get("DY_ACTIVATION", 0))
        dw = torch.nn.grad.conv2d_weight(
            x.permute(0, 3, 1, 2), (k, c, d["R"], d["S"]), dy.permute(0, 3, 1, 2), stride, pad)
        return {"partial": dw.permute(2, 3, 1, 0)}, None
    c, k = d["X_CHANNELS"], d["OUT_CHANNELS"]
    shaped = shape(values, "x_", (n, d["IN_H"], d["IN_W"], c))
    x = applied(torch, "x_", d["X_INPUT"], shaped, d.get("X_ACTIVATION", 0)).permute(0, 3, 1, 2)
    if what["kind"] == "forward":
        w = values["w"].reshape(d["R"], d["S"], c, k).permute(3, 2, 0, 1)
        y = torch.nn.functional.conv2d(x, w, stride=stride, padding=pad)
    else:
        w = values["w"].reshape(d["R"], d["S"], k, c).permute(3, 2, 0, 1)
        y = torch.nn.grad.conv2d_input((n, k, d["OUT_H"], d["OUT_W"]), w, x, stride, pad)
    y = y.permute(0, 2, 3, 1)
    if d.get("ACCUMULATE"):
        y = y + values["addend"].reshape(y.shape)
    if d["EPILOGUE"] == 0:
        return {"y": y}, None
    if d["EPILOGUE"] == 1:
        flat = y.reshape(-1, k)
        return {"y": y, "statistics": (flat.mean(0), flat.var(0, unbiased=False))}, None
    return masked(torch, d, y, values)


def shape(values, prefix, sizes):
    """The values of a prefix, the two that are images in their shape."""
    return {name: v.reshape(sizes) if name in (prefix + "x", prefix + "pre") else v
            for name, v in values.items() if name.startswith(prefix)}


def masked(torch, d, y, values):
    pre = values["out_pre"].reshape(y.shape)
    code, near = d.get("OUT_ACTIVATION", 0), None
    if d["MASK"]:
        if d["MASK"] == 1:
            scale = values["out_gamma"] / torch.sqrt(
                values["out_variance"] + values["out_epsilon"])
            out = (pre - values["out_mean"]) * scale + values["out_beta"]
            near = out.abs() < 1e-5
            if code == 2:
                near |= (out - 6).abs() < 1e-5
        else:
            out = values["out"].reshape(y.shape)
        inside = torch.ones_like(out, dtype=torch.bool) if code == 0 else out > 0
        if code == 2:
            inside &= out < 6
        y = torch.where(inside, y, torch.zeros_like(y))
    flat, centered = y.reshape(-1, y.shape[-1]), (pre - values["out_mean"]).reshape(
        -1, y.shape[-1])
    return {"y": y, "sums": (flat.sum(0), (flat * centered).sum(0)),
            "scale": (flat.abs().sum(0), (flat * centered).abs().sum(0))}, near


# MARK: Comparing


def relative(torch, got, wanted):
    """Largest error over the largest value; infinite where something is no number."""
    if not bool(torch.isfinite(got).all()):
        return math.inf
    return float((got - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))


def errors(torch, what, wanted, near, got):
    """Relative errors by output; `got` is by role, flat and float64."""
    d, found = what["defines"], {}
    if what["kind"] == "filter gradient":
        sums = got["partial"].reshape((-1,) + tuple(wanted["partial"].shape)).sum(0)
        return {"filter gradient": relative(torch, sums, wanted["partial"])}
    y = got["y"].reshape(wanted["y"].shape)
    if near is not None:
        y = torch.where(near, wanted["y"], y)
    found["y"] = relative(torch, y, wanted["y"])
    k = d["OUT_CHANNELS"]
    if "sums" in wanted:
        sums = got["partial"].reshape(-1, 2, k).sum(0)
        # Sums cancel: what counts is how large their terms are.
        found["sums"] = max(
            float(((sums[i] - wanted["sums"][i]).abs() / wanted["scale"][i].clamp(
                min=1e-30)).max()) if bool(torch.isfinite(sums[i]).all()) else math.inf
            for i in range(2))
    if "statistics" in wanted:
        tiles = got["partial"].reshape(-1, 2, k)
        rows, height = wanted["y"].numel() // k, d.get("BM", 0)
        counts = [min(height, rows - t * height) for t in range(tiles.shape[0])]
        if height and min(counts) > 0 and sum(counts) == rows:
            count = torch.tensor(counts, dtype=tiles.dtype, device=tiles.device)[:, None]
            mean = (count * tiles[:, 0]).sum(0) / rows
            variance = (tiles[:, 1] + count * (tiles[:, 0] - mean) ** 2).sum(0) / rows
            found["mean"] = float(((mean - wanted["statistics"][0]).abs()
                                   / wanted["statistics"][1].sqrt()).max())
            found["variance"] = relative(torch, variance, wanted["statistics"][1])
    return found
