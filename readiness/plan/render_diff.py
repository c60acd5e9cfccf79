"""The diff report as text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE, entries_to_write
from readiness.plan.diff_report import REST, SECTIONS, Block, DiffReport
from readiness.plan.plan_diff import Action, StackDiff
from readiness.plan.text_diff import printable

Paint = Callable[[str, str], str]

_SIGNS = {Action.REPLACE: "-/+", Action.DELETE: "-", Action.UPDATE: "~", Action.CREATE: "+"}
_COLOURS = {"-": "red", "+": "green", "!": "yellow"}
# What a resource's action is called in front of its name.
ACTION_WORDS = {
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.UPDATE: "update",
    Action.CREATE: "create",
    Action.OTHER: "sends nothing",
    "setup": "program and providers",
    "outputs": "outputs",
    "providers": "provider versions",
}


def diff_text(report: DiffReport, paint: Paint = lambda text, _colour: text) -> str:
    """Everything, the dangerous first. `paint` colours a line; by default none is."""
    lines = [*(summary_line(report, diff) for diff in report.diffs)]
    for tier, title in SECTIONS.items():
        blocks = [block for block in report.blocks if block.tier == tier]
        if blocks:
            lines += ["", paint(title, "red" if tier != REST else "cyan")]
        for block in blocks:
            lines += ["", paint(_title(block), _COLOURS.get(_sign(block)[0], "cyan"))]
            lines += [f"    {paint(line, _COLOURS[line[0]]) if line[0] in _COLOURS else line}" for line in block.lines]
    lines += _acknowledging(report)
    return "\n".join(lines) + "\n"


def summary_line(report: DiffReport, diff: StackDiff) -> str:
    """`prod: 2 weaken; 1 replace, 3 update`."""
    weaken, *actions = report.counts(diff)
    parts = [f"{count} {ACTION_WORDS[action]}" for action, count in zip(Action, actions, strict=True) if count]
    if diff.setup:
        parts.append("program and providers")
    if diff.outputs:
        parts.append("outputs")
    if diff.provider_versions:
        parts.append("provider versions")
    head = f"{weaken} weaken; " if weaken else ""
    tail = "" if diff.is_setup_known else "; program and providers not known"
    return f"{printable(diff.stack)}: {head}{', '.join(parts) or 'no change'}{tail}"


def _title(block: Block) -> str:
    what = " ".join(part for part in (block.name, block.type) if part)
    place = f"  {block.source}" if block.source else ""
    return printable(f"{_sign(block)} {block.stack}: {ACTION_WORDS[block.action]} {what}".rstrip() + place)


def _sign(block: Block) -> str:
    return _SIGNS.get(Action(block.action), "*") if block.action in list(Action) else "*"


def _acknowledging(report: DiffReport) -> Iterator[str]:
    still_open = report.agreement.open
    if still_open:
        count = "1 change weakens" if len(still_open) == 1 else f"{len(still_open)} changes weaken"
        yield ""
        yield f"{count} a guard. Where that is meant, a code owner writes into {ACKNOWLEDGED_FILE}:"
        yield from entries_to_write(still_open)
    for entry in report.agreement.stale:
        yield ""
        yield f"{ACKNOWLEDGED_FILE}:{entry.line}: {entry.digest} agrees to no change here; remove the entry."
