"""What `pulumi preview --json` adds to the plan: operations that the plan does not know, and nothing that it knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError
from readiness.plan import engine_preview
from readiness.plan.diff_json import diff_json
from readiness.plan.diff_report import diff_report
from readiness.plan.diff_verdict import Origin
from readiness.plan.engine_preview import (
    PreviewComparison,
    compare_preview,
    preview_from,
    preview_without_values,
    read_preview,
)
from readiness.plan.plan_diff import StackDiff
from readiness.plan.render_diff import MAX_CHARACTERS, MAX_PREVIEW_LINES, diff_markdown, diff_text
from readiness.resource_types import ALERT_POLICY
from tests.plan.diff_plans import PlanValue, diff_of, plan_value, resource
from tests.projects import Command

STACK_STEP = {"op": "same", "urn": "urn:pulumi:prod::readiness::pulumi:pulumi:Stack::readiness-prod"}


def step(operation: str, name: str = "it", type_: str = ALERT_POLICY, **more: Any) -> dict[str, Any]:
    """A step of the stack `prod`."""
    return {"op": operation, "urn": f"urn:pulumi:prod::readiness::{type_}::{name}", **more}


def preview(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The JSON of a preview that ended well."""
    return {"steps": [STACK_STEP, *steps], "changeSummary": {"same": 1}, **more}


def alert(severity: str, name: str = "it") -> PlanValue:
    """A declared alert."""
    return resource(ALERT_POLICY, {"severity": severity, "displayName": "It"}, name=name)


SAME = diff_of(plan_value(alert("ERROR")), plan_value(alert("ERROR")))
UPDATE = diff_of(plan_value(alert("WARNING")), plan_value(alert("ERROR")))
CREATE = diff_of(plan_value(), plan_value(alert("ERROR")))
DELETE = diff_of(plan_value(alert("ERROR")), plan_value())


def compared(diff: StackDiff, *steps: dict[str, Any], **more: Any) -> PreviewComparison:
    """What a preview of these steps adds to the difference."""
    return compare_preview(diff, preview_from(preview(*steps, **more), stack="prod", file="preview.json"))


def texts(found: PreviewComparison) -> list[str]:
    """The differences, as they are shown."""
    return [difference.text for difference in found.differences]


@pytest.mark.parametrize(
    ("diff", "steps"),
    [
        (SAME, []),
        (SAME, [step("same")]),
        (SAME, [step("refresh")]),
        (UPDATE, [step("update", diffReasons=["severity"])]),
        (UPDATE, [step("refresh"), step("update")]),
        (CREATE, [step("create")]),
        (DELETE, [step("delete")]),
    ],
)
def test_an_engine_that_does_what_the_plan_says_adds_nothing(diff: StackDiff, steps: list[dict[str, Any]]) -> None:
    """And the operations that both have are counted."""
    found = compared(diff, *steps)
    assert (texts(found), found.agreeing) == ([], 0 if diff is SAME else 1)
    assert found.summary == f"prod: no operations that the plan does not contain, {found.agreeing} as in the plan"


@pytest.mark.parametrize(
    ("diff", "steps", "said"),
    [
        (SAME, [step("update", diffReasons=["severity"])],
         "update it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says nothing; "
         "fields that the plan does not change: severity"),
        (SAME, [step("delete")], "delete it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says nothing"),
        (SAME, [step("create")], "create it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says nothing"),
        (UPDATE, [step("create-replacement", replaceReasons=["project"]), step("replace"), step("delete-replaced")],
         "replace it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says update; because of project"),
        (UPDATE, [step("update", diffReasons=["severity", "notificationChannels"])],
         "update it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says the same; "
         "fields that the plan does not change: notificationChannels"),
        (UPDATE, [], "nothing it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says update"),
        (CREATE, [], "nothing it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says create"),
        (DELETE, [], "nothing it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says delete"),
        (CREATE, [step("import")], "import it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says create"),
        (SAME, [step("brand-new-operation")],
         "brand-new-operation it (gcp:monitoring/alertPolicy:AlertPolicy): the plan says nothing"),
    ],
)  # fmt: skip
def test_what_the_plan_does_not_know_is_listed(diff: StackDiff, steps: list[dict[str, Any]], said: str) -> None:
    """Drift, what was applied already, what the provider replaces, and an unknown operation."""
    found = compared(diff, *steps)
    (text,) = texts(found)
    assert text.startswith(said[:150])
    assert found.summary.startswith("prod: 1 operation that the plan does not contain")


def test_components_and_the_engines_own_providers_are_no_operation() -> None:
    """A provider that a program declares is one."""
    own = step("create", "default_10_2_0", "pulumi:providers:gcp")
    found = compared(SAME, own, step("update", "alerts", "readiness:index:AlertPolicies"))
    assert texts(found) == []
    declared = compared(SAME, step("create", "elsewhere", "pulumi:providers:gcp"))
    assert texts(declared) == ["create elsewhere (pulumi:providers:gcp): the plan says nothing"]


def test_a_declared_import_is_as_the_plan_says() -> None:
    """The plan calls it no change of the cloud."""
    imported = resource(ALERT_POLICY, {"severity": "ERROR"}, options={"importId": "projects/p/alertPolicies/1"})
    diff = diff_of(plan_value(), plan_value(imported))
    assert texts(compared(diff, step("import"))) == []
    assert texts(compared(diff, step("create")))[0].endswith("the plan says import")


def test_the_gravest_operation_is_first() -> None:
    """Replacements, then deletions, and updates last."""
    operations = ("update", "create", "delete", "import", "replace")
    found = compared(SAME, *(step(operation, operation) for operation in operations))
    assert [difference.engine for difference in found.differences] == [
        "replace",
        "delete",
        "import",
        "create",
        "update",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"diagnostics": [{"severity": "error", "message": "the API is off"}]},
        {"changeSummary": None},
        {"maybeCorrupt": True},
    ],
)
def test_a_preview_that_did_not_end_well_is_known_in_part(more: dict[str, Any]) -> None:
    """What it did not reach is not said to be nothing."""
    found = compared(UPDATE, step("delete", "other"), **more)
    assert found.summary.startswith("prod: known in part, because the preview ended with an error; 1 differ")
    assert texts(found) == ["delete other (gcp:monitoring/alertPolicy:AlertPolicy): the plan says nothing"]
    assert list(found.errors) == (["the API is off"] if "diagnostics" in more else [])


def test_the_comment_and_the_text_list_it_and_what_is_not_known() -> None:
    """Above every fold, and a stack without a preview says so."""
    staging = diff_of(*(plan_value(stack="staging") for _ in "ab"))
    report = diff_report([UPDATE, staging], (), all_stacks=True)
    previews = {"prod": compared(UPDATE, step("delete", "`gone` </details>\u202e"), step("update"))}
    for text in (diff_markdown(report, previews=previews), diff_text(report, previews=previews)):
        assert "prod: 1 operation that the plan does not contain, 1 as in the plan" in text
        assert "  delete `gone` </details>\\u{202e} (gcp:monitoring/" in text
        assert "staging: not known: no preview was given" in text
        assert "no preview was given." not in text
    assert "The engine would do" not in diff_text(report) + diff_markdown(report)


def test_a_huge_preview_leaves_room_for_the_changes() -> None:
    """The comment stays within its limit, and says how much is left out."""
    steps = [step("delete", f"{index}{'x' * 3_000}") for index in range(2_000)]
    errors = [{"severity": "error", "message": "y" * 5_000}] * 2_000
    found = compared(UPDATE, *steps, diagnostics=errors)
    text = diff_markdown(diff_report([UPDATE], (), all_stacks=True), previews={"prod": found})
    assert len(text) < MAX_CHARACTERS / 2
    assert "… " in text
    assert len(text.splitlines()) < MAX_PREVIEW_LINES + 60
    assert "severity" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is not valid JSON"),
        (b'{"steps": []}\n{"steps": []}\n', "is not valid JSON: Extra data"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"[" * 200_000, "is nested too deeply"),
        (b"9" * 10_000, "is not valid JSON"),
        (b"[]", "its top level is not an object"),
        (b"{}", "it has no step of the stack itself"),
        (b'{"steps": {}}', "`steps` is not a list"),
        (b'{"steps": [], "diagnostics": 1}', "`diagnostics` is not a list"),
        (b'{"steps": [1]}', "steps[0]: is not a step"),
        (b'{"steps": [{"op": "same", "urn": 1}]}', "steps[0]: is not a step"),
        (b'{"steps": [{"op": "same", "urn": "urn:x"}]}', "is not a URN"),
        (json.dumps(preview(step("update", diffReasons="x"))).encode(), "`diffReasons` is not a list"),
        (json.dumps(preview(step("update", replaceReasons=[1]))).encode(), "`replaceReasons` is not a list"),
        (json.dumps(preview()).replace(":prod::", ":staging::").encode(), "is of the stack staging, not of prod"),
        (json.dumps(preview()).replace(":prod::", ":\\u001b[2J\\ud800::").encode(), "is of the stack"),
    ],
)
def test_what_is_no_preview_of_the_stack_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    """One error on one line that names the file; no traceback."""
    path = tmp_path / "preview.json"
    path.write_bytes(data)
    with pytest.raises(RefusedError) as refused:
        read_preview(path, "prod")
    (problem,) = refused.value.problems
    assert said in f"{problem.file}: {problem.message}"
    assert problem.message.isprintable()
    assert str(path) in problem.file


def test_a_preview_that_is_too_large_or_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills the memory."""
    (tmp_path / "preview.json").write_text(json.dumps(preview()), encoding="utf-8")
    assert read_preview(tmp_path / "preview.json", "prod").is_complete
    monkeypatch.setattr(engine_preview, "MAX_PREVIEW_BYTES", 10)
    for path in (tmp_path / "preview.json", tmp_path, tmp_path / "none"):
        with pytest.raises(RefusedError, match=r"larger than|Is a directory|No such file"):
            read_preview(path, "prod")
    monkeypatch.setattr(engine_preview, "MAX_STEPS", 1)
    with pytest.raises(RefusedError, match="at most 1"):
        preview_from(preview(step("update")), stack="prod", file="f")


def test_a_credential_in_an_error_is_masked() -> None:
    """Providers quote requests."""
    token = "ghp_" + "a1B2" * 9
    found = compared(SAME, diagnostics=[{"severity": "error", "message": f"401 for {token}"}])
    assert token not in " ".join(found.errors)
    assert "401 for" in found.errors[0]


def test_a_preview_without_values_says_the_same_and_holds_no_value() -> None:
    """It leaves the job that has the credentials: states, options, outputs and messages below an error stay there."""
    state = {"inputs": {"severity": "planted-value"}, "outputs": {"token": "planted-value"}}
    said = [
        {"severity": "error", "message": "the API is off for ghp_" + "a1B2" * 9},
        {"severity": "info", "message": "planted-value"},
    ]
    steps = [
        step("update", diffReasons=["severity"], oldState=state, newState=state, detailedDiff={"severity": state}),
        step("replace", "other", replaceReasons=["project"], oldState=state),
        step("same", "third"),
    ]
    endings: list[dict[str, Any]] = [{}, {"diagnostics": said}, {"changeSummary": None}, {"maybeCorrupt": True}]
    for more in endings:
        whole = preview(*steps, config={"key": "planted-value"}, **more)
        kept = preview_without_values(whole, stack="prod", file="f")
        assert preview_from(kept, stack="prod", file="f") == preview_from(whole, stack="prod", file="f")
        text = json.dumps(kept)
        assert "planted-value" not in text
        assert "ghp_" not in text
    with pytest.raises(RefusedError, match="no step of the stack itself"):
        preview_without_values({"steps": steps}, stack="prod", file="f")


def test_a_preview_that_cannot_be_read_is_reported_as_not_known() -> None:
    """In the text, the comment and the document; it changes no verdict."""
    report = diff_report([UPDATE], (), all_stacks=True)
    previews = {"prod": PreviewComparison(stack="prod", problem="preview-prod.zip: `x` </details>\u202e")}
    said = "prod: not known, because the preview cannot be read: preview-prod.zip: `x` </details>\\u{202e}"
    for text in (diff_markdown(report, previews=previews), diff_text(report, previews=previews)):
        assert said in text
    document = json.loads(diff_json(report, Origin(), previews))
    assert document["verdict"] == json.loads(diff_json(report, Origin(), {}))["verdict"]
    (found,) = document["stacks"]
    assert (found["preview"], found["preview_problem"]) == (None, previews["prod"].problem)


def test_the_reason_why_there_is_no_preview_is_given_everywhere() -> None:
    """Without a preview, it is not known whether there will be one."""
    report = diff_report([UPDATE], (), all_stacks=True)
    said = "What the engine would do is not known: the workflow has not ended yet."
    assert said in diff_markdown(report, no_preview="the workflow has not ended yet")
    assert said in diff_text(report, no_preview="the workflow has not ended yet")
    (found,) = json.loads(diff_json(report, Origin(), {}, no_preview="the workflow has not ended yet"))["stacks"]
    assert (found["preview"], found["preview_problem"]) == (None, "the workflow has not ended yet")
    (known,) = json.loads(diff_json(report, Origin(), {"prod": compared(UPDATE)}, no_preview="x"))["stacks"]
    assert known["preview_problem"] is None


def test_the_command_takes_a_preview_for_each_stack(command: Command, tmp_path: Path) -> None:
    """By the stack's name; a stack that is not compared, a second file and half an option are refused."""
    for name, severity in (("old", "WARNING"), ("new", "ERROR")):
        (tmp_path / f"{name}.json").write_text(json.dumps(plan_value(alert(severity))), encoding="utf-8")
    (tmp_path / "preview.json").write_text(json.dumps(preview(step("delete", "gone"))), encoding="utf-8")
    words = ("diff", "old.json", "new.json", "--preview")
    done = command(*words, "prod=preview.json", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "delete gone (" in done.out
    assert "nothing it (" in done.out
    wrong = {
        "staging=preview.json": "staging",
        "preview.json": "STACK=FILE",
        "=preview.json": "STACK=FILE",
        "prod=none": "none",
    }
    for given, said in wrong.items():
        done = command(*words, given, cwd=tmp_path)
        assert (done.status, done.out) == (1, "")
        assert said in done.err
    assert command(*words, "prod=preview.json", "--preview", "prod=preview.json", cwd=tmp_path).status == 1
    done = command(*words, "prod=none", "--format", "markdown", cwd=tmp_path)
    assert "**The diff could not be made.**" in done.out
