"""One commit and a pull request, and nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

from readiness.ci.checks_record import record_path, record_text
from readiness.delivered.declared_files import declared_files
from readiness.delivered.header import file_digest, with_header
from readiness.live.delivery import BRANCH
from readiness.plan.offline_plan import Plan
from readiness.rules.records import subject_of
from readiness.rules.stack import check_stack
from tests.delivered.customer_tree import FILES as TREE
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, edit
from tests.live.deliver.command import DEPENDABOT, TOKEN, Deliver, delivered
from tests.live.github_repository import Repository
from tests.live.loopback import Loopback
from tests.pinned_clock import NOW
from tests.projects import Command


def test_the_files_come_as_one_commit_on_a_branch_and_a_pull_request(deliver: Deliver, repository: Repository) -> None:
    """Beside everything that was there; the default branch is not touched."""
    before = repository.branches["main"]
    done = deliver()
    assert (done.status, done.err) == (0, ""), done.text
    assert done.out.endswith("opened #1: https://github.example/1\n")
    assert repository.branches["main"] == before
    assert repository.files(BRANCH) == {**dict.fromkeys(TREE, "x"), **deliver.files}
    assert repository.commits[repository.branches[BRANCH]].parents == [before]
    (pull,) = repository.pulls
    assert (pull["head"], pull["base"]) == (BRANCH, "main")
    for path, text in deliver.files.items():
        assert path in pull["body"]
        assert file_digest(text) in pull["body"]
        assert f"{path}: missing, to be {file_digest(text)}" in done.out
    assert TOKEN not in done.text


def test_a_dry_run_shows_it_and_writes_nothing_and_needs_no_token(deliver: Deliver, repository: Repository) -> None:
    """The difference whole."""
    done = deliver("--dry-run", token="")
    assert done.status == 0, done.text
    assert f"+of: {DEPENDABOT}\n" in done.out
    assert f"dry run: one commit on a new branch {BRANCH}, and a new pull request into main." in done.out
    assert deliver.writes() == []
    assert BRANCH not in repository.branches


def test_the_json_form_has_the_differences_the_result_and_the_pull_request(
    deliver: Deliver, repository: Repository
) -> None:
    """From the dry run to the merge."""
    planned = json.loads(deliver("--dry-run", "--format", "json", token="").out)
    assert (planned["result"], planned["pull_request"], planned["base_branch"]) == ("planned", None, "main")
    assert {found["path"]: found["state"] for found in planned["differences"]} == dict.fromkeys(
        deliver.files, "missing"
    )
    assert f"+of: {DEPENDABOT}\n" in "".join(found["diff"] for found in planned["differences"])
    opened = json.loads(deliver("--format", "json").out)
    assert (opened["result"], opened["pull_request"]) == (
        "opened",
        {"number": 1, "url": "https://github.example/1"},
    )
    assert json.loads(deliver("--format", "json").out)["result"] == "updated"
    repository.merge(1)
    merged = json.loads(deliver("--format", "json").out)
    assert (merged["result"], merged["differences"], merged["findings"]) == ("nothing", [], [])


def test_once_merged_there_is_nothing_to_deliver(deliver: Deliver, repository: Repository) -> None:
    """Neither again nor by another branch."""
    delivered(deliver)
    repository.merge(1)
    writes = deliver.writes()
    done = deliver()
    assert done.out == "prod: nothing to deliver: main contains every file as declared\n"
    assert deliver.writes() == writes


def test_delivered_twice_changes_nothing(deliver: Deliver, repository: Repository) -> None:
    """The branch is up to date, the pull request open."""
    delivered(deliver)
    commit = repository.branches[BRANCH]
    done = deliver()
    assert "updated #1" in done.out
    assert repository.branches[BRANCH] == commit
    assert len(repository.pulls) == 1


def test_a_change_of_settings_updates_branch_and_pull_request(deliver: Deliver, repository: Repository) -> None:
    """By one more commit, never by force."""
    delivered(deliver)
    first = repository.branches[BRANCH]
    deliver.changes()
    done = deliver()
    assert "updated #1" in done.out, done.text
    assert repository.commits[repository.branches[BRANCH]].parents == [first]
    assert "changed: true" in repository.files(BRANCH)[DEPENDABOT]
    assert file_digest(repository.files(BRANCH)[DEPENDABOT]) in repository.pulls[0]["body"]


def test_what_was_pushed_to_the_default_branch_since_is_kept(deliver: Deliver, repository: Repository) -> None:
    """The branch takes it in."""
    delivered(deliver)
    first = repository.branches[BRANCH]
    pushed = repository.commit("main", {"backend/app.py": "print()"})
    assert deliver().status == 0
    assert repository.commits[repository.branches[BRANCH]].parents == [first, pushed]
    assert repository.files(BRANCH)["backend/app.py"] == "print()"


def test_after_a_merge_the_branch_that_stayed_is_used_again(deliver: Deliver, repository: Repository) -> None:
    """Its commits are in the default branch, so it moves forward, and a new pull request is opened."""
    delivered(deliver)
    repository.branches["main"] = repository.branches[BRANCH]
    repository.pulls[0] |= {"state": "closed", "merged_at": "2026-11-01T00:00:00Z"}
    deliver.changes()
    assert "opened #2" in deliver().out
    assert repository.commits[repository.branches[BRANCH]].parents == [repository.branches["main"]]


def test_a_file_of_an_earlier_delivery_is_updated(deliver: Deliver, repository: Repository) -> None:
    """Nobody touched it."""
    repository.commit("main", {DEPENDABOT: with_header("dependabot", "version: 2\n")})
    done = deliver()
    assert done.status == 0, done.text
    assert f"{DEPENDABOT}: unchanged since an earlier delivery" in done.out


def test_the_newest_pull_request_decides(deliver: Deliver, repository: Repository) -> None:
    """One that was refused long ago does not hold up what was merged since."""
    delivered(deliver)
    repository.pulls[0]["state"] = "closed"
    assert deliver("--again").status == 0
    repository.merge(2)
    deliver.changes()
    assert "opened #3" in deliver().out


def test_a_branch_without_its_pull_request_gets_one_the_next_time(deliver: Deliver, repository: Repository) -> None:
    """It is whole, and the message says so."""
    repository.forbidden["POST", "pulls"] = 403
    done = deliver()
    assert done.status == 1
    assert "has all files in one commit. Run the command again to open the pull request" in done.err
    commit = repository.branches[BRANCH]
    repository.forbidden.clear()
    assert "opened #1" in deliver().out
    assert repository.branches[BRANCH] == commit


def test_a_repository_too_large_to_list_is_delivered_to_all_the_same(deliver: Deliver, repository: Repository) -> None:
    """The folders are not checked then."""
    repository.truncated = True
    repository.unlisted = frozenset({"backend/requirements.txt"})
    assert deliver().status == 0


def test_what_the_program_declares_is_delivered(
    command: Command, project: Path, server: Loopback, repository: Repository, plans: dict[str, Plan]
) -> None:
    """The real plan; a stack that declares no file, or commits its files, has nothing to deliver."""
    deliver = Deliver(command, project, server)
    assert "nothing to deliver" in deliver(stack="staging").out
    assert server.requests == []
    done = deliver()
    assert done.status == 0, done.text
    declared = declared_files(plans["prod"].resources)
    assert declared.items() <= repository.files(BRANCH).items()
    assert DEPENDABOT in declared
    assert declared_files(plans["every-option"].resources) == {}, "delivery: commit"


def test_what_merging_still_needs_is_printed_and_never_done(deliver: Deliver, repository: Repository) -> None:
    """`allow_auto_merge` by a command that touches nothing else."""
    edit(deliver.project, PLACEHOLDERS, TWO_PEOPLE)
    edit(deliver.project, "enforcement: disabled", "enforcement: active")
    edit(deliver.project, "enabled: false", "enabled: true\n      app_client_id: Iv23liExample")
    refused = deliver()
    assert refused.status == 1, "Dependabot would merge without a record that the checks can fail"
    assert "the record records/checks-honest.json does not exist" in refused.err
    assert deliver.writes() == []
    _write_honesty_record(deliver.project)
    command = "gh api -X PATCH repos/stellar-aiz/ai-resume-review-v2 -F allow_auto_merge=true"
    done = deliver()
    assert command in done.out, done.text
    assert "gh secret set AUTO_MERGE_APP_PRIVATE_KEY --app dependabot" in done.out
    assert "PATCH /repos/stellar-aiz/ai-resume-review-v2" not in deliver.writes()
    repository.allow_auto_merge = True
    assert command not in deliver().out


def _write_honesty_record(project: Path) -> None:
    settings = check_stack(project, "prod").settings
    assert settings is not None
    assert settings.branch_ruleset is not None
    subject = subject_of(settings, settings.branch_ruleset)
    path = project / record_path("Pulumi.prod.yaml")
    path.parent.mkdir()
    path.write_text(record_text(subject, made=NOW, commit="", workflows_digest="sha256:0"), encoding="utf-8")
