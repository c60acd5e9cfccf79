"""Two queries, or two log filters: what changed in a reviewer's words, and in which direction."""

from __future__ import annotations

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as some

from readiness.review.log_filter_change import filter_changes
from readiness.review.offline_plan import Plan
from readiness.review.promql_change import query_changes
from readiness.review.promql_tokens import lines, tokens
from tests.projects import STACKS
from tests.review.diff_plans import query_of

RATIO = 'sum by (s) (rate(m{s=~"api|web",c="5xx"}[3m])) / sum by (s) (rate(m{s=~"api|web"}[3m])) > 0.05'
COUNT = 'round(max(sum(increase(a{d="x"}[360s])) or sum(increase(b[360s]))) * 300 / 360, 0.01) > 10'
QUANTILE = "histogram_quantile(0.95, sum by (le) (rate(m_bucket[3m]))) > 5000"
NOT_JUDGED = "the expression is another one; whether it is as strict cannot be judged"


@pytest.mark.parametrize(
    ("query", "old", "new", "said", "is_weaker"),
    [
        (RATIO, "> 0.05", "> 0.5", "threshold > 0.05 -> > 0.5", True),
        (RATIO, "> 0.05", "> 0.005", "threshold > 0.05 -> > 0.005", False),
        (RATIO, "> 0.05", ">= 0.05", "threshold > 0.05 -> >= 0.05", False),
        (RATIO, "> 0.05", "< 0.05", "threshold > 0.05 -> < 0.05", True),
        ("up < 2", "< 2", "< 1", "threshold < 2 -> < 1", True),
        ("up <= 2", "<= 2", "< 2", "threshold <= 2 -> < 2", True),
        (RATIO, "api|web", "api", "s without web", True),
        (RATIO, "api|web", "api|web|job", "s with job", False),
        (RATIO, 'c="5xx"', 'c="500"', "c without 5xx, with 500", True),
        (RATIO, ',c="5xx"', "", "no longer: c only 5xx", False),
        (RATIO, 'm{s=~"api|web"}', 'm{s=~"api|web|job"}', "cannot be judged", True),
        (QUANTILE, "m_bucket", 'm_bucket{s="api"}', NOT_JUDGED, True),
        ('a{s="1"} > 5', 's="1"', 's=~".+"', "s without 1, with .+", False),
        ('a{s!="1"} > 5', 's!="1"', 's!~"1|2"', "s without 2", True),
        ('a{s!="1"} > 5', 's!="1"', "", "no longer: s not 1", False),
        (RATIO, "[3m]", "[10m]", "window of rate 3m -> 10m", True),
        (RATIO, "[3m]", "[2m]", "window of rate 3m -> 2m", False),
        (COUNT, "[360s]", "[660s]", "window of increase 360s -> 660s", False),
        (COUNT, "[360s]", "[120s]", "window of increase 360s -> 120s", True),
        (COUNT, "* 300", "* 3", "factor 0.833333 -> 0.00833333", True),
        (COUNT, "* 300", "* 360", "factor 0.833333 -> 1", False),
        (COUNT, "/ 360", "/ 3600", "factor 0.833333 -> 0.0833333", True),
        (QUANTILE, "0.95", "0.5", "quantile 0.95 -> 0.5", True),
        (QUANTILE, "0.95", "0.99", "quantile 0.95 -> 0.99", False),
    ],
)
def test_a_change_is_named_and_judged_by_its_direction(
    query: str, old: str, new: str, said: str, is_weaker: bool
) -> None:
    """Thresholds, filters, windows, factors and quantiles."""
    (change,) = query_changes(query, query.replace(old, new))
    assert said in change.text
    assert change.is_weaker is is_weaker


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (RATIO, RATIO.replace(" / ", " * ")),
        (RATIO, f"{RATIO} + 1"),
        (RATIO, f"{RATIO} and vector(0)"),
        (COUNT, COUNT.replace("0.01", "100")),
        (QUANTILE, QUANTILE.replace("m_bucket", "n_bucket")),
        ("a unless b > 1", "a unless b > 2"),
        ("count(a > 1) < 2", "count(a > 0) < 2"),
        ("1 / (x * 2) > 1", "1 / (x * 3) > 1"),
        ("x - y * 2 > 1", "x - y * 3 > 1"),
        ("x * 2 > 1", "x * 0 > 1"),
        ("x / 2 > 1", "x / 0 > 1"),
        ("a offset 5m > 1", "a offset 9m > 1"),
        ("a > 1", ""),
        ("(" * 500, "(" * 501),
        ("a" * 100_001, "b"),
    ],
)
def test_what_cannot_be_judged_counts_as_weaker(old: str, new: str) -> None:
    """Somebody has to look at it."""
    assert [change.is_weaker for change in query_changes(old, new)] == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a > 5", " a  >5 # loud"),
        ('a{x="1",y="2"}', 'a{y="2", x="1",}'),
        ('a{x=~"1|2"}', 'a{x=~"2|1"}'),
        ("rate(a[179s]) > 1", "rate(a[179s999ms]) > 1"),
        ("a > 0.5", "a > 0.50"),
    ],
)
def test_what_makes_no_difference_is_none(old: str, new: str) -> None:
    """Spaces, order, comments, and less of a window than a sample is apart."""
    assert query_changes(old, new) == []


@given(some.floats(0.001, 1000), some.floats(0.001, 1000))
def test_exactly_one_direction_of_a_threshold_weakens(low: float, high: float) -> None:
    """For `>` the higher, for `<` the lower; and never both."""
    low, high = sorted((low, high))
    for comparison, weaker in ((">", True), ("<", False)):
        there = query_changes(f"a {comparison} {low!r}", f"a {comparison} {high!r}")
        back = query_changes(f"a {comparison} {high!r}", f"a {comparison} {low!r}")
        assert [change.is_weaker for change in there] == ([weaker] if low < high else [])
        assert [change.is_weaker for change in back] == ([not weaker] if low < high else [])


@given(some.text(alphabet='ab({[]})"|=~!<>+-*/,. 15m\n', max_size=60), some.text(max_size=40))
def test_any_text_is_taken(first: str, second: str) -> None:
    """What is no query is laid out and compared all the same, and is no change to itself."""
    for text in (first, second):
        assert query_changes(text, text) == []
        assert _without_space("".join(lines(text))) == _without_space("".join(each.text for each in tokens(text)))
    query_changes(first, second)


def _without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("stack", STACKS)
def test_a_laid_out_query_is_the_query(stack: str, plans: dict[str, Plan]) -> None:
    """A parser that is not ours reads the lines of every deployed query as the query itself."""
    policies = plans[stack].of_type("gcp:monitoring/alertPolicy:AlertPolicy")
    # The security alerts compare a counter with a threshold, without a query.
    asking = [each for each in policies if "conditionThreshold" not in each["inputs"]["conditions"][0]]
    assert len(asking) >= 5
    for policy in asking:
        query = query_of(policy)["query"]
        laid_out = lines(query)
        assert len(laid_out) > 5
        assert str(promql_parser.parse(" ".join(laid_out))) == str(promql_parser.parse(query))


FILTER = """resource.type="cloud_run_revision"
resource.labels.service_name=("api" OR "web")
textPayload=~"Refused|FATAL: .*(slots|clients)"
NOT textPayload=~"Redis|Probe\""""


@pytest.mark.parametrize(
    ("old", "new", "said", "is_narrower"),
    [
        (' OR "web"', "", "resource.labels.service_name without web", True),
        ('"web"', '"web" OR "job"', "resource.labels.service_name with job", False),
        ("Refused|", "", "textPayload without Refused", True),
        ("slots|", "", "textPayload without slots", True),
        ("Redis|", "", "NOT textPayload without Redis", False),
        ("Redis|", "Redis|Timeout|", "NOT textPayload with Timeout", True),
        ('\nNOT textPayload=~"Redis|Probe"', "", 'no longer asked: NOT textPayload=~"Redis|Probe"', False),
        ("\nNOT", "\nseverity>=ERROR\nNOT", "asked besides: severity>=ERROR", True),
        ("\nNOT", "\nsearch(x)\nNOT", "asked besides: search(x)", True),
    ],
)
def test_a_filter_that_lets_less_through_is_narrower(old: str, new: str, said: str, is_narrower: bool) -> None:
    """Clause by clause, and inside a list or a pattern piece by piece."""
    assert old in FILTER
    (change,) = filter_changes(FILTER, FILTER.replace(old, new))
    assert (change.text, change.is_narrower) == (said, is_narrower)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (FILTER, FILTER.replace("\n", " AND "), []),
        ('a="1" AND b="2"', 'b="2"  AND  a="1"', []),
        ("severity>=WARNING", "severity>=ERROR", [True]),
        ("x" * 100_001, "y", [True]),
    ],
)
def test_a_filter_in_other_words_is_the_same_and_an_unclear_one_counts(
    old: str, new: str, expected: list[bool]
) -> None:
    """Spaces, order and `AND` for a new line say nothing; a minimum cannot be judged."""
    assert [change.is_narrower for change in filter_changes(old, new)] == expected
