"""The diff as one JSON document, for programs. Its form is `diff.schema.json` beside this file.

Texts hold no credential: they are those of the text form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from readiness import __version__
from readiness.finding import Finding
from readiness.finding_formats import findings_json
from readiness.plan.change_groups import ChangeGroup
from readiness.plan.cost_change import CostChange
from readiness.plan.diff_report import SECTION_KEYS, Block, DiffReport
from readiness.plan.diff_verdict import LABELS, Origin, Verdict, other_labels, verdict_of
from readiness.plan.engine_preview import NO_PREVIEW, PreviewComparison
from readiness.plan.plan_diff import Action, StackDiff
from readiness.plan.render_cost import cost_changes_data

# Raised whenever a key goes or means something else. New keys do not raise it.
DIFF_FORMAT = 1
SCHEMA_FILE = Path(__file__).with_name("diff.schema.json")


def diff_json(
    report: DiffReport,
    origin: Origin,
    previews: Mapping[str, PreviewComparison],
    costs: Sequence[CostChange] = (),
    no_preview: str = NO_PREVIEW,
) -> str:
    """The document of a diff; `previews` has, by stack, what the engine would do otherwise, `costs` what changes.

    `no_preview` says why a stack is not among the previews.
    """
    acknowledgements = report.acknowledgements
    return _document(
        verdict_of(report),
        origin,
        stacks=[_stack(report, diff, previews.get(diff.stack), no_preview) for diff in report.diffs],
        notes=list(report.notes),
        look_first=report.first_lines(),
        weakens=[_group(report, group) for group in report.groups],
        changes=[_change(block) for block in report.blocks],
        settings=[
            {"place": edit.place, "key": edit.key, "old": edit.old, "new": edit.new, "stacks": list(edit.stacks)}
            for edit in report.settings
        ],
        new_findings=[
            {"stack": stack, **json.loads(findings_json([finding]))["findings"][0]}
            for stack, finding in report.new_findings
        ],
        costs=cost_changes_data(costs),
        stale_acknowledgements=[{"digest": entry.digest, "line": entry.line} for entry in acknowledgements.stale],
    )


def failure_json(problems: Sequence[Finding], origin: Origin) -> str:
    """The document where no diff can be made: every list is empty, and `problems` says why."""
    return _document(Verdict.FAILED, origin, problems=json.loads(findings_json(problems))["findings"])


def verdict_in(data: bytes) -> Verdict:
    """The verdict of a document that anybody may have written. Raises ValueError where it has none."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("is not a JSON document") from None
    verdict = value.get("verdict") if isinstance(value, dict) else None
    if not isinstance(value, dict) or value.get("format") != DIFF_FORMAT or verdict not in [*Verdict]:
        raise ValueError(f"is not an output of `readiness diff --format json` in format {DIFF_FORMAT}")
    return Verdict(verdict)


def _document(verdict: Verdict, origin: Origin, **lists: list[Any]) -> str:
    names = (
        "notes", "stacks", "look_first", "weakens", "changes", "settings", "new_findings", "costs",
        "stale_acknowledgements", "problems"
    )  # fmt: skip
    document = {
        "format": DIFF_FORMAT,
        "readiness": __version__,
        "verdict": verdict.value,
        "labels": {"add": [LABELS[verdict]], "remove": other_labels(verdict)},
        "base_commit": origin.base_commit or None,
        "head_commit": origin.head_commit or None,
        "run_url": origin.run_url or None,
        **{name: lists.get(name, []) for name in names},
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _stack(report: DiffReport, diff: StackDiff, preview: PreviewComparison | None, no_preview: str) -> dict[str, Any]:
    weakens, *actions = report.counts(diff)
    counts = {
        "no_change_sent" if action is Action.OTHER else action.value: n
        for action, n in zip(Action, actions, strict=True)
    }
    return {
        "stack": diff.stack,
        "counts": {"weakens": weakens, **counts},
        "is_setup_known": diff.is_setup_known,
        "preview": None if preview is None or preview.problem else _preview(preview),
        "preview_problem": no_preview if preview is None else preview.problem or None,
    }


def _preview(preview: PreviewComparison) -> dict[str, Any]:
    return {
        "is_complete": preview.is_complete,
        "errors": list(preview.errors),
        "agreeing": preview.agreeing,
        "differences": [
            {
                "type": found.type,
                "name": found.name,
                "engine": found.engine,
                "planned": found.planned,
                "fields": list(found.fields),
            }
            for found in preview.differences
        ],
    }


def _group(report: DiffReport, group: ChangeGroup) -> dict[str, Any]:
    entry = report.acknowledgements.acknowledged.get(group.digests)
    return {
        "stacks": list(group.stacks),
        "subject": group.subject,
        "type": group.members[0].type,
        "field": group.members[0].field,
        "resources": [{"stack": member.stack, "urn": member.urn, "name": member.name} for member in group.members],
        "reasons": list(group.reasons),
        "digests": list(group.digests),
        "acknowledged": None if entry is None else {"by": entry.by, "reason": entry.reason},
    }


def _change(block: Block) -> dict[str, Any]:
    return {
        "section": SECTION_KEYS[block.tier],
        "action": block.action,
        "type": block.type,
        "resources": [
            {"stack": member.stack, "name": member.name, "source": member.source} for member in block.members
        ],
        "lines": list(block.lines),
    }
