"""Whole entries of Python, Node, Java and Go, as text and as JSON: each failed connection counts once."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from readiness.alerts.connection_errors import application_metric, traceback_metric
from readiness.alerts.log_patterns import PATTERN_SETS, SERVER_ANSWERS, application_error_filter, texts_of
from readiness.rules.cloud_logging import MAX_FILTER_CHARACTERS
from readiness.settings.logs import Language, LogFormat, ServiceLogs
from readiness.settings.model import Settings
from tests.alerts.log_entries import HAPPENINGS, SERVICE, Entry, Happening, json, text
from tests.alerts.log_filter import parse_filter
from tests.projects import EVERY_OPTION, settings_of


def settings_with(*logs: ServiceLogs) -> Settings:
    """A stack with a service for each way to log; the first is the one of the entries."""
    base = settings_of(EVERY_OPTION)
    names = [SERVICE, *(f"other-{number}" for number in range(1, len(logs)))]
    services = tuple(
        base.services[0].model_copy(update={"name": name, "logs": own}) for name, own in zip(names, logs, strict=True)
    )
    return base.model_copy(update={"services": services})


def logs_of(language: str, format_: str, **more: Any) -> ServiceLogs:
    """How a service logs."""
    return ServiceLogs.model_validate({"language": language, "format": format_, **more})


def counts(settings: Settings, entries: tuple[Entry, ...]) -> tuple[int, int]:
    """How many entries each of the two metrics of the application counts."""
    filters = [parse_filter(metric(settings).filter) for metric in (application_metric, traceback_metric)]
    logged, printed = (sum(filter_.matches(entry) for entry in entries) for filter_ in filters)
    return logged, printed


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda happening: happening.name)
def test_a_failed_connection_counts_once_and_nothing_else_counts(happening: Happening) -> None:
    """The alert takes the larger count, so each of the two metrics may count a failure once."""
    settings = settings_with(logs_of(happening.language, happening.format))
    assert max(counts(settings, happening.entries)) == int(happening.failed), counts(settings, happening.entries)


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda happening: happening.name)
def test_it_counts_the_same_beside_services_that_log_differently(happening: Happening) -> None:
    """One filter has the patterns of each service."""
    others = [logs_of(language, format_) for language in PATTERN_SETS for format_ in ("json", "text")]
    own = logs_of(happening.language, happening.format)
    several = settings_with(own, *(logs for logs in others if logs != own and texts_of(logs)))
    assert counts(several, happening.entries) == counts(settings_with(own), happening.entries)


def test_every_language_and_format_has_failures_of_each_kind() -> None:
    """Without an entry, a pattern set would be untested."""
    ready = [language for language in get_args(Language) if PATTERN_SETS[language].texts]
    for language, format_ in itertools.product(ready, get_args(LogFormat)):
        found = [happening for happening in HAPPENINGS if (happening.language, happening.format) == (language, format_)]
        assert sum(happening.failed for happening in found) >= 4, (language, format_)
        assert sum(not happening.failed for happening in found) >= 4, (language, format_)


@pytest.mark.parametrize("language", [language for language in PATTERN_SETS if PATTERN_SETS[language].texts])
def test_every_text_of_a_pattern_set_matches_an_entry_or_is_a_text_of_a_server(language: Language) -> None:
    """Each text alone counts at least one of the entries: one that matches nothing is misspelt."""
    written = [
        str(entry.get("textPayload") or entry.get("jsonPayload"))
        for happening in HAPPENINGS
        if happening.language == language and happening.failed
        for entry in happening.entries
    ]
    never_found = [pattern for pattern in PATTERN_SETS[language].texts if not _is_found(pattern, written)]
    # One server refuses as another: an entry of each language shows that its driver hands the answer on.
    assert set(never_found) < set(SERVER_ANSWERS)


def _is_found(pattern: str, written: list[str]) -> bool:
    filter_ = parse_filter(f'textPayload=~"{pattern}"')
    return any(filter_.matches({"textPayload": line}) for line in written)


def test_a_text_service_is_not_read_as_json_and_json_is_read_as_both() -> None:
    """The setting decides, because Cloud Logging converts JSON with only a message into text."""
    failure = "connect ECONNREFUSED 10.0.0.3:5432"
    entries = (text(failure), json(msg=failure))
    assert counts(settings_with(logs_of("node", "text")), entries) == (1, 0)
    assert counts(settings_with(logs_of("node", "json")), entries) == (2, 0)


def test_texts_of_the_settings_count_and_repeated_errors_do_not() -> None:
    """In the usual fields, and in a field of the settings."""
    own = logs_of(
        "other", "json", connection_error_texts=["shop db (gone|asleep)"], not_counted_texts=["trying again"],
        message_fields=["shop.text"],
    )  # fmt: skip
    settings = settings_with(own)
    assert counts(
        settings, (json(msg="shop db gone"), json(shop={"text": "shop db asleep"}), text("shop db gone"))
    ) == (3, 0)
    assert counts(settings, (json(msg="shop db gone, trying again"), json(msg="Connection refused"))) == (0, 0)


def test_a_service_without_log_settings_is_read_as_python_that_logs_text() -> None:
    """As before the setting existed. `check` warns."""
    base = settings_with(logs_of("python", "text"))
    silent = base.model_copy(update={"services": (base.services[0].model_copy(update={"logs": None}),)})
    assert application_metric(silent).filter == application_metric(base).filter
    assert traceback_metric(silent).filter == traceback_metric(base).filter


def test_the_filter_of_every_language_as_json_fits_into_a_metric() -> None:
    """All four languages are in one stack."""
    every = settings_with(*(logs_of(language, "json") for language in PATTERN_SETS if PATTERN_SETS[language].texts))
    longest = max(len(metric(every).filter) for metric in (application_metric, traceback_metric))
    assert longest <= MAX_FILTER_CHARACTERS


@pytest.mark.parametrize("happening", [h for h in HAPPENINGS if h.failed], ids=lambda happening: happening.name)
def test_the_link_to_the_applications_errors_shows_a_failed_connection(happening: Happening) -> None:
    """In any language and format, at least one entry of each failure."""
    shown = parse_filter(application_error_filter(settings_with(logs_of(happening.language, happening.format))))
    assert any(shown.matches(entry) for entry in happening.entries)


def test_the_link_to_the_applications_errors_shows_no_ordinary_line() -> None:
    """A start, a health check, an informational line."""
    shown = parse_filter(application_error_filter(settings_with(logs_of("node", "json"))))
    assert not any(
        shown.matches(e) for e in (text("GET /health 200"), json("INFO", message="up"), json(level=30, msg="up"))
    )
