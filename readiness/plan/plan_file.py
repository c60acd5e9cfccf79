"""Reads the JSON form of a plan (`readiness plan STACK --format json`) as data that may be compared and shown.

A file that is handed in may be anything: its size, depth and shape are checked, and credentials in it are masked. Our
own plans hold none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from readiness.files import FileTooLargeError, read_regular_bytes
from readiness.finding import Finding, RefusedError
from readiness.json_values import UnreadableJsonError, parsed_json
from readiness.resource_types import STACK_TYPE
from readiness.secret_shapes import mask_secrets

SECRET = "[secret]"  # noqa: S105 - what is shown in place of one

# Keys under which both providers take a credential, whatever its shape. Names and references of
# secrets (`secretName`, `secretId`) are no secrets.
_SECRET_KEY = re.compile(
    r"password|passphrase|token$|apikey|servicekey|privatekey|plaintextvalue|^secretvalue|^clientsecret", re.IGNORECASE
)
_SENSITIVE_PARENT = "sensitiveLabels"
_SECRET_TYPE = re.compile(r"^github:index/\w*Secret:")


class SecretMask:
    """One for all plans of a comparison: it remembers what stood where."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[str, int]] = {}

    def text(self, text: str, *, place: str, whole: bool) -> str:
        """The text without credentials; `whole` masks all of it. `place` is the same in the plans that are compared."""
        masked = SECRET if whole else mask_secrets(text)
        if masked == text:
            return text
        numbers = self._seen.setdefault((place, masked), {})
        number = numbers.setdefault(text, len(numbers) + 1)
        return masked if number == 1 else f"{masked} (another, {number})"


def holds_a_secret(keys: tuple[str, ...], resource_type: str) -> bool:
    """Whether the input at this path of keys is a credential by its name."""
    if not keys:
        return False
    if _SECRET_TYPE.match(resource_type) and keys[0] in ("value", "encryptedValue", "valueEncrypted"):
        return True
    return _SENSITIVE_PARENT in keys[:-1] or _SECRET_KEY.search(keys[-1]) is not None


# The version of the plan's JSON form, which is under this key. Raised whenever a reader of the earlier form
# would read it wrongly. Plans of 0.1 hold no version, and those in a file are still read.
FORMAT_KEY = "format_version"
PLAN_FORMAT = 3
# The plan with every option has 36 resources and 60 kB.
MAX_PLAN_BYTES = 20 * 1024 * 1024
MAX_RESOURCES = 2_000
MAX_DEPTH = 40

_KEYS = ("stack", "project", "resources", "outputs")
_TEXTS = ("urn", "type", "name", "parent")
_HINT = "Make it with `readiness plan STACK --format json` of this version"
_VERSION_HINT = (
    f"Make both plans with one version of Readiness, whose format is {PLAN_FORMAT}; `readiness diff --base REF` makes "
    "both itself, and reads a commit of any version"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedResource:
    """A declared resource. `source` is `file:line` of its declaration, empty where unknown.

    `files` are the texts of managed files that the resource declares, by path.
    """

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    options: dict[str, Any]
    source: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def is_component(self) -> bool:
        """Whether it only groups others: nothing in a cloud answers to it."""
        return "/" not in self.type and not self.type.startswith("pulumi:providers:")

    @property
    def is_protected(self) -> bool:
        """Whether an option makes the engine refuse its deletion."""
        return self.options.get("protect") is True

    @property
    def refuses_deletion(self) -> bool:
        """Whether Google's provider refuses its deletion, which no preview shows."""
        return self.inputs.get("deletionProtection") is True


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPlan:
    """A plan as read: resources by URN, the stack itself left out. `setup` is None where the plan does not say it."""

    stack: str
    project: str
    resources: Mapping[str, PlannedResource]
    outputs: dict[str, Any]
    setup: dict[str, Any] | None = None


def read_plan_file(path: Path, secrets: SecretMask) -> ReadPlan:
    """The plan in a file. Raises RefusedError where the file is none."""
    try:
        data = read_regular_bytes(path, MAX_PLAN_BYTES)
    except FileTooLargeError as error:
        _refuse(str(path), f"is {error.strerror}, which no plan is")
    except OSError as error:
        message = f"cannot be read ({error.strerror or 'unknown reason'})"
        _refuse(str(path), message, hint="Name a readable, regular file")
    return read_plan(data, file=str(path), secrets=secrets)


def read_plan(data: bytes, *, file: str, secrets: SecretMask, needs_version: bool = False) -> ReadPlan:
    """The plan in these bytes; `file` names them in messages. Raises RefusedError where they are none.

    `needs_version` refuses a plan that does not say its format, as that of a release before 0.2.
    """
    if len(data) > MAX_PLAN_BYTES:
        _refuse(file, f"is larger than {MAX_PLAN_BYTES // 1024**2} MiB, which no plan is")
    try:
        value = parsed_json(
            data,
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_without_repeats,
        )
    except UnreadableJsonError as error:
        _refuse(file, error.message, error.line)
    if needs_version and isinstance(value, dict) and FORMAT_KEY not in value:
        _refuse(file, f"does not say its format: {FORMAT_KEY} is missing", hint=_VERSION_HINT)
    return plan_from(value, file=file, secrets=secrets)


def plan_from(value: object, *, file: str, secrets: SecretMask) -> ReadPlan:
    """The plan in a value of JSON's types. Raises RefusedError where it has another shape."""
    if not isinstance(value, dict):
        _refuse(file, "contains no plan: its top level is no object")
    _check_version(value.get(FORMAT_KEY, PLAN_FORMAT), file)
    if missing := [key for key in _KEYS if key not in value]:
        _refuse(file, f"contains no plan of this format: {', '.join(missing)} missing")
    stack, project, resources, outputs = (value[key] for key in _KEYS)
    setup, wrong = value.get("setup"), ""
    if not isinstance(stack, str) or not isinstance(project, str):
        wrong = "`stack` and `project` are texts"
    elif not isinstance(resources, list) or len(resources) > MAX_RESOURCES:
        wrong = f"`resources` is a list of at most {MAX_RESOURCES}"
    elif not isinstance(outputs, dict):
        wrong = "`outputs` is an object"
    elif setup is not None and not isinstance(setup, dict):
        wrong = "`setup` is an object"
    if wrong:
        _refuse(file, f"contains no plan of this format: {wrong}")
    read: dict[str, PlannedResource] = {}
    for index, entry in enumerate(resources):
        resource = _resource(entry, f"{file}: resources[{index}]", secrets)
        if resource.urn in read:
            _refuse(file, f"contains the URN {resource.urn[:200]} twice")
        read[resource.urn] = resource
    declared = {urn: read[urn] for urn in sorted(read) if read[urn].type != STACK_TYPE}
    return ReadPlan(
        stack=_clean(stack),
        project=_clean(project),
        resources=declared,
        outputs=_Cleaner(file, secrets, place="outputs").value(outputs, ()),
        setup=None if setup is None else clean_setup(setup, file=file, secrets=secrets),
    )


def _check_version(version: object, file: str) -> None:
    """Raises RefusedError where a plan is of another format: read as ours, it could hide a change."""
    is_number = isinstance(version, int) and not isinstance(version, bool)
    if is_number and version == PLAN_FORMAT:
        return
    shown = str(version)[:20] if is_number else "that is no whole number"
    _refuse(
        file, f"has the {FORMAT_KEY} {shown}, and this version of Readiness reads {PLAN_FORMAT}", hint=_VERSION_HINT
    )


def clean_setup(setup: dict[str, Any], *, file: str, secrets: SecretMask) -> dict[str, Any]:
    """A copy of a setup without credentials. Raises RefusedError where it is nested too deeply."""
    cleaned: dict[str, Any] = _Cleaner(file, secrets, place="setup").value(setup, ())
    return cleaned


def _resource(entry: object, file: str, secrets: SecretMask) -> PlannedResource:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in _TEXTS):
        _refuse(file, f"is no resource of this format: {', '.join(_TEXTS)} are texts")
    inputs, options, files = entry.get("inputs"), entry.get("options"), entry.get("files", {})
    if not isinstance(inputs, dict) or not isinstance(options, dict):
        _refuse(file, "is no resource of this format: `inputs` and `options` are objects")
    # Plans of version 0.1 have the files of a component among its inputs.
    if "files" not in entry and entry["type"].startswith("readiness:") and isinstance(inputs.get("files"), dict):
        inputs, files = {name: value for name, value in inputs.items() if name != "files"}, inputs["files"]
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        _refuse(file, "is no resource of this format: `files` is an object of texts")
    texts = {key: _clean(entry[key]) for key in _TEXTS}
    # `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`. The type decides how a change is judged.
    parts = texts["urn"].split("::", 3)
    if len(parts) < 4 or (parts[2].rpartition("$")[2], parts[3]) != (texts["type"], texts["name"]):
        _refuse(file, "is no resource of this format: its URN is of another type or name")
    cleaner = _Cleaner(file, secrets, place=texts["urn"], resource_type=texts["type"])
    return PlannedResource(
        **texts,
        inputs=cleaner.value(inputs, ()),
        options=_Cleaner(file, secrets, place=f"{texts['urn']} options").value(options, ()),
        source=_source(entry.get("source"), file),
        files=cleaner.value(files, ("files",)),
    )


def _source(value: object, file: str) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("file"), str) or not isinstance(value.get("line"), int):
        return ""
    path = PurePosixPath(value["file"])
    if path.is_absolute() or ".." in path.parts:
        _refuse(file, "is no resource of this format: `source.file` is a path below the project's folder")
    return _clean(f"{value['file']}:{value['line']}")


@dataclass(frozen=True, slots=True)
class _Cleaner:
    """Copies a value without credentials and without what cannot be written as UTF-8."""

    file: str
    secrets: SecretMask
    place: str
    resource_type: str = ""

    def value(self, value: Any, keys: tuple[str, ...]) -> Any:
        """The copy. Raises RefusedError where the value is nested too deeply."""
        if len(keys) > MAX_DEPTH:
            _refuse(self.file, "is nested too deeply to be read")
        if isinstance(value, dict):
            given = sorted((key, item) for key, item in value.items() if item is not None)
            return {_clean(key): self.value(item, (*keys, key)) for key, item in given}
        if isinstance(value, list):
            return [self.value(item, (*keys, str(index))) for index, item in enumerate(value)]
        if isinstance(value, str):
            named = tuple(key for key in keys if not key.isdigit())
            whole = bool(self.resource_type) and holds_a_secret(named, self.resource_type)
            return self.secrets.text(_clean(value), place=f"{self.place} {'.'.join(keys)}", whole=whole)
        return value


def _clean(text: str) -> str:
    """Half a surrogate pair is valid JSON and cannot be printed."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object. Raises ValueError for a key that is there twice: two readers would see two plans."""
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"the key {repeated[:100]!r} is there twice in one object")
    return value


def _refuse(file: str, message: str, line: int | None = None, hint: str = _HINT) -> NoReturn:
    finding = Finding(rule_id="plan-file-unreadable", file=file, line=line, message=message, hint=hint)
    raise RefusedError([finding]) from None
