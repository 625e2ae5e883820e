"""What was worked out without a GPU: registers and a model of each launch's time (model.json).

{"format": 1, "target": "sm_90", "networks": [{"network": "resnet-56", "batch": 128, "methods": [],
 "precision": "float32", "launches": [{"kernel", "options", "count", "registers", "spilled", "milliseconds"}]}]}
A launch that the model knows nothing of has no milliseconds.
"""
import json

import ptx_reference as reference

# Compilers differ by a few registers, and that is no news.
REGISTERS_APART = 8


def load(path):
    """The model, or None where the bundle has none."""
    return Model(json.loads(path.read_text())) if path.exists() else None


def key(kernel, options):
    """Of a program: its -D say what it is, whatever else the compiler is told."""
    return kernel, tuple(sorted(o for o in options if o.startswith("-D")))


def precision(network):
    return network.get("precision", "float32")


class Model:
    def __init__(self, contents):
        self.target, self.networks = contents.get("target"), contents["networks"]
        self.programs, self.shapes = {}, {}
        for network in self.networks:
            for launch in network["launches"]:
                self.programs[key(launch["kernel"], launch["options"])] = launch
                # Ops one by one are timed in float32.
                if launch.get("milliseconds") and precision(network) == "float32":
                    shape = shape_of(launch["options"])
                    if shape:
                        self.shapes.setdefault((network["batch"],) + shape[0], []).append(
                            (shape[1], launch["milliseconds"]))

    def other_registers(self, rows):
        """Notes on programs that take other numbers of registers than the table says."""
        known = [(row, self.programs[key(row["kernel"], row["options"])]) for row in rows
                 if key(row["kernel"], row["options"]) in self.programs]
        apart = [(row, other) for row, other in known if other.get("registers")
                 and abs(row["registers"] - other["registers"]) > REGISTERS_APART]
        notes = ["%d of %d programs stand in the table for %s, %d of them with other registers" % (
            len(known), len(rows), self.target, len(apart))]
        return notes + ["%s: %d registers, the table has %d" % (
            row["label"], row["registers"], other["registers"]) for row, other in apart[:8]]

    def of_step(self, architecture, batch, methods, kernels, rounded_to="float32"):
        """Gives each kernel of a profile the model's time, where all of its launches have one."""
        for network in self.networks:
            if (network["network"], network["batch"], network.get("methods") or [],
                    precision(network)) == (architecture, batch, methods, rounded_to):
                for kernel in kernels:
                    times = [(launch["count"], launch.get("milliseconds"))
                             for launch in network["launches"]
                             if launch["kernel"] == kernel["name"]]
                    if times and all(time for _, time in times):
                        kernel["modelMilliseconds"] = sum(count * time for count, time in times)

    def milliseconds(self, row, batch):
        """Of a row of `bench kernels`; None where no launch of the model has its shape."""
        names = {"convolutionForward": ["forward"], "convolutionDataGradient": ["data gradient"],
                 "convolutionFilterGradient": ["filter gradient"],
                 "convolutionGradients": ["data gradient", "filter gradient"]}
        total = 0.0
        for kind in names.get(row["op"], []):
            shape = (batch, kind, row["c"], row["k"], row["h"], row["w"], row["r"], row["stride"])
            found = self.shapes.get(shape)
            if not found:
                return None
            # What is done on the way in and out costs a little: the likest of them.
            total += min(found, key=lambda entry: abs(entry[0] - (3 if row["fused"] else 0)))[1]
        return total or None


def shape_of(options):
    """Kind and shape of a convolution, and how much is done besides; None of another kernel."""
    d = reference.defines(options)
    try:
        if "CONVOLUTION" in d:
            return ("forward", d["X_CHANNELS"], d["OUT_CHANNELS"], d["IN_H"], d["IN_W"], d["R"],
                    d["STRIDE"]), d["X_INPUT"] + 2 * (d["EPILOGUE"] > 0)
        if "DATA_GRADIENT" in d:
            return ("data gradient", d["OUT_CHANNELS"], d["X_CHANNELS"], d["OUT_H"], d["OUT_W"],
                    d["R"], d["STRIDE"]), (d["X_INPUT"] > 0) + 2 * (d["EPILOGUE"] > 0)
        if "DY_INPUT" in d:
            return ("filter gradient", d["X_CHANNELS"], d["DY_CHANNELS"], d["H"], d["W"], d["R"],
                    d["STRIDE"]), d["X_INPUT"] + 2 * (d["DY_INPUT"] > 0)
    except KeyError:
        pass
    return None
