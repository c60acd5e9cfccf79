"""What Cloud Logging takes of log metrics, buckets and sinks.

Sources: the descriptions in the discovery document of logging v2; requests as the real provider sends them:
docs/facts/providers.md#requests-to-google.
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.resource_types import LOG_BUCKET, LOG_METRIC, LOG_SINK
from readiness.rules import checks
from readiness.rules.contract import Contract, Field, renamed, without
from readiness.rules.rule import Remark

MAX_FILTER_CHARACTERS = 20_000
_DESTINATIONS = ("bigquery", "logging", "pubsub", "storage")
_METRIC_NAME = r"(?!/)[A-Za-z0-9_\-.,+!*',()%/]{1,100}"
_SINK_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"


def _counter_or_distribution(metric: Field) -> Iterator[Remark]:
    """A counter is INT64 of unit 1; a distribution needs an extractor and buckets, and a counter neither."""
    descriptor = metric.field("metricDescriptor")
    is_distribution = descriptor.text("valueType") == "DISTRIBUTION"
    for name in ("valueExtractor", "bucketOptions"):
        if is_distribution and not metric.has(name):
            yield metric.remark(name, "is required if valueType is DISTRIBUTION")
        if not is_distribution and metric.has(name):
            yield metric.remark(name, "goes only with the valueType DISTRIBUTION")
    if not is_distribution and descriptor.text("unit") not in (None, "1"):
        yield descriptor.remark("unit", "of a counter is 1")


def _extractors(metric: Field) -> Iterator[Remark]:
    """`Each label key specified in the LabelDescriptor must have an associated extractor expression.`

    `Two functions are supported for value extraction: EXTRACT(field) or REGEXP_EXTRACT(field, regex).`
    """
    keys = {label.text("key") for label in metric.field("metricDescriptor").items("labels")}
    extractors = dict(metric.entries("labelExtractors"))
    for key in sorted(str(key) for key in keys - extractors.keys()):
        yield metric.remark(f"labelExtractors.{key}", "is missing: every label of the descriptor has an extractor")
    for key in sorted(extractors.keys() - keys):
        yield metric.remark(f"labelExtractors.{key}", "extracts a label that the descriptor does not have")
    for text in (metric.field("valueExtractor"), *extractors.values()):
        yield from checks.malformed(
            text, r"(EXTRACT|REGEXP_EXTRACT)\(.+\)", "EXTRACT(field) or REGEXP_EXTRACT(field, regex)"
        )


def _buckets(options: Field) -> Iterator[Remark]:
    """`Must be greater than 1` (growth), `greater than 0` (width, scale, count), bounds increasing."""
    for kind in ("exponentialBuckets", "linearBuckets"):
        for name, bound in (("growthFactor", 1), ("scale", 0), ("width", 0), ("numFiniteBuckets", 0)):
            value = options.field(kind).number(name)
            if value is not None and value <= bound:
                yield options.field(kind).remark(name, f"is {value:g}; it must be greater than {bound}")
    bounds = [bound.value for bound in options.field("explicitBuckets").items("bounds")]
    if all(isinstance(bound, int | float) for bound in bounds) and bounds != sorted(set(bounds)):
        yield options.remark("explicitBuckets.bounds", "must increase")


def _destination(sink: Field) -> Iterator[Remark]:
    """The forms that `LogSink.destination` lists."""
    destination = sink.text("destination") or "logging.googleapis.com/"
    if not destination.startswith(tuple(f"{name}.googleapis.com/" for name in _DESTINATIONS)):
        yield sink.remark("destination", f"starts with none of {', '.join(_DESTINATIONS)} + .googleapis.com/")


CONTRACTS = {
    LOG_METRIC: Contract(
        schema=("logging.v2", "LogMetric"),
        body=without,
        checks=(
            checks.form(
                "name",
                _METRIC_NAME,
                "a metric's name: 1 to 100 of A-Z, a-z, 0-9 and _-.,+!*',()%/, not starting with /",
            ),
            checks.length("filter", MAX_FILTER_CHARACTERS),
            checks.length("description", 8000),
            checks.inside("metricDescriptor", checks.choice("metricKind", "DELTA")),
            _counter_or_distribution,
            _extractors,
            checks.inside(
                "bucketOptions", checks.one_of("explicitBuckets", "exponentialBuckets", "linearBuckets"), _buckets
            ),
        ),
    ),
    LOG_BUCKET: Contract(
        schema=("logging.v2", "LogBucket"),
        body=lambda inputs: renamed(without(inputs, "bucketId", "location"), enableAnalytics="analyticsEnabled"),
        checks=(
            # `The minimum retention period is 1 day`, and 0 means the default of 30; 3650: Google's page on quotas.
            checks.number("retentionDays", 1, 3650),
            checks.length("description", 8000),
        ),
    ),
    LOG_SINK: Contract(
        schema=("logging.v2", "LogSink"),
        # The writer's identity is chosen by query parameters.
        body=lambda inputs: without(inputs, "customWriterIdentity", "uniqueWriterIdentity"),
        checks=(
            checks.form(
                "name", _SINK_NAME, "a sink's name: a letter or digit, then at most 99 letters, digits, _ - or ."
            ),
            checks.length("filter", MAX_FILTER_CHARACTERS),
            checks.length("description", 8000),
            _destination,
            checks.each(
                "exclusions",
                checks.form("name", _SINK_NAME, "an exclusion's name"),
                checks.length("filter", MAX_FILTER_CHARACTERS),
            ),
        ),
    ),
}
