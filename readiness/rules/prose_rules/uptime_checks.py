"""Uptime checks (monitoring v3, `UptimeCheckConfig`). Sources: the descriptions in the discovery document."""

from __future__ import annotations

import json
from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, exactly_one_of, labels_well_formed
from readiness.rules.violation import FieldMessage

PERIODS_SECONDS = (60, 300, 600, 900)
MAX_TIMEOUT_SECONDS = 60
MIN_LOCATIONS = 3
MAX_CONTENT_BYTES = 1024
_RESOURCE_TYPES = frozenset(
    {
        "uptime_url", "gce_instance", "gae_app", "aws_ec2_instance", "aws_elb_load_balancer", "k8s_service",
        "servicedirectory_service", "cloud_run_revision",
    }
)  # fmt: skip
# `USA` is three locations: Oregon, Iowa, Virginia.
_LOCATIONS_OF_REGION = {"USA": 3, "REGION_UNSPECIFIED": 0}


def _period(check: BodyView) -> Iterator[FieldMessage]:
    """`The only supported values are 60s […], 300s […], 600s […], and 900s.`"""
    seconds = check.seconds("period")
    if seconds is not None and seconds not in PERIODS_SECONDS:
        yield check.finding("period", f"is {seconds:g} s; the API takes 60, 300, 600 or 900 s")


def _timeout(check: BodyView) -> Iterator[FieldMessage]:
    """`Must be between 1 and 60 seconds. Required.`"""
    seconds = check.seconds("timeout")
    if seconds is not None and not 1 <= seconds <= MAX_TIMEOUT_SECONDS:
        yield check.finding("timeout", f"is {seconds:g} s; the API takes 1 to {MAX_TIMEOUT_SECONDS} s")


def _said_to_be_required(check: BodyView) -> Iterator[FieldMessage]:
    """`Required.` stands at the end of these descriptions, where the schema does not see it."""
    for name in ("displayName", "timeout"):
        if not check.has(name):
            yield check.finding(name, "is required")


def _regions(check: BodyView) -> Iterator[FieldMessage]:
    """`Enough regions must be provided to include a minimum of 3 locations.`"""
    regions = [region.value for region in check.each("selectedRegions")]
    locations = sum(_LOCATIONS_OF_REGION.get(region, 1) for region in dict.fromkeys(map(str, regions)))
    if regions and locations < MIN_LOCATIONS:
        yield check.finding("selectedRegions", f"cover {locations} locations; the API takes {MIN_LOCATIONS} or more")


def _matchers(check: BodyView) -> Iterator[FieldMessage]:
    """`Only the first entry in the content_matchers list is supported, and additional entries will be ignored.`"""
    matchers = check.each("contentMatchers")
    if len(matchers) > 1:
        yield check.finding("contentMatchers", f"are {len(matchers)}; the API looks at the first only")
    for matcher in matchers:
        content = matcher.text("content")
        if content == "":
            yield matcher.finding("content", "is empty, which matches everything")
        if content is not None and len(content.encode()) > MAX_CONTENT_BYTES:
            message = f"has {len(content.encode())} bytes; the API takes {MAX_CONTENT_BYTES}"
            yield matcher.finding("content", message)
        yield from _json_matcher(matcher)


def _json_matcher(matcher: BodyView) -> Iterator[FieldMessage]:
    """A JSON path goes with the two JSON matchers only; an exact match compares JSON literals, quotes included."""
    by_path = (matcher.text("matcher") or "").endswith("MATCHES_JSON_PATH")
    path = matcher.field("jsonPathMatcher")
    if by_path and not path.has("jsonPath"):
        yield path.finding("jsonPath", f"is required with the matcher {matcher.text('matcher')}")
    if not by_path and matcher.has("jsonPathMatcher"):
        yield matcher.finding("jsonPathMatcher", "goes only with the matchers MATCHES_JSON_PATH and its negation")
    content = matcher.text("content")
    if by_path and content and path.text("jsonMatcher") != "REGEX_MATCH":
        try:
            json.loads(content)
        except ValueError:
            yield matcher.finding("content", f"{content} is no JSON literal; a text has its quotes")


def _resource_type(check: BodyView) -> Iterator[FieldMessage]:
    """The types that `monitoredResource` lists."""
    type_ = check.field("monitoredResource").text("type")
    if type_ is not None and type_ not in _RESOURCE_TYPES:
        yield check.finding("monitoredResource.type", f"{type_} is none of {', '.join(sorted(_RESOURCE_TYPES))}")


UPTIME_CHECK_RULES: tuple[Rule, ...] = (
    exactly_one_of("monitoredResource", "resourceGroup", "syntheticMonitor"),
    exactly_one_of("httpCheck", "tcpCheck", at_least_one=False),
    labels_well_formed("userLabels"),
    _said_to_be_required,
    _period,
    _timeout,
    _regions,
    _matchers,
    _resource_type,
)
