"""CONTRIBUTING.md says where each alert is defined and where its incidents are."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType

from readiness.alerts.definition import AlertDefinition
from tests.projects import ROOT

ROW = re.compile(r"\| (?P<alerts>[\w, ]+) \| `(?P<definition>\w+\.py)` \| (?P<incidents>`\w+\.py`[^|]*) \|")


def places(markdown: str) -> dict[str, tuple[str, set[str]]]:
    """The file of the definition and those of the incidents, by alert, as the table says."""
    return {
        alert: (row["definition"], set(re.findall(r"`(\w+\.py)`", row["incidents"])))
        for row in ROW.finditer(markdown)
        for alert in row["alerts"].split(", ")
    }


def _modules(package: str, pattern: str) -> Iterator[tuple[str, ModuleType]]:
    for file in sorted((ROOT / package).glob(pattern)):
        yield file.name, importlib.import_module(f"{package.replace('/', '.')}.{file.stem}")


def test_the_table_names_the_files_of_every_alert() -> None:
    """The files that define an alert and hold incidents of it, and no others."""
    definitions = {
        value.name: file
        for file, module in _modules("readiness/alerts", "*_alerts.py")
        for value in vars(module).values()
        if isinstance(value, AlertDefinition)
    }
    incidents = defaultdict(set)
    for file, module in _modules("readiness/alerts/scenarios", "[a-z]*.py"):
        for scenario in getattr(module, "SCENARIOS", ()):
            incidents[scenario.alert].add(file)
    expected = {alert: (file, incidents[alert]) for alert, file in definitions.items()}
    assert places((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")) == expected
