"""docs/customer/success-metrics.md has every metric of the task list with its target, and names what exists."""

from __future__ import annotations

import re

from readiness.plan.offline_plan import Plan
from tests.docs.customer_page import table_rows
from tests.projects import ROOT

PAGE = (ROOT / "docs" / "customer" / "success-metrics.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
SEED = (ROOT / "docs" / "customer" / "seed.md").read_text(encoding="utf-8")


def test_every_metric_of_the_task_list_has_its_row_in_order_with_its_figures() -> None:
    """The figures of the target are those of the task list, in whatever words."""
    asked = [row.words for row in table_rows(SEED) if row.section == "metrics"]
    assert [re.findall(r"[\d.]+", row[1]) for row in ROWS] == [re.findall(r"[\d.]+", words) for words in asked]


def test_every_name_is_a_resource_or_an_output_of_production(plans: dict[str, Plan]) -> None:
    """What measures a metric is declared."""
    names = {resource["name"] for resource in plans["prod"].resources} | set(plans["prod"].outputs)
    found = re.findall(r"`([a-z0-9]+(?:[-_][a-z0-9]+)+)`", PAGE)
    assert len(found) > 10
    assert [name for name in found if name not in names] == []
