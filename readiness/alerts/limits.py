"""Limits of the APIs that the providers do not check: past them `pulumi up` fails half-way, so we refuse before.

Only what grows with the settings is checked here. Documentation (8192 characters), subject (255 bytes) and links (2083)
stay below theirs for every setting that the model admits; a test holds that.
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.alerts.catalogue import log_metrics_of
from readiness.alerts.rules import rules_of
from readiness.settings.model import Settings

# Cloud Logging's limit for a filter (provider documentation of google_logging_metric, `filter`).
MAX_LOG_FILTER_CHARACTERS = 20_000
# Google publishes no limit for a PromQL condition. We hold it to the longest query text that Google does document, the
# log filter above; 200 services with names of 45 characters fit.
MAX_QUERY_CHARACTERS = MAX_LOG_FILTER_CHARACTERS

_HINT = "Give some of the services a stack of their own"


def limit_violations(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """`(setting, message, hint)` for every text of the stack that is too long for its API."""
    for metric in log_metrics_of(settings):
        if len(metric.filter) > MAX_LOG_FILTER_CHARACTERS:
            what = f"the log filter of {metric.name} would have {len(metric.filter)} characters"
            yield "services", f"are too many: {what}, and Cloud Logging takes {MAX_LOG_FILTER_CHARACTERS}", _HINT
    for rule in rules_of(settings):
        if len(rule.query) > MAX_QUERY_CHARACTERS:
            what = f"the query of {rule.definition.name} would have {len(rule.query)} characters"
            yield "services", f"are too many: {what}, and we allow {MAX_QUERY_CHARACTERS}", _HINT
