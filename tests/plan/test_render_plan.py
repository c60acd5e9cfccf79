"""The plan as text and as Markdown."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pytest

from readiness.finding import Finding, Severity
from readiness.plan.offline_plan import Plan
from readiness.plan.render_plan import CAVEAT, WIDTH, plan_markdown, plan_summary, plan_text
from readiness.resource_types import ALERT_POLICY
from tests.projects import STACKS


def resource(**changed: Any) -> dict[str, Any]:
    """A resource of a plan."""
    plain: dict[str, Any] = {
        "urn": "urn:pulumi:dev::demo::demo:room:Room::room",
        "type": "demo:room:Room",
        "name": "room",
        "parent": "",
        "inputs": {"colour": "red"},
        "options": {},
        "source": {"file": "__main__.py", "line": 7},
    }
    return plain | changed


def plan_with(*resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> Plan:
    """A plan of these resources."""
    return Plan(stack="dev", project="demo", resources=resources, outputs=outputs or {})


@pytest.mark.parametrize("stack", STACKS)
def test_the_text_names_every_resource_with_the_place_that_declares_it(plans: dict[str, Plan], stack: str) -> None:
    """The root stack is no resource of ours."""
    text = plan_text(plans[stack])
    declared = [resource for resource in plans[stack].resources if resource["type"] != "pulumi:pulumi:Stack"]
    assert text.startswith(f"readiness/{stack}: {len(declared)} resources\n")
    for item in declared:
        line = f"{item['type']}  {item['name']}  {item['source']['file']}:{item['source']['line']}"
        assert line in text.splitlines()


def test_text_and_markdown_say_that_nothing_live_was_looked_at() -> None:
    """A reader must not take it for `pulumi preview`."""
    assert CAVEAT in plan_text(plan_with(resource()))
    assert CAVEAT in plan_markdown(plan_with(resource()))


def test_text_and_markdown_say_which_alerts_the_stack_lacks() -> None:
    """A plan shows what is declared; otherwise, nobody would see what is missing."""
    for render in (plan_text, plan_markdown):
        assert "Not watched: A is not declared." in render(plan_with(resource()), "", ["A is not declared"])
        assert "Not watched" not in render(plan_with(resource()))


def test_the_summary_says_what_pages_which_placeholders_are_left_and_what_is_warned_of() -> None:
    """A placeholder is named once, by its place; a warning whole; an error ends the command before."""
    policies = [
        resource(type=ALERT_POLICY, name=name, inputs={"displayName": name, "severity": severity})
        for name, severity in (("Down", "CRITICAL"), ("Slow", "WARNING"), ("Full", "WARNING"))
    ]
    findings = [
        Finding(rule_id="r", file="F.yaml", line=line, key=key, message=message, hint="Write it",
                severity=Severity.WARNING, placeholder=placeholder)
        for line, key, message, placeholder in ((3, "emails[0]", "reaches nobody", True), (4, "disk", "is full", False))
    ]  # fmt: skip
    lines = plan_summary(plan_with(resource(), *policies), "Cost: 1", ["A is not declared"], findings).splitlines()
    assert lines == [
        "demo/dev: 4 resources",
        CAVEAT,
        "",
        "Kinds: 3 alert policies, 1 components that group them.",
        "Pages (1 of 3 alerts): Down.",
        "Does not page: 2 WARNING.",
        "Cost: 1.",
        "Refused by `pulumi up` until fixed (1): F.yaml:3 emails[0].",
        "Warning: F.yaml:4: disk: is full. Write it.",
        "Not watched: A is not declared.",
    ]


def test_no_line_of_the_summary_is_wider_than_a_screen(plans: dict[str, Plan]) -> None:
    """Of the largest stack, with a cost line as long as it is."""
    lines = plan_summary(plans["prod"], "cost " * 200).splitlines()
    assert max(map(len, lines)) <= WIDTH


def test_the_text_shows_options_and_outputs() -> None:
    """`protect` and its like decide what an update may destroy."""
    dependency = "urn:pulumi:dev::demo::demo:room:Hall::hall"
    text = plan_text(
        plan_with(resource(options={"protect": True, "dependencies": [dependency]}), outputs={"address": "x"})
    )
    assert "    (options):\n      protect: true\n      dependencies:\n      - hall\n" in text
    assert text.endswith("Outputs\n    address: x\n")


def test_the_texts_of_managed_files_are_shown_beside_the_inputs() -> None:
    """In both forms, whole."""
    component = resource(files={".github/dependabot.yml": "version: 2\nupdates: []\n"})
    shown = "(files):\n  .github/dependabot.yml: |\n    version: 2\n    updates: []\n"
    assert shown in plan_markdown(plan_with(component))
    assert textwrap.indent(shown, "    ") in plan_text(plan_with(component))
    assert "(files)" not in plan_text(plan_with(resource()))


@pytest.mark.parametrize("stack", STACKS)
def test_every_section_of_the_markdown_opens_and_closes(plans: dict[str, Plan], stack: str) -> None:
    """An open fold or fence would swallow the rest of a comment."""
    lines = plan_markdown(plans[stack]).splitlines()
    opened = [number for number, line in enumerate(lines) if line.startswith("<details><summary>")]
    closed = [number for number, line in enumerate(lines) if line == "</details>"]
    assert (
        len(opened)
        == len(closed)
        == len([resource for resource in plans[stack].resources if resource["inputs"] or resource["options"]])
    )
    for start, end in zip(opened, closed, strict=True):
        assert lines[start + 1] == "", "Markdown inside a fold begins after an empty line"
        assert lines[start + 2].endswith("yaml")
        fence = lines[start + 2].removesuffix("yaml")
        assert lines[end - 2] == fence
        assert fence not in lines[start + 3 : end - 2]


@pytest.mark.parametrize("stack", STACKS)
def test_the_table_of_the_markdown_has_a_row_for_each_resource(plans: dict[str, Plan], stack: str) -> None:
    """Three cells each."""
    rows = [line for line in plan_markdown(plans[stack]).splitlines() if line.startswith("| `")]
    assert len(rows) == len(plans[stack].resources) - 1
    assert all(len(re.split(r"(?<!\\)\|", row)) == 5 for row in rows)


@pytest.mark.parametrize("run", ["```", "````", "`````"])
def test_a_fence_is_longer_than_any_run_of_backticks_inside_it(run: str) -> None:
    """Documentation of an alert may hold a code block of its own; so may an output."""
    content = f"text\n{run}bash\nrm\n{run}\n"
    markdown = plan_markdown(plan_with(resource(inputs={"content": content}), outputs={"content": content}))
    lines = markdown.splitlines()
    fence = f"{run}`"
    assert lines.count(f"{fence}yaml") == 2
    assert lines.count(fence) == 2


def test_a_name_cannot_break_out_of_the_summary_or_the_table() -> None:
    """Names come from settings; some of those come from a pull request."""
    name = "a|b <script>`x`</summary>\n\n| c"
    markdown = plan_markdown(plan_with(resource(name=name, type="demo:<b>:T|")))
    (row,) = (line for line in markdown.splitlines() if line.startswith("| `demo"))
    assert row == r"| `demo:<b>:T\|` | ``a\|b <script>`x`</summary> \| c`` | `__main__.py:7` |"
    (summary,) = re.findall(r"<summary>.*?</summary>", markdown.partition("<details>")[2], flags=re.DOTALL)
    assert "<script>" not in summary
    assert summary == "<summary><code>a|b &lt;script&gt;`x`&lt;/summary&gt; | c</code> demo:&lt;b&gt;:T|</summary>"


def test_a_resource_without_inputs_has_a_row_and_no_empty_fold() -> None:
    """Components have no inputs; their place in the table is enough."""
    markdown = plan_markdown(plan_with(resource(inputs={}, source=None)))
    assert "| `demo:room:Room` | `room` | - |" in markdown
    assert "<details>" not in markdown


def test_long_text_is_shown_as_lines_and_nothing_is_cut() -> None:
    """A query or a filter is reviewed as it is deployed."""
    query = "x" * 5000
    text = plan_text(plan_with(resource(inputs={"query": query, "content": "first\nsecond\n"})))
    assert f"    query: {query}\n" in text
    assert "    content: |\n      first\n      second\n" in text
