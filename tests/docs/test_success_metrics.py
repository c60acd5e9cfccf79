"""docs/success-metrics.md has every metric of the task list, with its target, and names resources that exist."""

from __future__ import annotations

import re

from readiness.plan.offline_plan import Plan
from tests.docs.seed_lines import seed_lines
from tests.projects import ROOT

SEED = (ROOT / "tests" / "fixtures" / "remaining-tasks.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "success-metrics.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]


def test_every_metric_of_the_seed_has_its_row_in_order_with_its_figures() -> None:
    """The figures of the target are those of the task list, whatever words stand around them."""
    asked = [line.partition(": ") for section, line in seed_lines(SEED) if section == "metrics"]
    assert [row[0] for row in ROWS] == [name for name, _, _ in asked]
    for row, (_, _, target) in zip(ROWS, asked, strict=True):
        assert re.findall(r"[\d.]+", row[1]) == re.findall(r"[\d.]+", target), row[0]


def test_every_name_is_a_resource_or_an_output_of_production(plans: dict[str, Plan]) -> None:
    """What measures a metric is declared."""
    names = {resource["name"] for resource in plans["prod"].resources} | set(plans["prod"].outputs)
    found = re.findall(r"`([a-z0-9]+(?:[-_][a-z0-9]+)+)`", PAGE)
    assert len(found) > 10
    assert [name for name in found if name not in names] == []
