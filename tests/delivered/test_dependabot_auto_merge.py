"""The workflow for minor and patch updates: valid, with the least rights, and merging only where it is safe."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from readiness.delivered.dependabot import APP_KEY_SECRET, allow_auto_merge_command, auto_merge_text
from readiness.settings.github import AutoMerge
from tests.actionlint import actionlint_status
from tests.delivered.delivered import zizmor

LABELS_ONLY = AutoMerge(enabled=False)
MERGES = AutoMerge(enabled=True, app_client_id="Iv23liExample")
BOTH = pytest.mark.parametrize("settings", [LABELS_ONLY, MERGES], ids=["labels", "merges"])


def text_of(settings: AutoMerge, default_branch: str = "main") -> str:
    """The whole file."""
    return auto_merge_text(settings, repository="o/r", default_branch=default_branch)


def workflow(settings: AutoMerge, default_branch: str = "main") -> dict[str, Any]:
    """It, parsed; YAML 1.1 takes its `on` for true."""
    document = yaml.safe_load(text_of(settings, default_branch))
    document["on"] = document.pop(True)
    return document


def written(folder: Path, settings: AutoMerge) -> Path:
    """The file where GitHub looks for it."""
    path = folder / ".github" / "workflows" / "dependabot-auto-merge.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text_of(settings), encoding="utf-8")
    return path


@BOTH
def test_it_is_valid_by_githubs_schema(tmp_path: Path, settings: AutoMerge) -> None:
    """And the check can fail."""
    path = written(tmp_path, settings)
    arguments = ["--builtin-schema", "vendor.github-workflows", str(path)]
    assert CliRunner().invoke(check_jsonschema, arguments).exit_code == 0
    path.write_text(path.read_text(encoding="utf-8").replace("runs-on:", "runs-at:"), encoding="utf-8")
    assert CliRunner().invoke(check_jsonschema, arguments).exit_code == 1


@BOTH
def test_zizmor_finds_nothing_in_it(tmp_path: Path, settings: AutoMerge) -> None:
    """As CI asks it, with its strictest persona."""
    result = zizmor(written(tmp_path, settings))
    assert result.returncode == 0, result.stdout + result.stderr


@BOTH
def test_actionlint_finds_nothing_in_it(tmp_path: Path, settings: AutoMerge) -> None:
    """Whether it merges or only labels."""
    assert actionlint_status([str(written(tmp_path, settings))]) == 0


@BOTH
def test_nothing_of_the_pull_request_is_run(settings: AutoMerge) -> None:
    """Never with the base's rights, no checkout, values by the environment alone, for Dependabot's own only."""
    document = workflow(settings)
    assert document["on"] == {"pull_request": {"branches": ["main"]}}
    label = document["jobs"]["label"]
    assert label["if"] == "github.event.pull_request.user.login == 'dependabot[bot]' && github.repository == 'o/r'"
    for job in document["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert "checkout" not in step.get("uses", "")


@BOTH
def test_every_right_is_named_and_every_action_pinned_by_commit(settings: AutoMerge) -> None:
    """None above the jobs; merging by itself gives the workflow's own token nothing."""
    document = workflow(settings)
    assert document["permissions"] == {}
    assert document["jobs"]["label"]["permissions"] == {"pull-requests": "write"}
    assert document["jobs"].get("merge", {}).get("permissions", {}) == {}
    for line in text_of(settings).splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_without_enabled_it_cannot_merge() -> None:
    """Neither a job nor a secret for it is in the file."""
    assert list(workflow(LABELS_ONLY)["jobs"]) == ["label"]
    assert "secrets." not in text_of(LABELS_ONLY)
    assert "gh pr merge" not in text_of(LABELS_ONLY)


def test_the_app_gets_no_more_than_a_merge_needs() -> None:
    """Of this repository, by its client id."""
    (step,) = (step for step in workflow(MERGES)["jobs"]["merge"]["steps"] if "uses" in step)
    assert step["with"] == {
        "client-id": "Iv23liExample",
        "private-key": f"${{{{ secrets.{APP_KEY_SECRET} }}}}",
        "permission-contents": "write",
        "permission-pull-requests": "write",
    }


@pytest.mark.parametrize(("branch", "pattern"), [("release/1.x", "release/1.x"), ("a+b", r"a\+b"), ('q"', 'q"')])
def test_the_default_branch_is_no_pattern(branch: str, pattern: str) -> None:
    """Quoted for YAML, and for the filter."""
    assert workflow(LABELS_ONLY, branch)["on"]["pull_request"]["branches"] == [pattern]


def test_auto_merge_is_allowed_by_a_command_that_touches_nothing_else() -> None:
    """The repository as a resource would reset its other fields."""
    assert allow_auto_merge_command("o/r") == "gh api -X PATCH repos/o/r -F allow_auto_merge=true"


GH = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  *graphql*) echo "$ALLOWED" ;;
  *rules/branches*) echo "$REQUIRED" ;;
esac
"""


def run_step(folder: Path, job: str, step_id: str, **environment: str) -> tuple[dict[str, str], str, str]:
    """Runs a step's script with a `gh` of our own: its outputs, its summary, and what `gh` was asked."""
    (step,) = (step for step in workflow(MERGES)["jobs"][job]["steps"] if step.get("id") == step_id)
    (folder / "gh").write_text(GH, encoding="utf-8")
    (folder / "gh").chmod(0o755)
    (folder / "jq").write_text('#!/bin/sh\necho "$4"\n', encoding="utf-8")
    (folder / "jq").chmod(0o755)
    places = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "CALLS")}
    for place in places.values():
        Path(place).write_text("", encoding="utf-8")
    known = {"PATH": f"{folder}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "o/r", "GITHUB_EVENT_NAME": "pull_request"}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env={**known, **places, **environment}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    output, summary, calls = (Path(place).read_text(encoding="utf-8") for place in places.values())
    return dict(line.split("=", 1) for line in output.splitlines()), summary, calls


def judged(folder: Path, update_type: str, **more: str) -> tuple[str, str]:
    """Whether an update may merge, and what was done to labels."""
    usual = {"NUMBER": "7", "COMMITS": "1", "ECOSYSTEM": "npm_and_yarn", "IS_LABELLED": "false"}
    output, _, calls = run_step(folder, "label", "judge", **{**usual, "UPDATE_TYPE": update_type, **more})
    return output["merge"], calls.strip()


@pytest.mark.parametrize("kind", ["minor", "patch"])
def test_minor_and_patch_updates_are_labelled_and_may_merge(tmp_path: Path, kind: str) -> None:
    """The label says so to people too."""
    merge, calls = judged(tmp_path, f"version-update:semver-{kind}")
    assert merge == "true"
    assert calls == "api --silent -X POST repos/o/r/issues/7/labels -f labels[]=minor-or-patch"


@pytest.mark.parametrize("kind", ["version-update:semver-major", "", "something new"])
def test_any_other_update_is_left_to_people_and_loses_the_label(tmp_path: Path, kind: str) -> None:
    """Also one whose kind is not known."""
    assert judged(tmp_path, kind) == ("false", "")
    merge, calls = judged(tmp_path, kind, IS_LABELLED="true")
    assert (merge, calls) == ("false", "api --silent -X DELETE repos/o/r/issues/7/labels/minor-or-patch")


def test_what_people_pushed_to_it_and_actions_never_merge_by_themselves(tmp_path: Path) -> None:
    """A second commit is not Dependabot's; an action runs before a check could judge it."""
    assert judged(tmp_path, "version-update:semver-patch", COMMITS="2")[0] == "false"
    assert judged(tmp_path, "version-update:semver-patch", ECOSYSTEM="github_actions")[0] == "false"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({}, None),
        ({"ALLOWED": "false"}, "the repository does not allow auto-merge"),
        ({"REQUIRED": "0"}, "no active ruleset requires a check on main"),
        ({"HAS_KEY": "false"}, f"the Dependabot secret {APP_KEY_SECRET} is not set"),
    ],
)
def test_it_only_labels_until_the_preflight_holds(tmp_path: Path, state: dict[str, str], reason: str | None) -> None:
    """Each missing piece by itself, with the reason in the run's summary."""
    usual = {"ALLOWED": "true", "REQUIRED": "1", "HAS_KEY": "true", "BASE": "main"}
    output, summary, calls = run_step(tmp_path, "merge", "preflight", **{**usual, **state})
    assert output["ready"] == ("true" if reason is None else "false")
    assert summary == ("" if reason is None else f"only labelled, because {reason}\n")
    assert "-f o=o -f n=r" in calls
    assert "repos/o/r/rules/branches/main" in calls


def test_nothing_is_merged_unless_preflight_and_judgement_agree() -> None:
    """And only the commit that was judged; an earlier decision is taken back."""
    steps = workflow(MERGES)["jobs"]["merge"]["steps"]
    merge, back = steps[-2:]
    assert merge["if"] == "steps.preflight.outputs.ready == 'true' && needs.label.outputs.merge == 'true'"
    assert merge["run"] == 'gh pr merge --auto --squash --match-head-commit "$HEAD" "$PR_URL"'
    assert "needs.label.outputs.merge != 'true'" in back["if"]
    assert back["run"] == 'gh pr merge --disable-auto "$PR_URL"'
    assert steps[1]["if"] == "steps.preflight.outputs.ready == 'true'", "no App token before"
