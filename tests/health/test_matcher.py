"""What the uptime check says of each recorded answer, and the page about the change shows them as they are."""

from __future__ import annotations

import json
import re

import pytest

from readiness.live.rows import Outcome
from readiness.live.verify.service import health_row
from readiness.live.web import Probe
from readiness.plan.offline_plan import Plan
from tests.health.answers import CASES, recorded
from tests.health.matcher import passes
from tests.live.verify.test_services import BACKEND
from tests.projects import ROOT

PAGE = (ROOT / "docs" / "customer/health-check-change.md").read_text(encoding="utf-8")
UPTIME_CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
PATH = "$.services.database.status"
EXACT = '"healthy"'
WHILE_DEGRADED = '^"?(healthy|error)"?$'

HEALTHY = {"after the change, database up"}
KNOWN_DEGRADED = {"before the change, database up"}


@pytest.mark.parametrize("case", CASES)
def test_the_exact_matcher_passes_on_a_healthy_database_alone(case: str) -> None:
    """From the change on."""
    found = passes(recorded()[case], json_path=PATH, json_matcher="EXACT_MATCH", content=EXACT)
    assert found == (case in HEALTHY)


@pytest.mark.parametrize("case", CASES)
def test_the_matcher_for_the_time_before_the_change_sees_a_database_that_is_down(case: str) -> None:
    """It accepts the known mistake, and nothing else."""
    found = passes(recorded()[case], json_path=PATH, json_matcher="REGEX_MATCH", content=WHILE_DEGRADED)
    assert found == (case in HEALTHY | KNOWN_DEGRADED)


def test_the_declared_uptime_checks_use_one_of_the_two(plans: dict[str, Plan]) -> None:
    """Those of the customer's stacks, as the program declares them."""
    for stack in ("prod", "staging"):
        checks = [check["inputs"] for check in plans[stack].of_type(UPTIME_CHECK)]
        (matcher,) = (matcher for check in checks for matcher in check.get("contentMatchers", ()))
        path = matcher["jsonPathMatcher"]
        assert path["jsonPath"] == PATH
        assert (path["jsonMatcher"], matcher["content"]) in (("EXACT_MATCH", EXACT), ("REGEX_MATCH", WHILE_DEGRADED))


def test_a_careless_expression_would_accept_a_database_that_is_down() -> None:
    """`unhealthy` holds `healthy`: without its ends the expression is worth nothing."""
    down = recorded()["after the change, database down"]
    assert passes(down, json_path=PATH, json_matcher="REGEX_MATCH", content="healthy|error")


def test_the_page_names_both_matchers() -> None:
    """With their ends and quotes."""
    assert f"`{EXACT}`" in PAGE
    assert f"`{WHILE_DEGRADED}`" in PAGE


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("allow_degraded", [False, True])
def test_verify_judges_the_recorded_answers_alike(case: str, allow_degraded: bool) -> None:
    """`--allow-degraded` is the one exception, and only for the known mistake."""
    answer = recorded()[case]
    probe = Probe(status=answer["status"], headers={}, data=json.dumps(answer["body"]).encode(), seconds=0.1)
    row = health_row(BACKEND, probe, allow_degraded=allow_degraded)
    good = HEALTHY | (KNOWN_DEGRADED if allow_degraded else set())
    assert (row.outcome is Outcome.PASS) == (case in good), row.detail


def test_the_page_shows_every_answer_as_it_was_recorded() -> None:
    """Status and body, in the order of the cases."""
    shown = re.findall(r"^### ([^\n]+): (\d{3})\n\n```json\n(.*?)\n```", PAGE, flags=re.MULTILINE | re.DOTALL)
    found = {
        case[0].lower() + case[1:]: {"status": int(status), "body": json.loads(body)} for case, status, body in shown
    }
    assert found == recorded()
    assert list(found) == list(CASES)
