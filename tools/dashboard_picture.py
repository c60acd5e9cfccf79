"""Draws docs/images/deployments.svg: the dashboard of deployments as six simulated weeks look on it.

Usage: python -m tools.dashboard_picture [--check]. Titles and targets are the declared dashboard's, the values are the
hand-worked answers of tests/delivery/six_weeks.py, which the tests hold the declared queries to.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from readiness.delivery.dashboard import dashboard
from readiness.delivery.watched import watched_deployments
from tests.delivery.six_weeks import ANSWERS, DAYS_SINCE_SUCCESS, DEPLOYMENTS, FAILURES, SUCCESS_RATIO_20, WEEKS
from tests.projects import settings_of
from tools.committed import ROOT, write_or_check

PICTURE = ROOT / "docs" / "images" / "deployments.svg"

# Which answer a chart shows.
FIELDS = {
    "Deployments a week": "deployments",
    "Success rate, by week": "success_ratio",
    "Failed deployments a week": "failures",
    "Deployment duration, average by week": "average_duration",
    "Deployment duration, 95th percentile of seven days": "p95_duration",
    "Time to rollback, average by week": "time_to_rollback",
    "Time to restore (MTTR), average by week": "time_to_restore",
}
COLOURS = {"staging": "#1a73e8", "production": "#e8710a"}
WIDTH, CHART_WIDTH, CHART_HEIGHT, CARD_HEIGHT = 1000, 490, 220, 70
LEFT, RIGHT, TOP, BOTTOM = 52, 96, 42, 30

Values = Sequence[float | None]


def picture() -> str:
    """The SVG."""
    tiles = [tile["widget"] for tile in _declared()["mosaicLayout"]["tiles"]]
    cards = [widget["title"] for widget in tiles if "scorecard" in widget]
    charts = [widget for widget in tiles if widget["title"] in FIELDS]
    card_rows, chart_rows = len(cards) // 4, -(-len(charts) // 2)
    height = card_rows * (CARD_HEIGHT + 10) + chart_rows * (CHART_HEIGHT + 10) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="Roboto, Helvetica, Arial, sans-serif" font-size="11" fill="#3c4043">',
        "<title>The dashboard of deployments, with six simulated weeks</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#f1f3f4"/>',
    ]
    for number, title in enumerate(cards):
        parts += _card(title, 5 + number % 4 * 249, 10 + number // 4 * (CARD_HEIGHT + 10))
    top = 10 + card_rows * (CARD_HEIGHT + 10)
    for number, widget in enumerate(charts):
        parts += _chart(widget, 5 + number % 2 * 500, top + number // 2 * (CHART_HEIGHT + 10))
    return "\n".join([*parts, "</svg>\n"])


def _declared() -> dict[str, Any]:
    settings = settings_of("prod")
    telemetry = watched_deployments(settings)
    assert telemetry is not None
    return dashboard(settings, telemetry)


def _card(title: str, x: int, y: int) -> Iterator[str]:
    environment, _, what = title.partition(": ")
    values = {
        "deployed in the period shown": DEPLOYMENTS,
        "failed in the period shown": FAILURES,
        "success rate of the last 20": SUCCESS_RATIO_20,
        "days since a success": DAYS_SINCE_SUCCESS,
    }
    value = values[what][environment]
    yield f'<rect x="{x}" y="{y}" width="239" height="{CARD_HEIGHT}" rx="4" fill="#fff" stroke="#dadce0"/>'
    yield f'<text x="{x + 10}" y="{y + 20}">{html.escape(title)}</text>'
    shown = "no data yet" if value is None else f"{value:.4g}"
    yield f'<text x="{x + 10}" y="{y + 54}" font-size="24" fill="#202124">{shown}</text>'


def _chart(widget: dict[str, Any], x: int, y: int) -> Iterator[str]:
    title, body = widget["title"], widget["xyChart"]
    series = {environment: getattr(answers, FIELDS[title]) for environment, answers in ANSWERS.items()}
    targets = {line["label"]: float(line["value"]) for line in body.get("thresholds", [])}
    bars = body["dataSets"][0]["plotType"] == "STACKED_BAR"
    most = max([*targets.values(), *(value for values in series.values() for value in values if value is not None)])
    if bars:
        most = max(most, *(sum(values[week] for values in series.values()) for week in range(WEEKS)))
    scale = (CHART_HEIGHT - TOP - BOTTOM) / (most * 1.1)
    floor = y + CHART_HEIGHT - BOTTOM
    yield f'<rect x="{x}" y="{y}" width="{CHART_WIDTH}" height="{CHART_HEIGHT}" rx="4" fill="#fff" stroke="#dadce0"/>'
    yield f'<text x="{x + 10}" y="{y + 20}" font-size="13" fill="#202124">{html.escape(title)}</text>'
    yield from _axes(x, floor, most, scale, body["yAxis"]["label"])
    below = [0.0] * WEEKS
    for environment in [each["legendTemplate"] for each in body["dataSets"]]:
        values = series[environment]
        yield from (
            _bars(values, below, environment, x, floor, scale) if bars else _line(values, environment, x, floor, scale)
        )
    for label, value in targets.items():
        height = floor - value * scale
        yield (
            f'<line x1="{x + LEFT}" x2="{x + CHART_WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"'
            ' stroke="#5f6368" stroke-dasharray="4 3"/>'
        )
        yield f'<text x="{x + CHART_WIDTH - RIGHT + 4}" y="{height + 4:.1f}">{html.escape(label)}</text>'
    for number, (environment, colour) in enumerate(COLOURS.items()):
        at = x + CHART_WIDTH - 170 + number * 80
        yield f'<rect x="{at}" y="{y + 11}" width="9" height="9" fill="{colour}"/>'
        yield f'<text x="{at + 13}" y="{y + 20}">{environment}</text>'


def _axes(x: int, floor: int, most: float, scale: float, unit: str) -> Iterator[str]:
    right = x + CHART_WIDTH - RIGHT
    for share in (0.0, 0.5, 1.0):
        height = floor - most * share * scale
        yield f'<line x1="{x + LEFT}" x2="{right}" y1="{height:.1f}" y2="{height:.1f}" stroke="#e8eaed"/>'
        yield f'<text x="{x + LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{most * share:g}</text>'
    yield f'<text x="{x + 10}" y="{floor - CHART_HEIGHT + TOP + BOTTOM - 4}" font-size="10">{html.escape(unit)}</text>'
    for week in range(WEEKS):
        yield f'<text x="{_centre(x, week):.1f}" y="{floor + 16}" text-anchor="middle">week {week + 1}</text>'


def _centre(x: int, week: int) -> float:
    return x + LEFT + (CHART_WIDTH - LEFT - RIGHT) * (week + 0.5) / WEEKS


def _bars(values: Values, below: list[float], environment: str, x: int, floor: int, scale: float) -> Iterator[str]:
    for week, value in enumerate(values):
        if value:
            top = floor - (below[week] + value) * scale
            yield (
                f'<rect x="{_centre(x, week) - 16:.1f}" y="{top:.1f}" width="32" height="{value * scale:.1f}"'
                f' fill="{COLOURS[environment]}"/>'
            )
            below[week] += value


def _line(values: Values, environment: str, x: int, floor: int, scale: float) -> Iterator[str]:
    points = [(week, value) for week, value in enumerate(values) if value is not None]
    colour = COLOURS[environment]
    path = " ".join(f"{_centre(x, week):.1f},{floor - value * scale:.1f}" for week, value in points)
    if len(points) > 1:
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for week, value in points:
        yield f'<circle cx="{_centre(x, week):.1f}" cy="{floor - value * scale:.1f}" r="3" fill="{colour}"/>'


def main() -> int:
    """Writes the picture, or says that it is not the dashboard's any more."""
    return write_or_check(PICTURE, picture(), "does not show the dashboard as it is")


if __name__ == "__main__":
    sys.exit(main())
