"""Uptime checks: Google requests an address from several regions, over TLS.

A check validates the certificate and, with `healthy_answer`, one value of the JSON in the response: a service may
respond with 200 and report "degraded" while its database is down. Google reads only the first content matcher of a
check, so a check has at most one.

The probes count as requests. They keep an instance of a service that scales to zero, which costs money, and they are
part of every ratio of requests: on a service with little traffic, they hide failures.

Not managed here: other checks, and private services, which a probe cannot reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi
from pulumi_gcp import monitoring

from readiness.times import duration_text

from .arguments import check_arguments
from .outputs import by_key, with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.settings.services import HealthAnswer, Service


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonAnswerArgs:
    """The value at `json_path`, such as `$.status`, must match `content`.

    For `EXACT_MATCH`, `content` is a JSON literal: a string has its quotes. For `REGEX_MATCH`, it is a regular
    expression that may match any part of the value: anchor it, because "unhealthy" ends with "healthy".
    """

    json_path: pulumi.Input[str]
    content: pulumi.Input[str]
    match: Literal["EXACT_MATCH", "REGEX_MATCH"]

    @classmethod
    def of(cls, answer: HealthAnswer) -> JsonAnswerArgs:
        """The response that the settings of a service accept as healthy."""
        accepted = answer.accepted
        return cls(json_path=answer.json_path, content=accepted.content, match=accepted.match)


@dataclass(frozen=True, kw_only=True, slots=True)
class UptimeCheckArgs:
    """`key` ends the resource's name. The check requests `path`, which begins with `/`, on `host` and `port`.

    Without `display_name`, the console lists the check as "Health of KEY (ENVIRONMENT)". Without `healthy_answer`,
    every response with a status of 2xx is healthy.
    """

    key: str
    host: pulumi.Input[str]
    path: pulumi.Input[str] = "/"
    port: int = 443
    display_name: pulumi.Input[str] | None = None
    healthy_answer: JsonAnswerArgs | None = None

    @classmethod
    def of(cls, service: Service) -> UptimeCheckArgs:
        """The check of a service's health address, by the service's name."""
        return cls(
            key=service.name,
            host=service.host,
            path=service.health_url_path,
            port=service.port,
            healthy_answer=None if service.health_answer is None else JsonAnswerArgs.of(service.health_answer),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class UptimeChecksArgs:
    """`environment` is a label of every check. Google accepts 60, 300, 600 or 900 for `period_seconds`, and
    1 to 60 for `timeout_seconds`.

    `regions` are `USA`, `EUROPE`, `ASIA_PACIFIC` and so on. The API refuses regions that have fewer than three
    locations together; `USA` alone has three.
    """

    project: pulumi.Input[str]
    environment: pulumi.Input[str]
    checks: Sequence[UptimeCheckArgs]
    period_seconds: int
    timeout_seconds: int
    regions: Sequence[str]


class UptimeChecks(pulumi.ComponentResource):
    """Declares one check for each of the argument `checks`.

    `ids`: by their `key`, the ids that the checks' metrics have in the label `check_id`. The attribute `checks` has the
    resources by their `key`.
    """

    ids: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: UptimeChecksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, UptimeChecksArgs)
        super().__init__("readiness:alerting:UptimeChecks", name, None, opts)
        self.checks = {
            check.key: _check(f"{name}-{check.key}", check, args, child_options(self, opts)) for check in args.checks
        }
        self.ids = by_key({key: check.uptime_check_id for key, check in self.checks.items()})
        self.register_outputs(with_version({"ids": self.ids}))


def _check(
    name: str, check: UptimeCheckArgs, args: UptimeChecksArgs, opts: pulumi.ResourceOptions
) -> monitoring.UptimeCheckConfig:
    display_name = check.display_name
    if display_name is None:
        display_name = pulumi.Output.concat("Health of ", check.key, " (", args.environment, ")")
    return monitoring.UptimeCheckConfig(
        name,
        project=args.project,
        display_name=display_name,
        monitored_resource=monitoring.UptimeCheckConfigMonitoredResourceArgs(
            type="uptime_url", labels={"project_id": args.project, "host": check.host}
        ),
        http_check=monitoring.UptimeCheckConfigHttpCheckArgs(
            request_method="GET",
            path=check.path,
            port=check.port,
            use_ssl=True,
            validate_ssl=True,
            accepted_response_status_codes=[
                monitoring.UptimeCheckConfigHttpCheckAcceptedResponseStatusCodeArgs(status_class="STATUS_CLASS_2XX")
            ],
        ),
        content_matchers=[] if check.healthy_answer is None else [_matcher(check.healthy_answer)],
        period=duration_text(args.period_seconds),
        timeout=duration_text(args.timeout_seconds),
        selected_regions=list(args.regions),
        user_labels={"environment": args.environment, "managed_by": "readiness"},
        opts=opts,
    )


def _matcher(answer: JsonAnswerArgs) -> monitoring.UptimeCheckConfigContentMatcherArgs:
    return monitoring.UptimeCheckConfigContentMatcherArgs(
        content=answer.content,
        matcher="MATCHES_JSON_PATH",
        json_path_matcher=monitoring.UptimeCheckConfigContentMatcherJsonPathMatcherArgs(
            json_path=answer.json_path, json_matcher=answer.match
        ),
    )
