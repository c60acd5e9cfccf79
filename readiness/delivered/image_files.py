"""Renders the files that maintain the images: four workflows, an action, their program, and its settings.

The program is delivered unchanged from `image_upkeep/`, next to this file, and tested there. Both scanners' lists of
exceptions are made from the one list in the settings; the gate reads that list from `images.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from readiness.alerts.log_metric import IMAGE_LOG
from readiness.delivered.header import program_files, with_header
from readiness.delivered.templates import filled_in, json_text, template, toml_line
from readiness.settings.image_workflows import AcceptedVulnerability, ImageWorkflows
from readiness.yaml_text import yaml_text

FOLDER = ".github/readiness"
SETTINGS_PATH = f"{FOLDER}/images.toml"
TRIVY_IGNORE_PATH = f"{FOLDER}/trivyignore.yaml"
OSV_CONFIG_PATH = f"{FOLDER}/osv-scanner.toml"
ACTION_PATH = f"{FOLDER}/scan-image/action.yml"
SCAN_PATH = ".github/workflows/scan.yml"
WORKFLOWS = ("cleanup-images", "promote-images", "scan", "scan-serving-images")

_SETTING = "image_workflows"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagePlace:
    """Where the images are: `repository` is OWNER/NAME on GitHub, `registry` the repository of images."""

    repository: str
    default_branch: str
    project: str
    region: str
    registry: str
    environment: str
    services: tuple[str, ...]


def image_files(settings: ImageWorkflows, place: ImagePlace) -> dict[str, str]:
    """Every file by its path."""
    texts = {f".github/workflows/{name}.yml": _filled_in(f"{name}.yml", settings, place) for name in WORKFLOWS}
    texts[ACTION_PATH] = _filled_in("scan-image.action.yml", settings, place)
    texts[SETTINGS_PATH] = _settings_text(settings, place)
    texts[TRIVY_IGNORE_PATH] = trivy_ignore_text(settings.accepted_vulnerabilities)
    texts[OSV_CONFIG_PATH] = osv_config_text(settings.accepted_vulnerabilities)
    delivered = {path: with_header(_SETTING, text) for path, text in texts.items()}
    return delivered | program_files(_SETTING, FOLDER, "image_upkeep")


def trivy_ignore_text(accepted: Sequence[AcceptedVulnerability]) -> str:
    """Trivy's `.trivyignore.yaml`: each entry applies only to its package, until its expiry date."""
    entries = [
        {
            "id": entry.id,
            "purls": [entry.package],
            "expired_at": date.fromisoformat(entry.expires),
            "statement": entry.reason,
        }
        for entry in accepted
    ]
    return yaml_text({"vulnerabilities": entries})


def osv_config_text(accepted: Sequence[AcceptedVulnerability]) -> str:
    """osv-scanner's file. It has no packages: for two entries of one vulnerability, the earlier date counts."""
    by_id: dict[str, list[AcceptedVulnerability]] = {}
    for entry in accepted:
        by_id.setdefault(entry.id, []).append(entry)
    lines: list[str] = []
    for id_, entries in by_id.items():
        reason = "; ".join(f"{entry.package}: {entry.reason}" for entry in entries)
        day = min(entry.expires for entry in entries)
        lines += ["[[IgnoredVulns]]", toml_line("id", id_), f"ignoreUntil = {day}", toml_line("reason", reason), ""]
    return "\n".join(lines)


def _settings_text(settings: ImageWorkflows, place: ImagePlace) -> str:
    lines = [
        toml_line("project", place.project),
        toml_line("region", place.region),
        toml_line("repository", place.registry),
        toml_line("environment", place.environment),
        toml_line("services", list(place.services)),
        toml_line("log", IMAGE_LOG),
        toml_line("max_deleted_versions", settings.max_deleted_versions),
        toml_line("block_unfixed_critical", settings.block_unfixed_critical),
        toml_line("known_exploited_catalogue", settings.known_exploited_catalogue),
        toml_line("known_exploited_unreachable", settings.known_exploited_unreachable),
    ]
    for entry in settings.accepted_vulnerabilities:
        lines += ["", "[[accepted]]", toml_line("id", entry.id), toml_line("package", entry.package)]
        lines += [toml_line("reason", entry.reason), f"expires = {entry.expires}"]
    return "\n".join(lines) + "\n"


def _filled_in(name: str, settings: ImageWorkflows, place: ImagePlace) -> str:
    values = {
        "OWNER/REPOSITORY": place.repository,
        # As JSON strings, which are also YAML.
        "DEFAULT_BRANCH": json_text(place.default_branch),
        "PRODUCTION_WORKFLOW": json_text(settings.production_workflow),
        "IDENTITY_PROVIDER": settings.workload_identity_provider,
        "PROMOTION_IDENTITY": settings.promotion_identity,
        "REPORT_IDENTITY": settings.report_identity,
        "SCAN_IDENTITY": settings.scan_identity,
    }
    return filled_in(template(name), values)
