"""The verdicts of promtool on every case: run once for the whole folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from readiness.alerts.scenarios.promtool import Case, Rule
from readiness.alerts.scenarios.stack import Stack
from readiness.plan.offline_plan import Plan
from tests.alerts.stacks import all_cases, rules_in, stacks_of
from tests.alerts.verdicts import MEMORY, run_in_two_sets
from tests.projects import STACKS, settings_of
from tools.find_tool import find_promtool


@pytest.fixture(scope="session")
def rules(plans: dict[str, Plan]) -> dict[tuple[str, str], Rule]:
    """The rules of every stack, by stack and alert, taken from the plan."""
    return rules_in(plans)


@pytest.fixture(scope="session")
def stacks() -> list[Stack]:
    """Every stack, as the scenarios see it."""
    return stacks_of({name: settings_of(name) for name in STACKS})


@pytest.fixture(scope="session")
def cases(stacks: list[Stack]) -> list[Case]:
    """Every case of every stack."""
    return all_cases(stacks)


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The promtool that is found; without one every test of the folder fails and says how to get it."""
    return find_promtool(fetch=False)


@pytest.fixture(scope="session")
def failures(
    promtool: Path,
    cases: list[Case],
    rules: dict[tuple[str, str], Rule],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """promtool's objections to each failed case, by the case's id."""
    folder = tmp_path_factory.mktemp("promtool")
    # Several workers of one run: the first asks promtool, on all cores, and the others then find its verdicts.
    with (folder.parent.parent / "promtool.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run_in_two_sets(promtool, folder, cases, rules, MEMORY)


@pytest.fixture(scope="session")
def prometheus_3() -> Path:
    """The promtool of Prometheus 3 that `READINESS_PROMTOOL_3` names. Skips, and says why, when it names none."""
    named = os.environ.get("READINESS_PROMTOOL_3")
    if not named:
        pytest.skip(
            "the cases ran under one promtool only; `make test-alerts` builds the newest and runs them there too"
        )
    return Path(named)
