"""The evaluator of log filters: it behaves like Cloud Logging, or refuses the filter."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.log_metric import on_one_line
from tests.alerts.log_filter import UnknownFilterError, parse_filter

ENTRY: dict[str, Any] = {
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "web"}},
    "logName": "projects/p/logs/run.googleapis.com%2Fstderr",
    "textPayload": "an Error on line 1",
    "jsonPayload": {"traffic": [{"percent": 10}, {"percent": 90, "revision": "web-2"}]},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource.type="cloud_run_revision"', True),
        ('resource.type="cloud_run"', False),
        ('resource.labels.service_name=("api" OR "web")', True),
        ('resource.labels.service_name=("api" OR "we")', False),
        ('jsonPayload.traffic.revision=~"2$"', True),
        ('jsonPayload.traffic.revision="web-2"', True),
        ('jsonPayload.traffic.revision=~"3$"', False),
        ('jsonPayload.traffic.tag=~"."', False),
        ("jsonPayload.traffic.percent>=90", True),
        ("jsonPayload.traffic.percent>=91", False),
        ('textPayload=~"Error"', True),
        ('textPayload=~"error"', False),
        ('textPayload=~"^Error"', False),
        ('textPayload=~"^an E.*[0-9]$"', True),
        ('NOT textPayload=~"Error"', False),
        ('textPayload=~"^[[:alpha:]]+ E"', True),
        ('textPayload=~"r{,5}or"', False),
        ('textPayload=~"(?i)^AN ERROR"', True),
        ('NOT textPayload="x"', True),
        ('jsonPayload.message=~"Error"', False),
        ('NOT jsonPayload.message=~"Error"', True),
        ('log_id("run.googleapis.com/stderr")', True),
        ('log_id("run.googleapis.com/stdout")', False),
        ('NOT log_id("run.googleapis.com/stdout")', True),
        ('textPayload=~"Error"\nresource.type="x"', False),
        ('textPayload="a" OR textPayload=~"Error"', True),
        ('textPayload="a" OR textPayload="b"', False),
        ('resource.type="x" AND textPayload="a" OR textPayload=~"Error"', False),
        ('(resource.type="x" AND textPayload="a") OR textPayload=~"Error"', True),
        ('textPayload=~"Error"\ntextPayload="a" OR resource.type="cloud_run_revision"', True),
        ('NOT (textPayload="a" OR textPayload=~"Error")', False),
        ('NOT textPayload="a" AND textPayload=~"Error"', True),
        ("severity>=ERROR", False),
        ("severity>=DEFAULT", True),
        ("jsonPayload.level>=50", False),
        ('\n  textPayload=~"Error"\n\n  resource.type="cloud_run_revision"\n', True),
    ],
)
def test_a_filter_of_the_subset_is_evaluated(text: str, expected: bool) -> None:
    """Whole values, RE2 patterns anywhere in a value, missing fields, negation, and several lines."""
    assert parse_filter(text).matches(ENTRY) is expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('textPayload:"Error"', 'textPayload:"Error"'),
        ("severity>=BAD", "BAD is no severity"),
        ('severity>="ERROR"', "without quotes"),
        ("severity=ERROR", "a value needs quotes"),
        ('textPayload="a" OR', " OR"),
        ('(textPayload="a"', "a `)` is missing"),
        ('textPayload="a")', "`)` is not expected there"),
        ('OR textPayload="a"', "missing before `OR`"),
        ('textPayload!="a"', 'textPayload!="a"'),
        ('textPayload!~"a"', 'textPayload!~"a"'),
        ('"Error"', '"Error"'),
        ('textPayload=~("a" OR "b")', "=~ takes one pattern"),
        ('textPayload="a', 'textPayload="a'),
        (r'textPayload=~"a\\d"', r'textPayload=~"a\\d"'),
        ('labels."k"="v"', 'labels."k"="v"'),
        ("sample(insertId, 0.5)", "sample(insertId, 0.5)"),
        ("-- a comment", "-- a comment"),
        ('textPayload=~"(?!x)"', "invalid perl operator: (?!"),
        ('textPayload=~"(?<=x)"', "`(?<=x)` is not valid"),
        ('textPayload=~"a++"', "bad repetition operator: ++"),
        ('textPayload=~"(a"', "missing ): (a"),
        ('textPayload=~"a{2000}"', "invalid repetition size: {2000}"),
        ("\n \n", "empty filter"),
    ],
)
def test_an_unsupported_filter_is_refused_by_name(text: str, named: str) -> None:
    """A result for a partly supported filter would be wrong."""
    with pytest.raises(UnknownFilterError) as refusal:
        parse_filter(text)
    assert named in str(refusal.value)


@pytest.mark.parametrize("text", ["an Error on line 1", "neither", "x"])
def test_a_filter_on_one_line_matches_the_same_entries(text: str) -> None:
    """A line break is an AND, except before OR."""
    filter_ = (
        'resource.type="cloud_run_revision"\n((textPayload=~"Error" AND textPayload=~"line")\nOR (textPayload="x"))'
    )
    entry = {**ENTRY, "textPayload": text}
    assert "\n" not in on_one_line(filter_)
    assert parse_filter(on_one_line(filter_)).matches(entry) == parse_filter(filter_).matches(entry)
