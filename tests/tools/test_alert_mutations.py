"""The operators that break alert rules, and that a survivor is reported."""

from __future__ import annotations

from pathlib import Path

import promql_parser
import pytest

from readiness.alerts.scenarios.cases import USUAL_DELIVERY, cases_of
from readiness.alerts.scenarios.promtool import Rule, promtool_tests
from readiness.alerts.scenarios.stack import Stack
from readiness.plan.offline_plan import Plan
from tests.alerts.stacks import rules_in, stacks_of
from tests.projects import EVERY_OPTION, plan_of_stack, settings_of
from tools.alert_mutations import MUTATIONS, Foreign, Mutant, mutants_of
from tools.find_tool import find_promtool
from tools.mutate_alerts import EQUIVALENT, OF_EVERY_OPTION, Outcome, batches, first_failure, foreign_of

RATIO = (
    'sum by (service_name, location) (rate(r{monitored_resource="a",service_name=~"api-prod|web-prod",'
    'response_code_class="5xx"}[3m])) / sum by (service_name, location) '
    '(rate(r{monitored_resource="a",service_name=~"api-prod|web-prod"}[3m])) > 0.05'
)
QUANTILE = 'histogram_quantile(0.95, sum by (service_name, le) (rate(r_bucket{service_name=~"x"}[2m]))) > 5000'
FOREIGN = Foreign(names={"api-prod": "api-staging", "web-prod": "web-staging"})


def _mutated(text: str, duration: str = "300s") -> dict[str, tuple[str, str]]:
    rule = {"alert": "A", "expr": text, "for": duration}
    return {mutant.name: (mutant.rule["expr"], mutant.rule["for"]) for mutant in mutants_of(rule, FOREIGN)}


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Production, beside staging."""
    return stacks_of({name: settings_of(name) for name in ("prod", "staging")})[0]


@pytest.fixture(scope="module")
def real(plans: dict[str, Plan], stack: Stack) -> list[tuple[str, Mutant]]:
    """Every mutant of production's rules, with its alert."""
    rules = rules_in({"prod": plans["prod"]})
    return [(alert, mutant) for (_, alert), rule in rules.items() for mutant in mutants_of(rule, foreign_of(stack))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("comparison: <", RATIO.replace(" > ", " < ")),
        ("threshold: x 10", RATIO.replace("> 0.05", "> 0.5")),
        ("threshold: / 10", RATIO.replace("> 0.05", "> 0.005")),
        ("threshold: x 100", RATIO.replace("> 0.05", "> 5.0")),
        ("window: all halved", RATIO.replace("3m", "90s")),
        ("window: number 2 doubled", "[360s]".join(RATIO.rsplit("[3m]", 1))),
        ("by: dropped", RATIO.replace(" by (service_name, location)", "")),
        ("by: without location", RATIO.replace(" by (service_name, location)", " by (service_name)")),
        ("services: filter dropped", RATIO.replace(',service_name=~"api-prod|web-prod"', "")),
        ("services: filter number 1 dropped", RATIO.replace(',service_name=~"api-prod|web-prod"', "", 1)),
        ("services: filter widened at the end", RATIO.replace("api-prod|web-prod", "(api-prod|web-prod).*")),
        ("services: the last only", RATIO.replace("api-prod|web-prod", "web-prod")),
        ("environment: swapped", RATIO.replace("-prod", "-staging")),
        ("environment: web-prod swapped", RATIO.replace("web-prod", "web-staging")),
        ("resource: filter dropped", RATIO.replace('monitored_resource="a",', "")),
        ("answers: 4xx", RATIO.replace("5xx", "4xx")),
        ("answers: filter dropped", RATIO.replace(',response_code_class="5xx"', "")),
        ("sides: one minus good over all", "1 - " + RATIO.replace('="5xx"', '!="5xx"')),
        ("aggregation: sum to max", RATIO.replace("sum", "max")),
        ("comparison: !=", RATIO.replace(" > ", " != ")),
    ],
)
def test_an_operator_makes_one_mistake(name: str, expected: str) -> None:
    """And leaves the rest of the rule as it is."""
    assert _mutated(RATIO)[name] == (expected, "300s")


def test_a_percentile_is_exchanged() -> None:
    """The median, the 99th, and others."""
    made = {name: text for name, (text, _) in _mutated(QUANTILE.replace("2m", "120s")).items() if "percentile" in name}
    assert made["percentile: 0.99"] == QUANTILE.replace("2m", "120s").replace("0.95", "0.99")
    assert len(made) == 4


def test_a_duration_is_dropped_halved_doubled_shortened_and_lengthened() -> None:
    """A rule that pages at once is made to wait."""
    made = {name: duration for name, (_, duration) in _mutated(RATIO).items() if name.startswith("for")}
    assert sorted(made.values()) == ["0s", "150s", "240s", "360s", "600s"]
    assert sorted(d for n, (_, d) in _mutated(RATIO, "0s").items() if n.startswith("for")) == ["300s", "60s"]


def test_each_operand_of_the_largest_count_is_dropped_once() -> None:
    """The database rule's three logs."""
    text = "round(max(sum by (d) (a) or sum(b) or sum by (m) (c)) * 300 / 360, 0.01) > 10"
    made = {name: text for name, (text, _) in _mutated(text).items()}
    assert made["sides: operand 1 dropped"] == text.replace("sum by (d) (a) or ", "")
    assert made["sides: operand 2 dropped"] == text.replace("sum(b) or ", "")
    assert made["sides: operand 3 dropped"] == text.replace(" or sum by (m) (c)", "")
    assert made["aggregation: max to sum"] == text.replace("max(", "sum(")
    assert made["scaling: dropped"] == text.replace(" * 300 / 360", "")


def test_a_window_in_several_units_is_refused() -> None:
    """Better than a mutant that is none."""
    with pytest.raises(ValueError, match="1m30s"):
        _mutated(QUANTILE.replace("[2m]", "[1m30s]"))


def test_every_operator_finds_something_in_the_real_rules(real: list[tuple[str, Mutant]]) -> None:
    """An operator that has become blind would prove nothing."""
    assert {mutant.name.split(":")[0] for _, mutant in real} == {*MUTATIONS, "for"}


def test_every_real_mutant_differs_from_its_rule_and_parses(
    plans: dict[str, Plan], real: list[tuple[str, Mutant]]
) -> None:
    """A mutant that promtool cannot read would be killed by nobody's merit."""
    rules = rules_in({"prod": plans["prod"]})
    for alert, mutant in real:
        assert mutant.rule != rules[("prod", alert)], mutant.name
        promql_parser.parse(mutant.rule["expr"])


JOINED = 'a{service_name=~"x"} > 0.5 and round(b) > 2 and on () (hour() == 9)'


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("comparison: number 1 >=", JOINED.replace("> 0.5", ">= 0.5")),
        ("comparison: number 2 <", JOINED.replace("> 2", "< 2")),
        ("threshold: number 2 x 10", JOINED.replace("> 2", "> 20.0")),
        ("threshold: number 3 / 10", JOINED.replace("== 9", "== 0.9")),
        ("sides: and number 1 to unless", JOINED.replace(" and ", " unless ", 1)),
        ("sides: clause 1 dropped", JOINED.replace(" and on () (hour() == 9)", "")),
    ],
)
def test_each_comparison_and_each_join_of_a_query_is_broken_by_itself(name: str, expected: str) -> None:
    """A rule of three conditions has three places for the same mistake."""
    assert _mutated(JOINED)[name][0] == expected


def test_a_filter_by_host_is_broken_like_one_by_service() -> None:
    """Its dots too, which match anything once they are bare."""
    mutated = _mutated('count by (host) (m{monitored_resource="a",host=~"x[.]y|z[.]y"}) > 1')
    assert 'host=~"x.y|z.y"' in mutated["services: dots that match anything"][0]
    assert 'host=~"x[.]y"' in mutated["services: the first only"][0]
    assert "host=~" not in mutated["services: filter dropped"][0]


def test_the_names_of_an_alerts_mutants_are_unique(real: list[tuple[str, Mutant]]) -> None:
    """A survivor is found by its name."""
    names = [(alert, mutant.name) for alert, mutant in real]
    assert len(set(names)) == len(names)


def test_every_mutant_that_is_listed_as_equivalent_exists(real: list[tuple[str, Mutant]]) -> None:
    """An excuse for a mutant that is no longer made is out of date."""
    settings = settings_of(EVERY_OPTION)
    rules = rules_in({EVERY_OPTION: plan_of_stack(EVERY_OPTION)})
    beside = foreign_of(Stack(name=EVERY_OPTION, settings=settings, other=settings_of("prod")))
    of_its_own = {
        (f"{EVERY_OPTION}/{alert}", mutant.name)
        for alert in OF_EVERY_OPTION
        for mutant in mutants_of(rules[EVERY_OPTION, alert], beside)
    }
    assert set(EQUIVALENT) <= {(alert, mutant.name) for alert, mutant in real} | of_its_own


def test_names_of_the_other_environment_are_found_by_role(stack: Stack) -> None:
    """Services and their hosts, instance, log metrics, and the environment that a deployment's line names."""
    names = foreign_of(stack).names
    assert names["ai-resume-review-v2-backend-prod"] == "ai-resume-review-v2-backend-staging"
    assert names[stack.settings.database_id] == stack.other.database_id
    assert names['environment="production"'] == 'environment="staging"'
    assert sum("user_readiness_production" in name for name in names) == 7, (
        "four of the database, exits, deployments, logins"
    )
    assert sum("[.]run[.]app" in name for name in names) == 2
    assert len(names) == 13


def test_every_case_is_in_one_batch_and_the_usual_phase_comes_first(stack: Stack) -> None:
    """A mutant stops at the first case that fails: the many scenarios go before the many phases."""
    cases = [case for case in cases_of(stack) if case.alert == "HighErrorRate"]
    batched = [case for batch in batches(cases) for case in batch]
    assert sorted(case.id for case in batched) == sorted(case.id for case in cases)
    usual = [case.delivery == USUAL_DELIVERY for case in batched]
    assert usual == sorted(usual, reverse=True)


@pytest.mark.parametrize("change", [None, ("> 0.05", "> 0.5")])
def test_a_mutant_is_killed_by_the_first_case_that_fails(
    plans: dict[str, Plan], stack: Stack, change: tuple[str, str] | None
) -> None:
    """And a rule without a mistake by none."""
    rule: Rule = rules_in({"prod": plans["prod"]})[("prod", "HighErrorRate")]
    cases = [case for case in cases_of(stack, every_phase=False) if case.alert == "HighErrorRate"]
    mutated = {**rule, "expr": rule["expr"].replace(*change)} if change else rule
    killer = first_failure(
        find_promtool(fetch=False),
        mutated,
        [promtool_tests(cases, rule), "not read when the first fails"][: 2 if change else 1],
    )
    assert (killer is not None) == (change is not None)
    if killer:
        assert killer in {case.id for case in cases}


@pytest.mark.parametrize(
    ("alert", "name", "killed_by", "complaint"),
    [
        ("HighErrorRate", "comparison: <", None, "survived: prod/HighErrorRate comparison: <"),
        ("HighErrorRate", "comparison: <", "some case", None),
        ("HighErrorRate", "services: filter number 1 dropped", None, None),
        ("HighErrorRate", "services: filter number 1 dropped", "a case", "listed as equivalent, but a case notices it"),
    ],
)
def test_a_survivor_and_a_stale_excuse_are_complaints(
    alert: str, name: str, killed_by: str | None, complaint: str | None
) -> None:
    """Everything else is as it should be."""
    mutant = Mutant(name=name, rule={"expr": "x > 1", "for": "0s"})
    found = Outcome(stack="prod", alert=alert, mutant=mutant, killed_by=killed_by).complaint
    assert (found is None) == (complaint is None)
    assert (complaint or "") in (found or "")


def test_the_tool_is_in_the_makefile() -> None:
    """`make mutate-alerts` is how it is called."""
    makefile = Path(__file__).resolve().parents[2] / "Makefile"
    assert "mutate-alerts: " in makefile.read_text(encoding="utf-8")
