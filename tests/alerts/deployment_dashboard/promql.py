"""Runs the dashboard's PromQL in promtool: series, an expression, the time, and the samples that it must give."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from readiness.alerts.deployment_metrics import DURATION_BOUNDS
from tests.alerts.deployment_dashboard.evaluator import Point
from tests.alerts.deployment_dashboard.six_weeks import START

HOUR_SECONDS = 3600

# An expression, the seconds at which it is evaluated, and the samples that it must give.
Question = tuple[str, int, list[dict[str, Any]]]


def counter(selector: str, points: Sequence[Point], hours: int) -> dict[str, str]:
    """A counter with one sample an hour, from 0 on."""
    counts = [0] * (hours + 1)
    for point in points:
        # The entry is counted with the first sample after it.
        counts[-(-int((point.at - START).total_seconds()) // HOUR_SECONDS)] += 1
    total = 0
    values: list[str] = []
    for count in counts:
        total += count
        values.append(str(total))
    return {"series": selector, "values": " ".join(values)}


def duration_buckets(name: str, points: Sequence[Point], hours: int) -> list[dict[str, str]]:
    """A distribution of durations as PromQL shows it, for each outcome a set of buckets."""
    series = []
    for outcome in sorted({point.labels["outcome"] for point in points}):
        own = [point for point in points if point.labels["outcome"] == outcome]
        for bound in (*DURATION_BOUNDS, float("inf")):
            le = "+Inf" if bound == float("inf") else str(bound)
            selector = f'{name}_bucket{{monitored_resource="global",service="all",outcome="{outcome}",le="{le}"}}'
            series.append(counter(selector, [point for point in own if point.value <= bound], hours))
    return series


def gauge(selector: str, values: Mapping[datetime, float | None], step_seconds: int) -> dict[str, str]:
    """Samples at their times, nothing between."""
    words: list[str] = []
    for at, value in sorted(values.items()):
        index = int((at - START).total_seconds()) // step_seconds
        words += ["_"] * (index - len(words))
        words.append("_" if value is None else repr(value))
    return {"series": selector, "values": " ".join(words)}


def ask(
    promtool: Path,
    folder: Path,
    series: Sequence[Mapping[str, str]],
    questions: Sequence[Question],
    *,
    step_seconds: int,
) -> str:
    """promtool's objections to the answers, empty if there are none."""
    test = {
        "interval": f"{step_seconds}s",
        "input_series": list(series),
        "promql_expr_test": [
            {"expr": expression, "eval_time": f"{seconds}s", "exp_samples": samples}
            for expression, seconds, samples in questions
        ],
    }
    file = folder / "dashboard.test.json"
    file.write_text(json.dumps({"evaluation_interval": f"{step_seconds}s", "tests": [test]}), encoding="utf-8")
    done = subprocess.run([str(promtool), "test", "rules", str(file)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"
