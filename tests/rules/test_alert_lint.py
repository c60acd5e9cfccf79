"""The lint of alert queries: one mistake planted for each rule, and nothing found in what the stacks declare."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from readiness.alerts.metric_catalogue import ASSUMED_DELAY_SECONDS, METRICS, RESOURCE_LABELS, Metric, known_metrics
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_problems import plan_problems
from readiness.resource_types import UPTIME_CHECK
from readiness.rules.alert_lint import ALERT_RULES, QUERY_CHECKS, lint_query
from readiness.rules.plan_rules import plan_findings
from tests.projects import FIRST_CUSTOMER, STACKS
from tests.rules.planting import planted
from tests.rules.test_planted_alert_policy_mistakes import PROMQL

METRICS_BY_NAME = known_metrics([])
SERVICES = 'monitored_resource="cloud_run_revision",service_name=~"shop"'
COUNT = "run_googleapis_com:request_count"
LATENCIES = "run_googleapis_com:request_latencies_bucket"
CPU = "run_googleapis_com:container_cpu_utilizations_bucket"
MEMORY_USAGE, MEMORY_QUOTA = (
    f'cloudsql_googleapis_com:database_memory_{name}{{monitored_resource="cloudsql_database"}}'
    for name in ("usage", "quota")
)
BACKENDS = "cloudsql_googleapis_com:database_postgresql_num_backends"
INSTANCES = "run_googleapis_com:container_instance_count"
PASSED = "monitoring_googleapis_com:uptime_check_check_passed"
DATABASE = 'monitored_resource="cloudsql_database",database_id="p:i"'
SUCCESS_RATIO = 'custom_googleapis_com:readiness_success_ratio_20{monitored_resource="global"}'


def _p95(metric: str, by: str = "service_name, le", window: str = "3m", quantile: str = "0.95") -> str:
    return f"histogram_quantile({quantile}, sum by ({by}) (rate({metric}{{{SERVICES}}}[{window}])))"


def _requests(more: str = "") -> str:
    return f"sum by (service_name) (rate({COUNT}{{{SERVICES}{more}}}[3m]))"


def _errors() -> str:
    return _requests(',response_code_class="5xx"')


# Rule, a query with its mistake, what has to be said of it.
PLANTED = [
    (
        "unknown_metric",
        f"rate(run_googleapis_com:requests_count{{{SERVICES}}}[3m]) > 1",
        "which no list of metrics has",
    ),
    ("unknown_metric", f"rate(run_googleapis_com:request_latencies{{{SERVICES}}}[3m]) > 1", "no list of metrics has"),
    (
        "missing_resource",
        f'rate({COUNT}{{service_name="shop"}}[3m]) > 1',
        'write monitored_resource="cloud_run_revision"',
    ),
    (
        "missing_resource",
        f'rate({COUNT}{{monitored_resource="cloud_run_job"}}[3m]) > 1',
        "is written for cloud_run_revision",
    ),
    ("unknown_label", f'rate({COUNT}{{{SERVICES},response_class="5xx"}}[3m]) > 1', "names the label response_class"),
    ("unknown_label", f"sum by (service) (rate({COUNT}{{{SERVICES}}}[3m])) > 1", "names the label service,"),
    ("unknown_label", f"sum by (service_name, le) (rate({COUNT}{{{SERVICES}}}[3m])) > 1", "names the label le"),
    ("missing_resource", f'rate({COUNT}{{monitored_resource!="cloud_run_revision"}}[3m]) > 1', "without monitored"),
    ("missing_resource", f'rate({COUNT}{{monitored_resource=~"cloud_run.*"}}[3m]) > 1', "without monitored_resource"),
    ("unknown_metric", f'rate({{__name__="{COUNT}",{SERVICES}}}[3m]) > 1', "write the metric's name before"),
    ("unknown_label", f"{_errors()} / on (service) {_requests()} > 0.1", "names the label service,"),
    ("unknown_label", f"{_errors()} / ignoring (answer) {_requests()} > 0.1", "names the label answer,"),
    ("unknown_label", f"{_errors()} * on (service_name) group_left (team) {_requests()} > 9", "names the label team,"),
    ("rate_on_a_gauge", f"rate({INSTANCES}{{{SERVICES}}}[5m]) > 1", "a gauge; compare it as it is"),
    ("rate_on_a_gauge", f"sum(increase({INSTANCES}{{{SERVICES}}}[5m])) > 1", "takes increase of"),
    ("counter_without_rate", f"sum by (service_name) ({COUNT}{{{SERVICES}}}) > 1", "take its rate or increase"),
    ("counter_without_rate", f"sum(max_over_time({COUNT}{{{SERVICES}}}[3m])) > 1", "take its rate or increase"),
    ("quantile_without_le", f"{_p95(LATENCIES, by='service_name')} > 5000", "added up without `le`"),
    (
        "quantile_without_le",
        f"histogram_quantile(0.95, sum(rate({LATENCIES}{{{SERVICES}}}[3m]))) > 5000",
        "added up without `le`",
    ),
    ("impossible_quantile", f"{_p95(LATENCIES, quantile='95')} > 5000", "the 95th percentile is 0.95"),
    ("impossible_quantile", f"{_p95(LATENCIES, quantile='-0.95')} > 5000", "the 95th percentile is 0.95"),
    (
        "quantile_without_le",
        f"histogram_quantile(0.95, rate({COUNT}{{{SERVICES}}}[3m])) > 5000",
        "which has no buckets",
    ),
    ("short_window", f"rate({COUNT}{{{SERVICES}}}[1m]) > 1", "reads 60 s"),
    ("short_window", f"{_p95(LATENCIES, window='119s')} > 5000", "reads 119 s"),
    (
        "short_gauge_window",
        f"max(last_over_time({BACKENDS}{{{DATABASE}}}[284s])) > 80",
        "reads 284 s of cloudsql_googleapis_com:database_postgresql_num_backends, whose samples become visible up "
        "to 165 s late; write 285 s or more",
    ),
    ("short_gauge_window", f"max(last_over_time({INSTANCES}{{{SERVICES}}}[3m])) > 1", "up to 120 s late; write 240 s"),
    (
        "short_gauge_window",
        f'min(max_over_time({PASSED}{{monitored_resource="uptime_url"}}[2m])) == 0',
        "late by a time that no source states (we assume up to 180 s); write 300 s or more",
    ),
    ("new_function", f"mad_over_time({INSTANCES}{{{SERVICES}}}[5m]) > 1", "calls mad_over_time"),
    ("new_function", f'sort_by_label({INSTANCES}{{{SERVICES}}}, "location") > 1', "calls sort_by_label"),
    ("new_function", f"limitk(2, {INSTANCES}{{{SERVICES}}}) > 1", "calls limitk"),
    ("long_lookback", f"last_over_time({SUCCESS_RATIO}[26h]) < 0.9", "looks back 26 h"),
    ("long_lookback", f"last_over_time({SUCCESS_RATIO}[24h] offset 2h) < 0.9", "looks back 26 h"),
    ("long_lookback", f"max_over_time((avg_over_time({SUCCESS_RATIO}[2h]))[24h:5m]) < 0.9", "looks back 26 h"),
    ("wrong_unit", f"5 < {_p95(LATENCIES)}", "5 s are 5000"),
    ("wrong_unit", f"{_p95(LATENCIES)} > (5 * 2)", "10 s are 10000"),
    ("wrong_unit", f"avg_over_time({_p95(LATENCIES)}[10m:1m]) > 5", "5 s are 5000"),
    ("wrong_unit", f"({_p95(CPU)} or {_p95(CPU)}) > 80", "80 % is 0.8"),
    ("wrong_unit", f"{_p95(CPU)} > 1", "which it never passes"),
    ("wrong_unit", f"{MEMORY_USAGE} / {MEMORY_QUOTA} > 90", "90 % is 0.9"),
    ("wrong_unit", f'{BACKENDS}{{monitored_resource="cloudsql_database"}} / 100 > 80', "80 % is 0.8"),
    (
        "wrong_unit",
        f"sum(rate({LATENCIES.replace('_bucket', '_sum')}{{{SERVICES}}}[3m])) / "
        f"sum(rate({LATENCIES.replace('_bucket', '_count')}{{{SERVICES}}}[3m])) > 5",
        "5 s are 5000",
    ),
    ("wrong_unit", f"{_p95(LATENCIES)} > 5", "5 s are 5000"),
    ("wrong_unit", f"{_p95(CPU)} > 80", "80 % is 0.8"),
    ("wrong_unit", f"round({_p95(CPU)}) > 80", "80 % is 0.8"),
    ("wrong_unit", f"sum(rate({COUNT}{{{SERVICES}}}[3m])) / sum(rate({COUNT}{{{SERVICES}}}[3m])) > 5", "5 % is 0.05"),
]


@pytest.mark.parametrize(("rule", "query", "said"), PLANTED)
def test_a_planted_mistake_is_told_by_its_rule_and_by_no_other(rule: str, query: str, said: str) -> None:
    """One complaint, and it says what to write instead."""
    (complaint,) = lint_query(query, METRICS_BY_NAME)
    assert said in complaint
    assert [check.__name__ for check in QUERY_CHECKS if lint_query(query, METRICS_BY_NAME, checks=(check,))] == [rule]


def test_every_rule_has_a_planted_mistake() -> None:
    """A rule that nothing breaks here may never find anything."""
    assert {rule for rule, _, _ in PLANTED} == {check.__name__ for check in QUERY_CHECKS}


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_found_in_what_the_stacks_declare(plans: dict[str, Plan], stack: str) -> None:
    """The queries that are deployed."""
    assert plan_findings(plans[stack].resources, rules=ALERT_RULES) == []


@pytest.mark.parametrize(
    "query",
    [
        f"{_p95(LATENCIES, window='2m')} > 5000",
        f"max(last_over_time({BACKENDS}{{{DATABASE}}}[285s])) > 80",
        f"max(last_over_time({INSTANCES}{{{SERVICES}}}[4m])) > 80",
        f'min(max_over_time({PASSED}{{monitored_resource="uptime_url"}}[5m])) == 0',
        f"{_p95(CPU)} > 0.8",
        f'sum by (database_id) ({BACKENDS}{{monitored_resource="cloudsql_database",database_id="p:i"}}) > 80',
        f"last_over_time({SUCCESS_RATIO}[25h]) < 0.9",
        f"sum by (service_name) (increase({COUNT}{{{SERVICES}}}[3d])) > 3",
        "vector(1) and on () (hour() == 9)",
        f"{_errors()} / on (service_name) {_requests()} > 0.05",
        f"{_errors()} / {_requests()} >= 1",
        f"{_p95(LATENCIES)} / 1000 > 5",
        f"0.8 < {_p95(CPU)}",
        f"histogram_quantile(1, rate({LATENCIES}{{{SERVICES}}}[3m])) > 5000",
        f"histogram_quantile(0.95, rate({LATENCIES}{{{SERVICES}}}[3m])) > 100",
        f"histogram_quantile(0.95, sum without (revision_name) (rate({LATENCIES}{{{SERVICES}}}[3m]))) > 100",
    ],
)
def test_what_is_right_is_left_in_peace(query: str) -> None:
    """On the limit of a rule, and where no rule has anything to say."""
    assert lint_query(query, METRICS_BY_NAME) == []


def test_the_window_of_probes_follows_the_longest_period_of_the_plans_checks() -> None:
    """Two probes five minutes apart, and the delay."""
    checks = [{"type": UPTIME_CHECK, "name": "c", "inputs": {"period": f"{seconds}s"}} for seconds in (60, 300)]
    query = f'min(max_over_time({PASSED}{{monitored_resource="uptime_url"}}[10m])) == 0'
    assert lint_query(query, METRICS_BY_NAME) == []
    (complaint,) = lint_query(query, known_metrics(checks))
    assert "write 780 s or more" in complaint


def test_every_delay_is_stated_with_its_source() -> None:
    """Where no source is known, none is made up: the metric says so by having no delay."""
    found = known_metrics([])
    stated = {name: metric.delay for name, metric in found.items() if metric.delay is not None}
    assert stated[BACKENDS].seconds == 165
    assert {stated[name].seconds for name in stated if name.startswith("run_googleapis_com:container_")} == {120}
    assert all(delay.source.startswith("https://cloud.google.com/") for delay in stated.values())
    assert max(delay.seconds for delay in stated.values()) <= ASSUMED_DELAY_SECONDS
    assert {PASSED, COUNT, "run_googleapis_com:job_completed_execution_count"} <= found.keys() - stated.keys()


def test_a_query_that_does_not_parse_is_one_complaint() -> None:
    """With the parser's own words."""
    (complaint,) = lint_query("sum by (a) (rate(x[5m])", METRICS_BY_NAME)
    assert complaint.startswith("does not parse: ")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("alertStrategy.autoClose", "600s", "1800 s"),
        (f"{PROMQL}.query", f"sum(rate(run_googleapis_com:requests{{{SERVICES}}}[3m])) > 1", "no list"),
    ],
)
def test_check_plan_refuses_a_policy_that_the_api_or_the_lint_refuses(
    plans: dict[str, Plan], path: str, value: str, said: str
) -> None:
    """The limits around a query by the API's contract, its meaning by the lint; both where `check --plan` collects."""
    resources = copy.deepcopy(list(plans["prod"].resources))
    policy = next(resource for resource in resources if resource["name"] == "alerts-high-error-rate")
    planted(policy["inputs"], path, value)
    before = {problem.message for problem in plan_problems(FIRST_CUSTOMER, plans["prod"])}
    found = plan_problems(FIRST_CUSTOMER, replace(plans["prod"], resources=tuple(resources)))
    new = [problem for problem in found if problem.message not in before]
    assert new
    assert all("alerts-high-error-rate" in problem.key for problem in new)
    assert any(said in problem.message for problem in new), [problem.message for problem in new]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f'up{{a="{"x" * 20_000}"}} > 1', "the query is over a limit: it has 20012 characters; at most 20000 are read"),
        ("(" * 51 + "up" + ")" * 51, "the query is over a limit: it is nested in more than 50 brackets"),
        ("up >", "the query does not parse: invalid promql query"),
    ],
)
def test_check_plan_says_the_true_cause_of_a_query_that_cannot_be_read(
    plans: dict[str, Plan], query: str, said: str
) -> None:
    """A limit is no mistake in the query's grammar; each is one sentence."""
    resources = copy.deepcopy(list(plans["prod"].resources))
    policy = next(resource for resource in resources if resource["name"] == "alerts-high-error-rate")
    planted(policy["inputs"], f"{PROMQL}.query", query)
    found = plan_problems(FIRST_CUSTOMER, replace(plans["prod"], resources=tuple(resources)))
    (problem,) = (finding for finding in found if "the query" in finding.message)
    assert problem.message.startswith(said)


def test_an_alert_on_deployments_that_nobody_counts_is_refused(plans: dict[str, Plan]) -> None:
    """Staging's counters and figures are declared and written by another stack; without it no stack declares them."""
    staging = plans["staging"].resources
    places = {("ytgrs-464303", "staging")}
    assert plan_findings(staging, counted_environments=places, rules=ALERT_RULES) == []
    places = {("ytgrs-464303", "production"), ("another", "staging")}
    found = plan_findings(staging, counted_environments=places, rules=ALERT_RULES)
    assert {finding.key for finding in found} == {
        "alerts-deployment-failed",
        "alerts-low-deployment-success",
        "alerts-no-deployment-success",
    }
    assert {finding.rule_id for finding in found} == {"alert-metric-unwritten"}
    assert all("which nobody writes for the environment staging" in finding.message for finding in found)


def test_check_plan_reads_who_counts_deployments_from_every_stack(plans: dict[str, Plan], project: Path) -> None:
    """The committed stacks pass; beside a stack without telemetry the same plan does not."""
    said = "which nobody writes for the environment staging"
    assert not [problem for problem in plan_problems(FIRST_CUSTOMER, plans["staging"]) if said in problem.message]
    (project / "Pulumi.prod.yaml").unlink()
    assert len([problem for problem in plan_problems(project, plans["staging"]) if said in problem.message]) == 3


def test_a_log_metric_of_the_plan_is_known_with_the_resource_of_its_filter(plans: dict[str, Plan]) -> None:
    """Another one is not."""
    known = known_metrics(plans["prod"].resources)
    metric = known["logging_googleapis_com:user_readiness_production_container_deaths"]
    assert metric.resources == ("cloud_run_revision",)
    assert metric.kind == "DELTA"
    assert "logging_googleapis_com:user_readiness_staging_container_deaths" not in known


def test_a_log_metric_is_known_as_the_kind_that_its_descriptor_says() -> None:
    """A gauge, a distribution in its three series, with the labels that it extracts."""
    inputs = {
        "name": "m",
        "filter": 'resource.type="cloud_run_job"',
        "metricDescriptor": {"metricKind": "GAUGE", "valueType": "DISTRIBUTION", "labels": [{"key": "step"}]},
    }
    metric = known_metrics([{"type": "gcp:logging/metric:Metric", "inputs": inputs}])[
        "logging_googleapis_com:user_m_bucket"
    ]
    assert (metric.kind, metric.resources) == ("GAUGE", ("cloud_run_job",))
    assert "step" in metric.labels_on("cloud_run_job")


def test_a_metrics_name_in_promql_follows_googles_mapping() -> None:
    """The first `/` is `:`, all else that is special `_`; a distribution is three series."""
    metric = Metric(type="a.b-c.com/d/e.f", kind="DELTA", unit="1", resources=("global",), is_distribution=True)
    assert metric.series_names == ("a_b_c_com:d_e_f_bucket", "a_b_c_com:d_e_f_count", "a_b_c_com:d_e_f_sum")


def test_every_metric_is_on_a_resource_type_whose_labels_are_known() -> None:
    """No metric twice, and no label that is spelt in a way that PromQL would not take."""
    assert all(metric.resources and set(metric.resources) <= RESOURCE_LABELS.keys() for metric in METRICS)
    names = [name for metric in METRICS for name in metric.series_names]
    assert len(set(names)) == len(names)
