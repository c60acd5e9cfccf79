"""The diff report as text for a terminal, and as Markdown for one comment on a pull request.

Everything from a plan is in code: a name in a code span, everything else in a fence that is longer than any run
of backticks in it. So no value can end the fence, open a tag, or mention anybody.
"""

from __future__ import annotations

import html
import textwrap
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence

from readiness import __version__
from readiness.finding import Finding, text_line
from readiness.finding_formats import findings_markdown
from readiness.markdown_text import fenced
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE, entries_to_write
from readiness.plan.change_lines import code_span, printable, shortened
from readiness.plan.diff_report import RENAME, REST, SECTIONS, Block, DiffReport
from readiness.plan.diff_verdict import Origin
from readiness.plan.engine_preview import MAX_DIFFERENCES, NO_PREVIEW, PreviewComparison
from readiness.plan.plan_diff import Action, StackDiff

Paint = Callable[[str, str], str]

_SIGNS: dict[str, str] = {Action.REPLACE: "-/+", Action.DELETE: "-", Action.UPDATE: "~", Action.CREATE: "+"}
_COLOURS = {"-": "red", "+": "green", "!": "yellow"}
# What a resource's action is called in front of its name.
ACTION_WORDS = {
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.UPDATE: "update",
    Action.CREATE: "create",
    Action.OTHER: "no change sent",
    RENAME: "delete and create",
    "setup": "program and providers",
    "outputs": "outputs",
    "providers": "provider versions",
}
FIRST = "Look at first"
# Of resources that change in the same way, the comment counts more names than these.
MAX_NAMES = 60
PREVIEWED = "What the engine would do, and the plan does not contain"
NEW_FINDINGS = "Findings of `readiness check --plan` that the base does not have"


def diff_text(
    report: DiffReport,
    paint: Paint = lambda text, _colour: text,
    *,
    previews: Mapping[str, PreviewComparison] | None = None,
    no_preview: str = "",
) -> str:
    """Everything, the dangerous first. `paint` colours a line; by default none is.

    `previews` has, by stack, what the engine would do otherwise; None where no preview was asked for. `no_preview` says
    why a stack is not among them.
    """
    lines = [*(printable(note) for note in report.notes), *(summary_line(report, diff) for diff in report.diffs)]
    if first := report.first_lines():
        lines += ["", paint(FIRST, "cyan"), "", *(f"    {line}" for line in first)]
    if previews:
        shown = _preview_lines(report, previews, no_preview)
        lines += ["", paint(PREVIEWED, "red"), "", *(f"    {line}" for line in shown)]
    elif no_preview:
        lines += ["", printable(NOT_PREVIEWED.format(no_preview))]
    for tier, title in SECTIONS.items():
        blocks = [block for block in report.blocks if block.tier == tier]
        if blocks:
            lines += ["", paint(title, "red" if tier != REST else "cyan")]
        for block in blocks:
            head = _title(block)
            lines += ["", paint(head, _COLOURS.get(head[0], "cyan"))]
            lines += [f"    {line}" for line in _names(block)]
            lines += [f"    {paint(line, _COLOURS[line[0]]) if line[0] in _COLOURS else line}" for line in block.lines]
    if report.new_findings:
        lines += ["", paint(NEW_FINDINGS, "red"), ""]
        lines += [f"    {printable(stack)}: {printable(text_line(finding))}" for stack, finding in report.new_findings]
    lines += _acknowledging_text(report)
    return "\n".join(lines) + "\n"


def summary_line(report: DiffReport, diff: StackDiff) -> str:
    """`prod: 2 changes weaken protection; 1 replace, 3 update`."""
    weaken, *actions = report.counts(diff)
    parts = [f"{count} {ACTION_WORDS[action]}" for action, count in zip(Action, actions, strict=True) if count]
    beside = {"setup": diff.setup, "outputs": diff.outputs, "providers": diff.provider_versions}
    parts += [ACTION_WORDS[name] for name, changes in beside.items() if changes]
    head = f"{_changes(weaken)} protection; " if weaken else ""
    tail = "" if diff.is_setup_known else "; program and providers not known"
    return f"{printable(diff.stack)}: {head}{', '.join(parts) or 'no change'}{tail}"


def _preview_lines(report: DiffReport, previews: Mapping[str, PreviewComparison], no_preview: str) -> Iterator[str]:
    """For each stack a line with the counts, then errors and differences, the most severe first."""
    for diff in report.diffs:
        preview = previews.get(diff.stack)
        if preview is None:
            yield printable(f"{diff.stack}: not known: {no_preview or NO_PREVIEW}")
            continue
        yield printable(preview.summary)
        yield from (f"  error: {error}" for error in preview.errors[:MAX_DIFFERENCES])
        yield from (f"  {found.text}" for found in preview.differences[:MAX_DIFFERENCES])
        for entries, what in ((preview.errors, "errors"), (preview.differences, "operations")):
            if len(entries) > MAX_DIFFERENCES:
                yield f"  and {len(entries) - MAX_DIFFERENCES} more {what}"


def _changes(count: int) -> str:
    return "1 change weakens" if count == 1 else f"{count} changes weaken"


def _names(block: Block, most: int | None = None) -> Iterator[str]:
    """The names of resources that one block shows together, by stack where there are several: all, or `most`."""
    names = [member.name for member in block.members]
    if block.name or block.is_all or block.all_but or len(names) < 2:
        return
    if "," in block.stack:
        names = [f"{member.stack}: {member.name}" for member in block.members]
    more = f", and {len(names) - most} more" if most is not None and len(names) > most else ""
    text = printable(f"{', '.join(names[:most])}{more}")
    yield from textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _title(block: Block) -> str:
    what = " ".join(part for part in (block.name, block.kind) if part)
    place = f"  {block.source}" if block.source else ""
    sign = _SIGNS.get(block.action, "*")
    return printable(f"{sign} {block.stack}: {ACTION_WORDS[block.action]} {what}".rstrip() + place)


def _acknowledging_text(report: DiffReport) -> Iterator[str]:
    still_open = report.acknowledgements.open
    if still_open:
        yield ""
        yield f"{_changes(len(still_open))} protection. If this is intended, a code owner adds to {ACKNOWLEDGED_FILE}:"
        yield from entries_to_write(still_open)
    for entry in report.acknowledgements.stale:
        yield ""
        yield f"{ACKNOWLEDGED_FILE}:{entry.line}: {entry.digest} acknowledges no change here; remove the entry."


# By this the comment is found again.
MARKER = "<!-- readiness diff -->"
# GitHub takes 65,536; what posts the comment may add a line.
MAX_CHARACTERS = 60_000
MAX_LINES_OF_A_BLOCK = 150
MAX_CHARACTERS_OF_A_BLOCK = 8_000
MAX_CHARACTERS_OF_A_NOTE = 2_000
MAX_STACKS = 30
MAX_ENTRIES = 30
# What the engine would do is never cut for changes, so that it has a limit of its own.
MAX_PREVIEW_LINES = 50
MAX_PREVIEW_CHARACTERS = 220

CAVEAT = (
    "Made from the program alone, without credentials. It compares what is declared, and not what exists in the cloud."
)
NOT_PREVIEWED = "What the engine would do is not known: {}."
_NO_ORIGIN = Origin()
# Enough for git to find the commit, as in the last line of the comment.
_BASE_DIGITS = 12


def diff_markdown(
    report: DiffReport,
    *,
    appendix: str = "",
    origin: Origin = _NO_ORIGIN,
    previews: Mapping[str, PreviewComparison] | None = None,
    no_preview: str = NO_PREVIEW,
) -> str:
    """The comment: as many blocks as fit, the most important ones, how many were left out, and the appendix whole.

    `previews` has, by stack, what the engine would do otherwise. `no_preview` says why a stack is not among them.
    """
    rendered = [_block(block) for block in report.blocks]
    head = _above_the_blocks(report, previews or {}, no_preview)
    tail = _below_the_blocks(report, origin, "" if previews else no_preview)
    limit, counts = MAX_CHARACTERS - len(appendix), range(len(rendered) + 1)
    # With each further block the comment is longer, so that the most that fits is found by halving.
    fitting = bisect_right(counts, limit, key=lambda count: len(_comment(report, rendered, count, head, tail)))
    return _comment(report, rendered, max(fitting - 1, 0), head, tail) + appendix


def failure_markdown(problems: Sequence[Finding], origin: Origin = _NO_ORIGIN) -> str:
    """The comment where there is no diff, so that an older one does not stay."""
    block = findings_markdown(problems[:MAX_ENTRIES])
    return "\n".join(
        [MARKER, "## Plan diff", "", "**The diff could not be made.**", "", block, "", _made_by(origin), ""]
    )


def _made_by(origin: Origin) -> str:
    return f"<sub>{' · '.join([f'readiness {__version__}', *origin.words()])}</sub>"


def _comment(report: DiffReport, rendered: Sequence[str], count: int, head: Sequence[str], tail: Sequence[str]) -> str:
    shown = list(zip(report.blocks[:count], rendered[:count], strict=True))
    parts = list(head)
    for tier, title in SECTIONS.items():
        if tier != REST and (texts := [text for block, text in shown if block.tier == tier]):
            parts += [f"### {title}", "", *texts]
    for diff in report.diffs:
        texts = [text for block, text in shown if block.tier == REST and block.members[0].stack == diff.stack]
        if texts:
            summary = html.escape(summary_line(report, diff))
            parts += [f"<details><summary><code>{summary}</code></summary>", "", *texts, "</details>", ""]
    left_out = len(rendered) - count
    if left_out:
        what = f"{left_out} of {len(rendered)} changes are not shown, the least important ones"
        parts += [f"**{what}: they do not fit into one comment.** `readiness diff` shows them all.", ""]
    return "\n".join([*parts, *tail])


def _above_the_blocks(report: DiffReport, previews: Mapping[str, PreviewComparison], no_preview: str) -> list[str]:
    parts = [MARKER, "## Plan diff", "", *_notes(report), *_headline(report), ""]
    if not report.is_empty:
        parts += [*_table(report), ""]
    if first := report.first_lines():
        parts += [f"**{FIRST}**", "", *(f"- {code_span(line)}" for line in first), ""]
    if previews:
        lines = [shortened(line, MAX_PREVIEW_CHARACTERS) for line in _preview_lines(report, previews, no_preview)]
        if (left_out := len(lines) - MAX_PREVIEW_LINES) > 0:
            lines[MAX_PREVIEW_LINES:] = [f"… {left_out} more lines"]
        parts += [f"**{PREVIEWED}**", "", *fenced(lines, ""), ""]
    return parts


def _below_the_blocks(report: DiffReport, origin: Origin, no_preview: str) -> list[str]:
    """`no_preview` says why nothing is known of the engine; empty where something is."""
    parts: list[str] = []
    if report.new_findings:
        lines = [
            f"- {code_span(stack[:100])}: {code_span(text_line(finding)[:500])}"
            for stack, finding in report.new_findings[:MAX_ENTRIES]
        ]
        parts += [f"### {NEW_FINDINGS}", "", *lines, *_more(report.new_findings, "- and {} more"), ""]
    caveat = [f"_{CAVEAT}_"]
    if no_preview:
        caveat = [f"_{CAVEAT} {html.escape(shortened(printable(NOT_PREVIEWED.format(no_preview)), 300))}_"]
    return [*parts, *_acknowledging_markdown(report, origin), *caveat, "", _made_by(origin), ""]


def _notes(report: DiffReport) -> list[str]:
    """Each in a code span: the names of files in them are the pull request's."""
    return [line for note in report.notes for line in (f"> {code_span(note[:MAX_CHARACTERS_OF_A_NOTE])}", "")]


def _headline(report: DiffReport) -> list[str]:
    if report.is_empty:
        if all(diff.is_setup_known for diff in report.diffs):
            return ["The plans declare the same."]
        return ["The plans declare the same resources. Program and providers are not known."]
    still_open, acknowledged = len(report.acknowledgements.open), len(report.acknowledgements.acknowledged)
    match still_open, acknowledged:
        case 0, 0:
            return ["No change weakens protection."]
        case 0, 1:
            return ["The change that weakens protection is acknowledged."]
        case 0, _:
            return [f"All {acknowledged} changes that weaken protection are acknowledged."]
        case 1, 0:
            return ["**The change that weakens protection is not acknowledged.**"]
    return [f"**Not acknowledged: {still_open} of {still_open + acknowledged} changes that weaken protection.**"]


def _table(report: DiffReport) -> list[str]:
    titles = ["Stack", "weakens protection", *(ACTION_WORDS[action] for action in Action)]
    lines = [f"| {' | '.join(titles)} |", f"|---|{'---:|' * (len(titles) - 1)}"]
    for diff in report.diffs[:MAX_STACKS]:
        counts = " | ".join(str(count) for count in report.counts(diff))
        lines.append(f"| {code_span(diff.stack[:100], in_table=True)} | {counts} |")
    if len(report.diffs) > MAX_STACKS:
        lines.append(f"| and {len(report.diffs) - MAX_STACKS} more | {' | '.join(' ' for _ in titles[1:])} |")
    return lines


def _block(block: Block) -> str:
    words = [f"**{ACTION_WORDS[block.action]}**"]
    words += [code_span(part[:200]) for part in (block.name, block.kind) if part]
    words.append(f"in {code_span(block.stack[:100])}")
    if block.source:
        words.append(code_span(block.source[:200]))
    names = list(_names(block, MAX_NAMES))
    lines = [*names, *block.lines][:MAX_LINES_OF_A_BLOCK]
    while lines and sum(len(line) + 1 for line in lines) > MAX_CHARACTERS_OF_A_BLOCK:
        lines.pop()
    if (left_out := len(names) + len(block.lines) - len(lines)) > 0:
        lines.append(f"  … {left_out} more lines")
    return "\n".join([" ".join(words), "", *(fenced(lines, "diff") if lines else []), ""])


def _more(entries: Sequence[object], text: str) -> list[str]:
    """How many entries are not shown, as a line; none where all are."""
    return [text.format(len(entries) - MAX_ENTRIES)] if len(entries) > MAX_ENTRIES else []


def _acknowledge_command(origin: Origin) -> str:
    base = origin.base_commit[:_BASE_DIGITS] or "REF"
    return f"readiness diff --base {base} --acknowledge --reason TEXT --by LOGIN"


def _acknowledging_markdown(report: DiffReport, origin: Origin) -> list[str]:
    parts: list[str] = []
    still_open = report.acknowledgements.open
    if still_open:
        parts += [
            "<details><summary>How to acknowledge the changes that weaken protection</summary>",
            "",
            f"If a change is intended, a code owner runs `{_acknowledge_command(origin)}` in a checkout of the branch, "
            f"and commits the file `{ACKNOWLEDGED_FILE}` that it writes. Or a code owner adds these entries to it:",
            "",
            *fenced(entries_to_write(still_open[:MAX_ENTRIES]), "yaml"),
            "",
            *_more(still_open, "… and {} more.\n"),
            "</details>",
            "",
        ]
    stale = report.acknowledgements.stale
    if stale:
        digests = ", ".join(code_span(entry.digest) for entry in stale[:MAX_ENTRIES])
        parts += [f"Entries of `{ACKNOWLEDGED_FILE}` that acknowledge no change here; remove them: {digests}", ""]
    return parts
