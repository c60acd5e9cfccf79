"""The component `ManagedFiles`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pulumi
import pulumi_github as github

from components.managed_files import ManagedFiles, ManagedFilesArgs
from readiness.delivered.declared_texts import Texts, open_store
from readiness.delivered.header import file_digest
from tests.components.conftest import Declare

DEPENDABOT, SCAN = ".github/dependabot.yml", ".github/workflows/Scan images.yml"
TEXTS = {DEPENDABOT: "version: 2\n", SCAN: "on: push\n"}
PULL_REQUEST = ManagedFilesArgs(repository="shop", branch="trunk", delivery="pull_request", files=TEXTS)
COMMIT = dataclasses.replace(PULL_REQUEST, delivery="commit")
FILES = ["files-dependabot-yml", "files-workflows-scan-images-yml"]
URN = "urn:pulumi:test::library::readiness:project:ManagedFiles::"


def texts_for_the_plan(declare: Declare, program: Callable[[], object], *, preview: bool = False) -> Texts:
    """The texts that the components of the program keep for the plan, by URN."""
    with open_store() as texts:
        declare(program, preview=preview)
    return texts


def with_scan(text: pulumi.Input[str]) -> ManagedFilesArgs:
    """Args with another text for one of the two files."""
    return dataclasses.replace(PULL_REQUEST, files={**TEXTS, SCAN: text})


def test_the_state_holds_digests_and_no_text(declare: Declare) -> None:
    """The texts would be the largest part of the state."""
    for args in (PULL_REQUEST, COMMIT):
        inputs = declare(lambda args=args: ManagedFiles("files", args)).inputs("files")
        assert inputs == {
            "delivery": args.delivery,
            "digests": {path: file_digest(text) for path, text in TEXTS.items()},
        }


def test_the_plan_gets_the_texts_with_either_delivery(declare: Declare) -> None:
    """Under the URN of the component."""
    texts = texts_for_the_plan(declare, lambda: [ManagedFiles("first", PULL_REQUEST), ManagedFiles("second", COMMIT)])
    assert texts == {f"{URN}first": TEXTS, f"{URN}second": TEXTS}


def test_no_text_is_kept_without_a_plan(declare: Declare) -> None:
    """The real engine opens no store, and a closed store keeps nothing."""
    with open_store() as texts:
        pass
    declare(lambda: ManagedFiles("files", PULL_REQUEST))
    assert texts == {}


def test_a_pull_request_declares_no_resource(declare: Declare) -> None:
    """Every push to the default branch may deploy."""
    assert declare(lambda: ManagedFiles("files", PULL_REQUEST)).names == ["files"]


def test_a_commit_declares_each_file_on_the_branch(declare: Declare) -> None:
    """With its whole text, also over an existing file."""
    declared = declare(lambda: ManagedFiles("files", COMMIT))
    assert sorted(declared.names) == ["files", *FILES]
    assert declared.inputs("files-workflows-scan-images-yml") == {
        "repository": "shop",
        "branch": "trunk",
        "file": SCAN,
        "content": "on: push\n",
        "commitMessage": "Update Scan images.yml, which the readiness program declares",
        "overwriteOnCreate": True,
    }


def test_a_committed_file_stays_when_the_resource_goes(declare: Declare) -> None:
    """Otherwise its deletion would be a commit on the branch."""
    declared = declare(lambda: ManagedFiles("files", COMMIT))
    assert [declared.named(name)["options"].get("retainOnDelete") for name in FILES] == [True, True]


def test_a_secret_text_is_in_no_plan_and_its_digest_is_secret(declare: Declare) -> None:
    """The digest of a short secret would let a reader guess the secret."""

    def program() -> None:
        ManagedFiles("files", with_scan(pulumi.Output.secret("planted")))

    assert texts_for_the_plan(declare, program) == {f"{URN}files": {DEPENDABOT: TEXTS[DEPENDABOT]}}
    digests = declare(program).inputs("files")["digests"]
    assert digests == {DEPENDABOT: file_digest(TEXTS[DEPENDABOT]), SCAN: "[secret]"}


def test_a_text_that_is_not_known_yet_is_in_no_plan(declare: Declare) -> None:
    """The other files of the component are in the plan. The digest is shown as unknown."""

    def program() -> None:
        label = github.IssueLabel("label", repository="shop", name="label", color="ededed")
        ManagedFiles("files", with_scan(label.url))

    assert texts_for_the_plan(declare, program, preview=True) == {f"{URN}files": {DEPENDABOT: TEXTS[DEPENDABOT]}}
    assert declare(program, preview=True).inputs("files")["digests"][SCAN] == "<unknown>"


def test_a_text_that_another_resource_produces_is_in_the_plan_once_it_is_known(declare: Declare) -> None:
    """Like a plain text."""

    def program() -> None:
        label = github.IssueLabel("label", repository="shop", name="label", color="ededed")
        ManagedFiles("files", with_scan(pulumi.Output.concat("name: ", label.name)))

    texts = texts_for_the_plan(declare, program, preview=True)
    assert texts == {f"{URN}files": {DEPENDABOT: TEXTS[DEPENDABOT], SCAN: "name: label"}}
