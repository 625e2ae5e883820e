"""What a launch does, in a few words that tell it from others: for tables and expectations."""

FUSED = {"0": "", "1": " norm", "2": " through-norm", "3": " through-constant-norm"}


def launch(one):
    program = one.program
    if program.define("X_CHANNELS") is not None and program.define("STRIDE") is not None:
        return _convolution(program)
    words = []
    for name in ("C", "K"):
        if program.integer(name) is not None:
            words.append("%s=%d" % (name, program.integer(name)))
    for name in ("RESIDUAL", "HAS_OUTPUT", "OF_BATCH", "ACCUMULATE"):
        if program.integer(name):
            words.append(name.lower().replace("_", "-"))
    sizes = "x".join(str(size) for size in one.global_size)
    return " ".join([sizes] + words)


def _convolution(program):
    taps = "%dx%d/%d" % tuple(program.integer(name) for name in ("R", "S", "STRIDE"))
    c = program.integer("X_CHANNELS")
    if program.define("DY_CHANNELS") is not None:
        text = "filter gradient %d->%d %s %dx%d" % (
            c, program.integer("DY_CHANNELS"), taps, program.integer("P", 0),
            program.integer("Q", 0))
        return (text + _input(program, "X_", " x") + _input(program, "DY_", " dy")).strip()
    backward = program.define("DATA_GRADIENT") is not None
    text = "%s %d->%d %s %dx%d" % (
        "data gradient" if backward else "forward", c, program.integer("OUT_CHANNELS", 0), taps,
        program.integer("OUT_H", 0), program.integer("OUT_W", 0))
    text += _input(program, "X_", "")
    epilogue = program.integer("EPILOGUE", 0)
    if epilogue == 1:
        text += ", statistics"
    elif epilogue == 2:
        text += ", mask %d" % program.integer("MASK", 0)
    if program.integer("ACCUMULATE"):
        text += ", adds"
    return text


def _input(program, prefix, name):
    words = FUSED.get(str(program.define(prefix + "INPUT", "0")), " input ?")
    return "," + (name or "") + words if words else ""


def is_convolution(program):
    """Whether its time counts among the convolutions'."""
    return "convolution" in program.kernel or program.kernel.startswith("filter_gradient")
