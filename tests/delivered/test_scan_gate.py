"""The gate on recorded reports of both scanners: it stops for a critical vulnerability with a fix, or a bad file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from readiness.delivered.image_upkeep.__main__ import main
from readiness.delivered.image_upkeep.gate import Rules, judge, lint
from readiness.delivered.image_upkeep.settings import Accepted, Settings
from readiness.delivered.image_upkeep.vulnerabilities import ReportError, purl_without_version, read_report
from tests.delivered.fake_google import Played
from tests.live.loopback import Reply, Request
from tests.pinned_clock import NOW, TODAY
from tests.projects import ROOT

SCANS = ROOT / "tests" / "fixtures" / "scans"
BACKEND, CLEAN, LOCKFILES = SCANS / "trivy-backend.json", SCANS / "trivy-clean.json", SCANS / "osv-lockfiles.json"
EXPAT = Accepted(
    id="CVE-2024-45490",
    package="pkg:deb/debian/libexpat1",
    reason="Nothing that a stranger wrote is ever parsed",
    expires=TODAY + timedelta(days=30),
)


CATALOGUE = "https://kev.example.net/feed.json"
NOTHING_EXPLOITED = {"vulnerabilities": [{"cveID": "CVE-2001-0001"}]}


def settings_with(*accepted: Accepted, **more: Any) -> Settings:
    """Settings in which these are accepted."""
    return Settings(
        project="p", region="r", repository="images", environment="production", services=(), log="l",
        max_deleted_versions=1, accepted=accepted, known_exploited_catalogue=CATALOGUE, **more,
    )  # fmt: skip


def gate(
    *reports: Path,
    accepted: tuple[Accepted, ...] = (),
    environment: dict[str, str] | None = None,
    catalogue: Reply | None = None,
    options: tuple[str, ...] = (),
    **more: Any,
) -> int:
    """The status of the command, as a workflow runs it, with the catalogue at its address."""
    arguments = ["gate", "--what", "backend", *options, *(str(report) for report in reports)]
    played = Catalogue(catalogue or Reply(body=NOTHING_EXPLOITED))
    return main(arguments, environment or {}, NOW, settings_with(*accepted, **more), played)


@dataclass
class Catalogue(Played):
    """The server of the catalogue."""

    reply: Reply
    requests: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        """The same answer to everything."""
        return self.reply


def test_a_critical_with_a_fix_stops(capsys: pytest.CaptureFixture[str]) -> None:
    """And is named with the version that mends it."""
    assert gate(BACKEND) == 1
    out = capsys.readouterr().out
    assert "::error::CVE-2024-45490 in pkg:deb/debian/libexpat1 2.5.0-1: fixed in 2.5.0-1+deb12u1" in out
    assert "CVE-2023-45853" not in out, "nothing could be deployed instead of a critical without a fix"
    assert "Not blocking: 1 critical, 1 high." in out


def test_an_image_in_which_nothing_was_found_passes() -> None:
    """Results without vulnerabilities are a scan."""
    assert gate(CLEAN) == 0


def test_a_critical_in_a_lock_file_stops(capsys: pytest.CaptureFixture[str]) -> None:
    """osv-scanner knows no threshold: the score of its group counts."""
    assert gate(LOCKFILES) == 1
    out = capsys.readouterr().out
    assert "::error::CVE-2025-66478 in pkg:npm/next 15.5.2: fixed in 15.5.7" in out
    assert out.count("::error::") == 1


def test_the_worst_of_several_reports_decides() -> None:
    """A clean one beside it excuses nothing."""
    assert gate(CLEAN, LOCKFILES) == 1


def test_a_critical_without_a_fix_stops_where_the_settings_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the setting it shows: nothing could be deployed instead."""
    assert gate(BACKEND, block_unfixed_critical=True) == 1
    out = capsys.readouterr().out
    assert "::error::CVE-2023-45853 in pkg:deb/debian/zlib1g 1:1.2.13.dfsg-1: no version fixes it yet" in out
    assert "Not blocking: 1 high." in out


def exploited(*cves: str) -> Reply:
    """The catalogue with these."""
    return Reply(body={"title": "CISA Catalog", "vulnerabilities": [{"cveID": cve} for cve in cves]})


def test_what_is_known_to_be_exploited_stops_without_a_fix_and_whatever_its_severity(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A critical without a fix, and a high one."""
    high = next(finding for finding in read_report(BACKEND) if finding.severity == "high")
    rest = Accepted(id=EXPAT.id, package=EXPAT.package, reason=EXPAT.reason, expires=EXPAT.expires)
    assert gate(BACKEND, accepted=(rest,)) == 0
    capsys.readouterr()
    assert gate(BACKEND, accepted=(rest,), catalogue=exploited("CVE-2023-45853", high.id)) == 1
    out = capsys.readouterr().out
    assert (
        "::error::CVE-2023-45853 in pkg:deb/debian/zlib1g 1:1.2.13.dfsg-1: known to be exploited, no version fixes"
        in out
    )
    assert f"::error::{high.id} in {high.package} {high.version}: known to be exploited" in out


def test_what_is_exploited_is_known_by_any_of_its_names() -> None:
    """osv-scanner names it by GHSA; the catalogue has the CVE."""
    (finding,) = [finding for finding in read_report(LOCKFILES) if "CVE-2025-66478" in finding.ids]
    assert finding.ids[0].startswith("GHSA-")
    unfixed = replace(finding, fixed="", severity="low")
    assert judge([unfixed], [], TODAY, Rules(exploited=frozenset({"CVE-2025-66478"}))).blocking == (unfixed,)
    assert judge([unfixed], [], TODAY).blocking == ()


def test_an_acceptance_covers_what_is_exploited_until_its_day() -> None:
    """Somebody has decided, with a reason and a day."""
    rules = Rules(exploited=frozenset({EXPAT.id}))
    verdict = judge(read_report(BACKEND), [EXPAT], TODAY, rules)
    assert [finding.id for finding in verdict.accepted] == [EXPAT.id]


UNREADABLE = {
    "refused": Reply(403, "Access Denied"),
    "an error": Reply(404),
    "a page": Reply(200, "<html>"),
    "another form": Reply(200, {"count": 0}),
    "empty": Reply(200, {"vulnerabilities": []}),
    "no CVE": Reply(200, {"vulnerabilities": [{"cveID": "x"}]}),
    "no text": Reply(200, {"vulnerabilities": [{"cveID": 7}]}),
    "a redirect": Reply(302, "", {"Location": "https://elsewhere.example.net"}),
}


@pytest.mark.parametrize("case", UNREADABLE)
@pytest.mark.parametrize(("setting", "status", "kind"), [("warn", 0, "warning"), ("block", 1, "error")])
def test_a_catalogue_that_cannot_be_read_is_reported_and_treated_as_set(
    case: str, setting: str, status: int, kind: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Never a silent pass; the summary of the run says it too."""
    summary = tmp_path / "summary.md"
    environment = {"GITHUB_STEP_SUMMARY": str(summary)}
    found = gate(
        CLEAN, catalogue=UNREADABLE[case], environment=environment, known_exploited_unreachable=setting
    )  # fmt: skip
    assert found == status
    said = "It is not known whether a vulnerability is exploited: https://kev.example.net/feed.json: "
    assert f"::{kind}::{said}" in capsys.readouterr().out
    assert said in summary.read_text(encoding="utf-8")


def test_the_catalogue_may_be_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For runners without a way out; a file that is not there is not known either."""
    path = tmp_path / "kev.json"
    path.write_text(json.dumps({"vulnerabilities": [{"cveID": "CVE-2023-45853"}]}), encoding="utf-8")
    assert gate(BACKEND, accepted=(EXPAT,), options=("--known-exploited", str(path)), catalogue=Reply(503)) == 1
    assert "not known whether" not in capsys.readouterr().out
    assert gate(CLEAN, options=("--known-exploited", str(tmp_path / "gone.json"))) == 0
    assert "gone.json: FileNotFoundError" in capsys.readouterr().out


def test_without_a_catalogue_the_gate_says_that_nothing_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    """As with settings of an earlier version."""
    played = Catalogue(Reply())
    settings = replace(settings_with(), known_exploited_catalogue="")
    assert main(["gate", "--what", "backend", str(CLEAN)], {}, NOW, settings, played) == 0
    assert (
        "::warning::It is not known whether a vulnerability is exploited: no catalogue is set"
        in capsys.readouterr().out
    )
    assert played.requests == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 0),
        ({"expires": TODAY}, 1),
        ({"package": "pkg:deb/debian/libexpat1-dev"}, 1),
        ({"id": "CVE-2024-45491"}, 1),
    ],
)
def test_an_accepted_one_passes_for_its_package_until_its_day(change: dict[str, Any], status: int) -> None:
    """On the day itself it no longer counts, as both scanners read their files; another package's is no excuse."""
    entry = Accepted(**{name: getattr(EXPAT, name) for name in EXPAT.__slots__} | change)
    verdict = judge(read_report(BACKEND), [entry], TODAY)
    assert bool(verdict.blocking) is bool(status)
    assert len(verdict.accepted) == 1 - status


def test_an_entry_by_the_cve_excuses_the_advisory_of_github() -> None:
    """osv-scanner names a vulnerability by GHSA, Trivy by CVE: one entry serves both."""
    entry = Accepted(id="CVE-2025-66478", package="pkg:npm/next", reason="x", expires=TODAY + timedelta(days=1))
    assert judge(read_report(LOCKFILES), [entry], TODAY).blocking == ()


def test_a_name_of_pypi_is_the_same_however_it_is_written() -> None:
    """PyPI takes - and _, and either case, for one."""
    entry = Accepted(id="CVE-2024-33663", package="pkg:pypi/Python_JOSE", reason="x", expires=TODAY + timedelta(days=1))
    assert len(judge(read_report(BACKEND), [entry], TODAY).accepted) == 1


def broken_reports() -> dict[str, Callable[[], str]]:
    """Texts that are no report, or one in which nothing was scanned."""
    trivy = json.loads(BACKEND.read_text(encoding="utf-8"))
    osv = json.loads(LOCKFILES.read_text(encoding="utf-8"))
    nameless = {**trivy, "Results": [{"Target": "x", "Vulnerabilities": [{"Severity": "CRITICAL"}]}]}
    item = {"VulnerabilityID": "CVE-2025-1", "PkgName": "x", "Severity": "CRITICAL", "FixedVersion": ["2"]}
    listed = {**trivy, "Results": [{"Vulnerabilities": [item]}]}
    sourceless = {"results": [{"packages": osv["results"][0]["packages"]}]}
    return {
        "empty": lambda: "",
        "cut off": lambda: BACKEND.read_text(encoding="utf-8")[:400],
        "a list": lambda: "[]",
        "another tool's": lambda: json.dumps({"matches": []}),
        "nothing scanned by trivy": lambda: json.dumps({**trivy, "Results": []}),
        "no results by osv": lambda: json.dumps({"results": None}),
        "a finding without a name": lambda: json.dumps(nameless),
        "a finding with a list for a version": lambda: json.dumps(listed),
        "nested without end": lambda: "[" * 100_000,
        "a result without a source": lambda: json.dumps(sourceless),
    }


@pytest.mark.parametrize("case", broken_reports())
def test_what_is_no_report_never_passes(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A scanner that failed leaves such files; the gate must not take them for clean."""
    path = tmp_path / "report.json"
    path.write_text(broken_reports()[case](), encoding="utf-8")
    assert gate(path) == 1
    assert "::error::gate: report.json" in capsys.readouterr().out


def test_a_missing_report_never_passes(tmp_path: Path) -> None:
    """The step before wrote none."""
    assert gate(tmp_path / "gone.json") == 1
    with pytest.raises(ReportError, match="not a report"):
        read_report(tmp_path / "gone.json")


def test_a_lock_file_scan_without_packages_is_a_scan(tmp_path: Path) -> None:
    """A repository whose lock files have no vulnerable package gives an empty list."""
    path = tmp_path / "report.json"
    path.write_text('{"results": []}', encoding="utf-8")
    assert gate(path) == 0


@pytest.mark.parametrize(
    ("purl", "base"),
    [
        ("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&epoch=1", "pkg:deb/debian/libssl3"),
        ("pkg:npm/%40babel/traverse@7.23.0", "pkg:npm/@babel/traverse"),
        ("pkg:npm/@babel/traverse", "pkg:npm/@babel/traverse"),
        ("pkg:pypi/Python_Jose@3.3.0", "pkg:pypi/python-jose"),
        ("pkg:golang/golang.org/x/net@v0.17.0#http2", "pkg:golang/golang.org/x/net"),
    ],
)
def test_a_package_is_compared_without_its_version(purl: str, base: str) -> None:
    """An entry applies to the package, whatever its later version is."""
    assert purl_without_version(purl) == base


def test_severities_of_lock_files_come_from_the_score_or_the_advisory() -> None:
    """The worse of the two; without either it is unknown and does not stop."""
    found = {finding.id: (finding.severity, finding.fixed) for finding in read_report(LOCKFILES)}
    assert found == {
        "CVE-2025-66478": ("critical", "15.5.7"),
        "CVE-2024-33663": ("high", "3.4.0"),
        "CVE-2024-23342": ("unknown", ""),
    }


def test_the_list_of_accepted_ones_is_linted() -> None:
    """Expired, unused, about to expire; an entry in use that lasts says nothing."""
    found = read_report(BACKEND)

    def says(findings: Any, **change: Any) -> list[str]:
        entry = Accepted(**{name: getattr(EXPAT, name) for name in EXPAT.__slots__} | change)
        return list(lint([entry], findings, TODAY))

    assert says(found) == []
    assert "expired on 2026-11-25" in says(found, expires=TODAY)[0]
    assert "no report has it: remove the entry" in says(found, package="pkg:deb/debian/gone")[0]
    assert says(None, package="pkg:deb/debian/gone") == [], "one report cannot show that an entry is unused"
    assert "only until 2026-12-09" in says(found, expires=TODAY + timedelta(days=14))[0]
    assert says(found, expires=TODAY + timedelta(days=15)) == []


def test_an_expired_entry_is_a_warning_in_the_log_of_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever wonders why it stops again reads why."""
    old = Accepted(id=EXPAT.id, package=EXPAT.package, reason=EXPAT.reason, expires=date(2020, 1, 1))
    assert gate(BACKEND, accepted=(old,)) == 1
    assert "::warning::CVE-2024-45490 of pkg:deb/debian/libexpat1 expired" in capsys.readouterr().out


def test_what_a_package_is_called_cannot_write_commands_or_markdown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names come from strangers: no second annotation, no way out of the summary's table."""
    report = json.loads(BACKEND.read_text(encoding="utf-8"))
    evil = report["Results"][0]["Vulnerabilities"][0]
    evil["InstalledVersion"] = "1`|\n::error::mine\n# heading"
    path, summary = tmp_path / "report.json", tmp_path / "summary.md"
    path.write_text(json.dumps(report), encoding="utf-8")
    assert gate(path, environment={"GITHUB_STEP_SUMMARY": str(summary)}) == 1
    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("::error::mine")]
    assert "| `1'/ ::error::mine # heading` |" in summary.read_text(encoding="utf-8")
