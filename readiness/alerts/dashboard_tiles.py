"""The kinds of tiles on the dashboard, in Monitoring's JSON.

Counts and means are filter queries, because they count exactly. PromQL's `increase` extrapolates, which is far off for
a few events a week. Quantiles and the two custom figures are PromQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WEEK = "604800s"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line or row of bars of a chart."""

    legend: str
    query: Json


def metric_filter(metric_type: str, labels: Mapping[str, str | Sequence[str]]) -> str:
    """A Monitoring filter on a log-based metric. Entries of deployments have the resource type `global`."""
    parts = [f'metric.type="{metric_type}"', 'resource.type="global"']
    for label, value in labels.items():
        if isinstance(value, str):
            parts.append(f'metric.labels.{label}="{value}"')
        else:
            listed = ",".join(f'"{label}"' for label in value)
            parts.append(f"metric.labels.{label}=one_of({listed})")
    return " AND ".join(parts)


def filter_query(filter_text: str, reducer: str, *, whole_period: bool = False) -> Json:
    """Sums (`REDUCE_SUM`) or averages (`REDUCE_MEAN`) over a week, or over the whole period shown."""
    query: Json = {"timeSeriesFilter": {"aggregation": _aggregation(reducer), "filter": filter_text}}
    return {**query, "outputFullDuration": True} if whole_period else query


def ratio_query(numerator: str, denominator: str) -> Json:
    """One count divided by another, week by week."""
    parts = {"numerator": numerator, "denominator": denominator}
    aggregation = _aggregation("REDUCE_SUM")
    return {
        "timeSeriesFilterRatio": {
            name: {"aggregation": aggregation, "filter": filter_text} for name, filter_text in parts.items()
        }
    }


def promql_query(query: str) -> Json:
    """A PromQL query."""
    return {"prometheusQuery": query}


def chart(
    title: str, lines: Sequence[Line], unit: str, *, bars: bool = False, targets: Mapping[str, float] | None = None
) -> Json:
    """A chart over time; `targets` are horizontal lines by their label."""
    data_sets = [
        {
            "legendTemplate": line.legend,
            "plotType": "STACKED_BAR" if bars else "LINE",
            "targetAxis": "Y1",
            "timeSeriesQuery": line.query,
            **({"minAlignmentPeriod": WEEK} if "prometheusQuery" not in line.query else {}),
        }
        for line in lines
    ]
    body: Json = {"dataSets": data_sets, "yAxis": {"label": unit, "scale": "LINEAR"}}
    if targets:
        body["thresholds"] = [
            {"label": label, "targetAxis": "Y1", "value": _number(value)} for label, value in sorted(targets.items())
        ]
    return {"title": title, "xyChart": body}


def scorecard(title: str, query: Json, *, red_below: float | None = None) -> Json:
    """One number."""
    body: Json = {"timeSeriesQuery": query}
    if red_below is not None:
        body["thresholds"] = [{"color": "RED", "direction": "BELOW", "value": red_below}]
    return {"scorecard": body, "title": title}


def text(title: str, content: str) -> Json:
    """A note in Markdown."""
    return {"text": {"content": content, "format": "MARKDOWN"}, "title": title}


def mosaic(rows: Sequence[tuple[int, Sequence[Json]]], columns: int) -> Json:
    """Rows of equally wide widgets, each with its height. A position of 0 is left out, because the API returns none."""
    tiles: list[Json] = []
    y = 0
    for height, widgets in rows:
        width = columns // len(widgets)
        for index, widget in enumerate(widgets):
            position = {"xPos": index * width, "yPos": y}
            tiles.append(
                {
                    "height": height,
                    "widget": widget,
                    "width": width,
                    **{name: value for name, value in position.items() if value},
                }
            )
        y += height
    return {"columns": columns, "tiles": tiles}


def _number(value: float) -> float:
    """600 and not 600.0, as the API returns it."""
    return int(value) if value == int(value) else value


def _aggregation(reducer: str) -> Json:
    return {"alignmentPeriod": WEEK, "crossSeriesReducer": reducer, "perSeriesAligner": "ALIGN_DELTA"}
