"""The table of how soon alerts page, on a fixture project: it is of the rules of now, and says what promtool says.

`make check` compares docs/detection.md, the page of the stacks at the root.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.scenarios.promtool import run_promtool, write_test_file
from readiness.plan.offline_plan import Plan
from tests.projects import CUSTOMER_STACKS, settings_of
from tools.detection_scenarios import ROWS, WITHOUT_A_ROW
from tools.detection_table import GOLDEN_PAGE, PHASES, Questions, header_text, questions_of
from tools.find_tool import find_promtool


@pytest.fixture(scope="module")
def page() -> str:
    """The committed page of the fixture project."""
    return GOLDEN_PAGE.read_text(encoding="utf-8")


def test_the_page_was_measured_on_the_rules_and_samples_of_now(plans: dict[str, Plan], page: str) -> None:
    """A threshold that moves makes it old; `make golden` measures it again."""
    assert page.startswith(header_text(_asked(plans), "golden")), "run `make golden`"


def test_another_rule_makes_the_page_old(plans: dict[str, Plan], page: str) -> None:
    """The digest hangs on the rule's own text."""
    others = _asked({"prod": plans["staging"], "staging": plans["staging"]})
    assert not page.startswith(header_text(others, "golden"))


def test_every_row_of_the_page_is_an_alert_and_tells_each_column(page: str) -> None:
    """Quiet at idle and at one lone error, whatever the alert."""
    rows = re.findall(r"^\| ([A-Z]\w+) \| (.+) \|$", page, flags=re.MULTILINE)
    found = {alert: cells.split(" | ") for alert, cells in rows if alert != "Alert"}
    assert list(found) == [row.alert for row in ROWS]
    assert {tuple(cells[3:5]) for cells in found.values()} == {("quiet", "quiet")}
    assert {alert: cells[5] for alert, cells in found.items() if not alert.endswith("Burn")} == {
        "HighCpuUsage": "up to 120 s",
        "HighMemoryUsage": "up to 120 s",
        "HighErrorRate": "not stated",
        "HighLatency": "not stated",
        "FailedHealthChecks": "not stated",
        "DatabaseConnectionErrors": "up to 600 s",
        "DatabaseConnectionsRunOut": "up to 165 s",
        "DatabaseDown": "up to 165 s",
        "DatabaseDiskFull": "up to 165 s",
        "DatabaseHighCpu": "up to 165 s",
        "DatabaseHighMemory": "up to 165 s",
        "TransactionIdWraparound": "up to 165 s",
        "ContainerCrashLoop": "up to 600 s",
        "InstanceLimitReached": "up to 120 s",
        "SlowStartUp": "up to 120 s",
    }


def test_every_alert_has_a_row_or_a_reason_for_none() -> None:
    """Else a new alert is missing from the page, and nobody notices."""
    missing = [alert.name for alert in ALERTS if alert.name not in {row.alert for row in ROWS} | WITHOUT_A_ROW.keys()]
    assert missing == [], "add a row for it to ROWS in tools/detection_scenarios.py, or a reason to WITHOUT_A_ROW"
    assert WITHOUT_A_ROW.keys() <= {alert.name for alert in ALERTS} - {row.alert for row in ROWS}


def test_a_cell_is_what_promtool_measures(plans: dict[str, Plan], page: str, tmp_path: Path) -> None:
    """One row is measured again; all of them take too long for every run."""
    questions = next(question for question in _asked(plans)["prod"] if question.row.alert == "ContainerCrashLoop")
    answers = run_promtool(
        find_promtool(fetch=False), [write_test_file(tmp_path, "one", questions.rule, questions.tests)]
    )
    worst = [
        max(float(answers[f"ContainerCrashLoop/{column}/{phase}"].split()[-1]) for phase in PHASES)
        for column in range(3)
    ]
    cells = " | ".join(f"{seconds / 60:.1f} min" for seconds in worst)
    assert f"| ContainerCrashLoop | {cells} | quiet | quiet |" in page


def _asked(plans: Mapping[str, Plan]) -> dict[str, list[Questions]]:
    settings = {stack: settings_of(stack) for stack in CUSTOMER_STACKS}
    return questions_of(settings, {stack: plans[stack] for stack in CUSTOMER_STACKS})
