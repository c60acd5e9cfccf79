"""Which plans are compared: the working tree's with a commit's, or those of two files.

The commit's files are unpacked into a folder. Both programs run in processes of their own, without credentials: one
must not change what is said of the other, nor what compares them. No plan is kept: the author of a change could
leave one where it would be taken for the base's.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from readiness.finding import Finding, RefusedError
from readiness.plan.git import file_names, file_text, folder_in, resolve_commit, unpack
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_diff import StackDiff, diff_plans
from readiness.plan.plan_file import (
    ReadPlan,
    SecretMask,
    clean_setup,
    plan_from,
    read_plan_file,
)
from readiness.plan.program_process import RunningProgram, programs
from readiness.plan.program_setup import Setup, config_of_texts, setup_of_texts
from readiness.plan.setting_changes import SettingChange, setting_changes
from readiness.settings.nearest import suggestion
from readiness.settings.stack_files import PROGRAM_FILE, StackConfig, read_stack, stack_file_name
from readiness.settings.stack_names import stack_names, stacks_of

_TOOLKIT = Path(__file__).resolve().parent.parent


class BaseCommit:
    """A commit to compare with. Raises RefusedError where it is none, or holds no program."""

    def __init__(self, root: Path, ref: str) -> None:
        self._root = root
        self.commit = resolve_commit(root, ref)
        self._tree = folder_in(root, self.commit)
        self.label = f"{ref} ({self.commit[:12]})" if ref != self.commit else ref
        self.files = file_names(root, self._tree)
        if PROGRAM_FILE not in self.files:
            self._refuse(f"has no {PROGRAM_FILE}, and therefore no program", "Compare with a later commit")

    def stacks(self) -> list[str]:
        """The stacks that have a file in the commit, sorted."""
        return stacks_of(self.files)

    def setup(self, stack: str, secrets: SecretMask) -> Setup | None:
        """Which program the commit ran and where credentials went; None where its files are refused today."""

        def read(name: str) -> str | None:
            return file_text(self._root, self.commit, name)

        try:
            setup = setup_of_texts(stack, read, self.files)
            return clean_setup(setup, file=f"the settings of {stack} at {self.label}", secrets=secrets)
        except RefusedError:
            return None

    def settings(self, stack: str) -> StackConfig | None:
        """The configuration of the stack in the commit; None where its files are refused today."""
        try:
            return config_of_texts(stack, self.text)
        except RefusedError:
            return None

    def text(self, name: str) -> str | None:
        """A file of the commit; None where it has none."""
        return file_text(self._root, self.commit, name)

    def unpack(self, folder: Path) -> None:
        """Writes the commit's files into an empty folder."""
        unpack(self._root, self._tree, folder)

    def plan(self, stack: str, program: RunningProgram) -> Plan:
        """What the commit's program registers, waited for. Raises RefusedError where it makes no plan."""
        try:
            return program.plan()
        except RefusedError as refused:
            first = refused.problems[0]
            place = f"{first.file}:{first.line}" if first.line else first.file
            message = f"its program cannot make a plan of the stack {stack}: {place}: {first.message}"
            self._refuse(message, "Compare with a commit whose `readiness plan` works")

    def _refuse(self, message: str, hint: str) -> NoReturn:
        raise RefusedError([Finding(rule_id="base-commit", file=f"commit {self.label}", message=message, hint=hint)])


def against_commit(root: Path, ref: str, stacks: Sequence[str] = ()) -> list[StackDiff]:
    """The differences from a commit to the working tree as it is, of these stacks or of all.

    A stack that only the working tree has is shown as created, one that only the commit has as deleted. Raises
    RefusedError for a stack that neither has, and for whatever keeps a plan from being made.
    """
    base, here = BaseCommit(root, ref), stack_names(root)
    chosen = _chosen(here, base.stacks(), stacks)
    here = [stack for stack in chosen if stack in here]
    _require_settings(root, here)
    secrets = SecretMask()
    with _base_programs(base, chosen, [(root, read_stack(root, stack)) for stack in here]) as (before, after):
        # The base's first: a base that makes no plan says more than whatever the working tree does.
        old = {stack: _read(base.plan(stack, program), stack, secrets) for stack, program in before.items()}
        new = {stack: _read(program.plan(), stack, secrets) for stack, program in after.items()}
    found = _compared(base, old, new, chosen, secrets)
    return [
        replace(diff, settings=_setting_changes(base, root, diff.stack)) if diff.stack in here else diff
        for diff in found
    ]


def _setting_changes(base: BaseCommit, root: Path, stack: str) -> tuple[SettingChange, ...]:
    """The edited settings of a stack of the working tree; none where the commit's files cannot be read."""
    before = base.settings(stack)
    return () if before is None else setting_changes(stack, before, read_stack(root, stack))


def against_plans(
    root: Path,
    ref: str,
    new: Mapping[str, ReadPlan],
    secrets: SecretMask,
    stacks: Sequence[str] = (),
    *,
    edited: Mapping[str, str],
) -> list[StackDiff]:
    """The differences from a commit to plans that were made elsewhere; no program but the commit's is run.

    `edited` are the texts of the settings files that differ from the commit's, as far as they are known.
    """
    base = BaseCommit(root, ref)
    chosen = _chosen(sorted(new), base.stacks(), stacks)
    with _base_programs(base, chosen, []) as (before, _):
        old = {stack: _read(base.plan(stack, program), stack, secrets) for stack, program in before.items()}
    found = _compared(base, old, {stack: new[stack] for stack in chosen if stack in new}, chosen, secrets)
    return [replace(diff, settings=_settings_of_texts(base, edited, diff.stack)) for diff in found]


def _settings_of_texts(base: BaseCommit, edited: Mapping[str, str], stack: str) -> tuple[SettingChange, ...]:
    """The edited settings of a stack, from texts that anybody may have written; none where they are refused."""
    before = base.settings(stack)
    try:
        after = config_of_texts(stack, lambda name: edited[name] if name in edited else base.text(name))
    except RefusedError:
        return ()
    return () if before is None or not edited else setting_changes(stack, before, after)


Running = dict[str, RunningProgram]


@contextmanager
def _base_programs(
    base: BaseCommit, stacks: Sequence[str], more: Sequence[tuple[Path, StackConfig]]
) -> Iterator[tuple[Running, Running]]:
    """Starts the commit's program for those of the stacks that it has, and the further ones; both by stack."""
    with tempfile.TemporaryDirectory(prefix="readiness-base-") as name:
        folder = Path(os.path.realpath(name))
        base.unpack(folder)
        of_base = [(folder, read_stack(folder, stack)) for stack in stacks if stack in base.stacks()]
        with programs([*of_base, *more]) as running:
            by_stack = [(program.config.stack, program) for program in running]
            yield dict(by_stack[: len(of_base)]), dict(by_stack[len(of_base) :])


def _compared(
    base: BaseCommit,
    old: Mapping[str, ReadPlan],
    new: Mapping[str, ReadPlan],
    stacks: Sequence[str],
    secrets: SecretMask,
) -> list[StackDiff]:
    """The difference of each stack, which has a plan on one side at least.

    Where credentials went at the base is read by today's rules.
    """
    diffs: list[StackDiff] = []
    for stack in stacks:
        setup = base.setup(stack, secrets)
        before = replace(old.get(stack) or _nothing_of(new[stack]), setup=setup)
        # Of a stack that is gone nothing is run any more.
        after = new.get(stack) or replace(_nothing_of(before), setup=setup)
        diffs.append(diff_plans(before, after))
    return diffs


def _read(plan: Plan, file: str, secrets: SecretMask) -> ReadPlan:
    return plan_from(plan.as_dict(), file=file, secrets=secrets)


def _require_settings(root: Path, stacks: Sequence[str]) -> None:
    """Raises RefusedError with every problem of the settings, each at its line, where this toolkit is the program's.

    In a checkout of the toolkit that is not this one, only the program's own toolkit knows its settings.
    """
    from readiness.rules.stack import check_stack, require_settings

    if (root / _TOOLKIT.name / "__init__.py").is_file() and (root / _TOOLKIT.name).resolve() != _TOOLKIT:
        return
    for stack in stacks:
        require_settings(check_stack(root, stack))


def of_files(old: Path, new: Path) -> StackDiff:
    """The difference of two plans in files. Raises RefusedError where one is none, or they are of two stacks."""
    secrets = SecretMask()
    return diff_plans(read_plan_file(old, secrets), read_plan_file(new, secrets))


def _nothing_of(plan: ReadPlan) -> ReadPlan:
    """The same stack, declaring nothing."""
    return ReadPlan(stack=plan.stack, project=plan.project, resources={}, outputs={})


def _chosen(head: Sequence[str], base: Sequence[str], asked: Sequence[str]) -> list[str]:
    known = sorted({*head, *base})
    chosen = sorted(dict.fromkeys(asked)) or known
    problems: list[Finding] = []
    for stack in (stack for stack in chosen if stack not in known):
        message, hint = (
            "does not exist on either side",
            f"{suggestion(stack, known)}Stacks: {', '.join(known) or 'none'}",
        )
        file, message = stack_file_name(stack), "does not exist on either side"
        problems.append(Finding(rule_id="stack-unknown", file=file, message=message, hint=hint))
    if not chosen:
        message, hint = "neither the working tree nor the commit has a stack", "Create a Pulumi.<stack>.yaml"
        problems.append(Finding(rule_id="stack-file-missing", file="diff --base", message=message, hint=hint))
    if problems:
        raise RefusedError(problems)
    return chosen
