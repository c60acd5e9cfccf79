"""What the engine's refreshed preview says differs between live resources and the program, field by field.

`pulumi preview --refresh --json` lists a step of the kind `refresh` for every resource of the state, and after them
what an update would do (`update`, `create`, `delete` and so on). In those, `oldState` is the live resource and
`newState` what the program declares. `pulumi refresh --preview-only --json` is no substitute: it lists edited and
unchanged resources alike as `refresh`, and does not compare with the program (tests/engine/test_drift.py).

The text of the same preview also shows each output that changed and that nobody declares, which is most of it; the JSON
does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from readiness import resource_types as types
from readiness.finding import RefusedError
from readiness.live.pulumi_cli import run_pulumi
from readiness.plan.engine_preview import preview_without_values
from readiness.plan.field_changes import ABSENT, FieldChange, field_changes
from readiness.secret_shapes import mask_secrets, one_line

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Of several steps for one resource, the first of these says what happens to it.
_OPERATIONS = ("replace", "create-replacement", "delete-replaced", "update", "create", "import", "delete")
_SECRET = "[secret]"  # noqa: S105 - what the engine itself writes in place of one
_SECRET_TYPES = frozenset({types.REPOSITORY_SECRET, types.ENVIRONMENT_SECRET})
_SECRET_FIELDS = frozenset({"sensitiveLabels", "authToken", "password", "serviceKey"})
# The fields by which people identify a resource of a type.
_NAMING_FIELDS = (
    "role",
    "member",
    "displayName",
    "name",
    "environment",
    "bucketId",
    "service",
    "accountId",
    "serviceId",
)

State = Mapping[str, Any]


class UncheckedError(Exception):
    """The check itself failed: nothing is known of the stack."""


class Change(StrEnum):
    """How a live thing and its declaration differ."""

    CHANGED = "changed"
    MISSING = "missing"
    NOT_APPLIED = "not applied yet"
    NOT_DECLARED = "not declared"
    DOUBLE = "exists twice"
    DELETED = "deleted, can be restored"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One field, or one whole thing where `field` is empty. The texts hold no secret and no line break.

    `resource` is the name in the program, or a live thing's own name. `hint` says what to do; it may be empty.
    """

    type: str
    resource: str
    change: Change
    field: str = ""
    declared: str = ""
    live: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """`differences` in the engine's order; `state` are the resources that the stack's state holds."""

    differences: tuple[Difference, ...]
    state: tuple[State, ...]


def refreshed_preview(root: Path, stack: str) -> Preview:
    """Runs the preview. Raises UncheckedError where it fails, or answers something else than a preview."""
    done = run_pulumi(root, "preview", "--stack", stack, "--refresh", "--json", "--non-interactive", captured=True)
    document = _document(done.stdout)
    if done.returncode != 0:
        said = _errors(document) or f"{done.stdout}{done.stderr}"
        text = mask_secrets(_ESCAPES.sub("", said)).strip()
        raise UncheckedError(f"`pulumi preview` ended with status {done.returncode}:\n{text}")
    if document is None:
        raise UncheckedError("`pulumi preview --json` ended well, and what it printed is no preview")
    return read_preview(document)


def preview_json(root: Path, stack: str) -> str:
    """Runs `pulumi preview --json` and returns its result as JSON without any value, also where it ended with errors.

    Raises UncheckedError where it prints no preview of the stack.
    """
    done = run_pulumi(root, "preview", "--stack", stack, "--json", "--non-interactive", captured=True)
    try:
        kept = preview_without_values(json.loads(done.stdout), stack=stack, file="pulumi preview --json")
    except (ValueError, RecursionError):
        raise UncheckedError(
            f"`pulumi preview --json` ended with status {done.returncode} and printed no JSON"
        ) from None
    except RefusedError as refusal:
        said = "; ".join(f"{problem.file}: {problem.message}" for problem in refusal.problems)
        raise UncheckedError(said) from None
    if done.returncode != 0:
        # Without an error in it, such a preview would look whole.
        kept["maybeCorrupt"] = True
    return json.dumps(kept, indent=2) + "\n"


def read_preview(document: Mapping[str, Any]) -> Preview:
    """What the JSON of a refreshed preview says."""
    refreshed: dict[str, State] = {}
    planned: dict[str, State] = {}
    for step in document["steps"]:
        operation, urn = str(step.get("op")), str(step.get("urn"))
        if operation == "refresh":
            refreshed[urn] = step
        elif operation in _OPERATIONS and _is_more_telling(operation, planned.get(urn)):
            planned[urn] = step
    differences = [difference for step in planned.values() for difference in _of_step(step, refreshed)]
    return Preview(
        differences=tuple(differences),
        state=tuple(step["oldState"] for step in refreshed.values() if step.get("oldState")),
    )


def summary(inputs: Mapping[str, Any]) -> str:
    """What identifies the resource among others of its type: `roles/viewer serviceAccount:…`, a display name."""
    texts = [one_line(str(inputs[key])) for key in _NAMING_FIELDS if isinstance(inputs.get(key), str)]
    return " ".join(texts[:2] if "role" in inputs else texts[:1])


def _document(text: str) -> dict[str, Any] | None:
    """The preview that a text holds; None for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    is_preview = isinstance(value, dict) and isinstance(value.get("steps"), list)
    return value if is_preview and all(isinstance(step, dict) for step in value["steps"]) else None


def _errors(document: Mapping[str, Any] | None) -> str:
    diagnostics = (document or {}).get("diagnostics") or []
    return "".join(str(said.get("message", "")) for said in diagnostics if said.get("severity") == "error")


def _is_more_telling(operation: str, known: State | None) -> bool:
    return known is None or _OPERATIONS.index(operation) < _OPERATIONS.index(str(known["op"]))


def _of_step(step: State, refreshed: Mapping[str, State]) -> Iterator[Difference]:
    live, declared = step.get("oldState") or {}, step.get("newState") or {}
    state = declared or live
    if state.get("custom") is not True:
        return
    urn, type_ = str(step["urn"]), str(state.get("type"))
    name = urn.rpartition("::")[2]
    if step["op"] in ("create", "import"):
        change = Change.MISSING if urn in refreshed else Change.NOT_APPLIED
        text = summary(declared.get("inputs") or {})
        yield Difference(type=type_, resource=name, change=change, declared=text or "exists", live="nothing")
    elif step["op"] == "delete":
        text = summary(live.get("inputs") or {}) or str(live.get("id", ""))
        hint = "the program no longer declares it: an update deletes it"
        yield Difference(type=type_, resource=name, change=Change.NOT_DECLARED, live=text, hint=hint)
    else:
        hint = "" if step["op"] == "update" else "an update replaces the resource"
        edited_by_hand = _is_edited(refreshed.get(urn), declared)
        for field in _fields(step, live, declared):
            yield Difference(
                type=type_,
                resource=name,
                change=Change.CHANGED if edited_by_hand else Change.NOT_APPLIED,
                field=one_line(field.path),
                declared=_text(type_, field.path, field.new),
                live=_text(type_, field.path, field.old),
                hint=hint,
            )


def _is_edited(refresh: State | None, declared: State) -> bool:
    """Whether the last apply left what is declared, so that a difference was made by somebody else since."""
    before = ((refresh or {}).get("oldState") or {}).get("inputs")
    return before == declared.get("inputs") or before is None


def _fields(step: State, live: State, declared: State) -> Iterator[FieldChange]:
    """The fields that differ, and at least one: what the engine names and the inputs do not show comes from outputs."""
    wanted = declared.get("inputs") or {}
    changes = list(field_changes(_plain(live.get("inputs") or {}), _plain(wanted)))
    shown = {change.names[0] for change in changes if change.names}
    for key in dict.fromkeys(re.split(r"[.\[]", str(path))[0] for path in _named_by_the_engine(step)):
        if key not in shown:
            old, new = (live.get("outputs") or {}).get(key, ABSENT), wanted.get(key, ABSENT)
            found = [change for change in field_changes(old, new, key, (key,)) if change.new is not ABSENT]
            changes += found or [FieldChange(path=key, names=(key,), old=old, new=new)]
    yield from changes or [FieldChange(path="", names=(), old="differs", new="as in the program")]


def _named_by_the_engine(step: State) -> Iterable[str]:
    return [*(step.get("diffReasons") or []), *(step.get("detailedDiff") or {}), *(step.get("replaceReasons") or [])]


def _plain(value: Any) -> Any:
    """Without what the provider notes for itself (`__defaults`)."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "__defaults"}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _text(type_: str, path: str, value: Any) -> str:
    if type_ in _SECRET_TYPES or _SECRET_FIELDS & set(re.split(r"[.\[\]]", path)):
        return _SECRET
    if value is ABSENT:
        return "nothing"
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
