#!/usr/bin/env python3
"""Draws recombination.light.svg and recombination.dark.svg, the README's picture.

    docs/pictures/draw.py

The figures are those of docs/results/medium/report.md (Fig. 2 at the medium scale, mean of three
seeds). Exit status: 0 drawn; 65 the report lacks a row.
"""
import pathlib
import re
import sys

PLACE = pathlib.Path(__file__).resolve().parent
REPORT = PLACE.parent / "results/medium/report.md"
THEMES = {
    "light": dict(text="#1f2328", faint="#59636e", line="#d1d9e0", box="#f6f8fa", a="#0969da",
                  b="#bc4c00", cross="#8250df"),
    "dark": dict(text="#f0f6fc", faint="#9198a1", line="#3d444d", box="#151b23", a="#4493f8",
                 b="#f0883e", cross="#ab7df8"),
}
WIDTH, HEIGHT = 860, 330


def figures():
    """(own head, other's head) of independent networks and of all three methods, percent."""
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")]
            for line in REPORT.read_text().splitlines() if line.startswith("|")]

    def mean(name, occurrence):
        found = [row for row in rows if row[0] == name]
        if len(found) <= occurrence:
            print(f"draw: {REPORT} has too few rows “{name}”", file=sys.stderr)
            sys.exit(65)
        return float(re.match(r"[\d.]+", found[occurrence][2]).group())

    # In the report's first table, recombination comes before the own task.
    return ((mean("no rotation head", 0), mean("independent", 0)),
            (mean("IIW+RP+DCC", 1), mean("IIW+RP+DCC", 0)))


def text(x, y, words, color, size=14, anchor="middle", weight="normal"):
    return (f'<text x="{x}" y="{y}" fill="{color}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{words}</text>')


def box(x, y, words, color, theme):
    return (f'<rect x="{x}" y="{y}" width="112" height="40" rx="8" fill="{theme["box"]}" '
            f'stroke="{color}" stroke-width="2"/>'
            + text(x + 56, y + 25, words, theme["text"]))


def bar(x, y, name, percent, color, theme):
    """A share of 80 %, with chance as a line across."""
    width, chance, whole = 190, 10, 80
    return (text(x, y + 12, name, theme["text"], 13, "start")
            + f'<rect x="{x + 108}" y="{y}" width="{width}" height="16" rx="3" '
              f'fill="{theme["line"]}" fill-opacity="0.45"/>'
            + f'<rect x="{x + 108}" y="{y}" width="{width * percent / whole:.1f}" height="16" rx="3" '
              f'fill="{color}"/>'
            + f'<line x1="{x + 108 + width * chance / whole}" x2="{x + 108 + width * chance / whole}" '
              f'y1="{y - 4}" y2="{y + 20}" stroke="{theme["text"]}" stroke-dasharray="3 2"/>'
            + text(x + 108 + width + 8, y + 13, f"{percent:.1f} %", theme["text"], 14, "start",
                   "bold"))


def panel(x, title, own, other, fits, theme):
    """Two extractors, two heads, and what each pair gives."""
    top, left, right = 52, x + 22, x + 246
    parts = [text(x + 190, 26, title, theme["text"], 16, weight="bold")]
    for row, (name, color) in enumerate((("A", theme["a"]), ("B", theme["b"]))):
        y = top + row * 86
        parts.append(f'<line x1="{left + 112}" x2="{right}" y1="{y + 20}" y2="{y + 20}" '
                     f'stroke="{color}" stroke-width="2"/>')
        parts.append(f'<line x1="{left + 112}" x2="{right}" y1="{y + 20}" '
                     f'y2="{top + (1 - row) * 86 + 20}" stroke="{theme["cross"]}" '
                     f'stroke-width="{3 if fits else 2}"'
                     + ("" if fits else ' stroke-dasharray="4 5"') + "/>")
    for row, (name, color) in enumerate((("A", theme["a"]), ("B", theme["b"]))):
        y = top + row * 86
        parts.append(box(left, y, f"extractor {name}", color, theme))
        parts.append(box(right, y, f"head {name}", color, theme))
    parts.append(bar(left, 210, "own head", own, theme["faint"], theme))
    parts.append(bar(left, 242, "other’s head", other, theme["cross"], theme))
    return "".join(parts)


def picture(theme, usual, ours):
    panels = (panel(16, "trained as usual", *usual, False, theme)
              + panel(448, "trained with Dovetail", *ours, True, theme))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="-apple-system, Segoe UI, Helvetica, '
            f'Arial, sans-serif" role="img" aria-label="Accuracy under the other network’s head: '
            f'{usual[1]} % trained as usual, {ours[1]} % trained with Dovetail">'
            f'<line x1="430" x2="430" y1="16" y2="268" stroke="{theme["line"]}"/>' + panels
            + text(430, 296, "Accuracy on the common classes, CIFAR-10 and ten classes of "
                   "Tiny-ImageNet, ResNet-20, 6,000 steps, mean of three seeds;", theme["faint"], 12)
            + text(430, 314, "nothing is trained after recombination. Dashed line: chance.",
                   theme["faint"], 12)
            + "</svg>\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    for name, theme in THEMES.items():
        (PLACE / f"recombination.{name}.svg").write_text(picture(theme, *figures()))
