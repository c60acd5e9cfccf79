"""The fixture projects, one in each folder here, and copies of them that tests may change.

`first-customer` has two stacks that share a registry and a repository, `small` has only the required settings, and
`every-option` has one stack with every option on. They all run the program at the root. No test reads the stack files
at the root, so that you can edit or replace those without changing a test.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from readiness.alerts.runbook_address import RUNBOOK_PATH
from readiness.documents.runbook import runbook_texts
from readiness.files import write_all
from readiness.markdown_text import anchors
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.rules.stack import check_config, require_settings
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig, read_stack
from tests.pinned_clock import TODAY

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = ROOT / "tests" / "projects"
FIRST_CUSTOMER = PROJECTS / "first-customer"
SMALL = PROJECTS / "small"
EVERY_OPTION = "every-option"
EVERY_OPTION_FILE = PROJECTS / EVERY_OPTION / f"Pulumi.{EVERY_OPTION}.yaml"
CUSTOMER_STACKS = ("prod", "staging")
STACKS = (*CUSTOMER_STACKS, EVERY_OPTION)


def folder_of(stack: str) -> Path:
    """The project of one of `STACKS`."""
    return EVERY_OPTION_FILE.parent if stack == EVERY_OPTION else FIRST_CUSTOMER


def config_of(stack: str) -> StackConfig:
    """The configuration of one of `STACKS`."""
    return read_stack(folder_of(stack), stack)


@functools.cache
def settings_of(stack: str) -> Settings:
    """The settings of one of `STACKS`. Read once: no test edits the fixture itself, and settings are frozen."""
    return require_settings(check_config(config_of(stack), today=TODAY))


def plan_of_stack(stack: str) -> Plan:
    """The offline plan of one of `STACKS`."""
    return plan_stack(folder_of(stack), config_of(stack))


@functools.cache
def runbook() -> dict[str, str]:
    """The runbook of the first customer by path, with a page for every alert."""
    return runbook_texts([(stack, settings_of(stack)) for stack in CUSTOMER_STACKS])


def runbook_targets() -> frozenset[str]:
    """To which ends of an address the alerts of the first customer may link."""
    names = {path.rpartition("/")[2] for path in runbook()}
    return frozenset(names | anchors(runbook()[RUNBOOK_PATH]))


def write_runbook(project: Path) -> None:
    """Writes the runbook of a copied project, to which its alerts link."""
    write_all({project / name: text for name, text in runbook().items()})


@dataclass(frozen=True)
class Result:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams."""
        return self.out + self.err


class Command(Protocol):
    """Runs `readiness` and returns what it printed. The fixture `command` does so in the test's own process."""

    def __call__(self, *arguments: str, cwd: Path = FIRST_CUSTOMER, **environment: str) -> Result:
        """`environment` is added to the variables of the test's own environment."""
        ...


def readiness(*arguments: str, cwd: Path = FIRST_CUSTOMER, **environment: str) -> Result:
    """Runs `python -m readiness` as a user does, without CI's annotations unless asked for."""
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "GITHUB_ACTIONS")}
    done = subprocess.run(
        [sys.executable, "-m", "readiness", *arguments],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def copy_project(folder: Path, files: Path = FIRST_CUSTOMER) -> Path:
    """Copies a project's stack files to `folder`, and links the program at the root there. Returns `folder`."""
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"):
        (folder / name).write_bytes((files / name).read_bytes())
    for name in ("__main__.py", "components"):
        (folder / name).symlink_to(ROOT / name)
    return folder
