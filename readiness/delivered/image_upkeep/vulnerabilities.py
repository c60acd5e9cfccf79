"""The findings of scanners, read from their JSON reports: Trivy's of an image, osv-scanner's of lock files.

Neither scanner requires a reason or a date in its list of exceptions, and osv-scanner has no severity at which to stop.
So both reports become findings of one form, and this program decides. A file that is not a report is an error, and
never means that there are no findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

SEVERITIES = ("critical", "high", "medium", "low", "unknown")
# CVSS 3.1, section 5: the lowest score of each rating.
_SCORES = (("critical", 9.0), ("high", 7.0), ("medium", 4.0), ("low", 0.1))
_OSV_TYPES = {"pypi": "pypi", "npm": "npm", "go": "golang", "crates.io": "cargo", "rubygems": "gem", "maven": "maven"}


class ReportError(Exception):
    """A file that is not a report of a scan, or a report in which nothing was scanned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A vulnerability of a package. `ids` begins with the scanner's own; `package` is a purl without version.

    `fixed` is the version that fixes it, "" if there is none yet. `where` is the image's part or the lock file.
    """

    ids: tuple[str, ...]
    package: str
    version: str
    fixed: str
    severity: str
    where: str
    title: str

    @property
    def id(self) -> str:
        """The best-known id: a CVE if there is one."""
        return next((known_id for known_id in self.ids if known_id.startswith("CVE-")), self.ids[0])


def read_report(path: Path) -> list[Finding]:
    """The findings of a report of either scanner. Raises ReportError."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReportError(f"{path.name} is not a report: {type(error).__name__}") from None
    try:
        if isinstance(report, dict) and "SchemaVersion" in report:
            return [_checked(finding) for finding in _of_trivy(report, path.name)]
        if isinstance(report, dict) and "results" in report:
            return [_checked(finding) for finding in _of_osv(report, path.name)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ReportError(f"{path.name} cannot be read: {type(error).__name__} {error}") from None
    raise ReportError(f"{path.name} is neither a report of Trivy nor of osv-scanner")


def _checked(finding: Finding) -> Finding:
    """The finding itself. Raises TypeError if a field is not text, because the gate could not show it."""
    fields = (*finding.ids, finding.package, finding.version, finding.fixed, finding.where, finding.title)
    if not all(isinstance(field, str) for field in fields):
        raise TypeError("a field is not text")
    return finding


def purl_without_version(purl: str) -> str:
    """`pkg:deb/debian/libssl3@3.0.11?arch=amd64` becomes `pkg:deb/debian/libssl3`; PyPI's names as PyPI has them."""
    base = unquote(purl.partition("?")[0].partition("#")[0])
    # The @ of a scope, as in pkg:npm/@babel/core@7, begins a part; that of a version follows the last name.
    head, _, name = base.rpartition("/")
    name = name.partition("@")[0]
    return f"{head}/{name.lower().replace('_', '-')}" if base.startswith("pkg:pypi/") else f"{head}/{name}"


def _of_trivy(report: dict[str, Any], name: str) -> Iterator[Finding]:
    results = report.get("Results")
    if not results:
        raise ReportError(f"{name} lists no scanned files")
    for result in results:
        for item in result.get("Vulnerabilities") or ():
            purl = (item.get("PkgIdentifier") or {}).get("PURL") or f"pkg:{result.get('Type')}/{item['PkgName']}"
            severity = str(item.get("Severity", "")).lower()
            yield Finding(
                ids=(item["VulnerabilityID"], *_advisories_of_github(item)),
                package=purl_without_version(purl),
                version=item.get("InstalledVersion") or "",
                fixed=item.get("FixedVersion") or "",
                severity=severity if severity in SEVERITIES else "unknown",
                where=result.get("Target") or "",
                title=item.get("Title") or "",
            )


def _advisories_of_github(item: dict[str, Any]) -> list[str]:
    """GitHub's ids of a vulnerability, which Trivy lists next to the CVE: an accepted entry can have either.

    An advisory of a distribution (`DSA-…`) covers several vulnerabilities, so it does not identify one.
    """
    return [advisory for advisory in item.get("VendorIDs") or () if advisory.startswith("GHSA-")]


def _of_osv(report: dict[str, Any], name: str) -> Iterator[Finding]:
    if not isinstance(report["results"], list):
        raise ReportError(f"{name} lists no scanned files")
    for result in report["results"]:
        where = result["source"]["path"]
        for item in result["packages"]:
            package = item["package"]
            known = {advisory["id"]: advisory for advisory in item.get("vulnerabilities") or ()}
            type_ = _OSV_TYPES.get(package["ecosystem"].lower(), package["ecosystem"].lower())
            for group in item.get("groups") or ():
                advisories = [known[advisory_id] for advisory_id in group["ids"] if advisory_id in known]
                yield Finding(
                    ids=tuple(dict.fromkeys([*group["ids"], *(group.get("aliases") or ())])),
                    package=purl_without_version(f"pkg:{type_}/{package['name']}"),
                    version=package["version"],
                    fixed=_fixed(advisories),
                    severity=_severity(group, advisories),
                    where=where,
                    title=next((advisory["summary"] for advisory in advisories if advisory.get("summary")), ""),
                )


def _fixed(advisories: list[dict[str, Any]]) -> str:
    """The versions that fix it, from all advisories."""
    found = {
        event["fixed"]
        for advisory in advisories
        for affected in advisory.get("affected") or ()
        for range_ in affected.get("ranges") or ()
        for event in range_.get("events") or ()
        if "fixed" in event and range_.get("type") != "GIT"
    }
    return ", ".join(sorted(found))


def _severity(group: dict[str, Any], advisories: list[dict[str, Any]]) -> str:
    """The more severe of the greatest CVSS score and the severity in the advisories' database."""
    said = {str((advisory.get("database_specific") or {}).get("severity", "")).lower() for advisory in advisories}
    said = {"medium" if word == "moderate" else word for word in said}
    try:
        score = float(group.get("max_severity") or 0)
    except ValueError:
        score = 0.0
    said.add(next((name for name, least in _SCORES if score >= least), "unknown"))
    return min((word for word in said if word in SEVERITIES), key=SEVERITIES.index)
