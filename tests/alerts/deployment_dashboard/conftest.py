"""The dashboard as declared, and what six weeks make of the declared metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from readiness.plan.offline_plan import Plan
from tests.alerts.deployment_dashboard.evaluator import Point, points_of
from tests.alerts.deployment_dashboard.six_weeks import log_entries
from tools.find_tool import find_promtool

Tiles = dict[str, dict[str, Any]]
Points = Mapping[str, Sequence[Point]]


@pytest.fixture(scope="session")
def declared(plans: dict[str, Plan]) -> dict[str, Any]:
    """The dashboard of prod, from its plan."""
    (resource,) = plans["prod"].of_type("gcp:monitoring/dashboard:Dashboard")
    return json.loads(resource["inputs"]["dashboardJson"])


@pytest.fixture(scope="session")
def tiles(declared: dict[str, Any]) -> Tiles:
    """Its widgets by their titles."""
    return {tile["widget"]["title"]: tile["widget"] for tile in declared["mosaicLayout"]["tiles"]}


@pytest.fixture(scope="session")
def points(plans: dict[str, Plan]) -> Points:
    """What the declared metrics count of the six weeks, by metric type."""
    entries = log_entries()
    metrics = [
        resource["inputs"]
        for resource in plans["prod"].of_type("gcp:logging/metric:Metric")
        if resource["name"].startswith("delivery-metrics-")
    ]
    return {f"logging.googleapis.com/user/{metric['name']}": points_of(metric, entries) for metric in metrics}


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The promtool that is found."""
    return find_promtool(fetch=False)
