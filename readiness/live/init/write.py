"""Writes the files of a new project: all of them, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from readiness import clock
from readiness.documents.runbook import runbook_texts
from readiness.files import read_regular_bytes, write_all
from readiness.finding import Finding, RefusedError, Severity, errors_only
from readiness.live.init.answers import Answers
from readiness.live.init.project_files import (
    CODE_OWNERS_PATH,
    REQUIREMENTS,
    code_owners,
    files_of,
    installed_package,
    installed_wheel,
)
from readiness.live.init.stack_files import setting_of, settings_files, waiting_channels
from readiness.rules.project import check_project
from readiness.rules.stack import require_settings
from readiness.settings.placeholders import TO_BE_FILLED_IN
from readiness.settings.stack_files import stack_file_name
from readiness.settings.validation import Validated

# What an initialised stack's file holds besides settings. Lost, neither state nor secrets can be read any more.
_ENGINE_KEYS = ("encryptionsalt:", "encryptedkey:", "secretsprovider:")


def write_project(folder: Path, answers: Answers, *, force: bool) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Writes every file into `folder`, or none. Returns the paths, and the warnings: what `check` shows, what waits.

    Raises RefusedError with all that is wrong: what `check` would refuse, and files that exist unless `force` is given.
    """
    texts: dict[str, str | bytes] = {**files_of(answers), **_wheel(answers)}
    checked = _checked(answers)
    # Their lines are not named: nobody has seen them.
    problems = (replace(problem, line=None) for found in checked.values() for problem in found.problems)
    found = [*dict.fromkeys(problems), *_unfinished(answers), *_missing_wheel(folder, answers.package, texts)]
    if not errors_only(found):
        texts |= runbook_texts([(stack, require_settings(found)) for stack, found in checked.items()])
    found += _existing_file_problems(folder, list(texts), force=force)
    if errors_only(found):
        raise RefusedError(errors_only(found))
    write_all({folder / name: text for name, text in texts.items()})
    return tuple(texts), tuple(found)


def _checked(answers: Answers) -> Mapping[str, Validated]:
    """What `readiness check` says of each stack, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        write_all({Path(folder) / name: text for name, text in settings_files(answers).items()})
        return check_project(Path(folder), sorted(stack.name for stack in answers.stacks), now=clock.now())


def _unfinished(answers: Answers) -> Iterator[Finding]:
    """What was answered and is not in effect yet, and what nobody answered and no check sees."""
    for secret, _ in waiting_channels(answers):
        yield Finding(
            rule_id="init-unfinished",
            severity=Severity.WARNING,
            file=stack_file_name(answers.owner.name),
            key=f"readiness:channels.{setting_of(secret)}",
            message="is written as a comment, because its secret is not stored yet",
            hint=f"Store {secret.key} in every stack, then move it to its place; the comment has the command",
        )
    if any(TO_BE_FILLED_IN in owner for owner in code_owners(answers)):
        yield Finding(
            rule_id="init-unfinished",
            severity=Severity.WARNING,
            file=CODE_OWNERS_PATH,
            message="names an owner that is to be filled in, so that nobody has to acknowledge a change",
            hint="Write your team, as @organization/team",
        )


def _wheel(answers: Answers) -> dict[str, bytes]:
    """The wheel that the requirements name, where it is the installed one and its file is still there."""
    wheel = installed_wheel()
    if wheel is None or answers.package != installed_package() or not wheel.is_file():
        return {}
    return {answers.package.removeprefix("./"): read_regular_bytes(wheel)}


def _missing_wheel(folder: Path, package: str, written: Mapping[str, object]) -> Iterator[Finding]:
    name = package.removeprefix("./")
    if name.endswith(".whl") and " @ " not in package and name not in written and not (folder / name).is_file():
        yield Finding(
            rule_id="init-unfinished",
            severity=Severity.WARNING,
            file=REQUIREMENTS,
            message=f"names {package}, which is not there, so pip finds no Readiness",
            hint="Copy the wheel to that place and commit it",
        )


def _existing_file_problems(folder: Path, names: Sequence[str], *, force: bool) -> Iterator[Finding]:
    needed = [folder, *dict.fromkeys(folder / parent for name in names for parent in reversed(Path(name).parents[:-1]))]
    if blocked := [path for path in needed if not path.is_dir() and (path.is_symlink() or path.exists())]:
        hint = "Move it away, or choose another folder: `readiness init DIR`"
        message = "is not a folder, and files are to be written into it"
        for path in blocked:
            yield Finding(rule_id="init-file-exists", file=str(path), message=message, hint=hint)
        return
    for name in names:
        path = folder / name
        if not path.is_symlink() and not path.exists():
            continue
        if not force:
            hint = "`--force` replaces it; so does another folder: `readiness init DIR`"
            yield Finding(rule_id="init-file-exists", file=name, message="exists already", hint=hint)
        elif not path.is_file():
            hint = "Move it away; it cannot be replaced"
            yield Finding(rule_id="init-file-exists", file=name, message="is not a file", hint=hint)
        elif _is_initialised(path.read_text(encoding="utf-8", errors="replace")):
            message = "holds a stack's encryption key or its secrets, which would be lost"
            hint = "Move it away first, if that is what you want"
            yield Finding(rule_id="init-file-exists", file=name, message=message, hint=hint)


def _is_initialised(text: str) -> bool:
    return any(line.startswith(_ENGINE_KEYS) or line.lstrip().startswith("secure:") for line in text.splitlines())
