"""The runbook: every link in a notification leads to a section, and the page reads well on GitHub."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlparse

import pytest

from readiness.alerts.catalogue import ALERTS, alerts_of
from readiness.alerts.rules import rules_of
from readiness.alerts.runbook import anchors, missing_sections, runbook_text
from readiness.alerts.security_alerts import SECURITY_ALERTS
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY
from tests.projects import STACKS, settings_of


@pytest.fixture(scope="module")
def page() -> str:
    """The runbook of every stack, the one with every option included."""
    return runbook_text([(stack, settings_of(stack)) for stack in STACKS])


def test_every_alert_has_a_section(page: str) -> None:
    """Its heading is the alert's name."""
    assert missing_sections(page) == []


def test_a_missing_section_is_named(page: str) -> None:
    """The check itself can fail."""
    assert missing_sections(page.replace("## HighLatency", "## Latency")) == ["HighLatency"]


def test_no_section_is_an_orphan(page: str) -> None:
    """A section of an alert that is gone sends people astray."""
    sections = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    security = (alert.name for alert in SECURITY_ALERTS)
    common = ("How alerts count", "Closed is not repaired", "Escalation")
    assert sections == [*(definition.name for definition in ALERTS), *security, *common]


@pytest.mark.parametrize("stack", STACKS)
def test_the_link_of_every_policy_leads_to_a_section(plans: dict[str, Plan], page: str, stack: str) -> None:
    """As declared, not as intended."""
    for policy in plans[stack].of_type(ALERT_POLICY):
        for link in policy["inputs"]["documentation"]["links"]:
            assert urlparse(link["url"]).fragment in anchors(page)


def test_links_within_the_page_lead_somewhere(page: str) -> None:
    """The overview's links and those to the escalation path."""
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= anchors(page)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("HighLatency", "highlatency"),
        ("Who is called?", "who-is-called"),
        ("a_b - `c`", "a_b---c"),
        ("1. Start", "1-start"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str) -> None:
    """Lower case, spaces to hyphens, punctuation dropped."""
    assert anchors(f"# {heading}\n") == {anchor}


@pytest.mark.parametrize("stack", STACKS)
def test_the_query_in_the_runbook_is_the_one_that_is_deployed(page: str, stack: str) -> None:
    """The very text, in a block of its own."""
    for rule in rules_of(settings_of(stack)):
        assert f"```promql\n{rule.query}\n```" in page


def test_every_alert_that_counts_events_says_how(page: str) -> None:
    """`increase` may count differently on Monitoring: the reader of such a query is told where it says so."""
    queries = re.findall(r"```promql\n(.*)\n```\n\n(.*)", page)
    assert {"increase(" in query for query, _ in queries} == {True, False}
    for query, following in queries:
        assert ("(#how-alerts-count)" in following) is ("increase(" in query)


def test_markdown_inside_details_renders(page: str) -> None:
    """GitHub reads Markdown inside HTML only after an empty line, and a fence needs one before it."""
    lines = page.splitlines()
    opened = False
    for number, line in enumerate(lines):
        if line.startswith("<details>"):
            assert lines[number + 1] == "", f"line {number + 1}"
        if line == "</details>":
            assert lines[number - 1] == "", f"line {number + 1}"
        if line.startswith("```"):
            opened = not opened
            assert lines[number - 1 if opened else number + 1] == "", f"line {number + 1}"
    assert not opened
    declared = sum(len(tuple(alerts_of(settings_of(stack)))) for stack in STACKS)
    assert page.count("<details>") == page.count("</details>") == declared


def test_a_service_is_one_line_of_its_list(page: str) -> None:
    """No line ends in a blank, and none continues an item."""
    assert [line for line in page.splitlines() if line != line.rstrip()] == []
    assert re.findall(r"^ +\[", page, flags=re.MULTILINE) == []
    for service in settings_of("prod").services:
        (line,) = {line for line in page.splitlines() if line.startswith(f"- {service.role} `{service.name}`")}
        assert re.findall(r"\[(\w+)\]\(https://", line) == ["health", "metrics", "logs", "revisions"]


def test_every_part_of_a_stack_links_to_first_queries_of_its_own_services(page: str) -> None:
    """The Logs Explorer with the filter filled in: exactly the stack's services, or its instance."""
    lines = [line for line in page.splitlines() if line.startswith("- First queries: ")]
    assert len(lines) == page.count("<details>")
    (line,) = {line for line in lines if "-backend-prod" in line}
    links = re.findall(r"\[([^\]]+)\]\(https://console\.cloud\.google\.com/logs/query;query=([^?)]+)\?project=", line)
    assert len(links) == 4
    for name, query in ((name, unquote(query)) for name, query in links):
        wanted = (
            "ytgrs-464303:ai-resume-review-v2-db-prod" if "database" in name else "^(ai-resume-review-v2-backend-prod|"
        )
        assert wanted in query
        assert "staging" not in query


def test_every_row_of_a_table_has_its_columns(page: str) -> None:
    """The contact `On call | primary` must not end its cell."""
    assert r"On call \| primary" in page
    columns = 0
    for line in page.splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        count = len(re.findall(r"(?<!\\)\|", line))
        assert columns in (0, count), line
        columns = count


def test_the_escalation_path_is_in_the_order_of_the_settings(page: str) -> None:
    """The first is called first."""
    rows = [line for line in page.splitlines() if line.startswith("| prod | ")]
    contacts = settings_of("prod").escalation.contacts
    assert [row.split(" | ")[2] for row in rows] == [contact.name for contact in contacts]
