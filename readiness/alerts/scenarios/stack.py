"""The stack of a scenario: its services by role, similar names of other services, and its settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from readiness.settings.model import Settings
from readiness.settings.services import Service


class NotBuildableError(Exception):
    """The settings of a stack rule a scenario out. The message is the reason."""


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
        """The labels that an alert has for it."""
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
        """The service with the role backend, or else the first one."""
        return self.place_of(_backend(self.settings))

    @property
    def frontend(self) -> Place:
        """A second service: the one whose role is frontend, else any. Raises NotBuildableError without a second one."""
        return self.place_of(self.second_service)

    @property
    def other_backend(self) -> Place:
        """The backend of the other environment."""
        return Place(service=_backend(self.other).name, location=self.other.region)

    @property
    def second_service(self) -> Service:
        """The service of `frontend`."""
        backend = _backend(self.settings)
        others = [service for service in self.settings.services if service.name != backend.name]
        if not others:
            raise NotBuildableError("the stack has only one service")
        return next((service for service in others if service.role == "frontend"), others[0])

    @property
    def host(self) -> str:
        """The host of the backend."""
        return _backend(self.settings).host

    @property
    def second_host(self) -> str:
        """The host of another service. Raises NotBuildableError where all have one host."""
        frontend = next((service.host for service in self.settings.services if service.role == "frontend"), self.host)
        hosts = [frontend, *(service.host for service in self.settings.services)]
        for host in hosts:
            if host != self.host:
                return host
        raise NotBuildableError("the stack has only one host")

    @property
    def other_host(self) -> str:
        """The host of the other environment's backend."""
        return _backend(self.other).host

    @property
    def other_location(self) -> str:
        """A region that is not the stack's."""
        return "europe-west1" if self.settings.region != "europe-west1" else "us-east1"

    @property
    def places_apart(self) -> tuple[Place, ...]:
        """Services and regions of the stack that alerts must count separately: at least two."""
        backend = self.backend
        second = () if len(self.settings.services) == 1 else (self.frontend,)
        return (backend, *second, backend.in_location(self.other_location))

    @property
    def neighbours(self) -> tuple[Place, ...]:
        """Services outside the stack whose names contain the name of one of its services."""
        name = self.backend.service
        own = {service.name for service in self.settings.services}
        return tuple(
            self.backend.renamed(other)
            for other in (f"{name}2", f"x{name}", f"{name}-canary", f"{name}-not-ours")
            if other not in own
        )[:3]

    @property
    def neighbour_hosts(self) -> tuple[str, ...]:
        """Hosts outside the stack whose names contain, or resemble, the name of one of its hosts."""
        own = {service.host for service in self.settings.services}
        names = (f"x{self.host}", f"{self.host}.example.org", self.host.replace(".", "-", 1))
        return tuple(name for name in names if name not in own)

    def place_of(self, service: Service) -> Place:
        """The place of the series of a service."""
        return Place(service=service.name, location=self.settings.region)


def alone(name: str, settings: Settings) -> Stack:
    """A stack and an invented other environment: the same services with other names."""
    own = {service.name for service in settings.services}
    end = "-elsewhere"
    while any(f"{service}{end}" in own for service in own):
        end += "-else"
    elsewhere = "elsewhere" if settings.environment.name != "elsewhere" else "elsewhere-too"
    environment = settings.environment.model_copy(update={"name": elsewhere})
    services = tuple(
        service.model_copy(update={"name": f"{service.name}{end}", "url": f"https://elsewhere.{service.host}"})
        for service in settings.services
    )
    database = settings.database and settings.database.model_copy(
        update={"instance": f"{settings.database.instance}{end}"}
    )
    update = {"environment": environment, "services": services, "database": database}
    return Stack(name=name, settings=settings, other=settings.model_copy(update=update))


def _backend(settings: Settings) -> Service:
    backends = [service for service in settings.services if service.role == "backend"]
    return (backends or list(settings.services))[0]
