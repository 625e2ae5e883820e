"""NVVM IR for libNVVM, from what clang 15 writes.

libNVVM 12.9 reads the dialect of LLVM 7 for targets before compute_100. Clang 15 with typed
pointers is close to it; what LLVM 7 does not know is taken out or said in its words here.
"""

import re

# Attributes that came after LLVM 7. None of them changes what code means; without them a little
# less is known.
UNKNOWN_ATTRIBUTES = (
    "noundef", "willreturn", "mustprogress", "nofree", "nosync", "nocallback", "immarg",
)


class Dialect(Exception):
    """Something that this file cannot say in LLVM 7's words."""


def lowered(text, kernel, local):
    """The same module for libNVVM; `local` are the sizes of a work-group, where they are fixed."""
    text = re.sub(r"\b(?:%s)\b ?" % "|".join(UNKNOWN_ATTRIBUTES), "", text)
    text = re.sub(r"\bmemory\([^)]*\) ?", "", text)
    text = re.sub(r"\bbyval\([^()]*\)", "byval", text)
    text = re.sub(r"\belementtype\([^()]*\) ?", "", text)
    text = re.sub(r"\bpoison\b", "undef", text)
    text = re.sub(r"^!llvm\.ident = .*\n", "", text, flags=re.M)
    text = re.sub(r"= fneg ((?:[a-z]+ )*)(float|double|<\d+ x (?:float|double)>) (.+)",
                  _negated, text)
    text = re.sub(r"^(.* = (?:atomicrmw|cmpxchg) .*), align \d+$", r"\1", text, flags=re.M)
    # The stand-ins, and whatever else is no kernel, are this module's own.
    text = re.sub(r"^define (?:available_externally |linkonce_odr |weak )?(?:dso_local )?"
                  r"(?!.*spir_kernel|internal)", "define internal ", text, flags=re.M)
    text = text.replace("define internal internal", "define internal")
    if re.search(r"= freeze ", text):
        raise Dialect("LLVM 7 has no `freeze`; Tools/gpu-static.d/nvvm_ir.py has to lower it")
    if local:
        sizes = list(local) + [1] * (3 - len(local))
        text = re.sub(
            r'(!\d+ = !\{(?:[^\n]*) @%s, !"kernel", i32 1)\}' % re.escape(kernel),
            lambda m: m[1] + "".join(', !"reqntid%s", i32 %d' % (axis, size)
                                     for axis, size in zip("xyz", sizes)) + "}", text)
    return text + "\n!nvvmir.version = !{!99999}\n!99999 = !{i32 2, i32 0}\n"


def _negated(match):
    flags, kind, value = match.groups()
    zero = "-0.0"
    vector = re.match(r"<(\d+) x (\w+)>", kind)
    if vector:
        zero = "<" + ", ".join([vector[2] + " -0.0"] * int(vector[1])) + ">"
    return "= fsub %s%s %s, %s" % (flags, kind, zero, value)
