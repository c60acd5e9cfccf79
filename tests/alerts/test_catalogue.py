"""An alert that is defined is declared: no definition is left out of the catalogue."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.definition import AlertDefinition
from readiness.alerts.metric_catalogue import known_metrics
from readiness.resource_types import ALERT_POLICY, LOG_METRIC
from tests.projects import ROOT


def test_every_definition_is_in_the_catalogue() -> None:
    """One that no tuple names has no policy, no runbook section and no scenario, and nothing else notices."""
    files = sorted((ROOT / "readiness" / "alerts").glob("*_alerts.py"))
    defined = {
        value.name: f"readiness/alerts/{path.name}"
        for path in files
        for value in vars(importlib.import_module(f"readiness.alerts.{path.stem}")).values()
        if isinstance(value, AlertDefinition)
    }
    assert len(defined) > 10, "nothing was compared"
    left_out = [f"{file}: {name}" for name, file in defined.items() if name not in {alert.name for alert in ALERTS}]
    assert left_out == [], (
        "add it to the tuple at the end of its file, and a new file's tuple to readiness/alerts/catalogue.py"
    )


def test_no_two_alerts_share_a_name_or_a_title() -> None:
    """Otherwise they would share a resource name, or a section of the runbook."""
    for words in ([alert.name for alert in ALERTS], [alert.slug for alert in ALERTS]):
        assert len(words) == len(set(words))


@pytest.mark.parametrize("value", ["text", 5, None, ["list"], {"labels": "text"}, {"labels": [5, {"key": 7}]}])
def test_a_plan_with_unexpected_values_has_no_additional_metrics_and_raises_nothing(value: Any) -> None:
    """A plan file that somebody wrote by hand may have any value anywhere."""
    policy = {"type": ALERT_POLICY, "inputs": {"userLabels": value}}
    metric = {"type": LOG_METRIC, "inputs": {"name": "mine", "metricDescriptor": value}}
    found = known_metrics([policy, metric])
    assert "logging_googleapis_com:user_mine" in found
