"""DatabaseConnectionErrors: more connection errors in a window than the limit, by the log with the largest count."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.connection_errors import application_metric, server_metric, traceback_metric
from readiness.alerts.definition import has_postgresql
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.scenarios.incident import PROMPT_SECONDS, Collection, Incident, Scenario, pages_promptly, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Stack
from readiness.settings.model import Settings

ALERT = "DatabaseConnectionErrors"


def _server(settings: Settings, counts: tuple[float | None, ...], *, database_id: str | None = None) -> Series:
    if not has_postgresql(settings):
        raise NotBuildableError("the server's log is read only for PostgreSQL")
    labels = {"monitored_resource": "cloudsql_database", "database_id": database_id or settings.database_id}
    return _counter(settings, server_metric(settings), {**labels, "region": settings.region}, counts)


def _counter(
    settings: Settings, metric: LogMetric, labels: Mapping[str, str], counts: tuple[float | None, ...]
) -> Series:
    """A counter. It begins at zero, or at the limit if promtool would otherwise count one error too few."""
    limit, seconds = settings.connection_errors.error_count, settings.connection_errors.window_seconds
    counts_less = counts[0] is not None and (limit + 1) * (seconds + 45) / (seconds + 60) <= limit
    return Series(metric=metric.promql_name, labels=labels, minutes=counts, before=float(limit) if counts_less else 0.0)


def _application(
    stack: Stack, counts: tuple[float | None, ...], *, service: str | None = None, resource: str = "cloud_run_revision"
) -> Series:
    place = stack.backend.of_resource(resource)
    labels = (place.renamed(service) if service else place).labels
    return _counter(stack.settings, application_metric(stack.settings), labels, counts)


def _tracebacks(
    stack: Stack, counts: tuple[float | None, ...], *, service: str | None = None, resource: str = "cloud_run_revision"
) -> Series:
    logged = _application(stack, counts, service=service, resource=resource)
    return _counter(stack.settings, traceback_metric(stack.settings), logged.labels, counts)


def _limit(stack: Stack) -> int:
    return stack.settings.connection_errors.error_count


def _window(stack: Stack) -> int:
    """Minutes."""
    return stack.settings.connection_errors.window_seconds // 60


def _before(stack: Stack) -> int:
    """Quiet minutes before the scenario: longer than a window, because `increase` counts too much in new series."""
    return _window(stack) + 3


def _burst(stack: Stack, errors: float) -> tuple[float, ...]:
    return minutes((_before(stack), 0), (1, errors), (_window(stack) + 3, 0))


def _drip(stack: Stack, errors: int, *, windows: int = 2, more_minutes: int = 0) -> tuple[float, ...]:
    """This number of errors in any window, or in one that is `more_minutes` longer, spread evenly."""
    window = _window(stack) + more_minutes
    drops = tuple(float((m + 1) * errors // window - m * errors // window) for m in range(windows * window))
    return (*minutes((_before(stack), 0.0)), *drops, *minutes((window + 3, 0.0)))


def _pages(stack: Stack, *series: Series, within_seconds: int = PROMPT_SECONDS) -> Incident:
    first = _before(stack)
    return pages_promptly(*series, first_bad_minute=first, labels={}, lasts=False, within_seconds=within_seconds)


ERRORS = Collection({ALERT: ()})


@ERRORS.add(phases=True)
def as_many_errors_as_allowed_in_one_minute_on_the_server(stack: Stack) -> Incident:
    """`increase` over the stated window extrapolates nine to eleven. Ten must be quiet at every sample phase."""
    return quiet([_server(stack.settings, _burst(stack, _limit(stack)))])


@ERRORS.add(losses=True)
def one_more_than_allowed_in_one_minute_on_the_server(stack: Stack) -> Incident:
    """Too many clients: only the server's log shows it. Notifies at the next evaluation."""
    return _pages(stack, _server(stack.settings, _burst(stack, _limit(stack) + 1)))


@ERRORS.add(phases=True)
def as_many_errors_as_allowed_in_one_minute_in_the_application(stack: Stack) -> Incident:
    """The same for the application's log."""
    return quiet([_application(stack, _burst(stack, _limit(stack)))])


@ERRORS.add(losses=True)
def the_pool_is_exhausted_and_the_servers_log_is_silent(stack: Stack) -> Incident:
    """The pool opens no connection, so the server logs nothing."""
    return _pages(
        stack,
        _application(stack, _burst(stack, _limit(stack) + 1)),
        _server(stack.settings, minutes((_before(stack) + _window(stack) + 4, 0.0))),
    )


@ERRORS.add(losses=True)
def the_same_errors_are_in_every_log(stack: Stack) -> Incident:
    """One refused connection writes a line in each log, and a traceback. The largest count counts, not the sum."""
    # With lost samples, a count over less than five minutes may be double.
    errors = _limit(stack) // (2 if _window(stack) >= 5 else 3) + 1
    counts = _burst(stack, errors)
    return quiet([_server(stack.settings, counts), _application(stack, counts), _tracebacks(stack, counts)])


@ERRORS.add(losses=True)
def the_pool_is_exhausted_and_only_tracebacks_show_it(stack: Stack) -> Incident:
    """No logger reports it, but the web server prints a traceback for every request that gets no connection."""
    return _pages(
        stack,
        _tracebacks(stack, _burst(stack, _limit(stack) + 1)),
        _application(stack, _burst(stack, 0)),
        _server(stack.settings, _burst(stack, 0)),
    )


@ERRORS.add()
def more_in_the_servers_log_than_in_the_applications(stack: Stack) -> Incident:
    """The server also refuses other clients, so its count is the larger one."""
    return _pages(
        stack, _server(stack.settings, _burst(stack, _limit(stack) + 1)), _application(stack, _burst(stack, 1))
    )


@ERRORS.add()
def more_in_the_applications_log_than_in_the_servers(stack: Stack) -> Incident:
    """A broken socket and one refusal: the application's count is the larger one."""
    return _pages(
        stack, _server(stack.settings, _burst(stack, 1)), _application(stack, _burst(stack, _limit(stack) + 1))
    )


@ERRORS.add()
def errors_of_both_services_are_one_databases_errors(stack: Stack) -> Incident:
    """The application's count is over all services of the stack."""
    half = _burst(stack, _limit(stack) // 2 + 1)
    return _pages(stack, _application(stack, half), _application(stack, half, service=stack.frontend.service))


@ERRORS.add()
def tracebacks_of_both_services_are_one_databases_errors(stack: Stack) -> Incident:
    """So is the count of tracebacks."""
    half = _burst(stack, _limit(stack) // 2 + 1)
    return _pages(stack, _tracebacks(stack, half), _tracebacks(stack, half, service=stack.frontend.service))


@ERRORS.add(phases=True)
def a_slow_drip_up_to_the_limit(stack: Stack) -> Incident:
    """Two a minute for ten minutes are ten in any five minutes: quiet."""
    # promtool 2 counts a minute more than the window has where samples are on its edges.
    more_minutes = 0 if _limit(stack) % _window(stack) == 0 else 1
    return quiet([_application(stack, _drip(stack, _limit(stack), more_minutes=more_minutes))])


@ERRORS.add(losses=True)
def a_slow_drip_above_the_limit(stack: Stack) -> Incident:
    """Three a minute are fifteen in any five minutes: notifies before the window is full.

    A third of the samples may be lost, so the count may be a quarter off. The scenario uses half more than the limit,
    or twice the limit.
    """
    window, limit = _window(stack), _limit(stack)
    errors = limit + window if 2 * window >= limit else 2 * limit
    return _pages(stack, _application(stack, _drip(stack, errors)), within_seconds=60 * window)


@ERRORS.add()
def an_hour_with_an_error_from_time_to_time(stack: Stack) -> Incident:
    """A pool that recovers by itself: one error in a window must not notify."""
    return quiet([_application(stack, _drip(stack, 1, windows=60 // _window(stack)))])


@ERRORS.add(losses=True)
def the_first_errors_that_a_metric_ever_counted(stack: Stack) -> Incident:
    """The series begins with the incident. Monitoring knows when its first sample began, and so counts it."""
    counts = minutes((_before(stack), None), (1, 3.0 * _limit(stack)), (_window(stack) + 3, 0.0))
    return _pages(stack, _application(stack, counts))


@ERRORS.add(losses=True)
def one_error_in_a_metric_that_never_counted_before(stack: Stack) -> Incident:
    """A new series is extrapolated more than an old one; a single error must still be quiet."""
    if _limit(stack) == 1:
        raise NotBuildableError("promtool extrapolates a single error of a new series to more than the limit of 1")
    return quiet([_application(stack, minutes((_before(stack), None), (1, 1.0), (_window(stack) + 3, 0.0)))])


@ERRORS.add()
def nothing_ever_failed(stack: Stack) -> Incident:
    """Two series of zeros."""
    zeros = minutes((_before(stack) + _window(stack) + 3, 0.0))
    return quiet([_server(stack.settings, zeros), _application(stack, zeros)])


@ERRORS.add()
def the_other_environments_database_refuses(stack: Stack) -> Incident:
    """Its metrics have other names, its instance another id."""
    many = _burst(stack, 20 * _limit(stack))
    named = (application_metric(stack.other).promql_name, traceback_metric(stack.other).promql_name)
    of_ours = _application(stack, many)
    return quiet(
        [_server(stack.other, many), Series(metric=named[0], labels=of_ours.labels, minutes=many)],
        [Series(metric=name, labels=stack.other_backend.labels, minutes=many) for name in named],
    )


@ERRORS.add()
def another_instance_refuses(stack: Stack) -> Incident:
    """An instance whose name contains ours, under our metric."""
    many = _burst(stack, 20 * _limit(stack))
    return quiet(
        [_server(stack.settings, many, database_id=f"{stack.settings.database_id}2")],
        [_server(stack.settings, many, database_id=stack.other.database_id)],
    )


@ERRORS.add()
def a_service_that_left_the_stack_still_writes_errors(stack: Stack) -> Incident:
    """What was counted before a service was taken out of the settings is no longer this stack's."""
    many = _burst(stack, 20 * _limit(stack))
    services = [neighbour.service for neighbour in stack.neighbours] + [stack.other_backend.service]
    return quiet(
        [_application(stack, many, service=service) for service in services],
        [_tracebacks(stack, many, service=service) for service in services],
    )


@ERRORS.add()
def another_kind_of_resource_writes_errors(stack: Stack) -> Incident:
    """Log-based metrics exist for every resource that writes matching lines."""
    many = _burst(stack, 20 * _limit(stack))
    server = _server(stack.settings, many)
    labels = {**server.labels, "monitored_resource": "global"}
    return quiet(
        [Series(metric=server.metric, labels=labels, minutes=many)],
        [_application(stack, many, resource="cloud_run_job"), _tracebacks(stack, many, resource="cloud_run_job")],
    )


SCENARIOS: tuple[Scenario, ...] = tuple(ERRORS.scenarios)
