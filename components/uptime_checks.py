"""Uptime checks: Google asks every service for its health address, from several regions and over TLS.

The certificate is validated, and where the settings say what a healthy answer is, its JSON must say so: the service
answers 200 with "degraded" while its database is down. Only the first matcher of a check counts, so there is one.

Probes are requests like any other. They keep a service that scales to zero warm, which is billed, and they stand in the
denominator of every ratio: with six probes a minute, one failing request a minute is a seventh, and still pages.
Deliberately not managed here: checks that others made, and private services, which a probe cannot reach.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring

from readiness.durations import duration_text
from readiness.settings.model import Service
from readiness.settings.observation import UptimeChecks as UptimeCheckSettings
from readiness.settings.service_checks import HealthAnswer


@dataclass(frozen=True, kw_only=True, slots=True)
class UptimeChecksArgs:
    """`checks` says how often and from where; `apis` must be enabled before."""

    project: str
    environment: str
    services: Sequence[Service]
    checks: UptimeCheckSettings
    apis: pulumi.Resource


class UptimeChecks(pulumi.ComponentResource):
    """One check a service, by the service's name."""

    def __init__(self, name: str, args: UptimeChecksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:UptimeChecks", name, None, opts)
        self.checks = {service.name: self._check(name, service, args) for service in args.services}
        self.register_outputs({"ids": {service: check.uptime_check_id for service, check in self.checks.items()}})

    def _check(self, name: str, service: Service, args: UptimeChecksArgs) -> monitoring.UptimeCheckConfig:
        labels = {"project_id": args.project, "host": service.host}
        return monitoring.UptimeCheckConfig(
            f"{name}-{service.name}",
            project=args.project,
            display_name=f"Health of {service.name} ({args.environment})",
            monitored_resource=monitoring.UptimeCheckConfigMonitoredResourceArgs(type="uptime_url", labels=labels),
            http_check=monitoring.UptimeCheckConfigHttpCheckArgs(
                request_method="GET",
                path=service.health_url_path,
                port=service.port,
                use_ssl=True,
                validate_ssl=True,
                accepted_response_status_codes=[
                    monitoring.UptimeCheckConfigHttpCheckAcceptedResponseStatusCodeArgs(status_class="STATUS_CLASS_2XX")
                ],
            ),
            content_matchers=[_matcher(service.health_answer)] if service.health_answer else [],
            period=duration_text(args.checks.period_seconds),
            timeout=duration_text(args.checks.timeout_seconds),
            selected_regions=list(args.checks.regions),
            user_labels={"environment": args.environment, "managed_by": "readiness"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
        )


def _matcher(answer: HealthAnswer) -> monitoring.UptimeCheckConfigContentMatcherArgs:
    """The healthy value and no other; the degraded one too for as long as the settings accept it.

    An exact match compares JSON literals, quotes included. Whether a pattern sees the quotes is not documented, so it
    takes both; it is anchored, since "unhealthy" ends in "healthy". What day it is plays no part: a plan is the same on
    any day, and `check` warns of a date that has passed.
    """
    known = answer.known_degraded
    content, kind = json.dumps(answer.healthy), "EXACT_MATCH"
    if known is not None and known.accept_degraded_until is not None:
        values = "|".join(re.escape(value) for value in (answer.healthy, known.value))
        content, kind = f'^"?({values})"?$', "REGEX_MATCH"
    return monitoring.UptimeCheckConfigContentMatcherArgs(
        content=content,
        matcher="MATCHES_JSON_PATH",
        json_path_matcher=monitoring.UptimeCheckConfigContentMatcherJsonPathMatcherArgs(
            json_path=answer.json_path, json_matcher=kind
        ),
    )
