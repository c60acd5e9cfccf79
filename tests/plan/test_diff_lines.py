"""How the diff shows one change, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.plan.change_lines import MAX_CHARACTERS_OF_A_LINE, MAX_LINES_OF_A_TEXT, value_text
from readiness.plan.diff_report import diff_report
from readiness.plan.field_changes import ABSENT
from readiness.plan.render_diff import diff_text
from readiness.resource_types import ALERT_POLICY
from tests.plan.diff_plans import PlanValue, diff_of, plan_value, resource

METRIC = "gcp:logging/metric:Metric"
QUERY = 'sum(rate(requests{service="api",class="5xx"}[5m])) by (service, location, revision, region, zone) > 0.5'


def lines_of(old: PlanValue, new: PlanValue) -> list[str]:
    """The lines of the report's blocks, without indentation and without what is said of weakening."""
    report = diff_report([diff_of(old, new)], (), all_stacks=True)
    return [line for block in report.blocks for line in block.lines if "acknowledged" not in line]


def changed(old: PlanValue, new: PlanValue, *, options: tuple[PlanValue, PlanValue] = ({}, {})) -> list[str]:
    """The lines of one resource whose inputs change so."""
    before, after = (resource(METRIC, inputs, options=each) for inputs, each in zip((old, new), options, strict=True))
    return lines_of(plan_value(before), plan_value(after))


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"unit": "1"}, {"unit": "s"}, ['- unit: "1"', "+ unit: s"]),
        ({}, {"disabled": True}, ["+ disabled: true"]),
        ({"labels": {"a": "x"}}, {}, ["- labels.a: x"]),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, ["- tags: a", "+ tags: c"]),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, ["- tags: a, b", "+ tags: b, a"]),
        ({"tags": ["a"]}, {"tags": "a"}, ['- tags: ["a"]', "+ tags: a"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2, "c": []}]}, ["+ a[1].b: 2", "+ a[1].c: []"]),
        ({"odd key": {"x.y": 1}}, {"odd key": {"x.y": 2}}, ['- ["odd key"]["x.y"]: 1', '+ ["odd key"]["x.y"]: 2']),
        ({"text": "a\nb\n"}, {"text": "a\nc\n"}, ["  text:", "    a", "-   b", "+   c"]),
        ({"text": "a\n\nb"}, {"text": "a\n\nb\n\n"}, ["  text:", "    ", "    b", "+   "]),
    ],
)  # fmt: skip
def test_a_field_is_shown_by_its_path_with_what_was_and_what_is(
    old: PlanValue, new: PlanValue, lines: list[str]
) -> None:
    """Flags, lists, objects, texts."""
    assert [line for line in changed(old, new) if line.strip() != "…"] == lines


def test_a_long_filter_on_one_line_is_shown_clause_by_clause() -> None:
    """As Monitoring's filters are written."""
    clauses = [f'resource.labels.name_{index}="a long value that fills the line"' for index in range(4)]
    old, new = " AND ".join(clauses), " AND ".join(clauses).replace("name_3", "name_9")
    assert [line for line in changed({"filter": old}, {"filter": new}) if line[0] in "+-"] == [
        f"-   AND {clauses[3]}",
        f"+   AND {clauses[3].replace('name_3', 'name_9')}",
    ]


def test_a_new_resource_is_shown_whole_with_the_options_that_matter() -> None:
    """Long texts by their beginning, a query laid out."""
    condition = {"conditionPrometheusQueryLanguage": {"query": QUERY}}
    text = "\n".join(f"line {index}" for index in range(40))
    new = resource(ALERT_POLICY, {"conditions": [condition], "text": text}, options={"protect": True, "version": "1"})
    lines = lines_of(plan_value(), plan_value(new))
    assert lines[0] == "+ conditions[0].conditionPrometheusQueryLanguage.query:"
    assert "+       0.5" in lines
    assert f"+     … {40 - MAX_LINES_OF_A_TEXT} more lines" in lines
    assert lines[-1] == "+ options.protect: true"
    assert not any("version" in line for line in lines)


def test_a_deleted_resource_says_what_was_there() -> None:
    """And where it may have gone."""
    old, renamed = (plan_value(resource(METRIC, {"filter": "x"}, name=name)) for name in ("it", "other"))
    assert lines_of(old, plan_value()) == ["- filter: x"]
    assert "! other has the same inputs: an alias would keep the state of this one" in lines_of(old, renamed)


def test_a_replacement_names_the_fields_that_force_it_and_a_move_both_names() -> None:
    """First of all that is said."""
    old = resource(METRIC, {"project": "a"})
    new = resource(METRIC, {"project": "b"}, name="new", options={"aliases": [{"urn": old["urn"]}]})
    assert lines_of(plan_value(old), plan_value(new)) == [
        "! forces the replacement: project",
        "! the engine creates a new one and deletes this one with its contents",
        f"- {old['urn']}",
        f"+ {new['urn']}",
        "- project: a",
        "+ project: b",
    ]


def test_what_a_resource_waits_for_is_shown_by_name() -> None:
    """A URN fills the line and says no more."""
    options: tuple[PlanValue, PlanValue] = (
        {"dependencies": ["urn:x::y::t::one"]},
        {"dependencies": ["urn:x::y::t::two"]},
    )
    assert changed({}, {}, options=options) == ["- options.dependencies: one", "+ options.dependencies: two"]


def test_outputs_and_provider_versions_are_told_once_for_the_stack() -> None:
    """At the very end."""
    old, new = (
        plan_value(resource(METRIC, {}, options={"version": version}), outputs={"runbook": version})
        for version in ("10.2.0", "10.3.0")
    )
    assert lines_of(old, new) == ["- runbook: 10.2.0", "+ runbook: 10.3.0", "- gcp 10.2.0", "+ gcp 10.3.0"]
    text = diff_text(diff_report([diff_of(old, new)], (), all_stacks=True))
    assert text.startswith("prod: outputs, provider versions\n")
    assert "* prod: provider versions\n" in text


def test_a_line_that_is_too_long_is_cut_and_says_so() -> None:
    """Of a value without a break there is nothing more to see."""
    (line,) = [line for line in changed({}, {"x": "a" * 5_000}) if "aaa" in line]
    assert len(line) < MAX_CHARACTERS_OF_A_LINE
    assert line.endswith("characters)")


def test_texts_that_no_machine_compares_in_time_are_told_by_their_length() -> None:
    """A hostile file must not keep the command busy."""
    many = "".join(f"{index}\n" for index in range(3_000))
    assert changed({"x": many}, {"x": f"{many}a\n"})[1] == "!   3000 lines became 3001: too long to compare"
    assert changed({"x": "a" * 300_000}, {"x": "b"})[1] == "!   1 lines became 1: too long to compare"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(" > ", "  > ", "spaces or the order of keys changed"), ("0.5", "0.25", "threshold > 0.5 -> > 0.25")],
)
def test_a_query_that_is_the_same_or_stricter_says_so(old: str, new: str, said: str) -> None:
    """Spaces are a change too; what became weaker is said at the top of the resource."""
    conditions = ({"conditionPrometheusQueryLanguage": {"query": text}} for text in (QUERY, QUERY.replace(old, new)))
    plans = [plan_value(resource(ALERT_POLICY, {"conditions": [condition]})) for condition in conditions]
    assert lines_of(*plans)[1] == f"!   {said}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(ABSENT, "(absent)"), ("", '""'), ("true", '"true"'), (True, "true"), (" a", '" a"'), ("1.5", '"1.5"'),
     ("1.5.2", "1.5.2"), ("a b", "a b"), (1.5, "1.5"), (None, "null"), ("a\nb", "a\\u{a}b"), ([1, "ä"], '[1, "ä"]')],
)  # fmt: skip
def test_a_text_is_distinguished_from_what_it_looks_like(value: Any, shown: str) -> None:
    """By its quotes."""
    assert value_text(value) == shown
    assert repr(ABSENT) == "(absent)"
