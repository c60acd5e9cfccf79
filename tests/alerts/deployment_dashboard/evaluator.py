"""A small model of Cloud Logging and Monitoring: entries to metrics by the declared filters, metrics to tiles.

Knows exactly what our metrics and filter tiles use, and refuses everything else by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from readiness.delivered.delivery_telemetry.deployments import time_of

_LOG_LINE = re.compile(r'(?P<path>logName|jsonPayload\.[a-z_]+)(?P<operator>>=|=)(?:"(?P<text>[^"]*)"|(?P<number>\d+))')
_TILE_PART = re.compile(r'(?P<path>[a-z.]+)=(?:"(?P<text>[^"]*)"|one_of\((?P<texts>"[^)]*")\))')


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One entry that a metric counted: its labels, and the value of a distribution (1 for a counter)."""

    at: datetime
    labels: Mapping[str, str]
    value: float


def points_of(metric: Mapping[str, Any], entries: Iterable[dict[str, Any]]) -> list[Point]:
    """What a declared log-based metric makes of log entries. `metric`: its inputs in the plan."""
    points = []
    for entry in entries:
        if all(_holds(line, entry) for line in metric["filter"].splitlines()):
            labels = {key: str(_extracted(text, entry)) for key, text in metric["labelExtractors"].items()}
            value = float(_extracted(metric["valueExtractor"], entry)) if "valueExtractor" in metric else 1.0
            points.append(Point(at=time_of(entry["timestamp"]), labels=labels, value=value))
    return points


def _holds(line: str, entry: dict[str, Any]) -> bool:
    found = _LOG_LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"a line of a log filter that is not known here: {line}")
    value: Any = entry
    for part in found["path"].split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return False
    if found["number"] is None:
        return value == found["text"]
    number = float(found["number"])
    return float(value) >= number if found["operator"] == ">=" else float(value) == number


def _extracted(extractor: str, entry: dict[str, Any]) -> Any:
    """A failed extraction gives 0 in Cloud Logging, which no metric of ours may count on."""
    name = re.fullmatch(r"EXTRACT\(jsonPayload\.([a-z_]+)\)", extractor)
    if name is None:
        raise ValueError(f"an extractor that is not known here: {extractor}")
    return entry["jsonPayload"][name[1]]


def evaluate(
    query: Mapping[str, Any], points: Mapping[str, Sequence[Point]], start: datetime, periods: int
) -> list[float | None]:
    """A filter tile, one value a period; `outputFullDuration` gives one for all. `points`: by metric type."""
    if "timeSeriesFilterRatio" in query:
        ratio = query["timeSeriesFilterRatio"]
        above, below = (_series(ratio[part], points, start, periods) for part in ("numerator", "denominator"))
        return [_share(one, of) for one, of in zip(above, below, strict=True)]
    series = query["timeSeriesFilter"]
    if query.get("outputFullDuration"):
        period = _period(series) * periods
        return [_reduced(series, _matching(series["filter"], points), start, period)]
    return _series(series, points, start, periods)


def _share(above: float | None, below: float | None) -> float | None:
    return None if not below else (above or 0.0) / below


def _series(
    part: Mapping[str, Any], points: Mapping[str, Sequence[Point]], start: datetime, periods: int
) -> list[float | None]:
    matching, period = _matching(part["filter"], points), _period(part)
    return [_reduced(part, matching, start + number * period, period) for number in range(periods)]


def _period(part: Mapping[str, Any]) -> timedelta:
    aggregation = part["aggregation"]
    if aggregation["perSeriesAligner"] != "ALIGN_DELTA":
        raise ValueError(f"an aligner that is not known here: {aggregation['perSeriesAligner']}")
    return timedelta(seconds=int(aggregation["alignmentPeriod"].removesuffix("s")))


def _reduced(part: Mapping[str, Any], matching: Sequence[Point], start: datetime, period: timedelta) -> float | None:
    values = [point.value for point in matching if start <= point.at < start + period]
    if not values:
        return None
    match part["aggregation"]["crossSeriesReducer"]:
        case "REDUCE_SUM":
            return sum(values)
        case "REDUCE_MEAN":
            return sum(values) / len(values)
        case other:
            raise ValueError(f"a reducer that is not known here: {other}")


def _matching(text: str, points: Mapping[str, Sequence[Point]]) -> list[Point]:
    """The points of the metric that the filter names, with the labels that it asks for."""
    wanted: dict[str, tuple[str, ...]] = {}
    for part in text.split(" AND "):
        found = _TILE_PART.fullmatch(part)
        if found is None:
            raise ValueError(f"a part of a filter that is not known here: {part}")
        texts = (found["text"],) if found["texts"] is None else tuple(re.findall(r'"([^"]*)"', found["texts"]))
        wanted[found["path"]] = texts
    if wanted.pop("resource.type") != ("global",):
        return []
    (metric_type,) = wanted.pop("metric.type")
    labels = {path.removeprefix("metric.labels."): texts for path, texts in wanted.items()}
    return [
        point for point in points[metric_type] if all(point.labels[name] in texts for name, texts in labels.items())
    ]
