"""Availability objectives: the share of a service's requests without a 5xx response, over a rolling period.

The console shows the remaining error budget. The toolkit's burn-rate alerts compute the same ratio in PromQL, which
`promtool` can test.

Not managed here: other objectives, such as those of latency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring

from .arguments import check_arguments
from .outputs import by_key, with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevelsArgs:
    """`services` are names of Cloud Run services. They also end the resources' names.

    `environment` is a label of every resource. `goal_ratio` is a share of 1: 0.995 is 99.5 %. Google accepts at most
    0.9999, and `period_days` of 1 to 30.
    """

    project: pulumi.Input[str]
    environment: pulumi.Input[str]
    services: Sequence[str]
    goal_ratio: float
    period_days: int


class ServiceLevels(pulumi.ComponentResource):
    """Declares a monitored service with one objective for each of `services`.

    `ids`: the objectives' ids by service. The attribute `objectives` has the objectives by service.
    """

    ids: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: ServiceLevelsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, ServiceLevelsArgs)
        if not 0 < args.goal_ratio < 1:
            place.at(".goal_ratio").refuse(f"{args.goal_ratio} is no share of 1. Write 0.995 for 99.5 %.")
        super().__init__("readiness:alerting:ServiceLevels", name, None, opts)
        self.objectives = {
            service: _objective(f"{name}-{service}", service, args, child_options(self, opts))
            for service in args.services
        }
        self.ids = by_key({service: objective.id for service, objective in self.objectives.items()})
        self.register_outputs(with_version({"ids": self.ids}))


def _objective(name: str, service: str, args: ServiceLevelsArgs, opts: pulumi.ResourceOptions) -> monitoring.Slo:
    labels = {"environment": args.environment, "managed_by": "readiness"}
    monitored = monitoring.CustomService(
        name,
        project=args.project,
        service_id=service,
        display_name=pulumi.Output.concat(service, " (", args.environment, ")"),
        user_labels=labels,
        opts=opts,
    )
    requests = (
        'metric.type="run.googleapis.com/request_count" resource.type="cloud_run_revision" '
        f'resource.labels.service_name="{service}"'
    )
    ratio = monitoring.SloRequestBasedSliGoodTotalRatioArgs(
        # Bad over total: if only 2xx were good, redirects and errors of the client would count as failures.
        bad_service_filter=f'{requests} metric.labels.response_code_class="5xx"',
        total_service_filter=requests,
    )
    return monitoring.Slo(
        f"{name}-availability",
        project=args.project,
        service=monitored.service_id,
        slo_id="availability",
        display_name=f"{args.goal_ratio * 100:g} % of requests are not answered 5xx",
        goal=args.goal_ratio,
        rolling_period_days=args.period_days,
        request_based_sli=monitoring.SloRequestBasedSliArgs(good_total_ratio=ratio),
        user_labels=labels,
        opts=opts,
    )
