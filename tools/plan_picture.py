"""Draws docs/images/plan.svg, the picture in the README: some resources of a real `readiness plan prod`.

Usage: python -m tools.plan_picture [--check]. Drawn as SVG text, so that a change of the plan shows in its diff.
"""

from __future__ import annotations

import html
import subprocess
import sys
from collections.abc import Iterator

from tools.committed import ROOT, write_or_check

PICTURE = ROOT / "docs" / "images" / "plan.svg"

SHOWN = ("alerts-high-error-rate", "production-environment", "production-environment-guard", "images-repository")
LINES_A_RESOURCE = 20
COLUMNS = 132
LINE_HEIGHT = 17
CHARACTER_WIDTH = 7.83
COLOURS = {"plain": "#c9d1d9", "type": "#7ee787", "key": "#79c0ff", "place": "#8b949e"}


def picture(plan: str) -> str:
    """The SVG of the plan's text."""
    lines = [line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…" for line in _shown_lines(plan)]
    width, height = round(COLUMNS * CHARACTER_WIDTH + 40), len(lines) * LINE_HEIGHT + 40
    rows = [
        f'<text x="20" y="{30 + number * LINE_HEIGHT}" xml:space="preserve">{_coloured(line)}</text>'
        for number, line in enumerate(lines)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"',
            ' font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">',
            "<title>Some resources of readiness plan prod</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
            *rows,
            "</svg>\n",
        ]
    )


def _shown_lines(plan: str) -> Iterator[str]:
    yield "$ readiness plan prod"
    head, *blocks = plan.split("\n\n")
    yield from head.splitlines()
    for block in blocks:
        first, *rest = block.splitlines()
        if len(first.split()) > 1 and first.split()[1] in SHOWN:
            yield ""
            yield first
            yield from rest[:LINES_A_RESOURCE]
            if len(rest) > LINES_A_RESOURCE:
                yield "    …"
    yield ""
    yield f"    … {plan.count(chr(10))} lines in all"


def _coloured(line: str) -> str:
    if not line.startswith(" "):
        parts = line.split("  ")
        return "  ".join(
            _span(part, "type" if number == 0 else "place" if number == 2 else "plain")
            for number, part in enumerate(parts)
        )
    key, colon, value = line.partition(": ")
    if colon and " " not in key.strip("- "):
        return f"{_span(key + ':', 'key')} {_span(value, 'plain')}"
    return _span(line, "key" if line.endswith(":") else "plain")


def _span(text: str, colour: str) -> str:
    return f'<tspan fill="{COLOURS[colour]}">{html.escape(text)}</tspan>'


def main() -> int:
    """Writes the picture, or says that it is not the plan's any more."""
    command = [sys.executable, "-m", "readiness", "plan", "prod"]
    drawn = picture(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return write_or_check(PICTURE, drawn, "does not show the plan as it is")


if __name__ == "__main__":
    sys.exit(main())
