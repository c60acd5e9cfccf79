"""The parser of PromQL: too long or too deep queries are refused first, because they would end the process."""

from __future__ import annotations

import re

import pytest

from readiness.alerts.promql import MAX_CHARACTERS, MAX_DEPTH, Node, PromqlError, PromqlLimitError, parse, walk
from readiness.plan.query_change import query_changes
from readiness.rules.alert_lint import lint_query
from tests.projects import ROOT

HOSTILE = {
    "brackets": "(" * 9_999,
    "brackets, closed": "(" * 9_000 + "x" + ")" * 9_000,
    "calls": "abs(" * 4_000 + "x" + ")" * 4_000,
    "braces": "{" * 9_999,
    "ranges": "[" * 9_999,
    "chained operators": "+".join(["x"] * 5_000),
    "chained sets": " and ".join(["x"] * 3_000),
    "chained sets in capitals": " AND ".join(["x"] * 3_000),
    "chained comparisons": "x" + " > bool 1" * 2_000,
    "chained matchings": "x" + " + on(a) x" * 1_900,
    "signs": "-" * 19_000 + "x",
    "powers": "^".join(["x"] * 5_000),
    "subqueries": "x" + "[1m:]" * 3_900,
    "offsets": "x" + " offset 1m" * 1_800,
    "brackets behind a comment that a carriage return ends": "#\r" + "(" * 9_000,
    "brackets behind a comment with a quote": '# "\r\n' + "(" * 9_000 + '"',
    "brackets behind a text without an end": '"' + "(" * 9_000,
    "brackets behind a text over two lines": '"\n" ' + "(" * 9_000 + '"',
    "brackets behind raw texts": "``" + "(" * 9_000 + "``",
    "too long": "x" * (MAX_CHARACTERS + 1),
    "nothing": "",
    "zero bytes": "\0" * 100,
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_query_is_refused_by_everything_that_reads_one(query: str) -> None:
    """The lint refuses it, and the diff reports that it cannot compare it, without a crash or a traceback."""
    with pytest.raises(PromqlError) as refused:
        parse(query)
    (complaint,) = lint_query(query, {})
    cause = "is over a limit" if isinstance(refused.value, PromqlLimitError) else "does not parse"
    assert complaint == f"{cause}: {refused.value}"
    (change,) = query_changes("up > 1", query)
    assert change.is_weaker


@pytest.mark.parametrize(
    "query",
    [
        "(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH,
        "+".join(["x"] * (MAX_DEPTH + 1)),
        "vector(1) and " * 1 + "(" * 40 + "+".join(["x"] * 40) + ")" * 40,
        'x{a="((((((((((' + "(" * 100 + '"} > 1',
        'x{a="' + "-" * 100 + '"} > 1',
        "x # " + "(" * 200 + "\n> 1",
        'x{a="\\"("} > 1',
    ],
)
def test_a_query_within_the_limits_is_parsed(query: str) -> None:
    """Up to the limits; what is in a text or a comment does not count. The tree can be walked to its end."""
    assert list(walk(Node(expression=parse(query))))


@pytest.mark.parametrize(
    ("query", "said", "kind"),
    [
        ("(" * (MAX_DEPTH + 1), f"nested in more than {MAX_DEPTH} brackets", PromqlLimitError),
        ("+".join(["x"] * (MAX_DEPTH + 2)), f"more than {MAX_DEPTH} operators", PromqlLimitError),
        ("x" * 20_001, "20001 characters", PromqlLimitError),
        ('x{a="b', "has no end", PromqlError),
        ("x >", "promql", PromqlError),
    ],
)
def test_a_refusal_contains_the_reason(query: str, said: str, kind: type[PromqlError]) -> None:
    """In one sentence; what is over a limit may be right PromQL."""
    with pytest.raises(PromqlError, match=re.escape(said)) as refused:
        parse(query)
    assert type(refused.value) is kind


def test_one_module_calls_the_parser() -> None:
    """Whatever else would read a query would do so without the limits."""
    callers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("readiness", "components", "tools", "policy")
        for path in ROOT.joinpath(folder).rglob("*.py")
        if re.search(r"\bpromql(?:_parser)?\.parse\(|from promql_parser import", path.read_text(encoding="utf-8"))
    ]
    assert callers == ["readiness/alerts/promql.py"]
