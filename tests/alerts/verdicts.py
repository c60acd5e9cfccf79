"""Remembers which test files promtool has passed, byte for byte, so that an unchanged rule is not run again.

promtool is a pure function of its files: the same rule, the same samples and the same promtool give the same answer. A
file is remembered only when none of its cases failed; whatever failed runs again. `make clean` forgets everything.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from readiness.alerts.scenarios.promtool import Case, Rule, run_cases, run_files, write_cases
from tests.alerts.stacks import runs_in_make_test
from tests.projects import ROOT

# Each set of cases has a folder, since remembering one forgets what is not in it.
MEMORY = ROOT / ".tools" / "promtool-verdicts"
MEMORY_OF_LATE_SAMPLES = ROOT / ".tools" / "promtool-verdicts-late"


class Verdicts:
    """What one promtool has passed before, in a folder of empty files named by digest."""

    def __init__(self, promtool: Path, memory: Path = MEMORY) -> None:
        version = subprocess.run([promtool, "--version"], capture_output=True, check=True)
        self._promtool = version.stdout + version.stderr
        self._memory = memory

    def unseen(self, files: Sequence[Path]) -> list[Path]:
        """Those of the test files that have not passed as they are."""
        return [file for file in files if not (self._memory / self._digest(file)).exists()]

    def remember(self, passed: Iterable[Path], every: Iterable[Path]) -> None:
        """Keeps the files that passed, and forgets those that no longer exist in this form."""
        self._memory.mkdir(parents=True, exist_ok=True)
        current = {self._digest(file) for file in every}
        for old in self._memory.iterdir():
            if old.name not in current:
                old.unlink(missing_ok=True)
        for file in passed:
            (self._memory / self._digest(file)).touch()

    def _digest(self, file: Path) -> str:
        rules = file.with_name(file.name.replace(".test.json", ".rules.json"))
        return hashlib.sha256(self._promtool + rules.read_bytes() + b"\0" + file.read_bytes()).hexdigest()


def run_new_cases(
    promtool: Path,
    folder: Path,
    cases: Sequence[Case],
    rules: Mapping[tuple[str, str], Rule],
    verdicts: Verdicts | None,
) -> dict[str, str]:
    """What went wrong in each failed case. With `verdicts`, what has passed before does not run again."""
    if verdicts is None:
        return run_cases(promtool, folder, cases, rules)
    ids = write_cases(folder, cases, rules)
    files = verdicts.unseen(list(ids))
    failures = run_files(promtool, files)
    # A failure that belongs to no case could be any file's.
    if failures.keys() <= {id_ for own in ids.values() for id_ in own}:
        verdicts.remember((file for file in files if not ids[file] & failures.keys()), ids)
    return failures


def run_in_two_sets(
    promtool: Path,
    folder: Path,
    cases: Sequence[Case],
    rules: Mapping[tuple[str, str], Rule],
    memory: Path,
    *,
    is_usual: Callable[[Case], bool] = runs_in_make_test,
) -> dict[str, str]:
    """Runs the cases that `make test` tries, and apart from them the others, so that none of the former runs again.

    Returns what went wrong in each failed case. `folder` exists, as for `run_new_cases`. `is_usual`: whether
    `make test` tries a case.
    """
    sets: dict[str, list[Case]] = {"": [], "-other-deliveries": []}
    for case in cases:
        sets["" if is_usual(case) else "-other-deliveries"].append(case)
    failures: dict[str, str] = {}
    for name, own in sets.items():
        if own:
            own_folder = folder / f"cases{name}"
            own_folder.mkdir()
            verdicts = Verdicts(promtool, memory.with_name(f"{memory.name}{name}"))
            failures |= run_new_cases(promtool, own_folder, own, rules, verdicts)
    return failures
