"""What a stack costs in a month: quantities that its plan declares, times the prices of the settings.

Pure: a plan's resources, prices and expected usage in, lines out. What cannot be counted is `None`, which is shown as
"not known" and is in no sum; a sum without it is "at least" that much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from readiness.alerts.metric_catalogue import known_metrics
from readiness.json_values import as_list, as_object, as_objects
from readiness.plan.query_series import LabelValues, Returned, returned_by, values_in
from readiness.resource_types import ALERT_POLICY, API, LOG_BUCKET, LOG_METRIC, UPTIME_CHECK
from readiness.settings.model import Settings
from readiness.settings.observation import PLACES_OF_REGION
from readiness.settings.prices import LIST_PRICES, ExpectedUsage, Prices
from readiness.times import seconds_of

# Google bills by the month; 730 hours are a twelfth of a year.
SECONDS_A_MONTH = 730 * 3600
# Of conditions that are not PromQL, and the default of those that are
# (https://cloud.google.com/stackdriver/observability-pricing-examples, "30-second execution periods").
EVALUATION_SECONDS = 30
# What the price of a stored log entry includes (https://cloud.google.com/stackdriver/pricing, "Logging retention").
FREE_RETENTION_DAYS = 30
# Of an uptime check that names neither (https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.uptimeCheckConfigs).
DEFAULT_PERIOD_SECONDS = 60
EVERY_REGION = ("USA", "EUROPE", "SOUTH_AMERICA", "ASIA_PACIFIC")
# What Cloud Logging takes (https://cloud.google.com/logging/quotas, "Retention periods").
MAX_RETENTION_DAYS = 3650
SCANNING_API = "containerscanning.googleapis.com"
_POINTS_UNIT = 1_000_000
_EXECUTIONS_UNIT = 1_000

# A resource of a plan in its JSON form, of which `type` and `inputs` are read.
Resource = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One condition of an alert policy, and what it returns; `interval_seconds` is how often it is evaluated."""

    policy: str
    returned: Returned
    interval_seconds: float

    @property
    def points_month(self) -> int:
        """Points that the condition returns in a month."""
        return round(self.returned.series * SECONDS_A_MONTH / self.interval_seconds)


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherStacks:
    """What the other stacks of the same Google project use of what is free for the project.

    `unknown` are the stacks whose settings cannot be read: they may use some of it too.
    """

    names: tuple[str, ...] = ()
    executions: int = 0
    log_gib: float = 0
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing that is billed. `quantity` is that of a month in `unit`, and `usd` the price of `per` units, in words
    `each`.

    `paid` is the part of the quantity that is not free, the whole by default; `free` says in words what is free, and
    for whom. None is "not known". `derived` says where the quantity comes from. Before the day `charged_from`, nothing
    is charged. `is_least`: the quantity may be higher.
    """

    key: str
    what: str
    unit: str
    quantity: float | None
    usd: float | None
    each: str
    derived: str
    per: int = 1
    paid: float | None = None
    free: str = ""
    charged_from: str | None = None
    is_least: bool = False

    @property
    def amount(self) -> float | None:
        """USD a month; None where quantity or price is not known."""
        paid = self.quantity if self.paid is None else self.paid
        return None if paid is None or self.usd is None else round(paid / self.per * self.usd, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """The lines of a stack, the conditions behind them, and the table of prices that they are of."""

    stack: str
    lines: tuple[Line, ...]
    conditions: tuple[Condition, ...]
    prices: Prices

    @property
    def unknown(self) -> tuple[str, ...]:
        """What has no amount."""
        return tuple(line.what for line in self.lines if line.amount is None)

    @property
    def is_least(self) -> bool:
        """Whether the stack may cost more than the sum."""
        return any(line.amount is None or line.is_least for line in self.lines)

    @property
    def starts(self) -> str | None:
        """The day from which alerting is charged too."""
        return next((line.charged_from for line in self.lines if line.charged_from), None)

    def total(self, *, from_start: bool) -> float:
        """The sum of what is known, in USD a month: with what is charged from `starts` on, or without."""
        counted = (line.amount or 0 for line in self.lines if from_start or line.charged_from is None)
        return round(sum(counted), 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """What amounts are computed with besides the plan."""

    prices: Prices = LIST_PRICES
    usage: ExpectedUsage = field(default_factory=ExpectedUsage)
    others: OtherStacks = OtherStacks()


def cost_of(stack: str, resources: Iterable[Resource], basis: Basis) -> Cost:
    """The costs of a stack. A stack that declares nothing has no lines."""
    listed = list(resources)
    conditions = tuple(conditions_of(listed, basis.usage))
    lines: list[Line] = []
    if listed:
        lines = [
            *_alerting(conditions, basis.prices),
            _executions(listed, basis),
            _stored_logs(basis),
            *_kept_logs(listed, basis),
            *_samples(listed, basis.prices),
            *_scans(listed, basis),
        ]
    return Cost(stack=stack, lines=tuple(lines), conditions=conditions, prices=basis.prices)


def conditions_of(resources: Sequence[Resource], usage: ExpectedUsage) -> Iterable[Condition]:
    """Every condition of every alert policy, in the order of the plan."""
    declared = [
        (str(policy["inputs"].get("displayName") or policy.get("name")), condition)
        for policy in resources
        if policy["type"] == ALERT_POLICY
        for condition in as_objects(policy["inputs"].get("conditions"))
    ]
    values = _label_values(resources, [condition for _, condition in declared], usage)
    for policy, condition in declared:
        yield Condition(
            policy=policy,
            returned=_returned(condition, values),
            interval_seconds=_seconds(_language(condition).get("evaluationInterval"), EVALUATION_SECONDS),
        )


def executions_of(resources: Iterable[Resource]) -> int:
    """Executions of the uptime checks in a month: places times periods."""
    total = 0
    for check in resources:
        if check["type"] == UPTIME_CHECK:
            regions, period = as_list(check["inputs"].get("selectedRegions")), check["inputs"].get("period")
            total += _executions_of_check(regions, _seconds(period, DEFAULT_PERIOD_SECONDS))
    return total


def others_in(project: str, stacks: Mapping[str, Settings | None]) -> OtherStacks:
    """What those of the stacks that are in the Google project use; None is a stack whose settings cannot be read."""
    same = {name: other for name, other in stacks.items() if other is not None and other.project == project}
    return OtherStacks(
        names=tuple(same),
        executions=sum(executions_of_settings(other) for other in same.values()),
        log_gib=sum(other.expected_usage.log_gib or 0 for other in same.values()),
        unknown=tuple(name for name, other in stacks.items() if other is None),
    )


def executions_of_settings(settings: Settings) -> int:
    """The same as `executions_of` before anything is planned: one check for each service."""
    checks = settings.uptime_checks
    return len(settings.services) * _executions_of_check(checks.regions, checks.period_seconds)


def _executions_of_check(regions: Iterable[object], period_seconds: float) -> int:
    return round(_places(regions) * SECONDS_A_MONTH / period_seconds)


def _places(regions: Iterable[object]) -> int:
    """From how many places a check asks. Google takes a check without regions for one from everywhere."""
    named = list(regions) or EVERY_REGION
    return sum(PLACES_OF_REGION.get(str(region), 1) for region in named)


def _language(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_object(condition.get("conditionPrometheusQueryLanguage"))


def _seconds(text: object, default: float) -> float:
    """A duration of at least a second, which no API goes below."""
    return max(seconds_of(text) or default, 1.0)


def _label_values(
    resources: Sequence[Resource], conditions: Sequence[Mapping[str, Any]], usage: ExpectedUsage
) -> LabelValues:
    """How many values labels have: services, hosts, databases and jobs that queries name, places of uptime checks."""
    queries = [str(_language(condition).get("query", "")) for condition in conditions]
    services = max(len(values_in(queries, "service_name")), 1)
    places = [
        _places(as_list(check["inputs"].get("selectedRegions"))) for check in resources if check["type"] == UPTIME_CHECK
    ]
    return LabelValues(
        by_label={
            "service_name": services,
            # Of deployments: `all`, or the service that was rolled back.
            "service": services + 1,
            "host": max(len(values_in(queries, "host")), 1),
            "database_id": max(len(values_in(queries, "database_id")), 1),
            "job_name": max(len(values_in(queries, "job_name")), 1),
            "checker_location": max(places, default=1),
        },
        assumed=usage.values_per_open_label,
        metrics=known_metrics(resources),
    )


def _returned(condition: Mapping[str, Any], values: LabelValues) -> Returned:
    if "conditionPrometheusQueryLanguage" in condition:
        return returned_by(str(_language(condition).get("query", "")), values)
    if "conditionMatchedLog" in condition:
        return Returned(series=0, references=0)
    kind = as_object(condition.get("conditionThreshold")) or as_object(condition.get("conditionAbsent"))
    aggregations = as_objects(kind.get("aggregations"))
    reduced = [aggregation for aggregation in aggregations if aggregation.get("crossSeriesReducer")]
    if reduced and not reduced[-1].get("groupByFields"):
        return Returned(series=1, references=1)
    return Returned(series=1, references=1, unknown=("the labels of a condition that is not PromQL",))


def _alerting(conditions: Sequence[Condition], prices: Prices) -> list[Line]:
    references = sum(condition.returned.references for condition in conditions)
    points = sum(condition.points_month for condition in conditions)
    unknown = sorted({label for condition in conditions for label in condition.returned.unknown})
    assumed = sorted({label for condition in conditions for label in condition.returned.assumed})
    intervals = sorted({condition.interval_seconds for condition in conditions})
    derived = "series that each clause of a query returns, by what it groups over, evaluated every "
    derived += f"{' or '.join(f'{interval:g}' for interval in intervals) or 'never'} s"
    if assumed:
        derived += f"; values of {', '.join(assumed)} as in expected_usage.values_per_open_label"
    if unknown:
        derived += f"; not known and counted once: {', '.join(unknown)}"
    day = prices.alerting_charged_from
    return [
        Line(
            key="alert_conditions",
            what="conditions of alerts",
            unit="conditions",
            quantity=len(conditions),
            usd=prices.usd_per_condition_month,
            each="condition",
            derived="conditions of alert policies",
        ),
        Line(
            key="metric_references",
            what="metrics that alerts read",
            unit="references",
            quantity=references,
            usd=prices.usd_per_metric_reference_month,
            each="reference",
            derived="each time that a query names a metric",
            charged_from=day,
        ),
        Line(
            key="alert_points",
            what="points that alerts return",
            unit="points",
            quantity=points,
            usd=prices.usd_per_million_points,
            each="million points",
            per=_POINTS_UNIT,
            derived=derived,
            charged_from=day,
            is_least=bool(unknown),
        ),
    ]


def _executions(resources: Sequence[Resource], basis: Basis) -> Line:
    own, prices, others = executions_of(resources), basis.prices, basis.others
    checks = sum(check["type"] == UPTIME_CHECK for check in resources)
    free = prices.free_uptime_executions_per_project_month
    return Line(
        key="uptime_executions",
        what="executions of uptime checks",
        unit="executions",
        quantity=own,
        usd=prices.usd_per_thousand_uptime_executions,
        each="thousand executions",
        per=_EXECUTIONS_UNIT,
        paid=_paid_share(own, others.executions, free),
        free=_free_text(f"{own + others.executions:,} of {free:,.0f} free ones of the project are used", others),
        derived=f"{checks} checks, each from every place in every period",
        is_least=bool(others.unknown and own),
    )


def _stored_logs(basis: Basis) -> Line:
    own, prices, others = basis.usage.log_gib, basis.prices, basis.others
    free = prices.free_log_gib_per_project_month
    return Line(
        key="stored_logs",
        what="stored log entries",
        unit="GiB",
        quantity=own,
        usd=prices.usd_per_log_gib,
        each="GiB",
        paid=None if own is None else _paid_share(own, others.log_gib, free),
        free=_free_text(f"{free:g} GiB of the project are free", others),
        derived="depends on traffic" if own is None else "expected_usage.log_gib",
        is_least=bool(others.unknown and own),
    )


def _kept_logs(resources: Sequence[Resource], basis: Basis) -> Iterable[Line]:
    """Of the buckets with a retention that costs something. The usage is that of the bucket `_Default` alone."""
    kept = {
        str(bucket["inputs"].get("bucketId")): bucket["inputs"].get("retentionDays")
        for bucket in resources
        if bucket["type"] == LOG_BUCKET
    }
    for bucket, days in sorted(kept.items()):
        if not isinstance(days, int) or not FREE_RETENTION_DAYS < days <= MAX_RETENTION_DAYS:
            continue
        months = (days - FREE_RETENTION_DAYS) / FREE_RETENTION_DAYS
        is_known = bucket == "_Default" and basis.usage.log_gib is not None
        yield Line(
            key=f"kept_logs:{bucket}",
            what=f"log entries kept in {bucket}",
            unit="GiB months",
            quantity=round((basis.usage.log_gib or 0) * months, 6) if is_known else None,
            usd=basis.prices.usd_per_kept_log_gib_month,
            each="GiB and month",
            derived=f"{days} days, {months:.1f} months longer than the {FREE_RETENTION_DAYS} days that are free",
        )


def _samples(resources: Sequence[Resource], prices: Prices) -> Iterable[Line]:
    metrics = sum(metric["type"] == LOG_METRIC for metric in resources)
    if metrics:
        free = prices.free_metric_mib_per_billing_account_month
        yield Line(
            key="metric_samples",
            what="samples of log-based metrics",
            unit="MiB",
            quantity=None,
            usd=prices.usd_per_metric_mib,
            each="MiB",
            free=f"{free:g} MiB of the billing account are free",
            derived=f"{metrics} metrics; depends on how often something is logged",
        )


def _scans(resources: Sequence[Resource], basis: Basis) -> Iterable[Line]:
    if any(api["type"] == API and api["inputs"].get("service") == SCANNING_API for api in resources):
        images = basis.usage.scanned_images
        yield Line(
            key="scanned_images",
            what="scanned images",
            unit="images",
            quantity=images,
            usd=basis.prices.usd_per_scanned_image,
            each="image",
            derived="depends on pushes" if images is None else "expected_usage.scanned_images",
        )


def _paid_share(own: float, others: float, free: float) -> float:
    """What is paid of a stack's part: the stacks of a project share what is free, in proportion to what they use."""
    total = own + others
    return own * max(0.0, total - free) / total if total else 0.0


def _free_text(text: str, others: OtherStacks) -> str:
    shared = f", shared with {', '.join(others.names)}" if others.names else ""
    unknown = f", not known what {', '.join(others.unknown)} uses" if others.unknown else ""
    return f"{text}{shared}{unknown}"
