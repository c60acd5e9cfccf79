"""`images.toml`: which images are maintained, and which vulnerabilities are accepted until when."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parent.parent / "images.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A vulnerability of one package that is accepted until a date. `package` is a purl without version."""

    id: str
    package: str
    reason: str
    expires: date

    def in_force(self, today: date) -> bool:
        """Whether it is still valid: until the day before `expires`, as in the files of Trivy and osv-scanner."""
        return today < self.expires


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The content of the file."""

    project: str
    region: str
    repository: str
    environment: str
    services: tuple[str, ...]
    log: str
    max_deleted_versions: int
    block_unfixed_critical: bool = False
    # Empty: no catalogue is read. If it cannot be read, `known_exploited_unreachable` decides: `block` or `warn`.
    known_exploited_catalogue: str = ""
    known_exploited_unreachable: str = "warn"
    accepted: tuple[Accepted, ...] = ()

    @property
    def resource(self) -> str:
        """The repository's name in the API."""
        return f"projects/{self.project}/locations/{self.region}/repositories/{self.repository}"

    @property
    def images(self) -> str:
        """The prefix of the path of every image in the repository."""
        return f"{self.region}-docker.pkg.dev/{self.project}/{self.repository}/"


def read_settings(path: Path = PATH) -> Settings:
    """The settings as delivered."""
    return settings_from(tomllib.loads(path.read_text(encoding="utf-8")))


def settings_from(values: Mapping[str, Any]) -> Settings:
    """The settings of a parsed file. Raises KeyError for one that lacks a key."""
    return Settings(
        project=values["project"],
        region=values["region"],
        repository=values["repository"],
        environment=values["environment"],
        services=tuple(values["services"]),
        log=values["log"],
        max_deleted_versions=values["max_deleted_versions"],
        block_unfixed_critical=values.get("block_unfixed_critical", False),
        known_exploited_catalogue=values.get("known_exploited_catalogue", ""),
        known_exploited_unreachable=values.get("known_exploited_unreachable", "warn"),
        accepted=tuple(Accepted(**item) for item in values.get("accepted", ())),
    )
