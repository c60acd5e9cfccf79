"""Plans that a test run has made before: the same program and the same files give the same plan.

Only for commands whose own work is tested; tests of the plan itself make a new one.
"""

from __future__ import annotations

import copy
import hashlib
import pickle
import runpy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, chdir, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from readiness.finding import Finding, RefusedError
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
from readiness.plan.offline_plan import PROGRAM, Plan, engine_values, plan_of, program_refusal
from readiness.plan.program_setup import setup_in_folder
from readiness.plan.recorder import record
from readiness.plan.run_program import describe
from readiness.rules.plan_rules import RULES
from readiness.settings.stack_files import StackConfig
from tests.projects import ROOT

Started = Sequence[tuple[Path, StackConfig]]
# Kept by `remembering_programs`: a plan, or why there is none.
Outcome = Plan | RefusedError
PlanStack = Callable[[Path, StackConfig], Plan]


def remembering(plan_stack: PlanStack, memory: dict[str, Plan]) -> PlanStack:
    """`plan_stack` for projects that run this repository's program or a copy; others are planned every time."""

    def plan(root: Path, config: StackConfig) -> Plan:
        if not _runs_our_program(root):
            return plan_stack(root, config)
        key = _digest(root, config)
        if key not in memory:
            memory[key] = plan_stack(root, config)
        return copy.deepcopy(memory[key])

    return plan


def _runs_our_program(root: Path) -> bool:
    """By links to it, as the small projects of tests do, or by a copy."""
    if all((root / name).resolve() == ROOT / name for name in ("__main__.py", "components")):
        return True
    return (root / "readiness").is_dir() and _program(root) == _program(ROOT)


def _program(root: Path) -> dict[str, bytes]:
    """Text of every file that a plan is made by."""
    files = [root / "__main__.py", *(root / "components").rglob("*.py"), *(root / "readiness").rglob("*.*")]
    texts = (file for file in files if file.suffix != ".pyc" and file.is_file())
    return {str(file.relative_to(root)): file.read_bytes() for file in texts}


def _digest(root: Path, config: StackConfig) -> str:
    """Of all that the program reads, and whether it is linked or copied: the source lines of the plan differ."""
    linked = (root / "components").is_symlink()
    read = hashlib.sha256(repr((linked, config.stack, config.file)).encode())
    for file in sorted([*root.glob("Pulumi*.yaml"), root / config.file]):
        read.update(file.name.encode() + b"\0" + file.read_bytes())
    return read.hexdigest()


PlanFindings = Callable[..., list[Finding]]


def remembering_findings(plan_findings: PlanFindings, memory: dict[tuple[str, object], list[Finding]]) -> PlanFindings:
    """`plan_findings`, which checks the same plan by the same rules once."""

    def findings(resources: Sequence[dict[str, Any]], **options: Any) -> list[Finding]:
        rules = tuple(options.pop("rules", RULES))
        options = {name: sorted(value) if value is not None else None for name, value in options.items()}
        checked = pickle.dumps((resources, options))
        key = (hashlib.sha256(checked).hexdigest(), rules)
        if key not in memory:
            memory[key] = plan_findings(resources, rules=rules, **options)
        return list(memory[key])

    return findings


class Program(Protocol):
    """What `programs` yields for each folder."""

    @property
    def config(self) -> StackConfig:
        """The stack."""
        ...

    def plan(self) -> Plan:
        """The plan, or RefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A program whose plan is known, or is asked of the process that runs it, and then known."""

    config: StackConfig
    key: str
    memory: dict[str, Outcome]
    running: Program | None

    def plan(self) -> Plan:
        """As the program's own."""
        if self.key not in self.memory:
            assert self.running is not None
            try:
                self.memory[self.key] = self.running.plan()
            except RefusedError as refused:
                self.memory[self.key] = refused
        outcome = self.memory[self.key]
        if isinstance(outcome, RefusedError):
            raise outcome
        return copy.deepcopy(outcome)


def remembering_programs(
    programs: Callable[[Started], AbstractContextManager[Sequence[Program]]], memory: dict[str, Outcome]
) -> Callable[[Started], AbstractContextManager[Sequence[Program]]]:
    """`programs`, which starts a process only for a folder and stack whose every file is not known yet."""

    @contextmanager
    def start(started: Started) -> Iterator[Sequence[Program]]:
        keys = [_digest_of_folder(folder, config) for folder, config in started]
        for key, (folder, config) in zip(keys, started, strict=True):
            if key not in memory and _is_copy(folder):
                memory[key] = _planned_here(folder, config)
        with programs([each for each, key in zip(started, keys, strict=True) if key not in memory]) as running:
            left = iter(running)
            yield [
                _Remembered(config, key, memory, None if key in memory else next(left))
                for key, (_, config) in zip(keys, started, strict=True)
            ]

    return start


def _is_copy(folder: Path) -> bool:
    return not any((folder / name).is_symlink() for name in ("__main__.py", "components")) and _runs_our_program(folder)


def _planned_here(folder: Path, config: StackConfig) -> Outcome:
    """The plan of a copy of our program, by ours: in a third of the time, since this process has imported it.

    tests/plan/test_program_process.py compares a plan of a process with one that is made here.
    """

    def run() -> None:
        runpy.run_path(str(ROOT / PROGRAM), run_name="__main__")

    names, secret_keys = {"project": config.project, "stack": config.stack}, sorted(config.secret_keys)
    try:
        with chdir(folder):
            recording = record(run, **names, config=engine_values(config), secret_keys=secret_keys)
    except (Exception, SystemExit) as error:
        return program_refusal(*describe(error), file=config.file, root=ROOT)
    return replace(plan_of(recording, root=ROOT, **names), setup=setup_in_folder(folder, config))


def _digest_of_folder(folder: Path, config: StackConfig) -> str:
    """Of every file but the acknowledgements, which the program of these tests does not read."""
    read = hashlib.sha256(config.stack.encode())
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if file.is_file() and not {".git", ".tools", "__pycache__", ACKNOWLEDGED_FILE} & set(parts):
            read.update("/".join(parts).encode() + b"\0" + file.read_bytes())
    return read.hexdigest()
