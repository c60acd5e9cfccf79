"""The form of the samples, and the use of promtool's verdicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from readiness.alerts.scenarios.cases import cases_of
from readiness.alerts.scenarios.incident import Fires, Quiet
from readiness.alerts.scenarios.promtool import Case, PromtoolError, Rule, run_cases
from readiness.alerts.scenarios.series import Delivery, Series, distribution, minutes, promtool_values
from readiness.alerts.scenarios.stack import Stack


def _series(*values: float | None) -> Series:
    return Series(metric="m", labels={"a": "b"}, minutes=values)


def test_minutes_are_added_up_from_an_explicit_zero() -> None:
    """DELTA becomes a counter. The first sample counts because a 0 precedes it."""
    assert promtool_values(_series(1, 2, 0), Delivery(phase_seconds=0)) == "0 1 3 3"


def test_samples_arrive_at_the_phase() -> None:
    """15 s after each full minute, on a grid of 15 s."""
    assert promtool_values(_series(1, 2), Delivery(phase_seconds=15)) == "_x1 0 _x3 1 _x3 3"


def test_the_count_of_a_lost_sample_is_part_of_the_next_sample() -> None:
    """The count is not lost with its sample."""
    assert promtool_values(_series(1, 2, 3, 4), Delivery(phase_seconds=0, lost=1)) == "0 1 _x1 6 10"


def test_a_series_that_begins_again_has_its_old_value_a_minute_before() -> None:
    """Scaled to zero and back: Monitoring knows when the first sample's minute began."""
    assert promtool_values(_series(5, None, None, 2), Delivery(phase_seconds=0)) == "0 5 _x1 5 7"


def test_a_loss_moves_the_first_bad_sample_that_arrives() -> None:
    """Time is counted from the first sample that arrives."""
    assert Delivery(phase_seconds=0, lost=1).first_delivered(10) == 11
    assert Delivery(phase_seconds=0, lost=2).first_delivered(10) == 10


def test_a_distribution_is_cumulative_and_ends_in_infinity() -> None:
    """Buckets count values up to their bound. Bounds that no used bucket has are left out."""
    made = distribution("m", {}, (1, 2, 4, 8, 16), [{3: 2, 100: 1}])
    assert [(series_.labels["le"], series_.minutes) for series_ in made] == [
        ("2", (0,)),
        ("4", (2,)),
        ("16", (2,)),
        ("+Inf", (3,)),
    ]


def test_minutes_are_written_as_spans() -> None:
    """`minutes((2, 0), (1, 3))` is 0, 0, 3."""
    assert minutes((2, 0), (1, 3)) == (0, 0, 3)


@pytest.fixture(scope="module")
def firing(stacks: list[Stack]) -> Case:
    """A case in which the error rate pages."""
    return next(case for case in cases_of(stacks[0]) if "/HighErrorRate/a_lasting" in case.id)


def test_a_case_that_expects_silence_of_a_firing_alert_fails(
    promtool: Path, rules: dict[tuple[str, str], Rule], firing: Case, tmp_path: Path
) -> None:
    """The verdict can fail."""
    wrong = replace(firing, incident=replace(firing.incident, expect=Quiet()))
    key = ("prod", "HighErrorRate")
    assert list(run_cases(promtool, tmp_path, [wrong], {key: rules[key]})) == [firing.id]


@pytest.mark.parametrize(
    "change", [{"within_seconds": 240}, {"not_before_seconds": 600}, {"labels": ({"service_name": "x"},)}]
)
def test_a_case_that_expects_another_time_or_other_labels_fails(
    promtool: Path, rules: dict[tuple[str, str], Rule], firing: Case, tmp_path: Path, change: dict[str, object]
) -> None:
    """Too late, too early, and the labels are checked."""
    assert isinstance(firing.incident.expect, Fires)
    expect = replace(firing.incident.expect, **change)  # type: ignore[arg-type]
    wrong = replace(firing, incident=replace(firing.incident, expect=expect))
    key = ("prod", "HighErrorRate")
    assert list(run_cases(promtool, tmp_path, [wrong], {key: rules[key]})) == [firing.id]


def test_a_rule_that_does_not_parse_is_an_error_and_no_verdict(
    promtool: Path, rules: dict[tuple[str, str], Rule], firing: Case, tmp_path: Path
) -> None:
    """promtool's exit status is checked too, not only its list of failed cases."""
    key = ("prod", "HighErrorRate")
    with pytest.raises(PromtoolError, match="parse error"):
        run_cases(promtool, tmp_path, [firing], {key: {**rules[key], "expr": "sum("}})
