"""Fixtures that every room uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pulumi.runtime.settings import SETTINGS

from readiness.review.offline_plan import Plan
from tests.projects import STACKS, copy_project, plan_of_stack


@pytest.fixture(scope="session")
def plans() -> dict[str, Plan]:
    """The offline plan of every stack, by its name."""
    return {stack: plan_of_stack(stack) for stack in STACKS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project to break."""
    return copy_project(tmp_path)


@pytest.fixture(autouse=True)
def no_undrained_apply() -> Iterator[None]:
    """An `apply` that nobody waits for never fails a test; whoever schedules one outside a recording is told."""
    outputs = cast("set[Any]", SETTINGS.outputs)  # the SDK types the property as its descriptor
    before = len(outputs)
    yield
    left = len(outputs) - before
    outputs.clear()
    assert left <= 0, "an apply was scheduled outside `record`; assert on the recording instead"
