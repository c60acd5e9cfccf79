"""No change alters the verdict on itself: neither by its program, nor by its toolkit, nor by what it leaves behind."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from readiness import __version__
from readiness.plan import judge
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
from readiness.plan.judge import judge_note
from readiness.plan.pull_request_folder import PLANS, PULL_REQUEST
from readiness.plan.render_diff import MARKER
from tests.edits import edit
from tests.plan.clones import commit, git
from tests.projects import Command

pytestmark = pytest.mark.processes

RAISED = "threshold > 0.05 -> > 0.5"
PATCHES = {
    "rules emptied in the program": (
        "__main__.py",
        "import readiness.plan.weakening as w, readiness.plan.diff_report as d, readiness.plan.acknowledgements as a\n"
        "w.RULES = ()\nw.weakenings = d.weakenings = lambda diff: iter(())\n"
        "d.acknowledgement_status = lambda found, entries: "
        "a.AcknowledgementStatus(acknowledged={}, open=(), stale=())\n",
    ),
    "a helper that returns nothing": (
        "readiness/plan/weakening.py",
        "def weakenings(diff):\n    return iter(())\n",
    ),
    "a module of the name of a library": (
        "yaml.py",
        "raise SystemExit(0)\n",
    ),
}


@pytest.mark.parametrize("patch", PATCHES)
def test_a_change_of_what_judges_does_not_change_the_verdict(clone: Path, command: Command, patch: str) -> None:
    """The program runs in another process, and the judge is the base's. The first line says who must read it."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")
    path, code = PATCHES[patch]
    file = clone / path
    # At the end of the program, so that it makes its plan; a helper's last definition is the one that counts.
    file.write_text(f"{file.read_text(encoding='utf-8') if file.exists() else ''}\n{code}", encoding="utf-8")
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert done.status == 1
    if path == "yaml.py":
        # Its own plan fails, which is no verdict in its favour.
        assert "error" in done.err
        return
    first, judged = done.out.splitlines()[:2]
    assert first.startswith("The change produced this plan itself: it changes code that makes the plan (")
    assert path in first
    assert judged.startswith(f"Judged by readiness {__version__} of {git(clone, 'rev-parse', 'main')[:12]}")
    assert RAISED in done.out


def test_a_program_cannot_print_or_exit_its_way_to_another_plan(clone: Path, command: Command) -> None:
    """What it writes to stdout is no plan, and leaving early is a failure."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")
    program = clone / "__main__.py"
    text = program.read_text(encoding="utf-8")
    answer = "import os\nos.write(1, b'{\"files\": {}}')\nos._exit(0)\n"
    program.write_text(text.replace("\nimport pulumi\n", f"\nimport pulumi\n{answer}"), encoding="utf-8")
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert done.status == 1, "what it leaves out is deleted"
    assert re.search(r"^staging: .*\d+ delete", done.out, flags=re.MULTILINE)


@pytest.fixture
def other_toolkit(clone: Path) -> Path:
    """The clone, whose newest commit has a toolkit that is not the one that runs the tests."""
    render = clone / "readiness" / "plan" / "render_diff.py"
    render.write_text(render.read_text(encoding="utf-8") + "\n# Of the base.\n", encoding="utf-8")
    commit(clone, "Change the toolkit")
    git(clone, "branch", "--force", "with-toolkit")
    return clone


def test_the_toolkit_of_the_base_judges_where_it_is_another(other_toolkit: Path, command: Command) -> None:
    """It is unpacked and run. Here it says itself that it judged."""
    root = other_toolkit
    render = root / "readiness" / "plan" / "render_diff.py"
    text = render.read_text(encoding="utf-8")
    render.write_text(text.replace("'no change'", "'the same, says the base'"), encoding="utf-8")
    base = commit(root, "Word it otherwise")
    git(root, "checkout", "--quiet", "--force", "with-toolkit", "--", ".")
    try:
        done = command("diff", "--base", base, "--stack", "staging", cwd=root)
    finally:
        git(root, "reset", "--quiet", "--hard", "HEAD~2")
    assert done.status == 0
    assert "staging: the same, says the base" in done.out
    assert f"Judged by readiness {__version__} of {base[:12]}, the commit compared with." in done.out


def test_a_base_that_cannot_judge_is_not_named_as_the_judge(clone: Path) -> None:
    """A commit before the separation; the note says that the change may have altered its judge."""
    (clone / "readiness" / "plan" / "program_process.py").unlink()
    base = commit(clone, "As before")
    git(clone, "reset", "--quiet", "--hard", "HEAD~1")
    assert judge.judge_elsewhere(clone, base, ["diff"]) is None
    assert judge_note(clone, base).startswith(f"NOT judged by the base: the toolkit of {base[:12]} is too old")


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        (f"readiness=={__version__}\n", f"Judged by readiness {__version__}, which "),
        (f"./wheels/readiness-{__version__}-py3-none-any.whl\n", f"Judged by readiness {__version__}, which "),
        (f"readiness=={__version__} \\\n    --hash=sha256:00\n", f"Judged by readiness {__version__}, which "),
        ("readiness==0.0.9\n", "NOT by 0.0.9, which "),
        ("readiness @ https://example.com/readiness-0.0.9-py3-none-any.whl\n", "NOT by 0.0.9, which "),
        ("readiness>=0.1\n", " is not known."),
        ("other==1\n", " is not known."),
        (f"readiness=={__version__}\nreadiness==0.0.9\n", " is not known."),
    ],
)
def test_a_project_is_told_whether_the_version_that_judged_is_the_one_that_the_base_pins(
    tmp_path: Path, requirement: str, said: str
) -> None:
    """Another version may judge otherwise; it is never silently taken for the base's."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "requirements.txt").write_text(requirement, encoding="utf-8")
    base = commit(tmp_path, "Pin")
    note = judge_note(tmp_path, base)
    assert said in note
    assert note.endswith(f"{base[:12]} pins.") == (said.startswith("Judged"))
    assert ("which CI posts" in note) != said.startswith("Judged")


def pull_request(root: Path, folder: Path, command: Command) -> Path:
    """What the judge's workflow has of a pull request with these files: its plans, made by its run, and its paths."""
    done = command("pull-request", "plans", str(folder / "plans"), cwd=root)
    assert done.status == 0, done.err
    fetched = folder / "fetched"
    fetched.mkdir()
    with zipfile.ZipFile(fetched / PLANS, "w") as archive:
        for plan in sorted((folder / "plans").iterdir()):
            archive.write(plan, plan.name)
    known = {
        "paths": ["Pulumi.yaml", "__main__.py"],
        "is_complete": True,
        "plans_problem": "",
        "previews_problem": "the workflow has not ended yet",
    }
    (fetched / PULL_REQUEST).write_text(json.dumps(known), encoding="utf-8")
    return fetched


def test_a_pull_request_is_judged_by_its_plans_alone(clone: Path, command: Command, tmp_path: Path) -> None:
    """From a checkout of the base, where neither its code nor its settings are; its acknowledgements count."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")
    settings = (clone / "Pulumi.yaml").read_text(encoding="utf-8")
    program = clone / "__main__.py"
    program.write_text(f"{program.read_text(encoding='utf-8')}\n{PATCHES['rules emptied in the program'][1]}")
    fetched = pull_request(clone, tmp_path, command)
    (fetched / "Pulumi.yaml").write_text(settings, encoding="utf-8")
    git(clone, "reset", "--quiet", "--hard", "main")
    arguments = ("diff", "--base", "HEAD", "--pull-request", str(fetched))
    done = command(*arguments, "--format", "markdown", cwd=clone)
    assert done.status == 1
    assert RAISED in done.out
    _, title, _, first, _, judged, *_ = done.out.splitlines()
    assert title == "## Plan diff"
    assert first.startswith("> `The change produced this plan itself: ")
    assert judged.startswith(f"> `Judged by readiness {__version__} of ")
    assert "What the engine would do is not known: the workflow has not ended yet." in done.out

    assert re.search(r"setting: Pulumi\.yaml:\d+ alerts\.high_error_rate\.error_ratio 0\.05 → 0\.5", done.out)
    for hostile in ("{", "config: 5", "a: &a [*a]", "name: x\x00"):
        (fetched / "Pulumi.yaml").write_text(hostile, encoding="utf-8")
        without = command(*arguments, "--format", "markdown", cwd=clone)
        assert (without.status, RAISED in without.out, "setting: " in without.out) == (1, True, False)
    digests = sorted(set(re.findall(r"\bw[0-9a-f]{20}\b", done.out)))
    entries = [f"- {{digest: {digest}, reason: Agreed, by: ada}}" for digest in digests]
    (fetched / ACKNOWLEDGED_FILE).write_text("\n".join(["acknowledged:", *entries]), encoding="utf-8")
    # What the engine would do joins the comment, and changes no verdict, whether it is grave or cannot be read.
    urn = "urn:pulumi:staging::shop::{}::{}"
    steps = [
        {"op": "same", "urn": urn.format("pulumi:pulumi:Stack", "shop-staging")},
        {"op": "delete", "urn": urn.format("gcp:storage/bucket:Bucket", "gone")},
    ]
    (fetched / "preview-prod.zip").write_bytes(b"PK")
    with zipfile.ZipFile(fetched / "preview-staging.zip", "w") as archive:
        archive.writestr("preview-staging.json", json.dumps({"steps": steps, "changeSummary": {}}))
    done = command(*arguments, cwd=clone)
    assert done.status == 0
    assert (
        "prod: not known, because the preview cannot be read: preview-prod.zip: is not a readable archive" in done.out
    )
    assert "delete gone (gcp:storage/bucket:Bucket): the plan says nothing" in done.out
    (fetched / "preview-prod.zip").unlink()
    assert "prod: not known: the workflow has not ended yet" in command(*arguments, cwd=clone).out


def test_a_pull_request_without_plans_or_with_hostile_ones_fails_with_a_comment(
    clone: Path, command: Command, tmp_path: Path
) -> None:
    """Which takes the place of an earlier one."""
    known = {
        "paths": ["README.md"],
        "is_complete": True,
        "plans_problem": "the pull request's run has made no plans",
        "previews_problem": "",
    }
    (tmp_path / PULL_REQUEST).write_text(json.dumps(known), encoding="utf-8")
    arguments = ("diff", "--base", "HEAD", "--pull-request", str(tmp_path), "--format", "markdown")
    done = command(*arguments, cwd=clone)
    assert (done.status, done.out.startswith(MARKER)) == (1, True)
    assert "has made no plans" in done.out
    (tmp_path / PULL_REQUEST).write_text(json.dumps(known | {"plans_problem": ""}), encoding="utf-8")
    (tmp_path / PLANS).write_bytes(b"PK")
    assert "is not a readable archive" in command(*arguments, cwd=clone).out
    assert "needs --base" in command("diff", "a", "b", "--pull-request", str(tmp_path), cwd=clone).err
