"""Which plans are compared: the working tree's with a commit's, or those of two files.

The commit's files are unpacked into a folder, where its program runs in a process of its own: this process has the
working tree's modules loaded. A commit of this repository is planned by its own toolkit, any other by the installed
one. Each plan is kept under `.tools/plans/`, by what it depends on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

from readiness.files import read_regular_bytes, write_whole
from readiness.finding import Finding, RefusedError
from readiness.plan.git import file_names, file_text, folder_in, resolve_commit, unpack
from readiness.plan.plan_diff import StackDiff, diff_plans
from readiness.plan.plan_file import (
    MAX_PLAN_BYTES,
    PLAN_FORMAT,
    ReadPlan,
    SecretMask,
    clean_setup,
    plan_from,
    read_plan,
    read_plan_file,
)
from readiness.plan.program_setup import Setup, config_of_texts, setup_of_texts
from readiness.plan.setting_changes import SettingChange, setting_changes
from readiness.settings.nearest import suggestion
from readiness.settings.stack_files import PROGRAM_FILE, StackConfig, read_stack, stack_file_name
from readiness.settings.stack_names import stack_names, stacks_of

_TOOLKIT = Path(__file__).resolve().parent.parent
CACHE = Path(".tools/plans")
# A plan is 60 kB: more than these are of no use to anybody.
MAX_KEPT_PLANS = 100
# Planning a stack takes a second.
TIMEOUT_SECONDS = 120
# What a plan depends on beside the commit: the SDK writes its version into every resource.
_PACKAGES = ("pulumi", "pulumi-gcp", "pulumi-github")


class BaseCommit:
    """A commit to compare with. Raises RefusedError where it is none, or holds no program."""

    def __init__(self, root: Path, ref: str) -> None:
        self._root = root
        self.commit = resolve_commit(root, ref)
        self._tree = folder_in(root, self.commit)
        self._label = f"{ref} ({self.commit[:12]})" if ref != self.commit else ref
        self.files = file_names(root, self._tree)
        if PROGRAM_FILE not in self.files:
            self._refuse(f"has no {PROGRAM_FILE}, so no program", "Compare with a later commit")
        self._has_toolkit = file_text(root, self.commit, f"{_TOOLKIT.name}/__init__.py") is not None

    def stacks(self) -> list[str]:
        """The stacks that have a file in the commit, sorted."""
        return stacks_of(self.files)

    def setup(self, stack: str, secrets: SecretMask) -> Setup | None:
        """Which program the commit ran and where credentials went; None where its files are refused today."""

        def read(name: str) -> str | None:
            return file_text(self._root, self.commit, name)

        try:
            setup = setup_of_texts(stack, read, self.files)
            return clean_setup(setup, file=f"the settings of {stack} at {self._label}", secrets=secrets)
        except RefusedError:
            return None

    def settings(self, stack: str) -> StackConfig | None:
        """The configuration of the stack in the commit; None where its files are refused today."""
        try:
            return config_of_texts(stack, lambda name: file_text(self._root, self.commit, name))
        except RefusedError:
            return None

    @contextmanager
    def plans(self, stacks: Sequence[str], secrets: SecretMask) -> Iterator[Callable[[str], ReadPlan]]:
        """Gives the plan of a stack when it is asked for: the commit's program runs while the working tree is planned.

        Asking raises RefusedError where the commit's program makes no plan, or one of another format.
        """
        kept = {stack: data for stack in stacks if (data := self._kept(stack)) is not None}
        missing = [stack for stack in stacks if stack not in kept]
        with tempfile.TemporaryDirectory(prefix="readiness-base-") as folder:
            if missing:
                unpack(self._root, self._tree, Path(folder))
            running = {stack: _start(Path(folder), stack) for stack in missing}

            def plan_of(stack: str) -> ReadPlan:
                data = kept[stack] if stack in kept else self._printed(stack, running[stack], folder)
                plan = read_plan(data, file=f"the plan of {stack} at {self._label}", secrets=secrets)
                if stack in running:
                    self.keep(stack, data)
                return plan

            try:
                yield plan_of
            finally:
                for process in running.values():
                    if process.poll() is None:
                        process.kill()
                    process.communicate()

    def _printed(self, stack: str, process: subprocess.Popen[bytes], folder: str) -> bytes:
        """What the commit's program prints, waited for."""
        try:
            return printed_plan(process, Path(folder))
        except PlanFailedError as failed:
            message = f"its program makes no plan of the stack {stack}: {failed.lines[0].rstrip('.')}"
            self._refuse(message, "Compare with a commit whose `readiness plan` works")

    def keep(self, stack: str, data: bytes) -> None:
        """Keeps a plan for the next time. Where nothing can be written, nothing is kept."""
        path = self._path(stack)
        with suppress(RefusedError, OSError):
            write_whole(path, data.decode("utf-8"))
            by_age = sorted(path.parent.glob("*.json"), key=lambda plan: plan.stat().st_mtime, reverse=True)
            for old in by_age[MAX_KEPT_PLANS:]:
                old.unlink()

    def _kept(self, stack: str) -> bytes | None:
        """A plan from an earlier run; one that cannot be read is made anew."""
        try:
            data = read_regular_bytes(self._path(stack), MAX_PLAN_BYTES)
            read_plan(data, file="kept", secrets=SecretMask())
        except (OSError, RefusedError):
            return None
        return data

    def _path(self, stack: str) -> Path:
        depends_on = [self._tree, f"python {sys.version_info[:2]}"]
        for package in _PACKAGES:
            with suppress(PackageNotFoundError):
                depends_on.append(f"{package} {version(package)}")
        if not self._has_toolkit:
            depends_on.append(_toolkit_digest())
        key = hashlib.sha256("\n".join(depends_on).encode()).hexdigest()[:16]
        return self._root / CACHE / f"{self.commit[:12]}-{key}-{stack}-format{PLAN_FORMAT}.json"

    def _refuse(self, message: str, hint: str) -> NoReturn:
        raise RefusedError([Finding(rule_id="base-commit", file=f"commit {self._label}", message=message, hint=hint)])


class PlanFailedError(Exception):
    """Another process made no plan; `lines` are its errors, or its last line, without `error: `."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("; ".join(self.lines))


def start_plan(command: Sequence[str], folder: Path, stack: str, *, import_path: str | None) -> subprocess.Popen[bytes]:
    """Starts `COMMAND plan STACK --format json` in the folder; `import_path` comes before what is installed there."""
    hidden = ("PYTHON", "PULUMI_CONFIG")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "CI": "", "NO_COLOR": "1"}
    if import_path is not None:
        environment["PYTHONPATH"] = import_path
    words = [*command, "plan", "--format", "json", "--", stack]
    return subprocess.Popen(  # noqa: S603 - a fixed command; the stack's name is one that has a file
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )


def printed_plan(process: subprocess.Popen[bytes], folder: Path) -> bytes:
    """The plan that the process prints, waited for. Raises PlanFailedError; paths in it are those below `folder`."""
    try:
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise PlanFailedError([f"it has not ended after {TIMEOUT_SECONDS} s"]) from None
    if process.returncode:
        lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        said = errors or lines[-1:] or ["it says nothing"]
        raise PlanFailedError([line.replace(f"{folder}/", "") for line in said])
    return out


def _start(folder: Path, stack: str) -> subprocess.Popen[bytes]:
    """The plan command of the program in the folder, with this interpreter and its packages.

    The folder comes before what is installed, so that the commit's own modules are run.
    """
    return start_plan([sys.executable, "-m", "readiness"], folder, stack, import_path=str(folder))


@cache
def _toolkit_digest() -> str:
    """Of the code of the installed toolkit: in a checkout it changes while its version stays."""
    digest = hashlib.sha256()
    for file in sorted(_TOOLKIT.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def against_commit(root: Path, ref: str, stacks: Sequence[str] = ()) -> list[StackDiff]:
    """The differences from a commit to the working tree as it is, of these stacks or of all.

    A stack that only the working tree has is all created, one that only the commit has is all deleted. Raises
    RefusedError for a stack that neither has, and for whatever keeps a plan from being made.
    """
    base = BaseCommit(root, ref)
    here, there = stack_names(root), base.stacks()
    chosen = _chosen(here, there, stacks)
    secrets = SecretMask()
    with base.plans([stack for stack in chosen if stack in there], secrets) as plan_of:
        # While the commit's program runs, the working tree's does.
        heads = {
            stack: plan_from(planned_here(root, stack), file=stack, secrets=secrets)
            for stack in chosen
            if stack in here
        }
        bases = {stack: plan_of(stack) for stack in chosen if stack in there}
    diffs: list[StackDiff] = []
    for stack in chosen:
        # Read here and not by the commit's program, which may be older than the question.
        setup = base.setup(stack, secrets)
        old = replace(bases.get(stack) or _nothing_of(heads[stack]), setup=setup)
        # Of a stack that is gone nothing is run any more.
        new = heads.get(stack) or replace(_nothing_of(old), setup=setup)
        settings = _setting_changes(base, root, stack) if stack in heads else ()
        diffs.append(replace(diff_plans(old, new), settings=settings))
    return diffs


def _setting_changes(base: BaseCommit, root: Path, stack: str) -> tuple[SettingChange, ...]:
    """The edited settings of a stack of the working tree; none where the commit's files cannot be read."""
    before = base.settings(stack)
    return () if before is None else setting_changes(stack, before, read_stack(root, stack))


def of_files(old: Path, new: Path) -> StackDiff:
    """The difference of two plans in files. Raises RefusedError where one is none, or they are of two stacks."""
    secrets = SecretMask()
    return diff_plans(read_plan_file(old, secrets), read_plan_file(new, secrets))


def planned_here(root: Path, stack: str) -> object:
    """The plan of a stack of the working tree, as its JSON form. Raises RefusedError with every problem."""
    from readiness.plan.offline_plan import plan_stack
    from readiness.rules.stack import check_stack, require_settings

    require_settings(check_stack(root, stack))
    return plan_stack(root, read_stack(root, stack)).as_dict()


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
