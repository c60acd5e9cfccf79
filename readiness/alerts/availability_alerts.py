"""Alerts on availability as users see it: health checks from outside, and the error budget of the objective.

The error budget is the share of requests that the objective allows to fail. A burn rate of 14.4 for an hour uses 2 % of
the budget of 30 days; 6 for six hours uses 5 %; 3 for a day uses 10 % (the SRE workbook's table). A rate of 1 over
3 days is left out, because Monitoring looks back at most 25 hours. The short window closes the incident soon after the
errors end.

HealthChecksSilent notices uptime checks that stop reporting. No alert notices other metrics that stop. Cloud Run writes
no sample without a request and no instance count without an instance, so a service that is scaled to zero looks like a
broken one. A database that does not run fails the health checks, and so does a deleted service. NoDeploymentSuccess
notices when nothing is deployed.

- The long window must contain at least three errors: one failed request of eight in an idle hour is 25 times the budget
  of 99.5 %.
- Only the first operand of each burn rate names the services, because `and` and `/` keep its labels. ErrorBudgetBurn
  has two burn rates, so it names the services twice, as HighErrorRate does. If all ten operands named them, a query
  for 200 services would be too long.
- One policy covers the fast and the steady burn: within minutes an outage is both, and two policies would notify twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.alerts.commands import (
    ASK_FOR_HEALTH,
    LOOK_FOR_A_NEW_REVISION,
    READ_ERRORS,
    READ_FAILED_REQUESTS,
    ROLL_BACK,
    SHOW_VARIABLES,
)
from readiness.alerts.definition import AlertDefinition, AlertSeverity, minutes, percent
from readiness.alerts.metric_catalogue import ASSUMED_DELAY_SECONDS
from readiness.alerts.selectors import EVERY_SERVICE, hosts_selector, window
from readiness.settings.channels import EMAIL_ONLY, PAGE, TEAM, ChannelKind
from readiness.settings.model import Settings
from readiness.settings.observation import BURN_FACTORS

# More than one region: a single region may have a network problem of its own.
_MORE_REGIONS_THAN = 1
_MORE_ERRORS_THAN = 2
# Share of probes that succeed, over half an hour or ten probes, at which a check counts as flapping.
_FLAPPING_RATIO = 0.6
_FLAPPING_SECONDS = 1800
# A check that has reported within the longer time, and not within the shorter one, is silent.
_REPORTED_SECONDS = 2 * 3600
_SILENT_SECONDS = 1800


def _probe_window_seconds(settings: Settings) -> int:
    """Long enough for two probes, however late they become visible: five minutes with one probe a minute."""
    return ASSUMED_DELAY_SECONDS + 2 * settings.uptime_checks.period_seconds


def _check_values(settings: Settings) -> Mapping[str, str]:
    period_seconds = settings.uptime_checks.period_seconds
    long_seconds = max(_FLAPPING_SECONDS, 10 * period_seconds)
    return {
        "hosts": hosts_selector(settings),
        "every_host": 'monitored_resource="uptime_url"',
        "probe_window": window(_probe_window_seconds(settings)),
        "lately": window(2 * _probe_window_seconds(settings)),
        "long": window(long_seconds),
        # A single failed probe does not notify: the check may be new, or its other probes may be late or lost.
        "lone_probe": "1",
        "least_probes": str(long_seconds // period_seconds // 2),
        "flapping_ratio": repr(_FLAPPING_RATIO),
    }


def _of_each_host(_settings: Settings) -> str:
    return "${metric_or_resource.label.host}"


_PASSED = "monitoring_googleapis_com:uptime_check_check_passed"

FAILED_HEALTH_CHECKS = AlertDefinition(
    name="FailedHealthChecks",
    title="Failed health checks",
    severity="CRITICAL",
    channel_kinds=PAGE,
    # Also by check, so that the regions of two checks of one host are not added.
    query=(
        f"count by (host, check_id) (min_over_time({_PASSED}{{$hosts}}[$lately]) == 0 and "
        f"(max_over_time({_PASSED}{{$every_host}}[$probe_window]) == 0 and "
        f"count_over_time({_PASSED}{{$every_host}}[$probe_window]) > $lone_probe or "
        f"avg_over_time({_PASSED}{{$every_host}}[$long]) <= $flapping_ratio and "
        f"count_over_time({_PASSED}{{$every_host}}[$long]) >= $least_probes)) > $threshold"
    ),
    query_values=_check_values,
    subject=_of_each_host,
    threshold=lambda _settings: _MORE_REGIONS_THAN,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"Health check fails from {_MORE_REGIONS_THAN + 1} or more regions for "
        f"{minutes(_probe_window_seconds(settings))}, or at least {percent(1 - _FLAPPING_RATIO)} of the time"
    ),
    meaning=(
        "The service does not answer its uptime checks as healthy: it gives no answer, an error, a bad certificate, or "
        "reports an unhealthy database. The checks also notice requests that never reach a container. The second case "
        "of the condition is a check that keeps failing and recovering."
    ),
    first_steps=(
        f"Request the service's health address, and read the state of the database: {ASK_FOR_HEALTH}. Is there no "
        "answer, an error, or an answer that names what is broken?",
        LOOK_FOR_A_NEW_REVISION,
        "If there is no answer, check that the service exists and is public, and that [Google's status "
        "page](https://status.cloud.google.com) shows no incident: `gcloud run services describe $service "
        "--region=$region "
        '--project=$project --format="yaml(status.conditions, status.traffic)"` and `gcloud run services '
        "get-iam-policy $service --region=$region --project=$project`.",
    ),
    causes=(
        "A bad revision",
        "The database is unreachable",
        "The instance limit is reached",
        "The service is no longer public",
        "A certificate or a domain has expired",
    ),
    mitigation=(
        ROLL_BACK,
        "If the database is the cause, follow [DatabaseConnectionErrors](DatabaseConnectionErrors.md).",
        "If the service should be public and no longer is, allow everybody again: `gcloud run services "
        "add-iam-policy-binding $service --region=$region --project=$project --member=allUsers "
        "--role=roles/run.invoker`.",
    ),
    console_path=lambda _settings: "monitoring/uptime",
    value="the number of regions from which the check fails",
)


def _silent_seconds(settings: Settings) -> int:
    """Half an hour, or three probes where they are further apart."""
    return max(_SILENT_SECONDS, 3 * settings.uptime_checks.period_seconds)


HEALTH_CHECKS_SILENT = AlertDefinition(
    name="HealthChecksSilent",
    title="Health checks silent",
    severity="ERROR",
    channel_kinds=TEAM,
    # By host alone: a check that is created again gets another id, and its host is still probed. After two hours no
    # earlier probe is left to compare with, so the incident closes, whether or not the check is back.
    query=(
        f"sum by (host) (count_over_time({_PASSED}{{$hosts}}[$reported])) > $threshold unless "
        f"sum by (host) (count_over_time({_PASSED}{{$every_host}}[$silent])) > $threshold"
    ),
    query_values=lambda settings: {
        "hosts": hosts_selector(settings),
        "every_host": 'monitored_resource="uptime_url"',
        "reported": window(_REPORTED_SECONDS),
        "silent": window(_silent_seconds(settings)),
    },
    subject=_of_each_host,
    threshold=lambda _settings: 0,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: (
        f"No health check reports for {minutes(_silent_seconds(settings))}, and one did in the last "
        f"{minutes(_REPORTED_SECONDS)}"
    ),
    meaning=(
        "No uptime check of the service reports a result. Until the check is back, FailedHealthChecks cannot page for "
        "it, and no alert notices requests that never reach a container. The service itself may be healthy. This "
        f"alert closes {minutes(_REPORTED_SECONDS)} after the last probe, even if the check is still missing."
    ),
    first_steps=(
        f"Request the service's health address, because no check does so now: {ASK_FOR_HEALTH}. Is the answer healthy?",
        "List the uptime checks: `gcloud monitoring uptime list-configs --project=$project`. Is the check of this "
        "host listed and enabled?",
        "Compare the check with its declaration: `pulumi preview --refresh --stack=$stack`. It shows a check that "
        "somebody deleted or changed.",
    ),
    causes=(
        "Somebody deleted or disabled the check",
        "The host was renamed, and the check was not",
        "An outage of Cloud Monitoring",
    ),
    mitigation=(
        "Create the check again: `pulumi up --refresh --stack=$stack`.",
        "Check the service by hand until the uptime check is back: `readiness verify $stack`.",
    ),
    console_path=lambda _settings: "monitoring/uptime",
    value="the number of probes in the last two hours",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Burn:
    """A burn rate over two windows. `budget_ratio`: the share of 30 days' errors that the long window uses."""

    name: str
    factor: float
    long_seconds: int
    short_seconds: int
    budget_ratio: float

    def share(self, settings: Settings) -> float:
        """The share of errors that gives this burn rate. It is rounded, because 1 - 0.995 is not exactly 0.005."""
        return round(self.factor * (1 - settings.availability.goal), 9)

    def values(self, settings: Settings) -> dict[str, str]:
        """The values that the query uses."""
        return {
            f"{self.name}_share": repr(self.share(settings)),
            f"{self.name}_long": window(self.long_seconds),
            f"{self.name}_short": window(self.short_seconds),
        }

    def condition(self, settings: Settings) -> str:
        """`7.2 % over 1 h and 5 min`."""
        return f"{percent(self.share(settings))} over {minutes(self.long_seconds)} and {minutes(self.short_seconds)}"

    def meaning(self) -> str:
        """`14.4 times the allowed errors use 2 % of a 30-day budget in 60 min`."""
        return (
            f"{self.factor:g} times the allowed errors use {percent(self.budget_ratio)} of a 30-day budget "
            f"in {minutes(self.long_seconds)}"
        )


_FAST = _Burn(name="fast", factor=BURN_FACTORS[0], long_seconds=3600, short_seconds=300, budget_ratio=0.02)
_STEADY = _Burn(name="steady", factor=BURN_FACTORS[1], long_seconds=6 * 3600, short_seconds=1800, budget_ratio=0.05)
_SLOW = _Burn(name="slow", factor=BURN_FACTORS[2], long_seconds=24 * 3600, short_seconds=7200, budget_ratio=0.1)

_ERRORS = '{$every_service,response_code_class="5xx"}'


def _burn_query(burn: _Burn) -> str:
    return (
        "sum by (service_name, location) "
        f'(rate(run_googleapis_com:request_count{{$services,response_code_class="5xx"}}[${burn.name}_long])) / '
        "sum by (service_name, location) "
        f"(rate(run_googleapis_com:request_count{{$every_service}}[${burn.name}_long])) > ${burn.name}_share and "
        "sum by (service_name, location) "
        f"(rate(run_googleapis_com:request_count{_ERRORS}[${burn.name}_short])) / "
        "sum by (service_name, location) "
        f"(rate(run_googleapis_com:request_count{{$every_service}}[${burn.name}_short])) > ${burn.name}_share and "
        "round(sum by (service_name, location) "
        f"(increase(run_googleapis_com:request_count{_ERRORS}[${burn.name}_long]))) > $more_errors_than"
    )


def _burn_alert(
    title: str,
    *burns: _Burn,
    severity: AlertSeverity,
    channel_kinds: frozenset[ChannelKind],
    former_slugs: tuple[str, ...] = (),
) -> AlertDefinition:
    """Fires while one of the burn rates is too high. `or` keeps one series for each service, and so one incident.

    `and` binds tighter than `or`.
    """
    return AlertDefinition(
        name=title.title().replace(" ", ""),
        title=title,
        severity=severity,
        channel_kinds=channel_kinds,
        # A new counter's first event counts on Monitoring and not in Prometheus: definition.py, "Rare events".
        query=" or ".join(_burn_query(burn) for burn in burns),
        query_values=lambda settings: {
            "every_service": EVERY_SERVICE,
            "more_errors_than": str(_MORE_ERRORS_THAN),
            **{name: text for burn in burns for name, text in burn.values(settings).items()},
        },
        threshold=burns[0].share,
        duration_seconds=lambda _settings: 0,
        condition=lambda settings: (
            f"5xx above {', or '.join(burn.condition(settings) for burn in burns)}, and at least "
            f"{_MORE_ERRORS_THAN + 1} failed requests"
        ),
        meaning=(
            f"The service uses its error budget too fast: {'; '.join(burn.meaning() for burn in burns)}. The "
            "alert also notices errors that stay below the threshold of HighErrorRate, or that come and go."
        ),
        first_steps=(
            LOOK_FOR_A_NEW_REVISION,
            f"Read the newest errors of the service: {READ_ERRORS}. Is it one stack trace, or many?",
            f"Group the failing requests by path: {READ_FAILED_REQUESTS}. Does one feature fail, or everything?",
        ),
        causes=(
            "A feature that is broken for some users",
            "A dependency that fails from time to time",
            "A bad revision",
        ),
        mitigation=(
            ROLL_BACK,
            "Switch the broken feature off, if a variable of the service does that. List the variables: "
            f"{SHOW_VARIABLES}.",
        ),
        value=(
            "the share of requests answered 5xx over "
            f"{' or '.join(minutes(burn.long_seconds) for burn in burns)}: 0.05 is 5 %"
        ),
        former_slugs=former_slugs,
    )


ERROR_BUDGET_BURN = _burn_alert(
    "Error budget burn",
    _FAST,
    _STEADY,
    severity="CRITICAL",
    channel_kinds=PAGE,
    former_slugs=("fast-error-budget-burn",),
)
SLOW_ERROR_BUDGET_BURN = _burn_alert("Slow error budget burn", _SLOW, severity="WARNING", channel_kinds=EMAIL_ONLY)

AVAILABILITY_ALERTS = (
    FAILED_HEALTH_CHECKS,
    HEALTH_CHECKS_SILENT,
    ERROR_BUDGET_BURN,
    SLOW_ERROR_BUDGET_BURN,
)
