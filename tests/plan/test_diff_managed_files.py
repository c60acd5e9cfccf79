"""Managed files in a diff: their texts are compared line by line, in plans of this version and of version 0.1."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.delivered.header import file_digest
from readiness.plan.change_lines import resource_lines
from readiness.plan.offline_plan import plan_json
from readiness.plan.plan_diff import Action, StackDiff
from tests.plan.diff_plans import PlanValue, diff_of, plan_value, resource
from tests.plan.small_programs import plan_program
from tests.projects import Command

Form = Callable[[dict[str, str]], PlanValue]

SCAN = ".github/workflows/scan.yml"
OLD, NEW = (f"on: push\njobs: {name}\n" for name in ("old", "new"))

PROGRAM = """
    from components.managed_files import ManagedFiles, ManagedFilesArgs

    files = {".github/a.yml": "first\\nline\\n", ".github/b.yml": "second\\n"}
    ManagedFiles("some", ManagedFilesArgs(repository="shop", branch="main", delivery="pull_request", files=files))
"""
# As the component of version 0.1 registers it.
PROGRAM_OF_0_1 = """
    import pulumi
    from readiness.delivered.header import file_digest

    files = {".github/a.yml": "first\\nline\\n", ".github/b.yml": "second\\n"}
    digests = {path: file_digest(text) for path, text in files.items()}
    inputs = {"delivery": "pull_request", "digests": digests, "files": files}
    pulumi.ComponentResource("readiness:project:ManagedFiles", "some", inputs)
"""


def in_this_form(files: dict[str, str]) -> PlanValue:
    """A component that declares files, as this version writes it."""
    inputs = {"delivery": "pull_request", "digests": {path: file_digest(text) for path, text in files.items()}}
    return {**resource("readiness:project:ManagedFiles", inputs), "files": files}


def in_the_form_of_0_1(files: dict[str, str]) -> PlanValue:
    """The same as version 0.1 writes it."""
    component = in_this_form(files)
    component["inputs"]["files"] = component.pop("files")
    return component


FORMS = (in_this_form, in_the_form_of_0_1)
BOTH_FORMS = pytest.mark.parametrize("form", FORMS)
BOTH_FORMS_BEFORE = pytest.mark.parametrize("before", FORMS)
BOTH_FORMS_AFTER = pytest.mark.parametrize("after", FORMS)


def lines_of(diff: StackDiff) -> list[str]:
    """What the diff says of its only resource."""
    (change,) = diff.changes
    assert change.action is Action.OTHER, "the component is no resource of a cloud"
    return resource_lines(diff, change)


@BOTH_FORMS_BEFORE
@BOTH_FORMS_AFTER
def test_the_same_files_are_no_change(before: Form, after: Form) -> None:
    """Texts that only moved out of the inputs are the same texts."""
    assert diff_of(plan_value(before({SCAN: OLD})), plan_value(after({SCAN: OLD}))).is_empty


@BOTH_FORMS_BEFORE
@BOTH_FORMS_AFTER
def test_a_changed_text_is_shown_line_by_line(before: Form, after: Form) -> None:
    """After both digests, which the state and the pull request show."""
    diff = diff_of(plan_value(before({SCAN: OLD})), plan_value(after({SCAN: NEW})))
    assert lines_of(diff) == [
        f'- digests["{SCAN}"]: {file_digest(OLD)}',
        f'+ digests["{SCAN}"]: {file_digest(NEW)}',
        f'  files["{SCAN}"]:',
        "    on: push",
        "-   jobs: old",
        "+   jobs: new",
    ]


@BOTH_FORMS_BEFORE
@BOTH_FORMS_AFTER
def test_a_file_that_is_added_or_removed_is_shown_with_its_text(before: Form, after: Form) -> None:
    """The component itself goes on."""
    added = lines_of(diff_of(plan_value(before({})), plan_value(after({SCAN: OLD}))))
    removed = lines_of(diff_of(plan_value(before({SCAN: OLD})), plan_value(after({}))))
    text = [f'files["{SCAN}"]:', "    on: push", "    jobs: old"]
    assert added == [f'+ digests["{SCAN}"]: {file_digest(OLD)}', *(f"+ {line}" for line in text)]
    assert removed == [f'- digests["{SCAN}"]: {file_digest(OLD)}', *(f"- {line}" for line in text)]


@BOTH_FORMS
def test_a_new_component_is_shown_with_its_texts(form: Form) -> None:
    """Field by field."""
    assert lines_of(diff_of(plan_value(), plan_value(form({SCAN: OLD})))) == [
        "+ delivery: pull_request",
        f'+ digests["{SCAN}"]: {file_digest(OLD)}',
        f'+ files["{SCAN}"]:',
        "+     on: push",
        "+     jobs: old",
    ]


@BOTH_FORMS
def test_a_credential_in_a_text_is_masked(form: Form) -> None:
    """As in an input."""
    lines = lines_of(diff_of(plan_value(), plan_value(form({SCAN: "with: xoxb-123456789-planted"}))))
    assert lines[-1] == f'+ files["{SCAN}"]: with: [secret]'


@BOTH_FORMS
def test_a_changed_text_is_a_change_whatever_its_digest_says(form: Form) -> None:
    """A plan that is handed in may be anything."""
    old, new = form({SCAN: OLD}), form({SCAN: NEW})
    new["inputs"]["digests"] = old["inputs"]["digests"]
    assert lines_of(diff_of(plan_value(old), plan_value(new)))[-1] == "+   jobs: new"


def test_an_input_named_files_of_another_resource_is_an_input() -> None:
    """Only components of ours had texts among their inputs."""
    old, new = (plan_value(resource("a:b/c:D", {"files": {"x": text}})) for text in ("1", "2"))
    (change,) = diff_of(old, new).changes
    assert (change.action, [field.path for field in change.inputs], change.files) == (Action.UPDATE, ["files.x"], ())


def test_the_plans_of_two_programs_in_both_forms_do_not_differ(tmp_path: Path, command: Command) -> None:
    """So that an upgrade shows no change: neither of two files, nor against a base commit, whose plan is read alike."""
    written = {name: tmp_path / f"{name}.json" for name in ("old", "new")}
    for name, program in (("old", PROGRAM_OF_0_1), ("new", PROGRAM)):
        written[name].write_text(plan_json(plan_program(tmp_path, program)), encoding="utf-8")
    assert "files" in json.loads(written["old"].read_text(encoding="utf-8"))["resources"][-1]["inputs"]
    done = command("diff", str(written["old"]), str(written["new"]), "--exit-code", cwd=tmp_path)
    assert (done.status, done.out) == (0, "dev: no change\n")
