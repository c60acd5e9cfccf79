"""What an alert is, as data. The alerts are in the `*_alerts.py` files, and `catalogue.py` lists them all.

Reasons for the form of the queries (measured; docs/adr/0001-alert-rules.md has the tables):

- Windows are whole minutes, and a rule waits for its stated duration and one evaluation more (rules.py). Monitoring's
  samples cover a span of time, so only Prometheus counts samples at the edge of a window.
- Rates are taken over three of Cloud Run's 60 s samples. With a shorter window, one lost sample loses the alert. With a
  longer one, a breach of four minutes lasts five.
- Gauges are read over five minutes, because Monitoring shows a sample up to 165 s late and one in three may be lost.
- A duration of at least the window prevents a notification for a single error in an idle hour, without a minimum of
  traffic.
- Ratios are bad requests over all requests, never `1 - good / all`. Without good requests, `good / all` has no value,
  so the alert would not fire when every request fails.
- `increase` extrapolates to the edges of its window. Over one sample more than the stated window, scaled back, it
  counts exactly. Over the stated window, nine errors in one minute would count as eleven. If `increase` does not
  extrapolate, the scaling makes the count of eleven and twelve errors too low. `round` removes the rounding error of
  the scaling: 3 x 1.1 / 1.1 is 3.0000000000000004, which is above 3.
- Rare events: `increase` of Prometheus does not count the first event of a new counter, because no sample precedes it.
  Monitoring records when the counter began, and counts it. The scenarios therefore give every counter a sample of 0 a
  minute before its first one (scenarios/series.py). Each rule that counts rare events refers to this paragraph.
- Every query is one line: Monitoring has been seen to drop the comparison of a multi-line one
  (sourcegraph/sourcegraph-public-snapshot#63084).

Who is notified. An alert on a *symptom* means that users are affected now: requests fail, health checks fail, the
database does not answer. It pages (`PAGE`, severity CRITICAL). An alert on a *cause* shows a possible reason, or
something that may affect users soon: CPU, memory, connections, containers that die. One outage has one or two symptoms
and many causes, and a cause without a symptom can wait for the morning. It notifies the team's channels (`TEAM`: e-mail
and Slack) or, if nobody needs to look today, e-mail alone (`EMAIL_ONLY`). This is routing, not suppression: every alert
stays open in the console and in the mailbox of the paged person, who can look there for causes. The source is Google's
"page on symptoms, use causes to debug" (https://sre.google/sre-book/monitoring-distributed-systems/, "Symptoms Versus
Causes", and https://sre.google/workbook/alerting-on-slos/). docs/notifications.md shows the notifications of four
outages.

- The severity matches: only CRITICAL alerts page. The exception is the drill, which tests every channel and is not an
  incident.
- A failed migration does not affect users, but it stops a deployment. In production somebody waits for that deployment
  and the state of the schema may be unclear, so the alert pages there (`environment.production`), and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from readiness.alerts.log_metric import LogMetric
from readiness.alerts.severity import AlertSeverity
from readiness.settings.channels import TEAM, ChannelKind
from readiness.settings.model import Settings

# Cloud Run and log-based metrics have one sample a minute (docs/facts/monitoring.md#one-sample-a-minute).
SAMPLE_PERIOD_SECONDS = 60
RATE_WINDOW_SECONDS = 3 * SAMPLE_PERIOD_SECONDS

# The API's minimum, and its default.
EVALUATION_INTERVAL_SECONDS = 30


def of_each_service(_settings: Settings) -> str:
    """The service for which the alert fires: a variable that Monitoring fills in.

    Its form: docs/facts/monitoring.md#variables-in-a-notification.
    """
    return "${metric_or_resource.label.service_name}"


def of_the_database(settings: Settings) -> str:
    """The stack's Cloud SQL instance."""
    return settings.required_database.instance


def has_postgresql(settings: Settings) -> bool:
    """Whether the stack's database is PostgreSQL. Some alerts read metrics and a log that only PostgreSQL has."""
    return settings.database is not None and settings.database.engine == "postgresql"


def _in_every_stack(_settings: Settings) -> bool:
    return True


def _no_values(_settings: Settings) -> Mapping[str, str]:
    return {}


def _no_log_metrics(_settings: Settings) -> tuple[LogMetric, ...]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertDefinition:
    """One alert. `query` is a template, filled in per stack (`rules.py`).

    Every template may use `$services`, `$rate_window`, `$gauge_window` and `$threshold`. `query_values` returns its
    other values, which may use these four.
    `first_steps`: what to do, in order. The first step begins with one short imperative sentence, which is the heading
    of the alert's page and of its notification. `first_steps` and `mitigation` contain whole commands in backquotes,
    with placeholders (commands.py). A measure has a command, or links to the page of another alert.
    `value`: the meaning of the number in a notification, which is the query's result. `console_path`: the page of
    Google's console that a notification links to, without host and project. The default depends on the subject.
    `subject`: the resource that a notification names. `log_metrics`: the counters that the query reads, which must
    exist before the policy.
    `severity` and `channel_kinds` are for a production stack. `severity_in` and `channel_kinds_in` return the values
    for any stack.
    `former_slugs`: the slugs of the policy in earlier releases, so that the existing policy is renamed and not deleted.
    `pages_in_production_only`: in other stacks the alert is an ERROR that notifies the team's channels.
    `declared_by`: whether a stack has the alert. `reads_late_metrics`: its metrics may not exist yet, because another
    stack or a workflow creates them.
    """

    name: str
    title: str
    severity: AlertSeverity
    channel_kinds: frozenset[ChannelKind]
    query: str
    threshold: Callable[[Settings], float]
    duration_seconds: Callable[[Settings], int]
    condition: Callable[[Settings], str]
    meaning: str
    first_steps: tuple[str, str, str]
    causes: tuple[str, ...]
    mitigation: tuple[str, ...]
    subject: Callable[[Settings], str] = of_each_service
    query_values: Callable[[Settings], Mapping[str, str]] = _no_values
    log_metrics: Callable[[Settings], tuple[LogMetric, ...]] = _no_log_metrics
    declared_by: Callable[[Settings], bool] = _in_every_stack
    reads_late_metrics: bool = False
    pages_in_production_only: bool = False
    former_slugs: tuple[str, ...] = ()
    value: str = "the result of the query"
    console_path: Callable[[Settings], str] | None = None

    def severity_in(self, settings: Settings) -> AlertSeverity:
        """The severity of the stack's policy."""
        return "ERROR" if self._pages_nobody_here(settings) else self.severity

    def channel_kinds_in(self, settings: Settings) -> frozenset[ChannelKind]:
        """The kinds of channels that the stack's policy notifies, as far as the stack has them."""
        return TEAM if self._pages_nobody_here(settings) else self.channel_kinds

    def _pages_nobody_here(self, settings: Settings) -> bool:
        return self.pages_in_production_only and not settings.environment.production

    @property
    def slug(self) -> str:
        """The title as it is in resource names and labels: `high-cpu-usage`."""
        return self.title.lower().replace(" ", "-")


def percent(ratio: float) -> str:
    """`5 %` for 0.05."""
    return f"{ratio * 100:g} %"


def minutes(seconds: int) -> str:
    """`5 min` for 300, `6 h` for 21600."""
    return f"{seconds // 3600} h" if seconds % 3600 == 0 and seconds > 3600 else f"{seconds / 60:g} min"
