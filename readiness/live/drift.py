"""Whether the live resources still match the declared ones, and the issue that says so.

The engine compares the resources (`engine_preview.py`), GitHub lists the reviewers of the protected environment, and
Google lists undeclared resources. `preview --expect-no-changes` without `--refresh` reports "no changes" for a policy
that was edited by hand. Even a refresh does not notice removed reviewers, a second policy with the same name, or a log
bucket that is deleted in seven days. Each stack has one issue: it is opened when there is drift, updated while it
lasts, and closed when it is gone.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness import resource_types as types
from readiness.live.engine_preview import Change, Difference, refreshed_preview
from readiness.live.github_api import GitHub
from readiness.live.github_gate import GateDifference, gate_differences
from readiness.live.google_api import Google, GoogleError
from readiness.live.google_login import LoginError
from readiness.live.pull_request_comment import ACTIONS_BOT, find_ours, has_text
from readiness.live.soft_deletion import deleted_buckets
from readiness.live.undeclared import Undeclared, undeclared_grants, undeclared_resources
from readiness.markdown_text import fenced
from readiness.secret_shapes import one_line
from readiness.settings.model import Settings

# GitHub takes 65,536 characters; the marker, the last line and the fences need some.
MAX_ISSUE_CHARACTERS = 50_000
_MAX_LISTED = 20
# A dashboard is one value of thousands of characters.
_MAX_VALUE_CHARACTERS = 300
_BEFORE_THE_DIFFERENCE = 60

# The parts of the report, most dangerous first, and the types in each; every other type is in the last part.
_PARTS: Mapping[str, frozenset[str]] = {
    "Grants and audit logs": frozenset(
        {types.PROJECT_MEMBER, types.REGISTRY_MEMBER, types.SECRET_MEMBER, types.AUDIT_CONFIG}
    ),
    "The GitHub environment and ruleset": frozenset({types.ENVIRONMENT, types.BRANCH_POLICY, types.RULESET}),
    "Log buckets": frozenset({types.LOG_BUCKET}),
    "Alert policies": frozenset({types.ALERT_POLICY}),
    "Notification channels": frozenset({types.CHANNEL}),
}
_REST = "Other resources"
_WEAKER = "WEAKER than declared"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What differs, most dangerous first.

    `not_checked` says what is not known, and why. `beside` are live things of our kinds that nobody here declares and
    that carry no label of ours: for information, no drift.
    """

    differences: tuple[Difference, ...] = ()
    not_checked: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything drifted."""
        return bool(self.differences)


def find_drift(
    root: Path,
    stack: str,
    settings: Settings,
    github: GitHub,
    *,
    google: Callable[[], Google],
    resources: Sequence[Mapping[str, Any]],
) -> Drift:
    """Asks GitHub, the engine, then Google. `resources` are the plan's.

    `google` is called after the preview, which takes minutes, because its time limit begins with the call. Raises
    UncheckedError where the preview fails, GitHubError where GitHub does; what Google does not answer is not checked.
    """
    gate: list[GateDifference] = []
    if settings.production_environment is not None:
        gate = gate_differences(github, settings.production_environment)
    preview = refreshed_preview(root, stack)
    found = [*map(_of_gate, gate), *preview.differences]
    try:
        asked = _of_google(google(), resources, preview.state)
    except LoginError as error:
        asked = Undeclared(not_checked=(f"live resources that are not declared: {error}",))
    found += asked.differences
    return Drift(
        differences=tuple(sorted(found, key=_place)),
        not_checked=asked.not_checked,
        beside=asked.beside,
    )


def part_of(type_: str) -> str:
    """The part of the report that a type belongs to."""
    return next((part for part, members in _PARTS.items() if type_ in members), _REST)


def drift_json(stack: str, drift: Drift) -> dict[str, Any]:
    """The report for programs: every value whole. `drifted` is true exactly when `differences` is not empty."""
    return {
        "stack": stack,
        "drifted": bool(drift),
        "differences": [
            {
                "part": part_of(difference.type),
                "type": difference.type,
                "resource": difference.resource,
                "change": str(difference.change),
                "field": difference.field,
                "declared": difference.declared,
                "live": difference.live,
                "hint": difference.hint,
            }
            for difference in drift.differences
        ],
        "not_checked": list(drift.not_checked),
        "beside": list(drift.beside),
    }


def drift_markdown(stack: str, drift: Drift, *, max_characters: int | None = None) -> str:
    """The report as Markdown; with a limit, as the text of an issue, which says how much it leaves out."""
    parts = [f"The live resources differ from what stack `{stack}` declares.", ""] if drift else []
    left = max_characters
    shown = 0
    for title in (*_PARTS, _REST):
        lines: list[str] = []
        for difference in drift.differences:
            if part_of(difference.type) != title:
                continue
            block = list(_block(difference))
            size = sum(len(line) + 1 for line in block)
            if left is not None and size > left:
                left = 0
                continue
            left = None if left is None else left - size
            shown += 1
            lines += block
        if lines:
            parts += [f"### {title}", "", *fenced(lines, "text"), ""]
    command = shlex.quote(stack)
    if shown < len(drift.differences):
        left_out = len(drift.differences) - shown
        every = len(drift.differences)
        parts += [
            f"**{left_out} of {every} differences are not shown here.** `readiness drift {command}` prints all.",
            "",
        ]
    parts += _listed("Not checked", drift.not_checked, max_characters)
    parts += _listed("Beside ours, for information", drift.beside, max_characters)
    if drift:
        parts.append(
            f"To restore the declared values: `readiness up {command}`. To keep the live values: change the settings."
        )
    return "\n".join(parts) + "\n"


def drift_marker(stack: str) -> str:
    """The first line of the issue's text, by which it is found again."""
    return f"<!-- readiness drift {stack} -->"


def report_drift(github: GitHub, stack: str, report: str, *, author: str = ACTIONS_BOT) -> str:
    """Opens the stack's issue, or updates the open one. Returns what it did and the issue's number."""
    text = f"{drift_marker(stack)}\n{report}"
    issue = _open_issue(github, stack, author)
    if issue is None:
        made = github.send("POST", "issues", {"title": f"Stack {stack} has drifted", "body": text})
        return f"opened #{made['number']}"
    if has_text(issue, text):
        return f"unchanged #{issue['number']}"
    github.send("PATCH", f"issues/{issue['number']}", {"body": text})
    return f"updated #{issue['number']}"


def close_drift(github: GitHub, stack: str, *, author: str = ACTIONS_BOT) -> str:
    """Closes the stack's issue where one is open, saying why. Returns what it did."""
    issue = _open_issue(github, stack, author)
    if issue is None:
        return "no issue is open"
    github.send("POST", f"issues/{issue['number']}/comments", {"body": "The stack is as it is declared again."})
    github.send("PATCH", f"issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})
    return f"closed #{issue['number']}"


def _of_google(
    google: Google, resources: Sequence[Mapping[str, Any]], state: Sequence[Mapping[str, Any]]
) -> Undeclared:
    """What Google alone can say: things that are not declared, and log buckets that are deleted."""
    things, grants = undeclared_resources(google, resources, state), undeclared_grants(google, resources)
    buckets: list[Difference] = []
    not_checked: list[str] = []
    try:
        for bucket in deleted_buckets(google, resources):
            hint = f"Google deletes it for good seven days after the request: {bucket.command}"
            values = {"field": "lifecycleState", "declared": "ACTIVE", "live": "DELETE_REQUESTED", "hint": hint}
            buckets.append(Difference(type=types.LOG_BUCKET, resource=bucket.resource, change=Change.DELETED, **values))
    except GoogleError as error:
        not_checked.append(f"whether a log bucket is deleted: {error}")
    return Undeclared(
        differences=(*grants.differences, *buckets, *things.differences),
        beside=things.beside,
        not_checked=(*things.not_checked, *grants.not_checked, *not_checked),
    )


def _of_gate(difference: GateDifference) -> Difference:
    return Difference(
        type=types.ENVIRONMENT,
        resource=difference.environment,
        change=Change.CHANGED,
        field=difference.what,
        declared=one_line(difference.declared),
        live=one_line(difference.live),
        hint=_WEAKER if difference.weaker else "",
    )


def _place(difference: Difference) -> tuple[int, bool, str, str]:
    """By part, in it what is weaker first, then by name: the engine's own order differs from one run to the next."""
    part = [*_PARTS, _REST].index(part_of(difference.type))
    return part, difference.hint != _WEAKER, difference.resource, difference.field


def _block(difference: Difference) -> Iterator[str]:
    """The lines of one difference."""
    place = f"{difference.resource}: {difference.field}" if difference.field else difference.resource
    yield f"{place}: {difference.change}"
    declared, live = _around_the_difference(difference.declared, difference.live)
    if declared:
        yield f"  declared: {declared}"
    if live:
        yield f"  live:     {live}"
    if difference.hint:
        yield f"  note:     {difference.hint}"


def _around_the_difference(declared: str, live: str) -> tuple[str, str]:
    """Both texts; of long ones the same part, around the first character that differs."""
    if max(len(declared), len(live)) <= _MAX_VALUE_CHARACTERS:
        return declared, live
    same = next((at for at, (left, right) in enumerate(zip(declared, live, strict=False)) if left != right), 0)
    start = max(0, same - _BEFORE_THE_DIFFERENCE)
    return _window(declared, start), _window(live, start)


def _window(text: str, start: int) -> str:
    part = text[start : start + _MAX_VALUE_CHARACTERS]
    return f"{'…' if start and part else ''}{part}{'…' if start + len(part) < len(text) else ''}"


def _listed(title: str, texts: Sequence[str], max_characters: int | None) -> list[str]:
    """A part with one line for each text; an issue gets the first of them, and how many more there are."""
    lines = list(texts)
    if max_characters is not None and len(lines) > _MAX_LISTED:
        lines = [*lines[:_MAX_LISTED], f"… and {len(lines) - _MAX_LISTED} more, which `readiness drift` prints"]
    return [f"### {title}", "", *fenced(lines, "text"), ""] if lines else []


def _open_issue(github: GitHub, stack: str, author: str) -> dict[str, Any] | None:
    issues = (issue for issue in github.items("issues?state=open") if "pull_request" not in issue)
    return find_ours(issues, marker=drift_marker(stack), author=author)
