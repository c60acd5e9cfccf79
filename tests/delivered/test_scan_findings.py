"""What serves, as a matrix; what was found in it, as log entries; and what of it is new."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from readiness.alerts.registry_alerts import new_criticals, vulnerabilities
from readiness.delivered.image_upkeep.findings import report_findings
from readiness.delivered.image_upkeep.settings import Accepted
from readiness.delivered.image_upkeep.vulnerabilities import read_report
from tests.alerts.log_filter import parse_filter
from tests.delivered.fake_google import IMAGES, FakeGoogle
from tests.delivered.test_scan_gate import BACKEND, CLEAN
from tests.pinned_clock import TODAY
from tests.projects import EVERY_OPTION, settings_of

EXPAT = Accepted(id="CVE-2024-45490", package="pkg:deb/debian/libexpat1", reason="x", expires=date(2026, 12, 1))
FOUND = {"api": read_report(BACKEND), "web": read_report(CLEAN)}


def by_severity(payloads: list[dict[str, Any]], service: str = "api") -> dict[str, tuple[int, int, int, str]]:
    """Count, fixable, new and the word of each severity of a service."""
    return {
        payload["severity"]: (payload["count"], payload["fixable"], payload["new"], payload["has_new"])
        for payload in payloads
        if payload["service"] == service
    }


def test_the_images_that_serve_are_listed_by_digest(tmp_path: Path) -> None:
    """One for each service and digest, in the form of a job's matrix."""
    fake, output = FakeGoogle(), tmp_path / "output"
    one, two, three = (f"sha256:{letter * 64}" for letter in "abc")
    api, web = fake.service("api", "backend"), fake.service("web", "frontend")
    api.deploy(one, 1)
    api.deploy(two, 2)
    web.deploy(three, 1)
    first = next(iter(api.revisions))
    api.traffic = [{"revisionName": first, "percent": 30}, *({**part, "percent": 70} for part in api.traffic)]
    assert fake.run("serving", "--output", str(output)) == 0
    name, _, value = output.read_text(encoding="utf-8").strip().partition("=")
    assert name == "images"
    assert json.loads(value) == [
        {"service": "api", "image": f"{IMAGES}backend@{two}", "name": f"api-{'b' * 12}"},
        {"service": "api", "image": f"{IMAGES}backend@{one}", "name": f"api-{'a' * 12}"},
        {"service": "web", "image": f"{IMAGES}frontend@{three}", "name": f"web-{'c' * 12}"},
    ]


def test_the_metric_reads_the_fields_that_an_entry_has() -> None:
    """A label that no entry has would be empty, and a value that is missing counts as 0."""
    fake = FakeGoogle()
    _, payloads = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    metric = vulnerabilities("some-project")
    metric_filter = parse_filter(metric.filter)
    for payload in payloads:
        assert metric_filter.matches({"logName": "projects/some-project/logs/readiness-images", "jsonPayload": payload})
        assert all(isinstance(payload[label], str) for label in metric.labels)
        assert isinstance(payload[str(metric.value_field)], int)


def test_the_buckets_keep_none_one_and_two_apart() -> None:
    """Bounds ascend, and the smallest numbers have a bucket each."""
    bounds = vulnerabilities("some-project").bounds
    assert bounds[:3] == (1, 2, 3)
    assert list(bounds) == sorted(set(bounds))


def test_each_service_and_severity_has_an_entry() -> None:
    """Zero is reported too: a metric without entries cannot be distinguished from a scan that did not run."""
    fake = FakeGoogle()
    _, payloads = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    assert by_severity(payloads) == {
        "critical": (2, 1, 2, "yes"),
        "high": (1, 1, 1, "yes"),
        "medium": (0, 0, 0, "no"),
        "low": (0, 0, 0, "no"),
        "unknown": (0, 0, 0, "no"),
    }
    assert set(by_severity(payloads, "web").values()) == {(0, 0, 0, "no")}
    assert len(fake.written[0]["entries"]) == 10
    assert {entry["severity"] for entry in fake.written[0]["entries"]} == {"INFO", "ERROR"}


def test_what_the_scan_before_named_is_not_new() -> None:
    """A critical that everybody knows of does not page every week."""
    fake = FakeGoogle()
    _, first = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    fake.entries = [{"timestamp": "2026-11-18T04:00:00Z", "jsonPayload": payload} for payload in first]
    _, second = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    fake.entries[0]["jsonPayload"]["names"] = ["CVE-2023-45853 pkg:deb/debian/zlib1g"]
    _, third = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    assert by_severity(second)["critical"] == (2, 1, 0, "no")
    assert by_severity(third)["critical"] == (2, 1, 1, "yes")


def test_the_newest_scan_counts_not_an_earlier_one() -> None:
    """Mended and back again is new."""
    fake = FakeGoogle()
    _, first = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    fake.entries = [{"timestamp": "2026-11-11T04:00:00Z", "jsonPayload": payload} for payload in first]
    fake.entries += [
        {"timestamp": "2026-11-18T04:00:00Z", "jsonPayload": {**payload, "names": []}} for payload in first
    ]
    _, again = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    assert by_severity(again)["critical"][2] == 2


def test_what_is_accepted_does_not_count() -> None:
    """Else the accepted one would page as new."""
    fake = FakeGoogle()
    _, payloads = report_findings(fake.apis(), fake.settings(accepted=(EXPAT,)), FOUND, TODAY)
    assert by_severity(payloads)["critical"] == (1, 0, 1, "yes")


def test_the_report_lists_each_high_one_and_says_which_is_new() -> None:
    """The line of the weekly report that `high_vulnerabilities: report` is about; the table counts the rest."""
    fake = FakeGoogle()
    high = next(finding for finding in FOUND["api"] if finding.severity == "high")
    lines, first = report_findings(fake.apis(), fake.settings(), FOUND, TODAY, frozenset({high.id}))
    assert "### High in `api`" in lines
    assert f"- `{high.id} {high.package}`, new" in lines
    assert "| `api` | high | 1 | 1 | 1 | 1 |" in lines
    assert "### High in `web`" not in lines
    fake.entries = [{"timestamp": "2026-11-18T04:00:00Z", "jsonPayload": payload} for payload in first]
    assert f"- `{high.id} {high.package}`" in report_findings(fake.apis(), fake.settings(), FOUND, TODAY)[0]


def test_whether_something_is_exploited_may_be_not_known() -> None:
    """Then no entry has the field, and the table says so: 0 would be another answer."""
    fake = FakeGoogle()
    lines, payloads = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    assert not any("exploited" in payload for payload in payloads)
    assert "| `api` | high | 1 | 1 | 1 | not known |" in lines


@pytest.mark.parametrize(("setting", "counted"), [("report", {"critical"}), ("alert", {"critical", "high"})])
def test_a_new_high_one_alerts_where_the_settings_say_so(setting: str, counted: set[str]) -> None:
    """The counter of the alert matches its entries."""
    settings = settings_of(EVERY_OPTION)
    assert settings.image_workflows is not None
    workflows = settings.image_workflows.model_copy(update={"high_vulnerabilities": setting})
    changed = settings.model_copy(update={"image_workflows": workflows})
    fake = FakeGoogle()
    _, payloads = report_findings(fake.apis(), fake.settings(), FOUND, TODAY)
    log = f"projects/{settings.project}/logs/readiness-images"
    counter = parse_filter(new_criticals(changed).filter)
    found = [payload for payload in payloads if counter.matches({"logName": log, "jsonPayload": payload})]
    assert {payload["severity"] for payload in found} == counted


def test_the_command_reads_a_report_for_every_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And lints the list of accepted ones against all of them."""
    images = [{"service": "api", "image": "i", "name": "api-1"}, {"service": "web", "image": "j", "name": "web-1"}]
    shutil.copy(BACKEND, tmp_path / "api-1.json")
    unused = Accepted(id="CVE-1999-0001", package="pkg:npm/gone", reason="x", expires=date(2999, 1, 1))
    fake = FakeGoogle()
    assert fake.run("findings", "--reports", str(tmp_path), accepted=(unused,), IMAGES=json.dumps(images)) == 1
    assert "::error::findings: web-1.json is not a report" in capsys.readouterr().out
    assert fake.written == [], "an image that was not scanned is not clean"
    shutil.copy(CLEAN, tmp_path / "web-1.json")
    assert fake.run("findings", "--reports", str(tmp_path), accepted=(unused,), IMAGES=json.dumps(images)) == 0
    assert "no report has it: remove the entry" in capsys.readouterr().out
    assert len(fake.written) == 1
