"""What is known of a pull request where its code is not run: a folder that `readiness pull-request fetch` writes.

Its plans and the previews of the engine come from runs of the pull request's own code, which may have written anything:
each archive is read in memory within limits, nothing of it is unpacked, and each plan is read as any plan that is
handed in. A preview that cannot be read is a reason and no refusal, because no verdict depends on it.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from readiness.files import FileTooLargeError, read_regular_bytes, read_regular_text
from readiness.finding import Finding, RefusedError
from readiness.plan.engine_preview import EnginePreview, preview_in
from readiness.plan.plan_file import MAX_PLAN_BYTES, ReadPlan, SecretMask, read_plan

PLANS, PULL_REQUEST = "plans.zip", "pull-request.json"
# A plan of 0.5 MB is 30 kB in an archive.
MAX_ARCHIVE_BYTES = 10 * 1024 * 1024
MAX_PLANS = 30
_MAX_BYTES = 2 * MAX_PLAN_BYTES
_MAX_FILES_BYTES = 2 * 1024 * 1024
# A stack's name, as readiness/settings/stack_files.py has it.
_PLAN_NAME = re.compile(r"([A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})\.json")
# A preview without values is about 300 bytes for each resource that changes; in an archive it is a tenth of that.
MAX_PREVIEW_ARCHIVE_BYTES = 1024 * 1024
_MAX_PREVIEW_BYTES = 2 * 1024 * 1024
# The JSON of the diff repeats them up to six times as long, and `readiness comment` reads 20 MiB of it.
_MAX_ALL_PREVIEWS_BYTES = 3 * 1024 * 1024
_SETTINGS_FILE = re.compile(r"Pulumi(\.[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})?\.yaml")
_PREVIEW_NAME = re.compile(r"preview-([A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})")
_ENCRYPTED = 0x1
# What actions/upload-artifact writes; the others of zipfile have errors and memory needs of their own.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FETCH = "Name the folder that `readiness pull-request fetch` wrote"
_LOG = "Read the log of the pull request's workflow `Plans`"
_HINT = "The job that makes the plans runs the pull request's code: read what the pull request changes in it"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Archive:
    """What an archive may hold: files whose whole name matches `names`, which has one group, within limits."""

    name: str
    names: re.Pattern[str]
    names_text: str
    max_files: int
    max_bytes: int
    max_all_bytes: int


_PLANS_ARCHIVE = _Archive(
    name=PLANS,
    names=_PLAN_NAME,
    names_text="a plan (STACK.json)",
    max_files=MAX_PLANS,
    max_bytes=MAX_PLAN_BYTES,
    max_all_bytes=_MAX_BYTES,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequestFiles:
    """The paths that a pull request changes, and why it has no plans or no previews (empty where it has some).

    Not `is_complete` where GitHub lists fewer files than there are.
    """

    paths: tuple[str, ...]
    is_complete: bool
    plans_problem: str
    previews_problem: str = ""


def read_pull_request(folder: Path) -> PullRequestFiles:
    """What `fetch` wrote beside the plans. Raises RefusedError where the file is none of its."""
    path = folder / PULL_REQUEST
    try:
        value = json.loads(read_regular_bytes(path, _MAX_FILES_BYTES))
        paths, is_complete = value["paths"], value["is_complete"]
        problems = value["plans_problem"], value["previews_problem"]
    except (OSError, ValueError, RecursionError, TypeError, KeyError):
        _refuse(str(path), "does not list the files that the pull request changes", _FETCH)
    are_texts = isinstance(paths, list) and all(isinstance(name, str) for name in [*paths, *problems])
    if not are_texts or not isinstance(is_complete, bool):
        _refuse(str(path), "does not list the files that the pull request changes", _FETCH)
    plans, previews = problems
    return PullRequestFiles(paths=tuple(paths), is_complete=is_complete, plans_problem=plans, previews_problem=previews)


def is_settings_file(path: str) -> bool:
    """Whether a path of the pull request is a settings file of a project at the repository's root."""
    return _SETTINGS_FILE.fullmatch(path) is not None


def settings_text(folder: Path, name: str) -> str | None:
    """A settings file of the pull request; None where it has none, or none that can be read."""
    try:
        return read_regular_text(folder / name, _MAX_FILES_BYTES)
    except (OSError, UnicodeDecodeError):
        return None


def read_plans(folder: Path, pull_request: PullRequestFiles, secrets: SecretMask) -> dict[str, ReadPlan]:
    """The plans by stack. Raises RefusedError for an archive that no run of ours writes."""
    if pull_request.plans_problem:
        _refuse(PLANS, f"is missing: {pull_request.plans_problem}", _LOG)
    path = folder / PLANS
    try:
        data = read_regular_bytes(path, MAX_ARCHIVE_BYTES)
    except FileNotFoundError:
        _refuse(PLANS, "is missing", _FETCH)
    except FileTooLargeError:
        _refuse(PLANS, f"is larger than {MAX_ARCHIVE_BYTES // 1024**2} MiB, the limit for plans")
    except OSError as error:
        _refuse(PLANS, f"cannot be read ({error.strerror})", _FETCH)
    texts = _texts(data, _PLANS_ARCHIVE)
    plans: dict[str, ReadPlan] = {}
    for stack, text in texts.items():
        plan = read_plan(text, file=f"{PLANS}: {stack}.json", secrets=secrets, needs_version=True)
        if plan.stack != stack:
            _refuse(f"{PLANS}: {stack}.json", f"is a plan of another stack, {plan.stack[:100]!r}")
        plans[stack] = plan
    return plans


def stack_of_artifact(name: str) -> str | None:
    """The stack whose preview is in an artifact of this name; None for an artifact of another name."""
    found = _PREVIEW_NAME.fullmatch(name)
    return found[1] if found else None


def preview_archive(stack: str) -> str:
    """The name of the archive in the folder, with the preview of a stack."""
    return f"preview-{stack}.zip"


def read_previews(folder: Path, stacks: Iterable[str]) -> dict[str, EnginePreview | str]:
    """The previews by stack, or why the one of a stack cannot be read. A stack without an archive is left out."""
    previews: dict[str, EnginePreview | str] = {}
    total = 0
    for stack in stacks:
        name = preview_archive(stack)
        try:
            data = read_regular_bytes(folder / name, MAX_PREVIEW_ARCHIVE_BYTES)
            text = _preview_text(data, stack)
            total += len(text)
            if total > _MAX_ALL_PREVIEWS_BYTES:
                _refuse(name, f"all previews together are larger than {_MAX_ALL_PREVIEWS_BYTES // 1024**2} MiB")
            previews[stack] = preview_in(text, stack=stack, file=name)
        except FileNotFoundError:
            continue
        except OSError as error:
            previews[stack] = f"{name}: {error.strerror or type(error).__name__}"
        except RefusedError as refusal:
            previews[stack] = "; ".join(f"{problem.file}: {problem.message}" for problem in refusal.problems)
    return previews


def _preview_text(data: bytes, stack: str) -> bytes:
    """The one file of an archive with the preview of a stack. Raises RefusedError for any other archive."""
    file = f"preview-{stack}.json"
    archive = _Archive(
        name=preview_archive(stack),
        names=re.compile(f"({re.escape(file)})"),
        names_text=f"the preview ({file})",
        max_files=1,
        max_bytes=_MAX_PREVIEW_BYTES,
        max_all_bytes=_MAX_PREVIEW_BYTES,
    )
    return _texts(data, archive)[file]


def _texts(data: bytes, archive: _Archive) -> dict[str, bytes]:
    """The bytes of each file by the group of its name. Raises RefusedError if the archive contains anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return _texts_in(file, archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OverflowError) as error:
        _refuse(archive.name, f"is not a readable archive ({type(error).__name__})")


def _texts_in(file: zipfile.ZipFile, archive: _Archive) -> dict[str, bytes]:
    """As `_texts`; no file is read further than it may be long, whatever the archive's directory says."""
    entries = file.infolist()
    if not entries or len(entries) > archive.max_files:
        _refuse(archive.name, f"contains {len(entries)} files, and a run writes 1 to {archive.max_files}")
    texts: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        name = archive.names.fullmatch(entry.filename)
        if name is None:
            _refuse(archive.name, f"contains {entry.filename[:100]!r}, which is not the name of {archive.names_text}")
        if name[1] in texts:
            _refuse(archive.name, f"contains {entry.filename!r} twice")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        is_readable = entry.compress_type in _COMPRESSIONS and not entry.flag_bits & _ENCRYPTED
        if kind not in (0, stat.S_IFREG) or not is_readable:
            _refuse(archive.name, f"contains {entry.filename!r}, which is not a regular, readable file")
        with file.open(entry) as stream:
            texts[name[1]] = stream.read(archive.max_bytes + 1)
        total += len(texts[name[1]])
        if len(texts[name[1]]) > archive.max_bytes or total > archive.max_all_bytes:
            _refuse(archive.name, f"has more than {archive.max_bytes // 1024**2} MiB in {entry.filename!r} or in all")
    return texts


def _refuse(file: str, message: str, hint: str = _HINT) -> NoReturn:
    raise RefusedError([Finding(rule_id="pull-request-plans", file=file, message=message, hint=hint)]) from None
