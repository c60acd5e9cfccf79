"""What is known of a pull request where its code is not run: a folder that `readiness pull-request fetch` writes.

Its plans come from a run of the pull request's own code, which may have written anything: the archive is read in memory
within limits, nothing of it is unpacked, and each plan is read as any plan that is handed in.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from readiness.files import FileTooLargeError, read_regular_bytes
from readiness.finding import Finding, RefusedError
from readiness.plan.plan_file import MAX_PLAN_BYTES, ReadPlan, SecretMask, read_plan

PLANS, PULL_REQUEST = "plans.zip", "pull-request.json"
# A plan of 0.5 MB is 30 kB in an archive.
MAX_ARCHIVE_BYTES = 10 * 1024 * 1024
MAX_PLANS = 30
_MAX_BYTES = 2 * MAX_PLAN_BYTES
_MAX_FILES_BYTES = 2 * 1024 * 1024
# A stack's name, as readiness/settings/stack_files.py has it.
_PLAN_NAME = re.compile(r"([A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})\.json")
_ENCRYPTED = 0x1
_FETCH = "Name the folder that `readiness pull-request fetch` wrote"
_LOG = "Read the log of the pull request's workflow `Plans`"
_HINT = "The job that makes the plans runs the pull request's code: read what the pull request changes in it"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequestFiles:
    """The paths that a pull request changes, and why it has no plans (empty where it has some).

    Not `is_complete` where GitHub lists fewer files than there are.
    """

    paths: tuple[str, ...]
    is_complete: bool
    plans_problem: str


def read_pull_request(folder: Path) -> PullRequestFiles:
    """What `fetch` wrote beside the plans. Raises RefusedError where the file is none of its."""
    path = folder / PULL_REQUEST
    try:
        value = json.loads(read_regular_bytes(path, _MAX_FILES_BYTES))
        paths, is_complete, problem = value["paths"], value["is_complete"], value["plans_problem"]
    except (OSError, ValueError, RecursionError, TypeError, KeyError):
        _refuse(str(path), "does not say which files the pull request changes", _FETCH)
    are_texts = isinstance(paths, list) and all(isinstance(name, str) for name in [*paths, problem])
    if not are_texts or not isinstance(is_complete, bool):
        _refuse(str(path), "does not say which files the pull request changes", _FETCH)
    return PullRequestFiles(paths=tuple(paths), is_complete=is_complete, plans_problem=problem)


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
        _refuse(PLANS, f"is larger than {MAX_ARCHIVE_BYTES // 1024**2} MiB, which no plans are")
    except OSError as error:
        _refuse(PLANS, f"cannot be read ({error.strerror})", _FETCH)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            texts = _texts(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError) as error:
        _refuse(PLANS, f"is no archive that can be read ({type(error).__name__})")
    plans: dict[str, ReadPlan] = {}
    for stack, text in texts.items():
        plan = read_plan(text, file=f"{PLANS}: {stack}.json", secrets=secrets, needs_version=True)
        if plan.stack != stack:
            _refuse(f"{PLANS}: {stack}.json", f"is a plan of another stack, {plan.stack[:100]!r}")
        plans[stack] = plan
    return plans


def _texts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The bytes of each plan by stack, none longer than a plan may be, whatever the archive's directory says."""
    entries = archive.infolist()
    if not entries or len(entries) > MAX_PLANS:
        _refuse(PLANS, f"holds {len(entries)} files, and a run writes 1 to {MAX_PLANS} plans")
    texts: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        name = _PLAN_NAME.fullmatch(entry.filename)
        if name is None:
            _refuse(PLANS, f"holds {entry.filename[:100]!r}, which is no name of a plan (STACK.json)")
        if name[1] in texts:
            _refuse(PLANS, f"holds {entry.filename!r} twice")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & _ENCRYPTED:
            _refuse(PLANS, f"holds {entry.filename!r}, which is no regular, readable file")
        with archive.open(entry) as file:
            texts[name[1]] = file.read(MAX_PLAN_BYTES + 1)
        total += len(texts[name[1]])
        if len(texts[name[1]]) > MAX_PLAN_BYTES or total > _MAX_BYTES:
            _refuse(PLANS, f"holds more than {MAX_PLAN_BYTES // 1024**2} MiB in {entry.filename!r} or in all")
    return texts


def _refuse(file: str, message: str, hint: str = _HINT) -> NoReturn:
    raise RefusedError([Finding(rule_id="pull-request-plans", file=file, message=message, hint=hint)]) from None
