"""Hundreds of ways to break a file: each gives problems that name file and hint, or is taken; none raises."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.finding import Severity, text_line
from readiness.rules.stack import check_stack
from readiness.settings.validation import Validated
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE
from tests.settings.mutations import any_mutation, mutations_of

SOURCES = ("Pulumi.yaml", EVERY_OPTION_FILE.name)
# Of each file; `python -m tests.settings.test_fuzz` goes through all of them.
SAMPLE = 50


def trees() -> dict[str, Any]:
    """Both files of the stack that has every option on."""
    folder = EVERY_OPTION_FILE.parent
    return {name: yaml.safe_load((folder / name).read_text(encoding="utf-8")) for name in SOURCES}


def checked(folder: Path, files: dict[str, Any]) -> Validated:
    """What is found once the files hold these values."""
    for name, tree in files.items():
        # JSON is YAML, and written thirty times as fast.
        (folder / name).write_text(json.dumps(tree, indent=1, ensure_ascii=False), encoding="utf-8")
    return check_stack(folder, EVERY_OPTION)


def judge(what: str, found: Validated) -> None:
    """Either settings or an error; every problem says where and what to do, in one line."""
    errors = [problem for problem in found.problems if problem.severity is Severity.ERROR]
    assert errors or found.settings is not None, f"{what}: neither settings nor an error"
    for problem in found.problems:
        assert problem.file, f"{what}: no file in {problem}"
        assert problem.message, f"{what}: nothing said in {problem}"
        assert problem.hint, f"{what}: no hint in {problem}"
        assert "\n" not in text_line(problem), what
        assert problem.line is None or problem.line > 0, what
        assert "x" * 300 not in text_line(problem), f"{what}: a value is repeated"


@pytest.mark.parametrize("name", SOURCES)
def test_one_mutation_of_a_file_never_raises(tmp_path: Path, name: str) -> None:
    """A key deleted, misspelt or added, a value of another type, at places all over the file."""
    original = trees()
    mutations = list(mutations_of(original[name]))
    for what, mutate in random.Random(20).sample(mutations, SAMPLE):  # noqa: S311 - a sample, not a secret
        judge(what, checked(tmp_path, original | {name: mutate()}))


def test_many_mutations_at_once_never_raise(tmp_path: Path) -> None:
    """A rule between settings meets values that no other rule has refused yet."""
    chance = random.Random(3)  # noqa: S311 - a sample, not a secret
    for _ in range(15):
        files = trees()
        done: list[str] = []
        for name in files:
            for _ in range(8):
                what, mutate = any_mutation(files[name], chance)
                files[name] = mutate()
                done.append(what)
        judge("; ".join(done), checked(tmp_path, files))


def test_the_unmutated_files_are_taken(tmp_path: Path) -> None:
    """What the mutations begin with."""
    assert checked(tmp_path, trees()).settings is not None


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        every = [(name, *mutation) for name, tree in trees().items() for mutation in mutations_of(tree)]
        for name, what, mutate in every:
            judge(what, checked(Path(scratch), trees() | {name: mutate()}))
