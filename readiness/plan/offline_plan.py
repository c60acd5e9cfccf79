"""The offline plan: every resource that the unchanged program declares for a stack, as sorted plain data.

It complements `pulumi preview` and does not replace it: no live state, no provider's own check or default. Secrets are
never decrypted: a stored one is replaced by a placeholder before the program starts, and shown as `[secret]`.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from google.protobuf import json_format

from readiness.finding import Finding, RefusedError
from readiness.plan.plan_file import FORMAT_KEY, PLAN_FORMAT
from readiness.plan.program_setup import setup_in_folder
from readiness.plan.recorder import (
    UNKNOWN,
    Recording,
    UnrecordableError,
    is_resource_reference,
    is_secret,
    record,
)
from readiness.plan.run_program import REFUSED, describe
from readiness.resource_types import STACK_TYPE
from readiness.settings.configuration_keys import OFFLINE_PLACEHOLDER
from readiness.settings.stack_files import StackConfig

PROGRAM = "__main__.py"
SECRET = "[secret]"  # noqa: S105 - what is shown in place of one

# Request fields that say how the SDK talks to the engine, not what the program declares.
_NOT_DECLARED = frozenset(
    {
        "type", "name", "parent", "object", "custom", "acceptSecrets", "acceptResources", "supportsPartialValues",
        "supportsResultReporting", "acceptsByteString", "stackTrace", "sourcePosition", "propertyDependencies",
        "deleteBeforeReplaceDefined", "packageRef",
    }
)  # fmt: skip
_RECORDER_FOLDER = Path(__file__).resolve().parent
_UNORDERED = ("dependencies", "replaceWith")

# File and line.
Place = tuple[str, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Resources sorted by URN; `source` of a resource is where the program registered it.

    `setup` is which program is run and where credentials go (`program_setup`); None if they were not read.
    """

    stack: str
    project: str
    resources: tuple[dict[str, Any], ...]
    outputs: dict[str, Any]
    setup: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The plan's JSON form: `{format_version, stack, project, resources, outputs, setup}`, `setup` where known.

        Each resource is `{urn, type, name, parent, inputs, options, files, source}`: `parent` is a URN, empty for the
        stack; `options` are named as the engine names them; `files` are the texts of managed files by path, only where
        a component declares some; `source` is `{file, line}` or null.
        """
        resources = list(self.resources)
        plan: dict[str, Any] = {FORMAT_KEY: PLAN_FORMAT, "stack": self.stack, "project": self.project}
        plan |= {"resources": resources, "outputs": self.outputs}
        return plan if self.setup is None else {**plan, "setup": self.setup}

    def of_type(self, type_: str) -> Iterator[dict[str, Any]]:
        """The resources of a type."""
        return (resource for resource in self.resources if resource["type"] == type_)


def plan_stack(root: Path, config: StackConfig) -> Plan:
    """Runs `__main__.py` of the project at `root` with the stack's configuration.

    Raises RefusedError when the program refuses its settings or fails. One process serves one project folder: Python
    keeps the modules that the program imports, so another folder's would not be read.
    """
    program = root / PROGRAM
    if not os.path.lexists(program):
        raise program_missing()

    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    names, secret_keys = {"project": config.project, "stack": config.stack}, sorted(config.secret_keys)
    try:
        with _inside(root):
            recording = record(run, **names, config=engine_values(config), secret_keys=secret_keys)
        declared = plan_of(recording, root=root, **names)
        return replace(declared, setup=setup_in_folder(root, config))
    except UnrecordableError as error:
        raise refused_request(error, root) from None
    except (Exception, SystemExit) as error:
        raise program_refusal(*describe(error), file=config.file, root=root) from None


def engine_values(config: StackConfig) -> dict[str, str]:
    """The configuration as the engine passes it to a program: texts, JSON for other types, placeholders for secrets."""
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.values.items()}
    return values | dict.fromkeys(config.secret_keys, OFFLINE_PLACEHOLDER)


def program_missing() -> RefusedError:
    """The refusal of a project without a program."""
    return _refused(PROGRAM, None, "does not exist", "Write the Pulumi program beside Pulumi.yaml")


def refused_request(error: UnrecordableError, root: Path) -> RefusedError:
    """The refusal of a request that a plan cannot hold, at the line that made it."""
    # The request of a transform names no line.
    asked = error.request if hasattr(error.request, "sourcePosition") else None
    place = (_source(asked, root) if asked is not None else None) or {"file": PROGRAM, "line": None}
    return _refused(place["file"], place["line"], str(error))


def program_refusal(kind: str, message: str, frames: Iterable[Place], *, file: str, root: Path) -> RefusedError:
    """The refusal of a program that ended before its end, at the innermost of its own lines that led there.

    `kind`, `message` and `frames` are what `run_program.describe` says; `file` is the stack's, for settings that the
    program refuses.
    """
    if kind == REFUSED:
        return _refused(file, None, message)
    return _refused(*(_innermost(reversed(list(frames)), root) or (PROGRAM, None)), message)


def plan_of(recording: Recording, *, root: Path, project: str, stack: str) -> Plan:
    """A recording as plain, sorted data; paths of source files are relative to `root`."""
    resources = [
        _resource(urn, request, recording.files.get(urn, {}), root) for urn, request in recording.requests.items()
    ]
    outputs: dict[str, Any] = {}
    for urn, values in recording.outputs.items():
        if recording.requests[urn].type == STACK_TYPE:
            outputs = _plain(json_format.MessageToDict(values))
    resources.sort(key=lambda resource: resource["urn"])
    return Plan(stack=stack, project=project, resources=tuple(resources), outputs=outputs)


def plan_json(plan: Plan, **beside: Any) -> str:
    """The plan as text, with further keys `beside` its own: the same bytes from run to run."""
    return json.dumps({**plan.as_dict(), **beside}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _resource(urn: str, request: Any, files: dict[str, str], root: Path) -> dict[str, Any]:
    fields = json_format.MessageToDict(request)
    options = {name: _plain(value) for name, value in fields.items() if name not in _NOT_DECLARED and value != {}}
    for name in _UNORDERED:
        if name in options:
            options[name] = sorted(options[name])
    return {
        "urn": urn,
        "type": request.type,
        "name": request.name,
        "parent": request.parent,
        "inputs": _plain(fields.get("object", {})),
        "options": options,
        **({"files": dict(sorted(files.items()))} if files else {}),
        "source": _source(request, root),
    }


def _source(request: Any, root: Path) -> dict[str, Any] | None:
    """Where the program made the request, None for what the SDK makes by itself."""
    positions = (request.sourcePosition, *(frame.pc for frame in request.stackTrace.frames))
    place = _innermost(((unquote(urlparse(position.uri).path), position.line) for position in positions), root)
    return {"file": place[0], "line": place[1]} if place else None


def _plain(value: Any) -> Any:
    """A serialized value as a person reads it: secrets masked, whole numbers whole, keys sorted, nulls dropped."""
    if isinstance(value, dict):
        if is_secret(value):
            return SECRET
        if is_resource_reference(value):
            return f"<{value.get('urn')}>"
        return {key: _plain(item) for key, item in sorted(value.items()) if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "<unknown>" if value == UNKNOWN else value


def _refused(file: str, line: int | None, message: str, hint: str = "Fix that, then plan again") -> RefusedError:
    rule_id, message = "plan-program-failed", message.rstrip(".")
    return RefusedError([Finding(rule_id=rule_id, file=file, line=line, message=message, hint=hint)])


def _innermost(places: Iterable[Place], root: Path) -> Place | None:
    """The first place in the project's own files, as a path relative to `root`; `places` begin at the innermost."""
    for name, line in places:
        path = Path(name)
        if path.parent == _RECORDER_FOLDER:
            return None  # what lies below ran the program and is no part of it
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return path.relative_to(root).as_posix(), line
    return None


@contextmanager
def _inside(root: Path) -> Iterator[None]:
    """What the language host does: the project's folder is the working folder and the first on the import path.

    What the program prints goes to stderr: stdout is the plan's.
    """
    path = list(sys.path)
    sys.path.insert(0, str(root))
    try:
        with chdir(root), redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path[:] = path
