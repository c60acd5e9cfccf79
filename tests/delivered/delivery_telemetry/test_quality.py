"""Figures that CI publishes, against their targets; what cannot be read is never met."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.delivered.delivery_telemetry.__main__ import run
from readiness.delivered.delivery_telemetry.quality import quality_lines
from readiness.delivered.delivery_telemetry.settings import Quality
from tests.delivered.delivery_telemetry.world import World, a_job, a_run, job

COVERAGE = Quality(
    name="backend test coverage, %", file="staging.yml", job="Run Tests and Linting", annotation="Coverage", at_least=80
)
LINT = Quality(
    name="ESLint errors", file="staging.yml", job="Run Tests and Linting", annotation="ESLint errors", at_most=0
)


def published(*annotations: dict[str, Any], **changes: Any) -> World:
    """A run of CI whose job has these annotations."""
    world = World(annotations={7: list(annotations)})
    world.add(a_run(), a_job(**{"id": 7, "name": "Run Tests and Linting", **changes}))
    return world


def lines(world: World, *figures: Quality) -> list[str]:
    """What the report says of these figures."""
    started = job(world, quality=figures)
    return quality_lines(started.apis, started.settings)[1:]


def note(title: str, message: str) -> dict[str, Any]:
    """An annotation as GitHub lists it."""
    return {"path": ".github", "annotation_level": "notice", "title": title, "message": message}


@pytest.mark.parametrize(
    ("figure", "message", "line"),
    [
        (COVERAGE, "83.4", "• backend test coverage, %: 83.4 (target: at least 80)"),
        (COVERAGE, "80 % of 1200 lines", "• backend test coverage, %: 80 (target: at least 80)"),
        (COVERAGE, "79.9", "• :warning: backend test coverage, %: 79.9 (target: at least 80)"),
        (LINT, "0", "• ESLint errors: 0 (target: at most 0)"),
        (LINT, "3 errors", "• :warning: ESLint errors: 3 (target: at most 0)"),
    ],
)
def test_a_figure_is_compared_with_its_target(figure: Quality, message: str, line: str) -> None:
    """The number with which the message begins."""
    assert lines(published(note("Other", "1"), note(figure.annotation, message)), figure) == [line]


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (World(), "staging.yml has no completed run on main"),
        (published(name="Build"), "the newest run of staging.yml has no job "),
        (published(note("Other", "1")), "the newest run of staging.yml has no annotation Coverage"),
        (published(note("Coverage", "eighty")), "the annotation Coverage does not begin with a number"),
        (published(id=8), "GitHub answered 404"),
    ],
    ids=["no run", "no job", "no annotation", "no number", "refused"],
)
def test_what_cannot_be_read_is_not_known_and_not_met(world: World, why: str) -> None:
    """With the reason, which says what CI lacks."""
    (line,) = lines(world, COVERAGE)
    assert line.startswith(f"• :warning: backend test coverage, %: not known, {why}")
    assert line.endswith("(target: at least 80)")


def test_the_report_has_the_figures_once_for_all_environments() -> None:
    """After those of the environments; without figures in the settings nothing is asked."""
    world = published(note("Coverage", "91"))
    started = job(world, quality=(COVERAGE,))
    assert run("week", started) == 0
    assert started.summaries[0].rstrip().endswith("*quality*\n• backend test coverage, %: 91 (target: at least 80)")
    assert quality_lines(job(World()).apis, job(World()).settings) == []
