"""Projects for tests: the real one, the one with every option on, and copies to break."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from readiness.checks import check_config, require_settings
from readiness.review.offline_plan import Plan, plan_stack
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig, read_stack
from tests.pinned_clock import TODAY

ROOT = Path(__file__).resolve().parent.parent
FIRST_CUSTOMER = Path("tests") / "first_customer"


def customer_folder(root: Path) -> Path:
    """Where the files of the first customer are, of whom the tests speak; README.md puts them aside for another."""
    kept = root / FIRST_CUSTOMER
    return kept if (kept / "Pulumi.yaml").is_file() else root


CUSTOMER_FOLDER = customer_folder(ROOT)
EVERY_OPTION = "every-option"
SMALL = ROOT / "tests" / "fixtures" / "small"
EVERY_OPTION_FILE = "tests/fixtures/Pulumi.every-option.yaml"
STACKS = ("prod", "staging", EVERY_OPTION)


def config_of(stack: str, files: Path = CUSTOMER_FOLDER) -> StackConfig:
    """The configuration of a stack of the first customer, the fixture stack included."""
    fixture = os.path.relpath(ROOT / EVERY_OPTION_FILE, files)
    return read_stack(files, stack, fixture if stack == EVERY_OPTION else None)


def settings_of(stack: str, files: Path = CUSTOMER_FOLDER) -> Settings:
    """The settings of a stack of the first customer."""
    return _customers_settings(stack) if files == CUSTOMER_FOLDER else _settings(stack, files)


@functools.cache
def _customers_settings(stack: str) -> Settings:
    """Read once: nobody edits the customer's own files, nor settings."""
    return _settings(stack, CUSTOMER_FOLDER)


def _settings(stack: str, files: Path) -> Settings:
    return require_settings(check_config(config_of(stack, files), today=TODAY))


def plan_of_stack(stack: str) -> Plan:
    """The offline plan of a stack of the first customer."""
    return plan_stack(ROOT, config_of(stack))


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
    """Runs `readiness` and returns what it printed; the fixture `command` does so inside the test's own process."""

    def __call__(self, *arguments: str, cwd: Path = CUSTOMER_FOLDER, **environment: str) -> Result:
        """The variables are set besides those of the test's own environment."""
        ...


def readiness(*arguments: str, cwd: Path = CUSTOMER_FOLDER, **environment: str) -> Result:
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


def copy_project(folder: Path, files: Path = CUSTOMER_FOLDER) -> Path:
    """A copy of a project's files in `folder`, whose program is the real one."""
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"):
        (folder / name).write_bytes((files / name).read_bytes())
    for name in ("__main__.py", "components"):
        (folder / name).symlink_to(ROOT / name)
    return folder
