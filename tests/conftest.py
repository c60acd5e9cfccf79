"""Fixtures that every room uses."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from pulumi.runtime.settings import SETTINGS

# Before any test plans a copy of the project, whose components would be those of the whole process.
import components as components
from readiness import clock
from readiness.cli.main import run
from readiness.delivered import http_client
from readiness.finding import Finding
from readiness.plan import base_plan, diff_report, offline_plan, plan_problems
from readiness.plan.offline_plan import Plan
from tests.pinned_clock import NOW
from tests.plan_memory import Outcome, remembering, remembering_findings, remembering_programs
from tests.projects import FIRST_CUSTOMER, SMALL, STACKS, Command, Result, copy_project, plan_of_stack
from tests.root_files import refuse_the_roots_files

# A plan leaves many objects, and the default looks at all of them again and again: a third of the suite's time.
gc.set_threshold(200_000, 50, 100)

# Hypothesis fails an example that takes longer than 200 ms, which a busy machine makes any example do.
settings.register_profile("readiness", deadline=None)
settings.load_profile("readiness")


def pytest_configure() -> None:
    """Before anything is collected: some modules read settings as they are imported. Never undone."""
    patch = pytest.MonkeyPatch()
    patch.setattr(clock, "now", lambda: NOW)
    # Between two tries of a request: where nothing answers, a command would wait for ten seconds and more.
    patch.setitem(http_client.request.__kwdefaults__ or {}, "sleep", lambda _seconds: None)
    refuse_the_roots_files()


def pytest_collection_finish() -> None:
    """The garbage collector, and a recording that fails, look through what tests make, not through what is loaded."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What is left at the end is not looked through five times more: that took two seconds of every worker."""
    gc.freeze()


@pytest.fixture(scope="session")
def plans() -> dict[str, Plan]:
    """The offline plan of every stack, by its name."""
    return {stack: plan_of_stack(stack) for stack in STACKS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the first customer's project, to break."""
    return copy_project(tmp_path)


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A copy of the least that makes a project, for what does not depend on the first customer's stacks."""
    return copy_project(tmp_path, SMALL)


@pytest.fixture(scope="session")
def plan_memory() -> dict[str, Plan]:
    """What `remembering` keeps."""
    return {}


@pytest.fixture(scope="session")
def program_memory() -> dict[str, Outcome]:
    """What `remembering_programs` keeps."""
    return {}


@pytest.fixture(scope="session")
def findings_memory() -> dict[tuple[str, object], list[Finding]]:
    """What `remembering_findings` keeps."""
    return {}


@pytest.fixture
def remembered_plans(
    monkeypatch: pytest.MonkeyPatch,
    plan_memory: dict[str, Plan],
    program_memory: dict[str, Outcome],
    findings_memory: dict[tuple[str, object], list[Finding]],
) -> None:
    """Commands plan the same project once a test run, and check the same plan once."""
    for module in (plan_problems, diff_report):
        monkeypatch.setattr(module, "plan_findings", remembering_findings(module.plan_findings, findings_memory))
    monkeypatch.setattr(offline_plan, "plan_stack", remembering(offline_plan.plan_stack, plan_memory))
    monkeypatch.setattr(base_plan, "programs", remembering_programs(base_plan.programs, program_memory))


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], remembered_plans: None) -> Command:
    """`readiness` without a process of its own: ten times as fast, for what no process is needed to show."""

    def run_here(*arguments: str, cwd: Path = FIRST_CUSTOMER, **environment: str) -> Result:
        with monkeypatch.context() as patch:
            for name in ("CI", "NO_COLOR", "GITHUB_ACTIONS"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.chdir(cwd)
            capsys.readouterr()
            status = run(arguments)
        return Result(status, *capsys.readouterr())

    return run_here


@pytest.fixture(autouse=True)
def no_undrained_apply() -> Iterator[None]:
    """An `apply` that nobody waits for never fails. So a test that schedules one outside a recording fails."""
    outputs = cast("set[Any]", SETTINGS.outputs)  # the SDK types the property as its descriptor
    before = len(outputs)
    yield
    left = len(outputs) - before
    outputs.clear()
    assert left <= 0, "an apply was scheduled outside `record`; assert on the recording instead"
