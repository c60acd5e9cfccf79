"""Limits of the APIs that the providers do not check. `pulumi up` would fail halfway, so the check refuses them first.

Only texts that grow with the settings are checked here. Documentation (8192 characters), subject (255 bytes) and links
(2083) stay below their limits for every setting that the model allows. A test checks that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.definition import AlertDefinition
from readiness.alerts.rules import query_of
from readiness.settings.base import RefusedValueError
from readiness.settings.model import Settings

# Cloud Logging's limit for a filter (provider documentation of google_logging_metric, `filter`).
MAX_LOG_FILTER_CHARACTERS = 20_000
# Google publishes no limit for a PromQL condition. This is the limit of the log filter above, the longest query text
# that Google documents. 200 services with names of 45 characters fit.
MAX_QUERY_CHARACTERS = MAX_LOG_FILTER_CHARACTERS

_HINT = "Give some of the services a stack of their own"


def limit_violations(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """`(setting, message, hint)` for every text of the stack that is too long for its API.

    For a stack with refused values, only the texts that read none of these values are checked.
    """
    for too_long in (_filter_too_long, _query_too_long):
        for definition in ALERTS:
            with suppress(RefusedValueError):
                if definition.declared_by(settings):
                    messages = list(too_long(definition, settings))
                    yield from (("services", f"are too many: {message}", _HINT) for message in messages)


def _filter_too_long(definition: AlertDefinition, settings: Settings) -> Iterator[str]:
    for metric in definition.log_metrics(settings):
        if len(metric.filter) > MAX_LOG_FILTER_CHARACTERS:
            what = f"the log filter of {metric.name} would have {len(metric.filter)} characters"
            yield f"{what}, and Cloud Logging accepts at most {MAX_LOG_FILTER_CHARACTERS}"


def _query_too_long(definition: AlertDefinition, settings: Settings) -> Iterator[str]:
    characters = len(query_of(definition, settings))
    if characters > MAX_QUERY_CHARACTERS:
        what = f"the query of {definition.name} would have {characters} characters"
        yield f"{what}, and at most {MAX_QUERY_CHARACTERS} are allowed"
