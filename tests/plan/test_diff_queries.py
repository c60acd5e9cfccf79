"""Two queries, or two log filters: what changed in a reviewer's words, and in which direction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from readiness.plan.change_lines import MAX_CHARACTERS_OF_A_LINE, laid_out
from readiness.plan.offline_plan import Plan
from readiness.plan.query_change import CANNOT_BE_COMPARED, filter_changes, query_changes
from tests.plan.diff_plans import query_of
from tests.projects import STACKS

RATIO = 'sum by (s) (rate(m{s=~"api|web",c="5xx"}[3m])) / sum by (s) (rate(m{s=~"api|web"}[3m])) > 0.05'
COUNT = 'round(max(sum(increase(a{d="x"}[360s])) or sum(increase(b[360s]))) * 300 / 360, 0.01) > 10'
QUANTILE = "histogram_quantile(0.95, sum by (le) (rate(m_bucket[3m]))) > 5000"
QUERY_FIELD = ["conditionPrometheusQueryLanguage", "query"]
MEAN = "increase(a[5m]) / increase(b[5m]) > 5"


@pytest.mark.parametrize(
    ("query", "old", "new", "said", "is_weaker"),
    [
        (RATIO, "> 0.05", "> 0.5", "threshold > 0.05 -> > 0.5", True),
        (RATIO, "> 0.05", "> 0.005", "threshold > 0.05 -> > 0.005", False),
        (RATIO, "> 0.05", ">= 0.05", "threshold > 0.05 -> >= 0.05", False),
        (RATIO, "> 0.05", "< 0.05", "threshold > 0.05 -> < 0.05", True),
        (RATIO, "> 0.05", "> NaN", "threshold > 0.05 -> > nan", True),
        (RATIO, "> 0.05", "> Inf", "threshold > 0.05 -> > inf", True),
        ("up < 2", "< 2", "< 1", "threshold < 2 -> < 1", True),
        ("up <= 2", "<= 2", "< 2", "threshold <= 2 -> < 2", True),
        (RATIO, "api|web", "api", "s without web", True),
        (RATIO, "api|web", "api|web|job", "s with job", False),
        (RATIO, 'c="5xx"', 'c="500"', "c without 5xx, with 500", True),
        (RATIO, ',c="5xx"', "", "no longer: c only 5xx, on one side", True),
        ('sum(m{c="5xx"}) > 5', '{c="5xx"}', "", "no longer: c only 5xx", False),
        ('avg(m{s=~"a"}) > 5', '"a"', '"a|b"', "s with b", True),
        ('avg by (s) (m{s=~"a"}) > 5', '"a"', '"a|b"', "s with b", False),
        (RATIO.replace(" by (s)", ""), "api|web", "api|web|job", "s with job", True),
        (RATIO, 'm{s=~"api|web"}', 'm{s=~"api|web|job"}', "cannot be compared", True),
        (QUANTILE, "m_bucket", 'm_bucket{s="api"}', "s only api", True),
        ("up < 2", "up", 'up{s="api"}', "s only api", True),
        ('up{s="a"} < 2', 's="a"', 's=~"a|b"', "s with b", True),
        ('a{s="1"} > 5', 's="1"', 's=~".+"', "s without 1, with .+", False),
        ('a{s!="1"} > 5', 's!="1"', 's!~"1|2"', "s without 2", True),
        ('a{s!="1"} > 5', 's!="1"', "", "no longer: s not 1", False),
        (RATIO, "[3m]", "[10m]", "window of rate 3m -> 10m", True),
        (RATIO, "[3m]", "[2m]", "window of rate 3m -> 2m", True),
        (COUNT, "[360s]", "[660s]", "window of increase 6m -> 11m", True),
        (COUNT, "[360s]", "[120s]", "window of increase 6m -> 2m", True),
        (MEAN, "[5m]", "[1h]", "window of increase 5m -> 1h", True),
        (MEAN, "[5m]", "[3m]", "window of increase 5m -> 3m", True),
        (MEAN, "b[5m]", "b[1h]", "window of increase 5m -> 1h", True),
        (MEAN, "a[5m]", "a[1h]", "window of increase 5m -> 1h", True),
        ("max_over_time(a[5m:30s]) > 1", "[5m:", "[9m:", "window of max_over_time 5m -> 9m", True),
        ("rate(a[1m]) < 5000000", "5000000", "4999999", "threshold < 5000000 -> < 4999999", True),
    ],
)
def test_a_change_is_named_and_judged_by_its_direction(
    query: str, old: str, new: str, said: str, is_weaker: bool
) -> None:
    """Thresholds, label matchers and windows."""
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
        (COUNT, COUNT.replace("* 300", "* 360")),
        (COUNT, COUNT.replace("/ 360", "/ 36")),
        (QUANTILE, QUANTILE.replace("0.95", "0.99")),
        (RATIO, RATIO.replace("sum by (s)", "sum by (s, t)", 1)),
        (RATIO, RATIO.replace("sum by (s)", "sum without (s)", 1)),
        (RATIO, RATIO.replace("sum", "max", 1)),
        (RATIO, RATIO.replace("/", "/ on (s)")),
        (RATIO, RATIO.replace("> 0.05", "> bool 0.05")),
        ("rate(a[5m]) > 1", "irate(a[5m]) > 1"),
        ("max_over_time(a[5m:30s]) > 1", "max_over_time(a[5m:1m]) > 1"),
        ('absent(a{s=~"x|y"}) > 0', 'absent(a{s=~"x|y|z"}) > 0'),
        ("absent_over_time(a[5m]) > 0", "absent_over_time(a[1h]) > 0"),
        ('a{s="1" or s="2"} > 1', 'a{s="1" or s="3"} > 1'),
        ("a > 1", "a > b"),
        ("topk(3, a) > 1", "topk(2, a) > 1"),
        ("a @ 100.5 > 1", "a @ 100.501 > 1"),
        ("-a > 1", "a > 1"),
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
    """Somebody must check it."""
    assert [change.is_weaker for change in query_changes(old, new)] == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a > 5", " a  >5 # loud"),
        ('a{x="1",y="2"}', 'a{y="2", x="1",}'),
        ('a{x=~"1|2"}', 'a{x=~"2|1"}'),
        ("(a) > 5", "((a)) > (5)"),
        ("sum by (x, y) (a) > 5", "sum by (y, x) (a) > 5"),
        ("rate(a[3m]) > 60", "rate(a[180s]) > 60"),
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
    """A text that is not a query is still compared, and equals itself."""
    for text in (first, second):
        assert query_changes(text, text) == []
        assert laid_out(QUERY_FIELD, text)
    query_changes(first, second)


def test_a_query_that_cannot_be_read_says_why() -> None:
    """A reviewer sees that it was not compared, and the text as it is."""
    (change,) = query_changes("a > 1", "a >")
    assert change.is_weaker
    assert change.text.startswith("cannot be compared, because a query cannot be read: ")
    assert laid_out(QUERY_FIELD, "a >\n  1 +") == ["a >", "  1 +"]


def test_a_query_that_is_another_one_says_so() -> None:
    """Without a guess whether it is as strict."""
    assert [change.text for change in query_changes("a > 1", "b > 1")] == [CANNOT_BE_COMPARED]


@pytest.mark.parametrize("stack", STACKS)
def test_a_laid_out_query_is_the_query(stack: str, plans: dict[str, Plan]) -> None:
    """The lines of every deployed query, read again, are the query itself."""
    policies = plans[stack].of_type("gcp:monitoring/alertPolicy:AlertPolicy")
    # The security alerts compare a counter with a threshold, without a query.
    asking = [item for item in policies if "conditionThreshold" not in item["inputs"]["conditions"][0]]
    assert len(asking) >= 5
    for policy in asking:
        query = query_of(policy)["query"]
        lines = laid_out(QUERY_FIELD, query)
        assert max(len(line) for line in lines) < MAX_CHARACTERS_OF_A_LINE
        assert query_changes(" ".join(lines), query) == []


FILTER = """resource.type="cloud_run_revision"
resource.labels.service_name=("api" OR "web")
textPayload=~"Refused|FATAL: .*(slots|clients)"
NOT textPayload=~"Redis|Probe\""""


@pytest.mark.parametrize(
    ("old", "new", "said", "is_weaker"),
    [
        (' OR "web"', "", "resource.labels.service_name without web", True),
        ('"web"', '"web" OR "job"', "resource.labels.service_name with job", False),
        ("Refused|", "", "textPayload without Refused", True),
        ("slots|", "", "textPayload without FATAL: .*(slots|clients), with FATAL: .*(clients)", True),
        ("Redis|", "", "NOT textPayload without Redis", False),
        ("Redis|", "Redis|Timeout|", "NOT textPayload with Timeout", True),
        ('\nNOT textPayload=~"Redis|Probe"', "", 'removed: NOT textPayload=~"Redis|Probe"', False),
        ("\nNOT", "\nseverity>=ERROR\nNOT", "also requires: severity>=ERROR", True),
        ("\nNOT", "\nsearch(x)\nNOT", "also requires: search(x)", True),
    ],
)
def test_a_filter_that_lets_less_through_is_weaker(old: str, new: str, said: str, is_weaker: bool) -> None:
    """Clause by clause, and inside a list or a pattern piece by piece."""
    assert old in FILTER
    (change,) = filter_changes(FILTER, FILTER.replace(old, new))
    assert (change.text, change.is_weaker) == (said, is_weaker)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (FILTER, FILTER.replace("\n", " AND "), []),
        ('a="1" AND b="2"', 'b="2"  AND  a="1"', []),
        ("severity>=WARNING", "severity>=ERROR", [True, True]),
        ('NOT a="1" OR b="2"', 'NOT a="1"', [True, True]),
        ('a=~"(x|y)z"', 'a=~"(x|y)zz"', [True]),
        ('-- why\na="1"', '-- wherefore\na="1"', [True, True]),
        ("x" * 100_001, "y", [True]),
    ],
)
def test_a_filter_in_other_words_is_the_same_and_an_unclear_one_counts(
    old: str, new: str, expected: list[bool]
) -> None:
    """Spaces, order and `AND` for a new line say nothing; a minimum cannot be judged."""
    assert [change.is_weaker for change in filter_changes(old, new)] == expected
