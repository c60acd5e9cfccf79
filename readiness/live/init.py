"""`readiness init`: the stack files of another customer, checked before one of them is written."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from readiness import clock
from readiness.files import write_all
from readiness.finding import Finding, errors_only
from readiness.live.init_files import ENV, STACKS, Answers, files_of
from readiness.refusal import RefusedError
from readiness.rules.project import check_project

COMMAND = "readiness init"

# What an initialised stack's file holds besides settings. Lost, neither state nor secrets can be read any more.
_ENGINE_KEYS = ("encryptionsalt:", "encryptedkey:", "secretsprovider:")


def write_project(folder: Path, answers: Answers, *, force: bool) -> tuple[Finding, ...]:
    """Writes every file into `folder`, or none. Returns the warnings that `check` will show, placeholders included.

    Raises RefusedError with all that is wrong: what `check` would refuse, and files that exist unless `force` is given.
    """
    files = files_of(answers)
    found = [*_answer_problems(answers), *_problems_of(files)]
    found += _existing_file_problems(folder, files, force=force)
    if errors_only(found):
        raise RefusedError(errors_only(found))
    write_all({folder / name: text for name, text in files.items()})
    return tuple(found)


def _answer_problems(answers: Answers) -> Iterator[Finding]:
    names = {
        "--backend-service": answers.backend_service,
        "--frontend-service": answers.frontend_service,
        "--database": answers.database,
    }
    for option, name in names.items():
        if name and ENV not in name:
            hint = f"Write {ENV} where `{'` or `'.join(STACKS)}` stands"
            yield Finding(
                rule_id="init-option",
                file=COMMAND,
                key=option,
                message="names the same thing for both stacks",
                hint=hint,
            )
    # It is a part of an address only, where other texts would pass.
    if answers.project_number and not re.fullmatch("[0-9]{1,20}", answers.project_number):
        hint = "Write what `gcloud projects describe PROJECT` prints as projectNumber"
        yield Finding(rule_id="init-option", file=COMMAND, key="--project-number", message="is no number", hint=hint)


def _problems_of(files: Mapping[str, str]) -> list[Finding]:
    """What `readiness check` finds in the files. Their lines are not named: nobody has seen them."""
    with tempfile.TemporaryDirectory() as folder:
        write_all({Path(folder) / name: text for name, text in files.items()})
        checked = check_project(Path(folder), list(STACKS), now=clock.now())
    problems = (replace(problem, line=None) for each in checked.values() for problem in each.problems)
    return list(dict.fromkeys(problems))


def _existing_file_problems(folder: Path, files: Mapping[str, str], *, force: bool) -> Iterator[Finding]:
    for name in files:
        path = folder / name
        if not path.exists():
            continue
        if not force:
            hint = "`--force` replaces it; in a fresh clone it is the first customer's: README.md says how to keep it"
            yield Finding(rule_id="init-file-exists", file=name, message="exists already", hint=hint)
        elif not path.is_file():
            yield Finding(
                rule_id="init-file-exists", file=name, message="is no file", hint="Move it away; it cannot be replaced"
            )
        elif _is_initialised(path.read_text(encoding="utf-8", errors="replace")):
            message = "holds a stack's encryption key or its secrets, which would be lost"
            yield Finding(
                rule_id="init-file-exists",
                file=name,
                message=message,
                hint="Move it away first, if that is what you want",
            )


def _is_initialised(text: str) -> bool:
    return any(line.startswith(_ENGINE_KEYS) or line.lstrip().startswith("secure:") for line in text.splitlines())
