"""The rules of a stack: queries parse, and texts stay below the limits of the API."""

from __future__ import annotations

import re
from typing import Any

import promql_parser
import pytest

from readiness.alerts.api_limits import MAX_QUERY_CHARACTERS, limit_violations
from readiness.alerts.catalogue import log_metrics_of
from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.alerts.rules import AlertRule, rules_of
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY
from readiness.settings.model import Settings
from readiness.settings.services import Service
from tests.projects import ROOT, STACKS, settings_of

# Google's limits (docs/facts/monitoring.md#limits-of-an-alert-policy); the longest names that Cloud Run takes.
MAX_CONTENT_CHARACTERS = 8192
MAX_CONTENT_BYTES = 10_240
MAX_SUBJECT_BYTES = 255
# What a command in the text names of the stack.
PLACEHOLDER = re.compile(r"\$(project|region|instance|service|repository|job)\b")
VARIABLE = re.compile(r"\$\{metric_or_resource\.label\.(\w+)\}")
VALUE = "${metric.label.value}"
# A host is a label of 63 characters and `.northamerica-northeast1.run.app`; a longer subject is cut off at its end.
# A service account's address: 30 characters, `@`, a project id of 30, and `.iam.gserviceaccount.com`.
LONGEST_VALUES = {"service_name": 49, "host": 95, "who": 85}
LONGEST_NUMBER = "-1.7976931348623157e+308"


def _every_rule() -> list[Any]:
    return [
        pytest.param(rule, id=f"{stack}-{rule.definition.name}")
        for stack in STACKS
        for rule in rules_of(settings_of(stack))
    ]


def _with_services(count: int, name_length: int) -> Settings:
    settings = settings_of("prod")
    services = tuple(
        Service(name=f"s{number:03}".ljust(name_length, "x"), role=f"r{number}", url=f"https://s{number}.example.net")
        for number in range(count)
    )
    return settings.model_copy(update={"services": services})


@pytest.mark.parametrize("rule", _every_rule())
def test_a_query_is_one_line_that_parses(rule: AlertRule) -> None:
    """Monitoring has been seen to drop the comparison of a query of several lines."""
    assert "\n" not in rule.query
    assert "$" not in rule.query
    comparisons = [
        comparison for comparison in _joined(promql_parser.parse(rule.query)) if not _is_constant(comparison)
    ]
    assert comparisons
    for comparison in comparisons:
        assert isinstance(comparison, promql_parser.BinaryExpr)
        assert str(comparison.op) in (">", ">=", "==", "<")
        assert isinstance(comparison.rhs, promql_parser.NumberLiteral)


def _joined(expression: Any) -> list[Any]:
    """What `and`, `or` and `unless` join, also in brackets; the expression itself where nothing is joined.

    Without a comparison such an operand would have a value whatever it counts, and the alert would fire always, or
    with `unless` never.
    """
    if isinstance(expression, promql_parser.ParenExpr):
        return _joined(expression.expr)
    if isinstance(expression, promql_parser.BinaryExpr) and str(expression.op) in ("and", "or", "unless"):
        return [*_joined(expression.lhs), *_joined(expression.rhs)]
    return [expression]


@pytest.mark.parametrize(
    ("query", "counts"),
    [("(a > 1 or b > 2) and c > 3", True), ("a > 1 unless b > 2", True), ("a > 1 and (b or c > 3)", False)],
)
def test_operands_in_brackets_are_checked_too(query: str, counts: bool) -> None:
    """The check can fail: it finds an operand without a comparison at any place."""
    joined = _joined(promql_parser.parse(query))
    assert all(isinstance(operand, promql_parser.BinaryExpr) for operand in joined) is counts


@pytest.mark.parametrize("rule", _every_rule())
def test_a_window_is_in_whole_minutes_or_hours(rule: AlertRule) -> None:
    """Other windows look like mistakes in the console."""
    windows = re.findall(r"\[([^\]]*)\]", rule.query.replace("[.]", ""))
    assert [window for window in windows if not re.fullmatch(r"[1-9]\d*[mh]", window)] == []


def _is_constant(expression: Any) -> bool:
    """`vector(1)`: the drill compares the clock alone, and gives this value."""
    return isinstance(expression, promql_parser.Call) and expression.func.name == "vector"


def test_every_rule_that_counts_events_has_a_comment_on_the_first_event_of_a_new_counter() -> None:
    """promtool and Monitoring differ there."""
    for path in ROOT.joinpath("readiness", "alerts").glob("*_alerts.py"):
        text = path.read_text(encoding="utf-8")
        definitions = re.split(r"\b_?Alert(?:Definition)?\(\n", text)
        counting = [part for part in definitions[1:] if "increase(" in part.split("meaning=")[0]]
        silent = [part.split("\n")[0].strip() for part in counting if '"Rare events"' not in part.split("meaning=")[0]]
        assert silent == [], path.name


@pytest.mark.parametrize("rule", _every_rule())
def test_a_notification_fits_the_limits_after_expansion(rule: AlertRule) -> None:
    """Neither the provider nor the SDK checks them, so `pulumi up` would fail halfway."""
    content, subject = (
        VARIABLE.sub(lambda found: "s" * LONGEST_VALUES[found[1]], text.replace(VALUE, LONGEST_NUMBER))
        for text in (rule.documentation, rule.documentation_subject)
    )
    assert len(content) <= MAX_CONTENT_CHARACTERS
    assert len(content.encode()) <= MAX_CONTENT_BYTES
    assert len(subject.encode()) <= MAX_SUBJECT_BYTES


@pytest.mark.parametrize("rule", _every_rule())
def test_variables_in_a_notification_are_labels_that_the_query_keeps(rule: AlertRule) -> None:
    """A label that `by (…)` drops expands to nothing."""
    text = (rule.documentation_subject + rule.documentation).replace(VALUE, "")
    labels = set(VARIABLE.findall(text))
    kept = [set(names.split(", ")) for names in re.findall(r"\bby \(([^)]*)\)", rule.query)]
    assert "$" not in VARIABLE.sub("", text)
    assert not labels or kept
    assert all(labels <= names for names in kept)
    assert "service_name" not in labels or "by (service_name, location" in rule.query


@pytest.mark.parametrize("stack", STACKS)
def test_the_declared_policies_follow_the_rules_of_the_api(plans: dict[str, Plan], stack: str) -> None:
    """One condition, an interval of whole half minutes, half an hour to auto-close, three links at most."""
    for policy in plans[stack].of_type(ALERT_POLICY):
        inputs = policy["inputs"]
        (condition,) = inputs["conditions"]
        if promql := condition.get("conditionPrometheusQueryLanguage"):
            assert int(promql["evaluationInterval"].removesuffix("s")) % EVALUATION_INTERVAL_SECONDS == 0
        assert int(inputs["alertStrategy"]["autoClose"].removesuffix("s")) >= 1800
        assert 1 <= len(inputs["documentation"]["links"]) <= 3


@pytest.mark.parametrize("stack", STACKS)
def test_the_policy_declares_the_rule_as_it_is(plans: dict[str, Plan], stack: str) -> None:
    """The tested and shown text is the deployed text."""
    declared = {
        promql["alertRule"]: (promql["query"], promql["duration"])
        for policy in plans[stack].of_type(ALERT_POLICY)
        for condition in policy["inputs"]["conditions"]
        if (promql := condition.get("conditionPrometheusQueryLanguage"))
    }
    expected = {
        rule.definition.name: (rule.query, f"{rule.duration_seconds}s") for rule in rules_of(settings_of(stack))
    }
    assert declared == expected


def test_a_query_selects_the_stacks_services_by_their_whole_names() -> None:
    """PromQL anchors a pattern, and a name contains no special character."""
    names = [service.name for service in settings_of("prod").services]
    matchers = re.findall(r'service_name=~"([^"]*)"', rules_of(settings_of("prod"))[0].query)
    assert [matcher.split("|") for matcher in matchers] == [names]
    assert re.escape("".join(names)).replace(r"\-", "-") == "".join(names)


def test_two_hundred_services_fit_into_the_limits() -> None:
    """With names as long as those of the first customer."""
    assert list(limit_violations(_with_services(200, 41))) == []


def test_a_query_that_is_too_long_is_refused_with_its_name_and_length() -> None:
    """The error names each rule that is too long, and how to fix it."""
    found = list(limit_violations(_with_services(400, 41)))
    too_long = [message for _, message, _ in found if "HighErrorRate" in message]
    assert len(too_long) == 1
    assert f"at most {MAX_QUERY_CHARACTERS} are allowed" in too_long[0]
    assert {setting for setting, _, _ in found} == {"services"}


def test_a_log_filter_that_is_too_long_is_refused_with_its_name() -> None:
    """Cloud Logging accepts 20,000 characters."""
    messages = [message for _, message, _ in limit_violations(_with_services(600, 41))]
    # Those that name the services: the others do not grow.
    grow = (metric for metric in log_metrics_of(settings_of("prod")) if "service_name=" in metric.filter)
    names = [metric.name for metric in grow]
    assert len(names) >= 2
    assert all(any(name in message for message in messages) for name in names)


@pytest.mark.parametrize("stack", STACKS)
def test_the_promql_name_of_a_log_metric_is_unambiguous(stack: str) -> None:
    """PromQL writes every other character as `_`: two metrics could become one."""
    for metric in log_metrics_of(settings_of(stack)):
        assert set(metric.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
        assert len(metric.name) <= 100
