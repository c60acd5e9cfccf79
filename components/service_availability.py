"""How available every service is, seen from outside and counted inside: uptime checks and objectives.

They belong together: both are per service, where alert policies are per stack. Deliberately not managed here: the
alerts on them, which stand in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.service_levels import ServiceLevels, ServiceLevelsArgs
from components.uptime_checks import UptimeChecks, UptimeChecksArgs
from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceAvailabilityArgs:
    """`apis` must be enabled before anything else."""

    settings: Settings
    apis: pulumi.Resource


class ServiceAvailability(pulumi.ComponentResource):
    """The checks and objectives of one stack's services."""

    def __init__(self, name: str, args: ServiceAvailabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:ServiceAvailability", name, None, opts)
        settings = args.settings
        child = pulumi.ResourceOptions(parent=self)
        self.uptime_checks = UptimeChecks(
            f"{name}-uptime",
            UptimeChecksArgs(
                project=settings.project,
                environment=settings.environment.name,
                services=settings.services,
                checks=settings.uptime_checks,
                apis=args.apis,
            ),
            opts=child,
        )
        self.service_levels = ServiceLevels(
            f"{name}-objectives",
            ServiceLevelsArgs(
                project=settings.project,
                environment=settings.environment.name,
                services=settings.services,
                availability=settings.availability,
                apis=args.apis,
            ),
            opts=child,
        )
        self.register_outputs({})
