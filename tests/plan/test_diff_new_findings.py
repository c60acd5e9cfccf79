"""The diff names the rules about plans that the new plan breaks and the old one keeps."""

from __future__ import annotations

import re
from typing import Any

from readiness.plan.diff_report import DiffReport, diff_report
from readiness.plan.offline_plan import Plan
from readiness.plan.render_diff import MAX_ENTRIES, NEW_FINDINGS, diff_markdown, diff_text
from tests.plan.diff_plans import PlanValue, diff_of, planted, value_of


def report_of(plan: Plan, changes: dict[str, Any]) -> DiffReport:
    """The report on the real plan of production when inputs of its latency alert change."""

    def plant(resources: dict[str, PlanValue], _: PlanValue) -> None:
        resources["alerts-high-latency"]["inputs"] |= changes

    return diff_report([planted(plan, plant)], [], all_stacks=True)


def test_a_rule_that_the_new_plan_breaks_is_named_with_its_line(plans: dict[str, Plan]) -> None:
    """In the text and in the comment; what the API would refuse counts as much as a rule of the policy pack."""
    report = report_of(plans["prod"], {"notificationChannels": [], "displayName": "x" * 600})
    found = {finding.rule_id: finding for _, finding in report.new_findings}
    assert set(found) == {"policy-alert-channel", "api-contract"}
    assert found["policy-alert-channel"].line is not None
    what = r"\S+:\d+: alerts-high-latency: an alert that reaches nobody"
    heading = re.escape(NEW_FINDINGS)
    assert re.search(rf"{heading}\n\n    prod: {what}", diff_text(report))
    assert re.search(rf"### {heading}\n\n- `prod`: `{what}", diff_markdown(report))


def test_without_a_new_finding_nothing_is_said(plans: dict[str, Plan]) -> None:
    """Neither where nothing changes nor where a finding was there before."""
    assert NEW_FINDINGS not in diff_text(report_of(plans["prod"], {}))
    broken = value_of(plans["prod"])
    policy = next(entry for entry in broken["resources"] if entry["name"] == "alerts-high-latency")
    policy["inputs"]["notificationChannels"] = []
    report = diff_report([diff_of(broken, broken)], [], all_stacks=True)
    assert report.new_findings == ()


def test_a_comment_lists_only_so_many(plans: dict[str, Plan]) -> None:
    """The comment has a limit; the rest are counted."""

    def plant(resources: dict[str, PlanValue], _: PlanValue) -> None:
        for resource in resources.values():
            if resource["type"] == "gcp:monitoring/alertPolicy:AlertPolicy":
                resource["inputs"] |= {"notificationChannels": [], "displayName": "x" * 600}

    report = diff_report([planted(plans["prod"], plant)], [], all_stacks=True)
    assert len(report.new_findings) > MAX_ENTRIES
    assert f"- and {len(report.new_findings) - MAX_ENTRIES} more" in diff_markdown(report)
