"""What a reviewer reads: the dangerous first, line by line, in one comment at most, and nothing that does harm."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from readiness.finding import Finding
from readiness.plan.change_lines import code_span, line_changes, printable, text_changes
from readiness.plan.diff_report import DiffReport, diff_report
from readiness.plan.diff_verdict import Origin
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_diff import StackDiff
from readiness.plan.render_diff import MARKER, MAX_CHARACTERS, diff_markdown, diff_text, failure_markdown
from readiness.resource_types import ALERT_POLICY
from tests.plan.diff_plans import PlanValue, diff_of, plan_value, planted, query_of, resource

METRIC = "gcp:logging/metric:Metric"


def _plant(resources: dict[str, PlanValue], plan: PlanValue) -> None:
    """One change of each gravity."""
    policy = resources["alerts-high-error-rate"]
    query_of(policy)["query"] = query_of(policy)["query"].replace("> 0.05", "> 0.5")
    policy["inputs"]["project"] = "another"
    plan["resources"].remove(resources["images-repository"])
    resources["dependabot-label-dependencies"]["inputs"]["color"] = "000000"
    plan["resources"].remove(resources["dependabot-alerts"])
    plan["resources"].append(resource(METRIC, {"filter": "x"}, name="new-metric"))


def _report(*diffs: StackDiff) -> DiffReport:
    return diff_report(diffs, (), all_stacks=True)


@pytest.fixture(scope="module")
def report(plans: dict[str, Plan]) -> DiffReport:
    """A change of the production stack, and staging as it was."""
    return _report(planted(plans["prod"], _plant), planted(plans["staging"], lambda _resources, _plan: None))


ORDER = [
    "images-repository",
    "alerts-high-error-rate",
    "dependabot-alerts",
    "dependabot-label-dependencies",
    "new-metric",
]


@pytest.mark.parametrize("render", [diff_text, diff_markdown])
def test_what_is_dangerous_is_shown_first(report: DiffReport, render: Callable[[DiffReport], str]) -> None:
    """The loss of something protected, what weakens, then the rest by gravity."""
    text = render(report)
    positions = [text.index(f" {name} " if render is diff_text else f"`{name}`") for name in ORDER]
    assert positions == sorted(positions)


@pytest.mark.parametrize("render", [diff_text, diff_markdown])
def test_a_query_is_shown_in_the_line_that_changed(report: DiffReport, render: Callable[[DiffReport], str]) -> None:
    """With its context and its meaning."""
    lines = [" ".join(line.split()) for line in render(report).splitlines()]
    assert {"- 0.05", "+ 0.5"} <= set(lines)
    alert = [finding for finding in report.weakened if finding.name == "alerts-high-error-rate"]
    (digest,) = (item.digest for item in alert if item.field.endswith(".query"))
    assert f"! threshold > 0.05 -> > 0.5 [not acknowledged: {digest}]" in lines


def test_the_dangerous_stand_outside_the_folds_and_the_rest_of_a_stack_inside_one(report: DiffReport) -> None:
    """A reviewer sees them without a click."""
    text = diff_markdown(report)
    fold = text.index("<details><summary><code>prod")
    assert [text.index(f"`{name}`") < fold for name in ORDER] == [True, True, True, False, False]
    assert text.count("<details>") == text.count("</details>")


def test_the_comment_begins_with_its_marker_and_counts_each_stack(report: DiffReport) -> None:
    """By the marker it is found again."""
    lines = diff_markdown(report).splitlines()
    assert lines[0] == MARKER
    assert "| Stack | weakens protection | replace | delete | update | create | no change sent |" in lines
    assert "| `prod` | 4 | 1 | 2 | 1 | 1 | 0 |" in lines
    assert "| `staging` | 0 | 0 | 0 | 0 | 0 | 0 |" in lines
    assert lines[3] == "**Not acknowledged: 4 of 4 changes that weaken protection.**"


def test_the_comment_names_the_command_that_acknowledges(report: DiffReport) -> None:
    """With the base of the comparison, so that an owner can copy it."""
    command = "readiness diff --base {} --acknowledge --reason TEXT --by LOGIN"
    section = diff_markdown(report, origin=Origin(base_commit="0123456789abcdef0123")).partition("How to acknowledge")[
        2
    ]
    assert f"`{command.format('0123456789ab')}`" in section
    assert f"`{command.format('REF')}`" in diff_markdown(report).partition("How to acknowledge")[2]


def test_equal_plans_are_reported_as_equal(plans: dict[str, Plan]) -> None:
    """In a comment that replaces an older one."""
    same = _report(planted(plans["staging"], lambda _resources, _plan: None))
    assert diff_markdown(same).splitlines()[:4] == [MARKER, "## Plan diff", "", "The plans declare the same."]
    assert diff_text(same) == "staging: no change\n"


def test_the_report_is_the_same_from_run_to_run(plans: dict[str, Plan]) -> None:
    """Whatever the order of the stacks."""
    stacks = [planted(plans["prod"], _plant), planted(plans["staging"], lambda _resources, _plan: None)]
    assert diff_markdown(_report(*stacks)) == diff_markdown(_report(*reversed(stacks)))


def _outside(text: str) -> str | None:
    """The text outside of fences and code spans; None if a fence is not closed."""
    outside: list[str] = []
    fence = ""
    for line in text.splitlines():
        ticks = re.match(r"(`{3,})[a-z]*$", line)
        if fence:
            fence = "" if line == fence else fence
        elif ticks:
            fence = ticks[1]
        else:
            outside.append(re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
    return None if fence else "\n".join(outside)


def _is_whole(text: str) -> bool:
    """Whether every fence and every fold is closed."""
    outside = _outside(text)
    return outside is not None and outside.count("<details>") == outside.count("</details>")


def _many(count: int, filler: str = "x") -> StackDiff:
    """Changes of every kind, more than fit into a comment."""
    policies = [
        resource(ALERT_POLICY, {"severity": "ERROR", "n": filler}, name=f"p{index:04}") for index in range(count)
    ]
    # Each has a text of its own, so that no two changes are the same.
    weaker = [
        policy | {"inputs": {"severity": "WARNING", "n": filler, "displayName": f"Alert {index}"}}
        for index, policy in enumerate(policies)
    ]
    created = [
        resource(METRIC, {"filter": filler, "description": f"Metric {index}"}, name=f"m{index:04}")
        for index in range(count)
    ]
    return diff_of(plan_value(*policies), plan_value(*weaker, *created))


def test_a_comment_that_is_too_long_loses_its_least_important_end_and_says_how_much() -> None:
    """Whole changes, so that no fence is cut."""
    text = diff_markdown(_report(_many(200)))
    assert len(text) <= MAX_CHARACTERS
    assert len(text) > MAX_CHARACTERS - 1_000, "what fits is shown"
    assert all(f"`p{index:04}`" in text for index in range(200)), "what weakens is there"
    left_out = 200 - text.count("**create**")
    assert f"**{left_out} of 400 changes are not shown, the least important ones" in text
    assert "`m0000`" in text
    assert "`m0199`" not in text
    assert _is_whole(text)


@pytest.mark.parametrize(("count", "filler"), [(500, "x"), (3, "x" * 250_000), (40, "line\n" * 500), (400, "````\n")])
def test_no_comment_is_longer_than_its_limit(count: int, filler: str) -> None:
    """Many changes, long values, many lines, many backticks."""
    text = diff_markdown(_report(_many(count, filler)))
    assert len(text) <= MAX_CHARACTERS
    assert _is_whole(text)
    assert "`p0000`" in text


def test_what_is_put_below_the_diff_counts_too() -> None:
    """The table of docs/detection.md is in the same comment: a change of both had more than the limit."""
    text = diff_markdown(_report(_many(500)), appendix="y" * 20_000)
    assert len(text) <= MAX_CHARACTERS
    assert text.endswith("y" * 20_000)
    assert len(diff_markdown(_report(_many(500)))) + 20_000 > MAX_CHARACTERS, "else this shows nothing"


def test_one_change_does_not_push_the_next_out_of_the_comment() -> None:
    """However long it is: its own end is cut."""
    text = "".join(f"{index} {'x' * 280}\n" for index in range(150))
    policies = [resource(ALERT_POLICY, {"severity": "ERROR", "text": "old\n"}, name=name) for name in ("one", "two")]
    weaker = [policy | {"inputs": {"severity": "WARNING", "text": policy["name"] + text}} for policy in policies]
    shown = diff_markdown(_report(diff_of(plan_value(*policies), plan_value(*weaker))))
    assert shown.count("more lines") == 2
    assert "`two`" in shown


HOSTILE = (
    "x` | </details> <script>alert(1)</script> @octocat [a](http://b) \x1b[2J\u202e ````\n```\n</details>\n# @octocat\n"
)


def test_no_value_gets_out_of_its_fence_or_span() -> None:
    """No tag, no mention, no table cell, no fence, no terminal sequence of a plan's own."""
    old = resource(ALERT_POLICY, {"documentation": "calm", "severity": "ERROR"}, name="it")
    new = resource(ALERT_POLICY, {"documentation": HOSTILE, "severity": HOSTILE, HOSTILE: HOSTILE}, name="it")
    odd = resource(HOSTILE, {"a": HOSTILE}, name=HOSTILE)
    diff = diff_of(plan_value(old, stack=HOSTILE), plan_value(new, odd, stack=HOSTILE))
    text = diff_markdown(_report(diff))
    assert _is_whole(text)
    bare = _outside(text) or ""
    assert "<script" not in bare
    assert "@octocat" not in re.sub(r"<code>.*?</code>", "", bare)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert all(character.isprintable() or character == "\n" for character in diff_text(_report(diff)))


@given(some.text(alphabet="`|<>@a \n", max_size=20))
def test_a_code_span_is_closed_by_nothing_that_it_holds(text: str) -> None:
    """Its backticks are more than any run inside, and no bar ends a table's cell."""
    span = code_span(text, in_table=True)
    ticks = re.match(r"`+", span)
    assert ticks
    inside = span[len(ticks.group()) : -len(ticks.group())]
    assert all(len(run) < len(ticks.group()) for run in re.findall(r"`+", inside))
    assert not re.search(r"(?<!\\)\|", inside)
    assert "\n" not in span


def test_a_failure_is_a_comment_too() -> None:
    """An older diff must not stay where there is none."""
    problems = [
        Finding(rule_id="base-commit", file=file, message=message, hint="Look")
        for file, message in (("```", "fails"), ("commit x", "its program fails: ``` @octocat"))
    ]
    text = failure_markdown(problems)
    assert text.startswith(MARKER)
    assert "The diff could not be made" in text
    assert _is_whole(text)


def test_the_text_is_coloured_by_the_caller_only(report: DiffReport) -> None:
    """A pipe and NO_COLOR get the bare lines."""
    coloured = diff_text(report, lambda text, colour: f"<{colour}>{text}</{colour}>")
    assert "<red>" in coloured
    assert re.sub(r"</?(?:red|green|yellow|cyan)>", "", coloured) == diff_text(report)


def test_json_is_shown_key_by_key() -> None:
    """A dashboard is one long text to the provider."""
    old, new = '{"b": {"title": "CPU", "y": 1}, "a": [1, 2]}', '{"a": [1, 2], "b": {"y": 1, "title": "Memory"}}'
    changed = [line for line in text_changes(["dashboardJson"], old, new) if line[0] in "+-"]
    assert [" ".join(line.split()) for line in changed] == ['- "title": "CPU",', '+ "title": "Memory",']


def test_a_long_line_is_shown_by_the_piece_that_changed() -> None:
    """A word in five hundred."""
    old, new = f"{'a ' * 200}before{' b' * 200}", f"{'a ' * 200}after{' b' * 200}"
    removed, added = text_changes(["description"], old, new)
    assert removed.startswith("- …")
    assert "before" in removed
    assert "after" in added
    assert len(removed) < 120


def test_documents_and_files_are_shown_line_by_line() -> None:
    """With two lines of context, and dots for the rest."""
    old = "".join(f"line {index}\n" for index in range(20))
    assert text_changes(["content"], old, old.replace("line 9\n", "line nine\n")) == [
        "  …", "  line 7", "  line 8", "- line 9", "+ line nine", "  line 10", "  line 11",
    ]  # fmt: skip


@given(some.lists(some.sampled_from("abc"), max_size=12), some.lists(some.sampled_from("abc"), max_size=12))
def test_the_lines_shown_are_those_that_differ(before: list[str], after: list[str]) -> None:
    """None is invented and none is forgotten: the counts of both sides come out."""
    shown = line_changes(before, after)
    removed, added = (sum(line.startswith(f"{sign} ") for line in shown) for sign in "-+")
    assert len(before) - removed == len(after) - added
    assert (shown == []) is (before == after)


@pytest.mark.parametrize(
    ("text", "shown"), [("a\x1b[31mb", "a\\u{1b}[31mb"), ("a\u202eb", "a\\u{202e}b"), ("ä→", "ä→")]
)
def test_a_character_that_steers_or_hides_is_shown_by_its_number(text: str, shown: str) -> None:
    """What can be read stays as it is."""
    assert printable(text) == shown
