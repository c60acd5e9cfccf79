"""What the engine would do that the plan does not know, from the JSON of `pulumi preview --json`.

The plan compares what two programs declare. The engine compares the program with the state of the stack, so it also
knows what somebody has changed besides, what was never applied, and what the provider replaces.

The form is that of `PreviewDigest`
(https://github.com/pulumi/pulumi/blob/v3.274.1/sdk/go/common/display/json.go). A resource that stays the same has no
step, but the stack itself always has one, by which the file is known to belong to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from readiness.files import FileTooLargeError, read_regular_bytes
from readiness.finding import Finding, RefusedError
from readiness.json_values import UnreadableJsonError, parsed_json
from readiness.plan.change_lines import printable, shortened
from readiness.plan.plan_diff import Action, ResourceChange, StackDiff
from readiness.plan.plan_file import MAX_RESOURCES
from readiness.resource_types import STACK_TYPE
from readiness.secret_shapes import mask_secrets

# A preview contains the state of each resource that changes, before and after.
MAX_PREVIEW_BYTES = 50 * 1024 * 1024
# A replacement has up to three steps for one resource.
MAX_STEPS = 4 * MAX_RESOURCES
MAX_DIFFERENCES = 30
# Why a stack has no preview, if no other reason is given.
NO_PREVIEW = "no preview was given"
# What `readiness diff` reads of a step, and what is therefore passed on: no value of any field.
_KEPT = ("op", "urn", "diffReasons", "replaceReasons")
_MAX_CHARACTERS = 200
_MAX_FIELDS = 8
_HINT = "Write it with `pulumi preview --json --stack STACK` and without PULUMI_ENABLE_STREAMING_JSON_PREVIEW"

_SAME, _IMPORT, _REPLACE = "same", "import", "replace"
# The engine's operations (https://github.com/pulumi/pulumi/blob/v3.274.1/pkg/resource/deploy/step.go), by what they are
# to a reader. One that is not here is shown by its own name.
_OPERATIONS = {
    "same": _SAME,
    "refresh": _SAME,
    "read": _SAME,
    "create-replacement": _REPLACE,
    "delete-replaced": _REPLACE,
    "read-replacement": _REPLACE,
    "discard-replaced": _REPLACE,
    "import-replacement": _REPLACE,
    "remove-pending-replace": _REPLACE,
}
_GRAVEST_FIRST = (_REPLACE, "delete", "discard", _IMPORT, "create", "update")
_NOTHING = "nothing"
# The engine makes one for each version of a package by itself.
_DEFAULT_PROVIDER = ("pulumi:providers:", "default")


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineStep:
    """What the engine would do with a resource; `fields` differ, `replacing` force the replacement."""

    urn: str
    operation: str
    fields: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EnginePreview:
    """A preview of one stack: its steps by URN, without resources that stay, and the errors that it ended with."""

    stack: str
    steps: Mapping[str, EngineStep] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewDifference:
    """A resource with which the engine would do something else (`engine`) than the plan says (`planned`)."""

    type: str
    name: str
    engine: str
    planned: str
    fields: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`replace NAME (TYPE): the plan says update; because of region`."""
        why = "because of" if self.engine == _REPLACE else "fields that the plan does not change:"
        more = f" and {len(self.fields) - _MAX_FIELDS} more" if len(self.fields) > _MAX_FIELDS else ""
        fields = f"; {why} {', '.join(self.fields[:_MAX_FIELDS])}{more}" if self.fields else ""
        says = "the plan says the same" if self.engine == self.planned else f"the plan says {self.planned}"
        return shortened(printable(f"{self.engine} {self.name} ({self.type}): {says}{fields}"), _MAX_CHARACTERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewComparison:
    """What the engine's preview of a stack adds to the plan; `agreeing` counts the operations that both have.

    `problem` says why the preview cannot be read; then nothing is known. It is empty for one that can be read.
    """

    stack: str
    differences: tuple[PreviewDifference, ...] = ()
    agreeing: int = 0
    errors: tuple[str, ...] = ()
    is_complete: bool = False
    problem: str = ""

    @property
    def summary(self) -> str:
        """`prod: 2 operations that the plan does not contain, 5 as in the plan`."""
        if self.problem:
            problem = shortened(printable(self.problem), _MAX_CHARACTERS)
            return f"{self.stack}: not known, because the preview cannot be read: {problem}"
        count = len(self.differences)
        known = f"{self.agreeing} as in the plan"
        if not self.is_complete:
            return f"{self.stack}: known in part, because the preview ended with an error; {count} differ, {known}"
        what = "1 operation" if count == 1 else f"{count or 'no'} operations"
        return f"{self.stack}: {what} that the plan does not contain, {known}"


def compare_preview(diff: StackDiff, preview: EnginePreview) -> PreviewComparison:
    """What the engine would do otherwise than the plan says. Components and the engine's own providers are left out."""
    planned = {change.resource.urn: change for change in diff.changes if not change.resource.is_component}
    steps = {urn: step for urn, step in preview.steps.items() if _counts(urn)}
    differences: list[PreviewDifference] = []
    agreeing = 0
    for urn in sorted({*planned, *steps}):
        change, step = planned.get(urn), steps.get(urn)
        found = _difference(urn, change, step, is_complete=preview.is_complete)
        if found is not None:
            differences.append(found)
        elif step is not None:
            agreeing += 1
    differences.sort(key=lambda found: (_gravity(found.engine), found.type, found.name))
    return PreviewComparison(
        stack=diff.stack,
        differences=tuple(differences),
        agreeing=agreeing,
        errors=preview.errors,
        is_complete=preview.is_complete,
    )


def _gravity(operation: str) -> int:
    return _GRAVEST_FIRST.index(operation) if operation in _GRAVEST_FIRST else len(_GRAVEST_FIRST)


def _counts(urn: str) -> bool:
    type_, name = _type_and_name(urn)
    prefix, default = _DEFAULT_PROVIDER
    if type_.startswith(prefix):
        return not name.startswith(default)
    return "/" in type_


def _type_and_name(urn: str) -> tuple[str, str]:
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2], parts[3]


def _difference(
    urn: str, change: ResourceChange | None, step: EngineStep | None, *, is_complete: bool
) -> PreviewDifference | None:
    engine, planned = step.operation if step else _NOTHING, _planned_operation(change)
    type_, name = _type_and_name(urn)
    if step is None and not is_complete:
        # The engine did not come this far.
        return None
    if engine != planned:
        fields = (step.replacing if engine == _REPLACE else step.fields) if step else ()
        return PreviewDifference(type=type_, name=name, engine=engine, planned=planned, fields=fields)
    if engine == Action.UPDATE and step is not None and change is not None:
        known = {part.path.partition(".")[0].partition("[")[0] for part in change.inputs}
        if unknown := tuple(name for name in step.fields if name not in known):
            return PreviewDifference(type=type_, name=name, engine=engine, planned=planned, fields=unknown)
    return None


def _planned_operation(change: ResourceChange | None) -> str:
    if change is None:
        return _NOTHING
    if change.action is not Action.OTHER:
        return change.action.value
    is_import = change.old is None and "importId" in change.resource.options
    return _IMPORT if is_import else _NOTHING


def read_preview(path: Path, stack: str) -> EnginePreview:
    """The preview in a file. Raises RefusedError where the file is none, or one of another stack."""
    file = str(path)
    try:
        data = read_regular_bytes(path, MAX_PREVIEW_BYTES)
    except FileTooLargeError as error:
        _refuse(file, f"is {error.strerror}, which is more than any preview has")
    except OSError as error:
        message = f"cannot be read ({error.strerror or 'unknown reason'})"
        _refuse(file, message, hint="Name a readable, regular file")
    return preview_in(data, stack=stack, file=file)


def preview_in(data: bytes, *, stack: str, file: str) -> EnginePreview:
    """The preview in the bytes of a file. Raises RefusedError where they are none, or one of another stack."""
    try:
        value = parsed_json(data)
    except UnreadableJsonError as error:
        _refuse(file, error.message, error.line)
    return preview_from(value, stack=stack, file=file)


def preview_from(value: object, *, stack: str, file: str) -> EnginePreview:
    """The preview in a value of JSON's types. Raises RefusedError where it has another form or another stack."""
    if not isinstance(value, dict):
        _refuse(file, "is not a preview: its top level is not an object")
    steps, diagnostics = value.get("steps", []), value.get("diagnostics") or []
    if not isinstance(steps, list) or len(steps) > MAX_STEPS:
        _refuse(file, f"is not a preview: `steps` is not a list of at most {MAX_STEPS}")
    if not isinstance(diagnostics, list):
        _refuse(file, "is not a preview: `diagnostics` is not a list")
    errors = tuple(_errors(diagnostics))
    has_summary = isinstance(value.get("changeSummary"), dict)
    found: dict[str, EngineStep] = {}
    for index, entry in enumerate(steps):
        step = _step(entry, f"{file}: steps[{index}]", stack)
        known = found.get(step.urn)
        if known is None or _gravity(step.operation) < _gravity(known.operation) or known.operation == _SAME:
            found[step.urn] = step
    if not any(_type_and_name(urn)[0] == STACK_TYPE for urn in found) and not errors:
        _refuse(file, f"is not a preview of {printable(stack)}: it has no step of the stack itself")
    return EnginePreview(
        stack=stack,
        steps={urn: step for urn, step in found.items() if step.operation != _SAME},
        errors=errors,
        is_complete=has_summary and not errors and value.get("maybeCorrupt") is not True,
    )


def preview_without_values(value: object, *, stack: str, file: str) -> dict[str, Any]:
    """The preview with operations, URNs, names of fields and errors alone, which can be read as the whole one can.

    Raises RefusedError as `preview_from` does.
    """
    preview = preview_from(value, stack=stack, file=file)
    assert isinstance(value, dict)
    return {
        "steps": [{key: step[key] for key in _KEPT if step.get(key) is not None} for step in value.get("steps", [])],
        "diagnostics": [{"severity": "error", "message": error} for error in preview.errors],
        "changeSummary": {} if isinstance(value.get("changeSummary"), dict) else None,
        "maybeCorrupt": value.get("maybeCorrupt") is True,
    }


def _step(entry: object, file: str, stack: str) -> EngineStep:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("op", "urn")):
        _refuse(file, "is not a step: `op` and `urn` must be texts")
    urn, operation = _clean(entry["urn"]), _clean(entry["op"])
    # `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`
    parts = urn.split("::", 3)
    if len(parts) < 4 or not parts[0].startswith("urn:pulumi:"):
        _refuse(file, f"is not a step: {shortened(printable(urn), _MAX_CHARACTERS)} is not a URN")
    if parts[0] != f"urn:pulumi:{stack}":
        other = shortened(printable(parts[0].removeprefix("urn:pulumi:")), _MAX_CHARACTERS)
        hint = "Name the stack that was previewed: `--preview STACK=FILE`"
        _refuse(file, f"is of the stack {other}, not of {printable(stack)}", hint=hint)
    return EngineStep(
        urn=urn,
        operation=_OPERATIONS.get(operation, operation),
        fields=_names(entry.get("diffReasons"), file, "diffReasons"),
        replacing=_names(entry.get("replaceReasons"), file, "replaceReasons"),
    )


def _names(value: Any, file: str, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        _refuse(file, f"is not a step: `{key}` is not a list of texts")
    return tuple(_clean(name) for name in value)


def _errors(diagnostics: Sequence[Any]) -> Iterator[str]:
    for entry in diagnostics:
        if isinstance(entry, dict) and entry.get("severity") == "error":
            text = " ".join(mask_secrets(_clean(str(entry.get("message")))).split())
            yield shortened(printable(text), _MAX_CHARACTERS)


def _clean(text: str) -> str:
    """Half a surrogate pair is valid JSON and cannot be printed."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _refuse(file: str, message: str, line: int | None = None, hint: str = _HINT) -> NoReturn:
    finding = Finding(rule_id="preview-file-unreadable", file=file, line=line, message=message, hint=hint)
    raise RefusedError([finding]) from None
