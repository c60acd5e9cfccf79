"""The gate, the weekly count and the issues on reports that Trivy wrote: tests/fixtures/scans/recorded/README.md."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from readiness.delivered.image_upkeep.__main__ import main
from readiness.delivered.image_upkeep.gate import judge
from readiness.delivered.image_upkeep.settings import Accepted
from readiness.delivered.image_upkeep.vulnerabilities import read_report
from tests.delivered.test_scan_gate import SCANS, settings_with
from tests.pinned_clock import NOW, TODAY
from tests.projects import ROOT

RECORDED = SCANS / "recorded"
VULNERABLE, CLEAN, FOLDER = (RECORDED / f"{name}.json" for name in ("image", "clean-image", "folder"))
ACTION = ROOT / "readiness" / "delivered" / "scan-image.action.yml"
# What is in the image: identifier, package without its version, severity, the versions with a fix.
FOUND = {
    ("CVE-2024-45492", "pkg:deb/debian/libexpat1", "critical", "2.5.0-1+deb12u1"),
    ("CVE-2023-45853", "pkg:deb/debian/zlib1g", "critical", ""),
    ("CVE-2025-29927", "pkg:npm/next", "critical", "12.3.5, 13.5.9, 14.2.25, 15.2.3"),
    ("CVE-2017-5941", "pkg:npm/node-serialize", "critical", ""),
    ("CVE-2020-14343", "pkg:pypi/pyyaml", "critical", "5.4"),
    ("CVE-2024-23342", "pkg:pypi/ecdsa", "high", ""),
}
FIXABLE = {found[:2] for found in FOUND if found[2] == "critical" and found[3]}


def accepted(identifier: str, package: str) -> Accepted:
    """An entry that is in force."""
    return Accepted(id=identifier, package=package, reason="x", expires=TODAY + timedelta(days=1))


def gate(report: Path, *entries: Accepted) -> int:
    """The status of the command, as the action runs it."""
    return main(["gate", "--what", "image", str(report)], {}, NOW, settings_with(*entries))


def trivy(report: Path) -> dict[str, Any]:
    """What Trivy wrote."""
    return json.loads(report.read_text(encoding="utf-8"))


def test_everything_that_trivy_found_is_read() -> None:
    """Packages of the distribution, of npm and of PyPI, with and without a fix; a package without findings is none."""
    found = {(item.id, item.package, item.severity, item.fixed) for item in read_report(VULNERABLE)}
    assert found == FOUND
    assert "@babel/core" in VULNERABLE.read_text(encoding="utf-8"), "the report lists what is not vulnerable too"
    assert all(item.version and item.where and item.title for item in read_report(VULNERABLE))


def test_a_critical_with_a_fix_stops_and_one_without_only_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """Three of the five."""
    assert gate(VULNERABLE) == 1
    out = capsys.readouterr().out
    stopped = set(re.findall(r"::error::(CVE-\S+) in (\S+) ", out))
    assert stopped == FIXABLE
    assert "CVE-2023-45853" not in out
    assert "Not blocking: 2 critical, 1 high." in out


def test_what_is_accepted_passes_by_the_cve_and_by_the_advisory_of_github() -> None:
    """Trivy names the CVE and has the advisory beside it; an advisory of Debian covers several, and accepts none."""
    by_cve = [accepted(*found) for found in FIXABLE]
    assert gate(VULNERABLE, *by_cve) == 0
    by_advisory = [entry for entry in by_cve if entry.package != "pkg:npm/next"]
    assert gate(VULNERABLE, *by_advisory) == 1
    assert gate(VULNERABLE, *by_advisory, accepted("GHSA-f82v-jwr5-mffw", "pkg:npm/next")) == 0
    others = [entry for entry in by_cve if "libexpat1" not in entry.package]
    assert gate(VULNERABLE, *others, accepted("DSA-5770-1", "pkg:deb/debian/libexpat1")) == 1


def test_an_image_in_which_trivy_found_nothing_passes() -> None:
    """Its report has the packages, and no list of vulnerabilities."""
    assert read_report(CLEAN) == []
    assert gate(CLEAN) == 0


def test_a_folder_with_lock_files_is_read_too() -> None:
    """The same vulnerabilities, where a lock file names the packages."""
    found = {(item.id, item.package, item.severity, item.fixed) for item in read_report(FOLDER)}
    assert found == {found for found in FOUND if "/debian/" not in found[1]}
    assert {item.where for item in read_report(FOLDER)} == {"package-lock.json", "requirements.txt"}


def test_the_reports_are_of_the_version_that_the_action_runs() -> None:
    """A newer Trivy needs new recordings."""
    versions = set(re.findall(r"version: v([0-9.]+)$", ACTION.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {trivy(report)["Trivy"]["Version"] for report in (VULNERABLE, CLEAN, FOLDER)} == versions


def test_the_sarif_names_the_same_vulnerabilities() -> None:
    """Which is what code scanning gets, of every severity."""
    (run,) = trivy(RECORDED / "image.sarif")["runs"]
    assert {result["ruleId"] for result in run["results"]} == {identifier for identifier, *_ in FOUND}


def test_the_weekly_scan_judges_as_the_gate_does() -> None:
    """Nothing is accepted, so that everything is counted."""
    verdict = judge(read_report(VULNERABLE), (), TODAY)
    assert {(finding.id, finding.package) for finding in verdict.blocking} == FIXABLE
    assert len(verdict.others) == len(FOUND) - len(FIXABLE)
