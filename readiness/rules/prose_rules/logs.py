"""Log metrics, buckets and sinks (logging v2). Sources: the descriptions in the discovery document."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import (
    Rule,
    at_most_characters,
    exactly_one_of,
    in_each,
    inside,
    malformed,
    matches,
)
from readiness.rules.violation import FieldMessage

MAX_FILTER_CHARACTERS = 20_000
# Google's page on quotas of Cloud Logging.
MAX_RETENTION_DAYS = 3650
_DESTINATIONS = ("bigquery", "logging", "pubsub", "storage")
_METRIC_NAME = r"(?!/)[A-Za-z0-9_\-.,+!*',()%/]{1,100}"
_SINK_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"


def _counter_or_distribution(metric: BodyView) -> Iterator[FieldMessage]:
    """A counter is DELTA INT64 of unit 1; a distribution needs an extractor and buckets, and a counter neither."""
    descriptor = metric.field("metricDescriptor")
    if descriptor.text("metricKind") not in (None, "DELTA"):
        yield descriptor.finding("metricKind", "of a log metric is DELTA")
    is_distribution = descriptor.text("valueType") == "DISTRIBUTION"
    for name in ("valueExtractor", "bucketOptions"):
        if is_distribution and not metric.has(name):
            yield metric.finding(name, "is required where valueType is DISTRIBUTION")
        if not is_distribution and metric.has(name):
            yield metric.finding(name, "goes only with the valueType DISTRIBUTION")
    if not is_distribution and descriptor.text("unit") not in (None, "1"):
        yield descriptor.finding("unit", "of a counter is 1")


def _extractor_of_each_label(metric: BodyView) -> Iterator[FieldMessage]:
    """`Each label key specified in the LabelDescriptor must have an associated extractor expression.`"""
    keys = {label.text("key") for label in metric.field("metricDescriptor").each("labels")}
    extractors = {key for key, _ in metric.entries("labelExtractors")}
    for key in sorted(str(key) for key in keys - extractors):
        yield metric.finding(f"labelExtractors.{key}", "is missing: every label of the descriptor has an extractor")
    for key in sorted(extractors - keys):
        yield metric.finding(f"labelExtractors.{key}", "extracts a label that the descriptor does not have")


def _extractors(metric: BodyView) -> Iterator[FieldMessage]:
    """`Two functions are supported for value extraction: EXTRACT(field) or REGEXP_EXTRACT(field, regex).`"""
    views = [metric.field("valueExtractor"), *(view for _, view in metric.entries("labelExtractors"))]
    for view in views:
        yield from malformed(view, r"(EXTRACT|REGEXP_EXTRACT)\(.+\)", "EXTRACT(field) or REGEXP_EXTRACT(field, regex)")


def _buckets(options: BodyView) -> Iterator[FieldMessage]:
    """`Must be greater than 1` (growth), `greater than 0` (width, scale, count), bounds increasing."""
    exponential, linear = options.field("exponentialBuckets"), options.field("linearBuckets")
    least = [(exponential, "growthFactor", 1), (exponential, "scale", 0), (exponential, "numFiniteBuckets", 0)]
    least += [(linear, "width", 0), (linear, "numFiniteBuckets", 0)]
    for view, name, bound in least:
        number = view.number(name)
        if number is not None and number <= bound:
            yield view.finding(name, f"is {number:g}; it must be greater than {bound}")
    bounds = [bound.value for bound in options.field("explicitBuckets").each("bounds")]
    if all(isinstance(bound, int | float) for bound in bounds) and bounds != sorted(set(bounds)):
        yield options.finding("explicitBuckets.bounds", "must increase")


def _retention(bucket: BodyView) -> Iterator[FieldMessage]:
    """`The minimum retention period is 1 day`; 0 means the default of 30 without saying so."""
    days = bucket.number("retentionDays")
    if days is not None and not 1 <= days <= MAX_RETENTION_DAYS:
        yield bucket.finding("retentionDays", f"are {days:g}; the API takes 1 to {MAX_RETENTION_DAYS}")


def _destination(sink: BodyView) -> Iterator[FieldMessage]:
    """The five forms that `LogSink.destination` lists."""
    destination = sink.text("destination")
    if destination is not None and not destination.startswith(
        tuple(f"{name}.googleapis.com/" for name in _DESTINATIONS)
    ):
        yield sink.finding("destination", f"starts with none of {', '.join(_DESTINATIONS)} + .googleapis.com/")


METRIC_RULES: tuple[Rule, ...] = (
    matches("name", _METRIC_NAME, "a metric's name: 1 to 100 of A-Z, a-z, 0-9 and _-.,+!*',()%/, not starting with /"),
    at_most_characters("filter", MAX_FILTER_CHARACTERS),
    at_most_characters("description", 8000),
    _counter_or_distribution,
    _extractor_of_each_label,
    _extractors,
    inside("bucketOptions", exactly_one_of("explicitBuckets", "exponentialBuckets", "linearBuckets"), _buckets),
)
BUCKET_RULES: tuple[Rule, ...] = (_retention, at_most_characters("description", 8000))
SINK_RULES: tuple[Rule, ...] = (
    matches("name", _SINK_NAME, "a sink's name: a letter or digit, then at most 99 letters, digits, _ - or ."),
    at_most_characters("filter", MAX_FILTER_CHARACTERS),
    at_most_characters("description", 8000),
    _destination,
    in_each(
        "exclusions",
        matches("name", _SINK_NAME, "an exclusion's name"),
        at_most_characters("filter", MAX_FILTER_CHARACTERS),
    ),
)
