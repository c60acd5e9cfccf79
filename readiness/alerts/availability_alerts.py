"""Alerts on availability as users see it: health checks from outside, and the error budget of the objective.

The error budget is what the objective allows to fail. A burn rate of 14.4 for an hour uses 2 % of 30 days of it, 6 for
six hours 5 %, 3 for a day 10 % (the SRE workbook's table; 3 days at rate 1 would look back further than the 25 hours
that Monitoring takes). The short window ends the incident soon after the errors end.

What stops reporting: HealthChecksSilent tells it of the uptime checks, and of nothing else. Cloud Run writes no sample
where there is no request, and no instance count where there is no instance, so a metric of a service that is scaled to
zero ends like one that is broken. A database that reports nothing because it does not run fails the health checks; so
does a service that is gone. Deployments are counted when they happen; NoDeploymentSuccess tells when none does.

- At least three errors in the long window: one of eight requests in an idle hour is 25 times the budget of 99.5 %.
- Only the first operand of each burn rate names the services: `and` and `/` keep what it has. ErrorBudgetBurn has two
  burn rates, so it names them twice, as HighErrorRate does; with all ten, 200 services would not fit.
- One policy for the fast and the steady burn: an outage is both within minutes, and would notify twice.
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

# More than one region: one alone may have lost its own way to Google.
_MORE_REGIONS_THAN = 1
_MORE_ERRORS_THAN = 2
# Share of probes that succeed, over half an hour or ten probes, at which a check counts as flapping.
_FLAPPING_RATIO = 0.6
_FLAPPING_SECONDS = 1800
# A check that has reported within the longer time, and not within the shorter one, is silent.
_REPORTED_SECONDS = 2 * 3600
_SILENT_SECONDS = 1800


def _probe_window_seconds(settings: Settings) -> int:
    """Two probes, however late they become visible: five minutes where there is a probe a minute."""
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
        # A check that has just been created has no history: its first bad probe is neither all of it nor flapping.
        # Nor is one that is alone in the window because its neighbours are late or lost.
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
    # By check too: two checks of one host must not add up their regions.
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
        "Asked from outside, the service does not give a healthy answer: none at all, an error, a bad certificate, or "
        "an answer that says that the database is not healthy. This also sees what never reaches a container. The "
        "second case is a check that fails again and again and recovers in between."
    ),
    first_steps=(
        f"Ask the service for its health, and read what it says of the database: {ASK_FOR_HEALTH}. No answer, an "
        "error, or an answer that says what is broken?",
        LOOK_FOR_A_NEW_REVISION,
        "No answer at all: check that the service is there and public, and that [Google's status "
        "page](https://status.cloud.google.com) is quiet: `gcloud run services describe $service --region=$region "
        '--project=$project --format="yaml(status.conditions, status.traffic)"` and `gcloud run services '
        "get-iam-policy $service --region=$region --project=$project`.",
    ),
    causes=(
        "A bad revision",
        "The database is unreachable",
        "The instance limit is reached",
        "The service is no longer public",
        "A certificate or a domain has run out",
    ),
    mitigation=(
        ROLL_BACK,
        "If the database is the cause, follow [DatabaseConnectionErrors](DatabaseConnectionErrors.md).",
        "If the service is no longer public, and should be, allow everybody again: `gcloud run services "
        "add-iam-policy-binding $service --region=$region --project=$project --member=allUsers "
        "--role=roles/run.invoker`.",
    ),
    console_path=lambda _settings: "monitoring/uptime",
    value="the regions from which the check fails",
)


def _silent_seconds(settings: Settings) -> int:
    """Half an hour, or three probes where they are further apart."""
    return max(_SILENT_SECONDS, 3 * settings.uptime_checks.period_seconds)


HEALTH_CHECKS_SILENT = AlertDefinition(
    name="HealthChecksSilent",
    title="Health checks silent",
    severity="ERROR",
    channel_kinds=TEAM,
    # By host alone: a check that is made anew gets another id, and its host is still probed. After two hours there is
    # nothing to compare with: the incident closes, whether or not the check is back.
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
        "Nobody asks the service from outside whether it is healthy. Until the check is back, FailedHealthChecks "
        "cannot page for it, and no alert sees what never reaches a container. The service itself may be well. This "
        f"alert closes {minutes(_REPORTED_SECONDS)} after the last probe, even if the check is still missing."
    ),
    first_steps=(
        f"Ask the service for its health, because no check does so now: {ASK_FOR_HEALTH}. Does it answer as healthy?",
        "List the uptime checks: `gcloud monitoring uptime list-configs --project=$project`. Is the check of this "
        "host there, and enabled?",
        "Compare with what is declared: `pulumi preview --refresh --stack=$stack`. It shows a check that somebody "
        "deleted or changed.",
    ),
    causes=(
        "Somebody deleted or disabled the check",
        "The host was renamed, and the check was not",
        "A fault of Cloud Monitoring",
    ),
    mitigation=(
        "Create the check again: `pulumi up --refresh --stack=$stack`.",
        "Watch the service by hand until the check is back: `readiness verify $stack`.",
    ),
    console_path=lambda _settings: "monitoring/uptime",
    value="the probes of the last two hours",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Burn:
    """So many times too fast, over two windows. `budget_ratio`: the share of 30 days' errors used in the long one."""

    name: str
    factor: float
    long_seconds: int
    short_seconds: int
    budget_ratio: float

    def share(self, settings: Settings) -> float:
        """The share of errors that uses the budget up so fast; rounded, since 1 - 0.995 is no 0.005."""
        return round(self.factor * (1 - settings.availability.goal), 9)

    def values(self, settings: Settings) -> dict[str, str]:
        """What the query needs to know of it."""
        return {
            f"{self.name}_share": repr(self.share(settings)),
            f"{self.name}_long": window(self.long_seconds),
            f"{self.name}_short": window(self.short_seconds),
        }

    def condition(self, settings: Settings) -> str:
        """`7.2 % over 1 h and 5 min`."""
        return f"{percent(self.share(settings))} over {minutes(self.long_seconds)} and {minutes(self.short_seconds)}"

    def meaning(self) -> str:
        """`14.4 times ... uses 2 % of 30 days' errors in 1 h`."""
        return (
            f"{self.factor:g} times as often as its objective allows uses {percent(self.budget_ratio)} of 30 days' "
            f"errors in {minutes(self.long_seconds)}"
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
    """Fires while one of the burn rates is too high. `or` keeps one series a service, so one incident, whichever it is.

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
            f"The service uses its error budget up too fast: to fail {'; '.join(burn.meaning() for burn in burns)}. It "
            "sees what stays below the threshold of HighErrorRate, or comes and goes, and still adds up."
        ),
        first_steps=(
            LOOK_FOR_A_NEW_REVISION,
            f"Read the newest errors of the service: {READ_ERRORS}. One stack trace, or many?",
            f"Group the failing requests by path: {READ_FAILED_REQUESTS}. One feature, or everything?",
        ),
        causes=("A feature that is broken for some users", "A dependency that fails now and then", "A bad revision"),
        mitigation=(
            ROLL_BACK,
            "Switch the broken feature off, where a variable of the service does that; see which there are: "
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
