"""The objective of every service: the share of its requests that are not answered 5xx, over some weeks.

The console shows how much may still fail; the burn-rate alerts compute the same ratio in PromQL, where it can be
tested. Deliberately not managed here: objectives that others made, latency objectives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring

from readiness.settings.model import Service
from readiness.settings.observation import Availability


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevelsArgs:
    """`availability` holds the objective; `apis` must be enabled before."""

    project: str
    environment: str
    services: Sequence[Service]
    availability: Availability
    apis: pulumi.Resource


class ServiceLevels(pulumi.ComponentResource):
    """One objective a service, by the service's name."""

    def __init__(self, name: str, args: ServiceLevelsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:ServiceLevels", name, None, opts)
        self.objectives = {service.name: self._objective(name, service, args) for service in args.services}
        self.register_outputs({"ids": {service: each.id for service, each in self.objectives.items()}})

    def _objective(self, name: str, service: Service, args: ServiceLevelsArgs) -> monitoring.Slo:
        labels = {"environment": args.environment, "managed_by": "readiness"}
        monitored = monitoring.CustomService(
            f"{name}-{service.name}",
            project=args.project,
            service_id=service.name,
            display_name=f"{service.name} ({args.environment})",
            user_labels=labels,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
        )
        requests = (
            'metric.type="run.googleapis.com/request_count" resource.type="cloud_run_revision" '
            f'resource.labels.service_name="{service.name}"'
        )
        ratio = monitoring.SloRequestBasedSliGoodTotalRatioArgs(
            # Bad over all: 2xx as "good" would let redirects and a client's own mistakes use the budget up.
            bad_service_filter=f'{requests} metric.labels.response_code_class="5xx"',
            total_service_filter=requests,
        )
        return monitoring.Slo(
            f"{name}-{service.name}-availability",
            project=args.project,
            service=monitored.service_id,
            slo_id="availability",
            display_name=f"{args.availability.goal * 100:g} % of requests are not answered 5xx",
            goal=args.availability.goal,
            rolling_period_days=args.availability.period_days,
            request_based_sli=monitoring.SloRequestBasedSliArgs(good_total_ratio=ratio),
            user_labels=labels,
            opts=pulumi.ResourceOptions(parent=self),
        )
