"""The dashboard: every tile shows the hand-computed numbers of six weeks, and the API does not change its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from readiness.alerts.deployment_figures import DAYS_SINCE_SUCCESS, SUCCESS_RATIO_20
from readiness.delivered.delivery_telemetry.deployments import Deployment
from readiness.delivered.delivery_telemetry.figures import days_since_success, success_ratio
from readiness.plan.offline_plan import Plan
from tests.alerts.deployment_dashboard import six_weeks
from tests.alerts.deployment_dashboard.conftest import Points, Tiles
from tests.alerts.deployment_dashboard.evaluator import evaluate
from tests.alerts.deployment_dashboard.promql import Question, ask, duration_buckets, gauge
from tests.alerts.deployment_dashboard.six_weeks import ANSWERS, START, WEEKS, Answers
from tests.projects import EVERY_OPTION

FILTER_CHARTS: dict[str, Callable[[Answers], tuple[float | None, ...]]] = {
    "Deployments a week": lambda answers: tuple(count or None for count in answers.deployments),
    "Success rate, by week": lambda answers: answers.success_ratio,
    "Failed deployments a week": lambda answers: tuple(count or None for count in answers.failures),
    "Deployment duration, average by week": lambda answers: answers.average_duration,
    "Time to rollback, average by week": lambda answers: answers.time_to_rollback,
    "Time to restore (MTTR), average by week": lambda answers: answers.time_to_restore,
    "Time to restore of incidents, average by week": lambda answers: answers.incidents,
    "Change lead time, average by week": lambda answers: answers.lead_time,
    "Change fail percentage, by week": lambda answers: answers.change_fail_ratio,
    "Deployment rework rate, by week": lambda answers: answers.rework_ratio,
}
HEALTH = "Health checks that passed in 24 hours"
P95 = "Deployment duration, 95th percentile over seven days"
WEEK_SECONDS = 7 * 86_400
# Line 413 of docs/customer/seed.md: frequency, rate, duration (average, p95), time to rollback, MTTR, failed count.
ASKED_FOR = {
    *FILTER_CHARTS,
    P95,
    HEALTH,
    "Requests with a 5xx answer",
    "95th percentile of latency",
    "Requests a second",
}


def lines_of(tile: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The queries of a chart by their legends."""
    return {data_set["legendTemplate"]: data_set["timeSeriesQuery"] for data_set in tile["xyChart"]["dataSets"]}


def test_every_metric_of_the_task_list_has_a_chart(tiles: Tiles) -> None:
    """The charts have the names of the list."""
    assert set(tiles) >= ASKED_FOR


@pytest.mark.parametrize("title", FILTER_CHARTS)
@pytest.mark.parametrize("environment", ANSWERS)
def test_a_chart_shows_the_hand_computed_numbers_of_six_weeks(
    tiles: Tiles, points: Points, title: str, environment: str
) -> None:
    """From the log entries, through the declared metric, through the declared tile."""
    found = evaluate(lines_of(tiles[title])[environment], points, START, WEEKS)
    assert found == [
        pytest.approx(number) if number is not None else None for number in FILTER_CHARTS[title](ANSWERS[environment])
    ]


@pytest.mark.parametrize("environment", ANSWERS)
def test_the_counts_of_the_whole_period_are_exact(tiles: Tiles, points: Points, environment: str) -> None:
    """`increase` would extrapolate them."""
    for what, answer in (("successful", six_weeks.DEPLOYMENTS), ("failed", six_weeks.FAILURES)):
        query = tiles[f"{environment}: {what} deployments in the period shown"]["scorecard"]["timeSeriesQuery"]
        assert evaluate(query, points, START, WEEKS) == [answer[environment]]


@pytest.mark.parametrize("environment", ANSWERS)
def test_the_95th_percentile_is_the_hand_computed_one(
    tiles: Tiles, points: Points, promtool: Path, tmp_path: Path, environment: str
) -> None:
    """In promtool, on the declared buckets, at the end of every week."""
    name = f"readiness_{environment}_deployment_duration_v1"
    own = points[f"logging.googleapis.com/user/{name}"]
    series = duration_buckets(f"logging_googleapis_com:user_{name}", own, WEEKS * 7 * 24)
    query = lines_of(tiles[P95])[environment]["prometheusQuery"]
    questions = [
        (f"round({query}, 0.001)", (week + 1) * WEEK_SECONDS, [{"labels": "{}", "value": answer}])
        for week, answer in enumerate(ANSWERS[environment].p95_duration)
    ]
    assert ask(promtool, tmp_path, series, questions, step_seconds=3600) == ""


def test_the_check_notices_a_wrong_number(tiles: Tiles, points: Points, promtool: Path, tmp_path: Path) -> None:
    """The checks above can fail, for a difference of one second."""
    name = "readiness_production_deployment_duration_v1"
    own = points[f"logging.googleapis.com/user/{name}"]
    series = duration_buckets(f"logging_googleapis_com:user_{name}", own, WEEKS * 7 * 24)
    query = lines_of(tiles[P95])["production"]["prometheusQuery"]
    questions = [(f"round({query}, 0.001)", WEEK_SECONDS, [{"labels": "{}", "value": 475.0}])]
    assert "4.74E+02" in ask(promtool, tmp_path, series, questions, step_seconds=3600)


def ratio_at(newest_first: list[Deployment], _at: datetime) -> float | None:
    """The success ratio, with the arguments of the other figure."""
    return success_ratio(newest_first)


@pytest.mark.parametrize("environment", ANSWERS)
def test_the_two_figures_are_shown_as_the_workflows_write_them(
    tiles: Tiles, promtool: Path, tmp_path: Path, environment: str
) -> None:
    """Twice a day for six weeks. Production has no ratio yet, because only 12 deployments count."""
    times = [START + number * timedelta(hours=12) for number in range(WEEKS * 14 + 1)]
    known = list(reversed(six_weeks.deployments(environment)))
    labels = f'monitored_resource="global",environment="{environment}"'
    series: list[dict[str, str]] = []
    questions: list[Question] = []
    for metric, figure, title, answer in (
        (SUCCESS_RATIO_20, ratio_at, "success rate of the last 20 deployments", six_weeks.SUCCESS_RATIO_20),
        (DAYS_SINCE_SUCCESS, days_since_success, "days since the last success", six_weeks.DAYS_SINCE_SUCCESS),
    ):
        until = {at: [deployment for deployment in known if deployment.finished_at <= at] for at in times}
        values = {at: figure(deployments, at) for at, deployments in until.items()}
        series.append(gauge(f"{metric}{{{labels}}}", values, 3600))
        query = tiles[f"{environment}: {title}"]["scorecard"]["timeSeriesQuery"]["prometheusQuery"]
        expected = answer[environment]
        sample = [] if expected is None else [{"labels": f"{{{labels}}}", "value": round(expected, 3)}]
        questions.append((f"round({query}, 0.001)", WEEKS * WEEK_SECONDS, sample))
    assert ask(promtool, tmp_path, series, questions, step_seconds=3600) == ""


def service_series(service: str) -> Iterator[dict[str, str]]:
    """Ten minutes of a service: 60 requests a minute, three of them 5xx, 57 within 250 ms and the rest within 1000."""
    where = f'monitored_resource="cloud_run_revision",service_name="{service}"'
    for answer, a_minute in (("2xx", 57), ("5xx", 3)):
        labels = f'{where},response_code_class="{answer}"'
        yield {"series": f"run_googleapis_com:request_count{{{labels}}}", "values": f"0+{a_minute}x10"}
    for le, a_minute in (("125", 0), ("250", 57), ("1000", 60), ("+Inf", 60)):
        labels = f'{where},le="{le}"'
        yield {"series": f"run_googleapis_com:request_latencies_bucket{{{labels}}}", "values": f"0+{a_minute}x10"}


def test_the_charts_of_requests_show_exactly_the_services_of_the_environment(
    tiles: Tiles, promtool: Path, tmp_path: Path
) -> None:
    """3 of 60 requests are 0.05. 95 % of 60 are 57, all within 250 ms. A service with a longer name is not shown."""
    backend = "ai-resume-review-v2-backend-prod"
    series = [*service_series(backend), *service_series(f"{backend}-canary")]
    questions = []
    for title, answer in (
        ("Requests with a 5xx answer", 0.05),
        ("95th percentile of latency", 250),
        ("Requests a second", 1),
    ):
        (staging, production) = tiles[title]["xyChart"]["dataSets"]
        samples = [{"labels": f'{{service_name="{backend}"}}', "value": answer}]
        questions.append((f"round({production['timeSeriesQuery']['prometheusQuery']}, 0.0001)", 480, samples))
        questions.append((staging["timeSeriesQuery"]["prometheusQuery"], 480, []))
    assert ask(promtool, tmp_path, series, questions, step_seconds=60) == ""


def test_the_share_of_health_checks_that_passed_is_shown_by_host(tiles: Tiles, promtool: Path, tmp_path: Path) -> None:
    """Three regions for a day: one failed for the last six hours, so 18 of 24 and twice 24 probes passed."""
    (data_set,) = tiles[HEALTH]["xyChart"]["dataSets"]
    series = [
        {
            "series": "monitoring_googleapis_com:uptime_check_check_passed{"
            f'monitored_resource="uptime_url",host="{host}",check_id="{host}",checker_location="{region}"}}',
            "values": values,
        }
        for host, region, values in (
            ("api.example.net", "usa-oregon", "1x23"),
            ("api.example.net", "eur-belgium", "1x17 0x5"),
            ("api.example.net", "apac-singapore", "1x23"),
            ("web.example.net", "usa-oregon", "1x23"),
        )
    ]
    samples = [
        {"labels": '{host="api.example.net"}', "value": round((24 + 18 + 24) / 72, 4)},
        {"labels": '{host="web.example.net"}', "value": 1},
    ]
    query = f"round({data_set['timeSeriesQuery']['prometheusQuery']}, 0.0001)"
    assert ask(promtool, tmp_path, series, [(query, 23 * 3600, samples)], step_seconds=3600) == ""


def test_the_targets_of_the_task_list_are_drawn(tiles: Tiles) -> None:
    """Over 1 a day and 1 a week, over 95 %, under 10 and 8 minutes, under 30 minutes."""
    drawn = {
        title: {line["label"]: line["value"] for line in tile["xyChart"].get("thresholds", [])}
        for title, tile in tiles.items()
        if "xyChart" in tile
    }
    durations = {"target production": 480, "target staging": 600}
    assert drawn["Deployments a week"] == {"target production": 1, "target staging": 7}
    assert drawn["Success rate, by week"] == {"target": 0.95}
    assert drawn["Deployment duration, average by week"] == drawn[P95] == durations
    assert drawn["Time to restore (MTTR), average by week"] == {"target": 1800}
    assert drawn["Time to restore of incidents, average by week"] == {"target": 1800}
    assert drawn[HEALTH] == {"target": 1}


def test_staging_and_production_are_in_one_chart(tiles: Tiles) -> None:
    """So they can be compared."""
    for title in (*FILTER_CHARTS, P95):
        assert list(lines_of(tiles[title])) == ["staging", "production"]


def left_out_by_the_api(value: Any, path: str = "") -> Iterator[str]:
    """Paths of values that proto3's JSON leaves out of the answer to the next read."""
    if value in (None, 0, "", [], {}) or value is False or (isinstance(value, str) and value.endswith("_UNSPECIFIED")):
        yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from left_out_by_the_api(item, f"{path}.{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from left_out_by_the_api(item, f"{path}[{number}]")


@pytest.mark.parametrize("stack", ["prod", EVERY_OPTION])
def test_the_api_returns_the_json_that_was_sent(plans: dict[str, Plan], stack: str) -> None:
    """The answer of the API, sorted and without name and etag, is the text that was sent."""
    (resource,) = plans[stack].of_type("gcp:monitoring/dashboard:Dashboard")
    sent = resource["inputs"]["dashboardJson"]
    body = json.loads(sent)
    assert list(left_out_by_the_api(body)) == []
    answer = {"etag": "abc", "name": "projects/1/dashboards/2", **body}
    given_back = {name: value for name, value in answer.items() if name not in ("etag", "name")}
    assert json.dumps(given_back, sort_keys=True, ensure_ascii=False) == sent
    assert not re.search(r"\d\.0\b", sent), "600 and not 600.0"


def test_the_check_notices_values_that_the_api_leaves_out() -> None:
    """The check above can fail."""
    body: dict[str, Any] = {"a": None, "b": [{"xPos": 0, "c": "PLOT_TYPE_UNSPECIFIED", "d": False}], "e": [], "f": 1}
    assert list(left_out_by_the_api(body)) == [".a", ".b[0].xPos", ".b[0].c", ".b[0].d", ".e"]


def test_the_tiles_fill_their_rows_and_do_not_overlap(declared: dict[str, Any]) -> None:
    """48 columns without gaps."""
    taken: set[tuple[int, int]] = set()
    for tile in declared["mosaicLayout"]["tiles"]:
        left, top = tile.get("xPos", 0), tile.get("yPos", 0)
        cells = {(left + x, top + y) for x in range(tile["width"]) for y in range(tile["height"])}
        assert not cells & taken
        taken |= cells
    height = max(y for _, y in taken) + 1
    assert len(taken) == 48 * height


def test_the_dashboard_of_another_project_shows_its_own_environments(plans: dict[str, Plan]) -> None:
    """Names come from the settings."""
    (resource,) = plans[EVERY_OPTION].of_type("gcp:monitoring/dashboard:Dashboard")
    text = resource["inputs"]["dashboardJson"]
    assert "readiness_every_option_deployments_v1" in text
    assert "shop-api|shop-web|shop-api-admin" in text
    assert "production" not in text
