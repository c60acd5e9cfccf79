"""A plan that is handed in as a file may be anything: it is refused in a sentence, or shown without its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError, text_line
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_file import MAX_PLAN_BYTES, MAX_RESOURCES, SecretMask, read_plan, read_plan_file
from tests.plan.diff_plans import diff_of, plan_value, resource, value_of

SLACK = "xoxb-123456789-planted"
WEBHOOK = "https://hooks.slack.com/services/T000/B000/planted"
SECRET_TYPE = "github:index/actionsSecret:ActionsSecret"  # noqa: S105 - a type's name


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "plan.json:1: is not valid JSON: Expecting value"),
        (b"\x80\xff", "plan.json: is not UTF-8 text"),
        (b"\0\0", "plan.json:1: is not valid JSON"),
        (b'{"stack":\n "s", ', "plan.json:2: is not valid JSON"),
        (b'{"a": NaN}', "is not valid JSON: NaN is no number"),
        (b"9" * 5000, "is not valid JSON: Exceeds the limit"),
        (b"[" * 100_000, "is nested too deeply to be read"),
        (b"[]", "contains no plan: its top level is no object"),
        (b'{"stack": "s"}', "contains no plan of this format: project, resources, outputs missing"),
        (b'{"stack": 1, "project": "p", "resources": [], "outputs": {}}', "`stack` and `project` are texts"),
        (b'{"stack": "s", "project": "p", "resources": {}, "outputs": {}}', "`resources` is a list"),
        (b'{"stack": "s", "project": "p", "resources": [], "outputs": []}', "`outputs` is an object"),
        (b'{"stack": "s", "project": "p", "resources": [7], "outputs": {}}', "plan.json: resources[0]: is no resource"),
        (b" " * (MAX_PLAN_BYTES + 1), "is larger than 20 MiB, which no plan is"),
    ],
    ids=range(14),
)
def test_a_file_that_is_no_plan_is_refused_in_one_sentence_with_the_way_to_make_one(data: bytes, said: str) -> None:
    """Empty, cut off, binary, huge, endless, of an older format."""
    with pytest.raises(RefusedError) as refused:
        read_plan(data, file="plan.json", secrets=SecretMask())
    (problem,) = refused.value.problems
    assert said in text_line(problem)
    assert "readiness plan STACK --format json" in text_line(problem)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"urn": 7}, "urn, type, name, parent are texts"),
        ({"inputs": []}, "`inputs` and `options` are objects"),
        ({"options": None}, "`inputs` and `options` are objects"),
        ({"files": []}, "`files` is an object of texts"),
        ({"files": {"a": 7}}, "`files` is an object of texts"),
        ({"type": "a:b/c:Other"}, "its URN is of another type or name"),
        ({"name": "other"}, "its URN is of another type or name"),
        ({"urn": "urn:pulumi:prod"}, "its URN is of another type or name"),
    ],
)
def test_a_resource_of_another_shape_is_refused_with_its_number(change: dict[str, Any], said: str) -> None:
    """So that it is found in a long file."""
    value = plan_value(resource("a:b/c:D", {}) | change)
    with pytest.raises(RefusedError, match=r"resources\[0\]") as refused:
        diff_of(value, value)
    assert said in str(refused.value)


def test_a_urn_that_stands_twice_and_too_many_resources_are_refused() -> None:
    """Neither can be of our plan."""
    with pytest.raises(RefusedError, match="twice"):
        diff_of(plan_value(), plan_value(*[resource("a:b/c:D", {})] * 2))
    with pytest.raises(RefusedError, match=f"at most {MAX_RESOURCES}"):
        diff_of(plan_value(), plan_value(*[resource("a:b/c:D", {})] * (MAX_RESOURCES + 1)))


def test_a_value_that_is_nested_without_an_end_is_refused() -> None:
    """JSON has no limit, the comparison has one."""
    inputs: dict[str, Any] = {}
    for _ in range(100):
        inputs = {"a": inputs}
    with pytest.raises(RefusedError, match="nested too deeply"):
        diff_of(plan_value(), plan_value(resource("a:b/c:D", inputs)))


@pytest.mark.parametrize("path", ["absent.json", "."])
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, path: str) -> None:
    """Absent, or a folder."""
    with pytest.raises(RefusedError, match="cannot be read"):
        read_plan_file(tmp_path / path, SecretMask())


def test_a_plan_of_ours_is_read_as_it_was_written(plans: dict[str, Plan], tmp_path: Path) -> None:
    """Nothing in it looks like a credential, and its nulls are none of its values."""
    value = value_of(plans["every-option"])
    (tmp_path / "plan.json").write_text(json.dumps(value), encoding="utf-8")
    read = read_plan_file(tmp_path / "plan.json", SecretMask())
    declared = [item for item in value["resources"] if item["parent"] or item["type"] != "pulumi:pulumi:Stack"]
    assert {urn: (each.inputs, each.files) for urn, each in read.resources.items()} == {
        item["urn"]: (item["inputs"], item.get("files", {})) for item in declared
    }


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("a:b/c:D", {"note": f"token {SLACK} here"}),
        ("a:b/c:D", {"list": [{"deep": WEBHOOK}]}),
        (
            "gcp:monitoring/notificationChannel:NotificationChannel",
            {"sensitiveLabels": {"authToken": "hunter2-planted"}},
        ),
        ("a:b/c:D", {"sensitiveLabels": {"other": "hunter2-planted"}}),
        ("a:b/c:D", {"httpCheck": {"authInfo": {"password": "hunter2-planted"}}}),
        (SECRET_TYPE, {"secretName": "NAME", "value": "hunter2-planted"}),
        (SECRET_TYPE, {"secretName": "NAME", "plaintextValue": "hunter2-planted"}),
    ],
)
def test_a_credential_in_a_file_is_masked_and_its_change_still_shown(type_: str, inputs: dict[str, Any]) -> None:
    """By its form, or by the name of its key."""
    changed = json.loads(json.dumps(inputs).replace("planted", "rotated"))
    old, new = (plan_value(resource(type_, item)) for item in (inputs, changed))
    (change,) = diff_of(old, new).changes
    (field,) = change.inputs
    assert "[secret]" in field.old
    assert "[secret]" in field.new
    assert field.old != field.new
    assert not any(word in f"{change}" for word in ("planted", "rotated"))
    assert "NAME" in f"{change}" or type_ != SECRET_TYPE, "the name of a secret is none"


def test_text_that_cannot_be_written_is_made_legible() -> None:
    """Half of a surrogate pair is valid JSON."""
    data = json.dumps(plan_value(resource("a:b/c:D", {"x": "\ud800"}))).encode()
    plan = read_plan(data, file="plan.json", secrets=SecretMask())
    (read,) = plan.resources.values()
    assert read.inputs == {"x": "\\ud800"}
