"""An alert that is defined is declared: no definition is left out of the catalogue."""

from __future__ import annotations

import importlib

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.definition import AlertDefinition
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
    """The second would take the first one's resource, or its section of the runbook."""
    for words in ([alert.name for alert in ALERTS], [alert.slug for alert in ALERTS]):
        assert len(words) == len(set(words))
