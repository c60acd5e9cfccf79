"""A stack as the scenarios see it: its services by role, its neighbours, its settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a Cloud Run series comes from."""

    service: str
    location: str
    revision: str = "00041-old"
    resource: str = "cloud_run_revision"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its series."""
        return {
            "monitored_resource": self.resource,
            "service_name": self.service,
            "location": self.location,
            "revision_name": f"{self.service}-{self.revision}",
        }

    @property
    def alert_labels(self) -> dict[str, str]:
        """The labels by which an alert names it."""
        return {"service_name": self.service, "location": self.location}

    def of_revision(self, revision: str) -> Place:
        """The same service, another revision."""
        return replace(self, revision=revision)

    def of_resource(self, resource: str) -> Place:
        """The same name, another kind of resource."""
        return replace(self, resource=resource)

    def in_location(self, location: str) -> Place:
        """The same service in another region."""
        return replace(self, location=location)

    def renamed(self, service: str) -> Place:
        """Another service of the same place."""
        return replace(self, service=service)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """One stack beside another environment of the same project."""

    name: str
    settings: Settings
    other: Settings

    @property
    def backend(self) -> Place:
        """The service whose role is backend."""
        return _place(self.settings, "backend")

    @property
    def frontend(self) -> Place:
        """The service whose role is frontend."""
        return _place(self.settings, "frontend")

    @property
    def other_backend(self) -> Place:
        """The backend of the other environment."""
        return _place(self.other, "backend")

    def host_of(self, role: str) -> str:
        """The host of the service with a role."""
        return next(service.host for service in self.settings.services if service.role == role)

    @property
    def neighbours(self) -> tuple[Place, ...]:
        """Services that are not the stack's and whose names hold the name of one that is."""
        name = self.backend.service
        return tuple(self.backend.renamed(other) for other in (f"{name}2", f"x{name}", f"{name}-canary"))


def _place(settings: Settings, role: str) -> Place:
    name = next(service.name for service in settings.services if service.role == role)
    return Place(service=name, location=settings.region)
