"""`readiness diff --format json`: the document has the form of the published schema, and one verdict with its label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from readiness.finding import Finding
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE, Acknowledgement
from readiness.plan.diff_json import SCHEMA_FILE, diff_json, failure_json, verdict_in
from readiness.plan.diff_report import diff_report
from readiness.plan.diff_verdict import (
    LABELS,
    MAX_URL_CHARACTERS,
    Origin,
    Verdict,
    other_labels,
    run_url_of,
    url_problem,
)
from readiness.plan.engine_preview import compare_preview, preview_from
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_diff import StackDiff
from readiness.plan.render_diff import diff_markdown, failure_markdown
from readiness.resource_types import ALERT_POLICY
from tests.edits import edit
from tests.plan.diff_plans import diff_of, plan_value, resource, value_of
from tests.projects import Command

SCHEMA = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
ORIGIN = Origin(base_commit="a" * 40, head_commit="b" * 40, run_url="https://github.com/o/r/actions/runs/7")
PROBLEM = Finding(rule_id="base-commit", file="commit x", message="has no program", hint="Compare with a later one")
GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"}


def validated(text: str) -> dict[str, Any]:
    """The document, which has the form of the schema."""
    document: dict[str, Any] = json.loads(text)
    assert [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []
    return document


def severities(before: str, after: str) -> StackDiff:
    """An alert whose severity changes."""
    old, new = (plan_value(resource(ALERT_POLICY, {"severity": value}, name="it")) for value in (before, after))
    return diff_of(old, new)


def document_of(diff: StackDiff, *entries: Acknowledgement) -> dict[str, Any]:
    """The validated document of one stack's difference."""
    return validated(diff_json(diff_report([diff], entries, all_stacks=True), Origin(), {}))


def test_the_schema_is_a_schema_and_refuses_what_is_not_documented() -> None:
    """Else every document would have its form."""
    Draft202012Validator.check_schema(SCHEMA)
    document = document_of(severities("ERROR", "WARNING"))
    (group,) = document["weakens"]
    for spoilt in (
        {key: value for key, value in document.items() if key != "verdict"},
        {**document, "verdict": "fine"},
        {**document, "weakens": [{**group, "other": 1}]},
        {**document, "weakens": [{**group, "digests": ["w0"]}]},
    ):
        assert list(Draft202012Validator(SCHEMA).iter_errors(spoilt))


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_a_real_plan_that_goes_and_comes_has_the_form(plans: dict[str, Plan], stack: str) -> None:
    """Every type of resource, created and deleted, with a preview and with all that says where it comes from."""
    full = value_of(plans[stack])
    empty = {**plan_value(stack=stack), "project": full["project"]}
    for old, new in ((empty, full), (full, empty)):
        diff = diff_of(old, new)
        steps = [{"op": "same", "urn": f"urn:pulumi:{stack}::p::pulumi:pulumi:Stack::p-{stack}"}]
        preview = preview_from({"steps": steps, "changeSummary": {}}, stack=stack, file="f")
        comparison = compare_preview(diff, preview)
        document = validated(diff_json(diff_report([diff], (), all_stacks=True), ORIGIN, {stack: comparison}))
        assert document["verdict"] == "weakens"
        assert document["stacks"][0]["preview_problem"] is None
        assert len(document["stacks"][0]["preview"]["differences"]) == len(comparison.differences) > 20
        assert (document["base_commit"], document["head_commit"]) == ("a" * 40, "b" * 40)
        assert document["run_url"] == ORIGIN.run_url


def test_the_verdict_names_its_label_and_those_that_must_go() -> None:
    """All five, in both directions of one change."""
    weaker = document_of(severities("ERROR", "WARNING"))
    (digest,) = weaker["weakens"][0]["digests"]
    entry = Acknowledgement(digest=digest, reason="Agreed", by="ada", line=3)
    agreed = document_of(severities("ERROR", "WARNING"), entry)
    assert agreed["weakens"][0]["acknowledged"] == {"by": "ada", "reason": "Agreed"}
    documents = {
        "failed": validated(failure_json([PROBLEM], ORIGIN)),
        "weakens": weaker,
        "acknowledged": agreed,
        "changes": document_of(severities("WARNING", "ERROR"), entry),
        "same": document_of(severities("ERROR", "ERROR")),
    }
    assert documents["changes"]["stale_acknowledgements"] == [{"digest": digest, "line": 3}]
    for verdict, document in documents.items():
        assert document["verdict"] == verdict
        assert document["labels"]["add"] == [LABELS[Verdict(verdict)]]
        assert {*document["labels"]["add"], *document["labels"]["remove"]} == {*LABELS.values()}
        assert document["labels"]["remove"] == other_labels(Verdict(verdict))
    assert documents["failed"]["problems"][0]["message"] == "has no program"
    assert max(map(len, LABELS.values())) <= 50


def test_plans_that_do_not_say_which_program_is_run_are_not_the_same() -> None:
    """Not known is no verdict that all is well."""
    plan = {key: value for key, value in plan_value().items() if key != "setup"}
    assert document_of(diff_of(plan, plan))["verdict"] == "changes"


def test_a_preview_that_was_not_given_is_not_known() -> None:
    """Null, and a sentence in the comment; with one, the comment does not say so."""
    diff = severities("WARNING", "ERROR")
    report = diff_report([diff], (), all_stacks=True)
    (stack,) = validated(diff_json(report, ORIGIN, {}))["stacks"]
    assert (stack["preview"], stack["preview_problem"]) == (None, "no preview was given")
    assert "What the engine would do is not known: no preview was given." in diff_markdown(report, origin=ORIGIN)


def test_the_comment_ends_with_version_commits_and_log() -> None:
    """Of a diff and of a failure; without them, with the version alone."""
    report = diff_report([severities("WARNING", "ERROR")], (), all_stacks=True)
    for with_, without in (
        (diff_markdown(report, origin=ORIGIN), diff_markdown(report)),
        (failure_markdown([PROBLEM], ORIGIN), failure_markdown([PROBLEM])),
    ):
        words = "base <code>aaaaaaaaaaaa</code> · head <code>bbbbbbbbbbbb</code>"
        assert f" · {words} · " in with_.splitlines()[-1]
        assert f'<a href="{ORIGIN.run_url}">' in with_.splitlines()[-1]
        assert "·" not in without.splitlines()[-1]
        assert without.splitlines()[-1].startswith("<sub>readiness ")


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/",
        "https://a@evil/",
        'https://g/"><img>',
        "https://g/a b",
        "javascript:x",
        f"https://g/{'x' * MAX_URL_CHARACTERS}",
    ],
)
def test_an_address_that_could_leave_its_link_is_refused(url: str, command: Command) -> None:
    """It is a part of the comment's markup."""
    assert url_problem(url) is not None
    done = command("diff", "a.json", "b.json", "--run-url", url)
    assert (done.status, done.out) == (1, "")
    assert "is not an address of a run" in done.err


def test_the_run_is_that_of_github_actions() -> None:
    """Only where all three variables say so, and make an address."""
    assert run_url_of(GITHUB) == ORIGIN.run_url
    assert url_problem(ORIGIN.run_url) is None
    assert [run_url_of({**GITHUB, name: value}) for name in GITHUB for value in ("", '">')] == [""] * 6


def test_the_command_prints_the_form_and_writes_it_beside_a_comment(
    clone: Path, command: Command, tmp_path: Path
) -> None:
    """One run makes both; the base is named without an option."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")
    file = tmp_path / "diff.json"
    done = command("diff", "--base", "HEAD", "--format", "markdown", "--json-to", str(file), cwd=clone, **GITHUB)
    assert done.status == 1
    document = validated(file.read_text(encoding="utf-8"))
    assert document["verdict"] == "weakens"
    assert document["base_commit"][:12] in done.out.splitlines()[-1]
    assert ORIGIN.run_url in done.out.splitlines()[-1]
    assert [edit_["key"] for edit_ in document["settings"]] == ["alerts.high_error_rate.error_ratio"]
    printed = command("diff", "--base", "HEAD", "--format", "json", cwd=clone, **GITHUB)
    assert validated(printed.out) == document
    done = command("diff", "--base", "HEAD", "--head-commit", "main", cwd=clone)
    assert "'main' is not the ID of a commit" in done.err

    (clone / ACKNOWLEDGED_FILE).write_text("acknowledged: no\n", encoding="utf-8")
    done = command("diff", "--base", "HEAD", "--format", "json", "--json-to", str(file), cwd=clone)
    assert (done.status, validated(done.out)["verdict"]) == (1, "failed")
    assert file.read_text(encoding="utf-8") == done.out, "an older answer does not stay"
    assert ACKNOWLEDGED_FILE in validated(done.out)["problems"][0]["file"]


@pytest.mark.parametrize("verdict", [*Verdict])
def test_a_verdict_is_read_from_the_document(verdict: Verdict) -> None:
    """Of any of the five."""
    assert verdict_in(json.dumps({"format": 1, "verdict": verdict}).encode()) is verdict


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"{}", b'{"format": 1, "verdict": "fine"}', b'{"format": 2, "verdict": "same"}',
     b'{"format": 1, "verdict": ["same"]}', b'{"format": 1, "verdict": {}}', b"[" * 100_000],
)  # fmt: skip
def test_a_document_that_says_anything_else_has_no_verdict(data: bytes) -> None:
    """It may be the artifact of a hostile run."""
    with pytest.raises(ValueError, match=r"is not an? (JSON document|output of)"):
        verdict_in(data)
