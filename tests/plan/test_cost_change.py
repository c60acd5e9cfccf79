"""What a change does to the costs: before, after and the difference, by hand."""

from __future__ import annotations

import json
from pathlib import Path

from readiness.plan.cost import Basis
from readiness.plan.cost_change import CostChange, cost_changes
from readiness.plan.render_cost import cost_changes_data, cost_changes_markdown, cost_changes_text
from readiness.settings.prices import ExpectedUsage
from tests.edits import edit
from tests.pinned_clock import TODAY
from tests.plan.cost_plans import bucket, errors_of, service_plan, uptime_check
from tests.plan.diff_plans import PlanValue, diff_of, plan_value
from tests.projects import Command


def change(old: list[PlanValue], new: list[PlanValue], **basis: object) -> CostChange:
    """What one stack's change does."""
    diffs = [diff_of(plan_value(*old), plan_value(*new))]
    (found,) = cost_changes(diffs, {"prod": Basis(**basis)} if basis else {})  # type: ignore[arg-type]
    return found


def test_a_service_more_is_a_difference_of_points_and_executions() -> None:
    """From four services to five, the executions pass the free million: 95,000 at USD 0.30 a thousand."""
    found = change(service_plan(4), service_plan(5))
    assert [line.line.key for line in found.changed] == ["alert_points", "uptime_executions"]
    points, executions = found.changed
    assert (points.quantity, points.amount) == (87_600, 0.0438)
    assert (executions.quantity, executions.amount) == (219_000, 28.5)
    text = cost_changes_text([found], TODAY)
    assert "  prod: at least USD 0.00 -> 28.50 a month (+28.50); from 2027-09-01 on at least USD 0.88 -> 29.42" in text
    assert "executions of uptime checks: 876,000 executions -> 1,095,000 executions; USD 0.00 -> 28.50 (+28.50)" in text


def test_a_service_less_is_the_same_with_the_other_sign() -> None:
    """In both directions."""
    back = change(service_plan(5), service_plan(4))
    assert [line.amount for line in back.changed] == [-0.0438, -28.5]
    assert "(-28.50)" in cost_changes_text([back], TODAY)


def test_no_change_of_costs_is_no_line() -> None:
    """Neither in text nor in the comment; the data has every stack."""
    found = change(service_plan(2), service_plan(2))
    assert cost_changes_text([found], TODAY) == cost_changes_markdown([found], TODAY) == ""
    assert cost_changes_data([found])[0]["difference"] == {
        "usd_month": 0,
        "usd_month_with_alerting": 0,
        "not_known": [],
    }


def test_a_change_that_cannot_be_priced_is_said_and_is_no_zero() -> None:
    """A longer retention costs more, how much depends on the bytes."""
    found = change([errors_of(1), bucket(60)], [errors_of(1), bucket(400)])
    text = cost_changes_text([found], TODAY)
    assert "no known change" in text
    assert "; not known and not counted: log entries kept in _Default" in text
    assert "before: 60 days, 1.0 months" in text
    assert "after: 400 days, 12.3 months" in text
    data = cost_changes_data([found])[0]
    assert data["difference"]["not_known"] == ["log entries kept in _Default"]
    kept = next(line for line in data["lines"] if line["key"] == "kept_logs:_Default")
    assert kept["difference"] == {"quantity": None, "usd_month": None}


def test_it_is_priced_where_the_settings_know_the_bytes() -> None:
    """100 GiB, 340 days more: eleven months and a third."""
    usage = ExpectedUsage(log_gib=100)
    found = change([errors_of(1), bucket(60)], [errors_of(1), bucket(400)], usage=usage)
    (line,) = found.changed
    assert line.amount is not None
    assert round(line.amount, 2) == round(100 * 340 / 30 * 0.01, 2)


def test_a_change_of_one_stack_moves_what_another_of_the_project_pays() -> None:
    """What is free is the project's: three checks each, then four in prod."""
    checks = [uptime_check(number) for number in range(4)]
    prod = diff_of(plan_value(*checks[:3]), plan_value(*checks))
    staging = diff_of(*(plan_value(*checks[:3], stack="staging") for _ in "ab"))
    elsewhere_checks = [uptime_check(number, project="another") for number in range(3)]
    elsewhere = diff_of(*(plan_value(*elsewhere_checks, stack="z") for _ in "ab"))
    first, second, third = cost_changes([prod, staging, elsewhere], {})
    # 1,314,000 and then 1,533,000 executions, of which a million are free, at USD 0.30 a thousand.
    assert round(first.before.total(from_start=False) + second.before.total(from_start=False), 6) == 94.2
    assert round(first.after.total(from_start=False) + second.after.total(from_start=False), 6) == 159.9
    assert [line.line.key for line in second.changed] == ["uptime_executions"]
    assert third.changed == ()


def test_a_new_stack_is_all_difference_and_a_deleted_one_too() -> None:
    """The side without resources costs nothing, which is known."""
    new, gone = change([], service_plan(5)), change(service_plan(5), [])
    assert [new.before.is_least, gone.after.is_least] == [False, False]
    data = cost_changes_data([new, gone])
    assert [entry["difference"]["usd_month"] for entry in data] == [28.5, -28.5]
    json.dumps(data, allow_nan=False)


def test_the_comment_has_a_line_for_each_stack_and_folds_the_rest() -> None:
    """Of 30 stacks, ten and how many more."""
    diffs = [
        diff_of(
            plan_value(*service_plan(1), stack=f"s{number:02}"), plan_value(*service_plan(2), stack=f"s{number:02}")
        )
        for number in range(30)
    ]
    text = cost_changes_markdown(cost_changes(diffs, {}), TODAY)
    open_part, _, folded = text.partition("<details>")
    assert open_part.count("\n- ") == 11
    assert "- and 20 more stacks" in open_part
    assert folded.count("points that alerts return") == 15
    assert "- and 30 more lines" in folded
    one = cost_changes_markdown([change(service_plan(1), service_plan(2))], TODAY).partition("<details>")[0]
    assert len(one.splitlines()) <= 5


def test_many_long_names_leave_the_comment_its_room() -> None:
    """A plan may declare 2,000 buckets."""
    buckets = [bucket(400, f"{number}-{'x' * 5_000}") for number in range(1_000)]
    text = cost_changes_markdown([change([errors_of(1)], [errors_of(1), *buckets])], TODAY)
    assert len(text) < 15_000
    assert "- and 970 more lines" in text


def test_diff_shows_costs_for_a_terminal_and_in_the_comment(clone: Path, command: Command) -> None:
    """A stack that is not compared still uses what is free."""
    edit(clone, "readiness:services:", "readiness:uptime_checks: {period_seconds: 300}\n  readiness:services:")
    text = command("diff", "--base", "HEAD", "--stack", "prod", cwd=clone).out
    assert "executions of uptime checks: 438,000 executions -> 87,600 executions" in text
    assert "525,600 of 1,000,000 free ones of the project are used, shared with staging" in text
    comment = command("diff", "--base", "HEAD", "--format", "markdown", cwd=clone).out
    assert "\n### Cost of a month\n\n- `prod: at least USD 0.00 a month, no change; from 2027-09-01 on" in comment
    assert "`staging:" not in comment.partition("### Cost of a month")[2]
