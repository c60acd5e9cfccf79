"""What looks after the images: four workflows, an action, the program that they run, its settings, below `.github/`.

The program is delivered as it stands in `image_upkeep/` beside this file, where it is tested. Both scanners' lists of
exceptions are made from the one list of the settings; the gate itself reads that list from `images.toml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from readiness.alerts.log_metric import IMAGE_LOG
from readiness.delivered.header import program_files, with_header
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
    """Whose images: `repository` is OWNER/NAME on GitHub, `registry` the repository of images."""

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
    """Trivy's `.trivyignore.yaml`: each entry of its package alone, until its day."""
    entries = [
        {
            "id": each.id,
            "purls": [each.package],
            "expired_at": date.fromisoformat(each.expires),
            "statement": each.reason,
        }
        for each in accepted
    ]
    return yaml_text({"vulnerabilities": entries})


def osv_config_text(accepted: Sequence[AcceptedVulnerability]) -> str:
    """osv-scanner's file. It knows no package: of two entries of one vulnerability the earlier day counts."""
    by_id: dict[str, list[AcceptedVulnerability]] = {}
    for each in accepted:
        by_id.setdefault(each.id, []).append(each)
    lines: list[str] = []
    for id_, entries in by_id.items():
        reason = "; ".join(f"{each.package}: {each.reason}" for each in entries)
        day = min(each.expires for each in entries)
        lines += ["[[IgnoredVulns]]", _toml("id", id_), f"ignoreUntil = {day}", _toml("reason", reason), ""]
    return "\n".join(lines)


def _settings_text(settings: ImageWorkflows, place: ImagePlace) -> str:
    lines = [
        _toml("project", place.project),
        _toml("region", place.region),
        _toml("repository", place.registry),
        _toml("environment", place.environment),
        _toml("services", list(place.services)),
        _toml("log", IMAGE_LOG),
        _toml("max_deleted_versions", settings.max_deleted_versions),
    ]
    for each in settings.accepted_vulnerabilities:
        lines += ["", "[[accepted]]", _toml("id", each.id), _toml("package", each.package)]
        lines += [_toml("reason", each.reason), f"expires = {each.expires}"]
    return "\n".join(lines) + "\n"


def _filled_in(name: str, settings: ImageWorkflows, place: ImagePlace) -> str:
    values = {
        "OWNER/REPOSITORY": place.repository,
        # As JSON strings, which YAML reads too.
        "DEFAULT_BRANCH": json.dumps(place.default_branch),
        "PRODUCTION_WORKFLOW": json.dumps(settings.production_workflow, ensure_ascii=False),
        "IDENTITY_PROVIDER": settings.workload_identity_provider,
        "PROMOTION_IDENTITY": settings.promotion_identity,
        "REPORT_IDENTITY": settings.report_identity,
        "SCAN_IDENTITY": settings.scan_identity,
    }
    pattern = "|".join(rf"\b{re.escape(each)}\b" for each in values)
    return re.sub(pattern, lambda found: values[found.group()], _read(name))


def _toml(key: str, value: Any) -> str:
    """JSON's texts, numbers, lists and truth values are TOML's too."""
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _read(path: str) -> str:
    return files("readiness.delivered").joinpath(path).read_text(encoding="utf-8")
