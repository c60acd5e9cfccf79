"""Bad input of every kind ends in one error: what is wrong, where, and how to fix it, with exit status 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edits import edit
from tests.projects import Command

IN_A_WORKFLOW = {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_TOKEN": "placeholder"}
# The files that the commands are given: `absent` does not exist, `folder` is a folder, `binary` is not text.
FILES = {"binary": b"\xff\xfe\x00\x01", "empty": b"", "words": b"only words\n"}
BAD_INPUTS = {
    "check absent": "Pulumi.absent.yaml: does not exist. Stacks with a file here: prod, staging.",
    "check --workflows absent": "absent: cannot be read (No such file or directory). Name the folder .github/workflows",
    "check --workflows words": "words: cannot be read (Not a directory). Name the folder .github/workflows",
    "checks-honest --workflows folder": "folder: has no workflow: no file ends in .yml or .yaml. Name the folder",
    "plan prod --format xml": "Invalid value for '--format': 'xml' is not one of 'text', 'json', 'markdown'. See",
    "plan prod --project words": "--project: words is not a folder. Name the folder that has Pulumi.yaml",
    "diff --base main": "diff --base: the project is in no git repository that git would read",
    "diff absent absent": "absent: cannot be read (No such file or directory). Name a readable, regular file.",
    "diff folder folder": "folder: cannot be read (Is a directory). Name a readable, regular file.",
    "diff binary binary": "binary: is not UTF-8 text. Make it with `readiness plan STACK --format json`",
    "diff empty empty": "empty:1: is not valid JSON: Expecting value. Make it with",
    "comment 7 --file absent": "Invalid value for '--file': File 'absent' does not exist. See",
    "comment x --file words": "Invalid value for 'PULL_REQUEST': 'x' is not a whole number. Write one of at least 1.",
    "comment 7 --file words": (
        "words: not posted on #7: the text does not begin with <!-- readiness diff -->, so it would not be found again."
        " Name the file that `readiness diff --format markdown` wrote."
    ),
    "comment 7 --file words --labels-by binary": "binary: is not a JSON document. Name the file that",
    "pull-request plans words": "words/prod.json: cannot be written, because words is not a folder.",
    "pull-request plans plans --python /nope": "--python: /nope is not a program that can be run. Name the Python of",
    "pull-request fetch folder": "GITHUB_EVENT_PATH is not set. Run this in a workflow",
    "pull-request status main": "Invalid value for COMMIT: 'main' is not the full id of a commit. Write its 40",
    "upgrade --check --wheel binary": "--wheel: binary is not a wheel. Name a file readiness-VERSION-py3-none-any.whl.",
    "audit --prowler-output binary": "binary: is not UTF-8 text. Pass the file that `prowler gcp",
    "audit --gitleaks absent": "Invalid value for '--gitleaks': File 'absent' does not exist. See",
    "audit --url backend": "--url: 'backend' is not an http or https address. Write it as https://HOST/PATH.",
    "fix --repository folder": "--repository: folder is not a git repository that git can read. Name the folder of",
    "migrations lint absent": "Invalid value for 'PATH...': Path 'absent' does not exist. See",
    "migrations lint folder": "folder: holds no .sql or .py file, so nothing was read. Name the folder of",
    "cleanup simulate prod --images binary": "binary: is not UTF-8 text. Write it with `gcloud artifacts docker images",
    "cleanup simulate prod --images empty": "empty: is empty. Write it with `gcloud artifacts docker images list",
    "cleanup gate prod --log words --revisions words": "words:1: is not JSON (Expecting value). Write it with `gcloud",
    "doctor --ci --repository x": "Invalid value for '--repository': 'x' is not OWNER/NAME. Write it as acme/shop.",
    "drill prod --received crane --by Ada": "drill.prod.json: contains no drill with the code word crane; the",
    "snooze prod --for 999": "Invalid value for '--for': 999 is out of range. Write a whole number from 1 to 120.",
    "init new --answers binary": "binary:1: is not UTF-8 text. Save it as UTF-8, or restore it from version control.",
    "init new --answers folder": "folder: is not a file. Put the YAML file in its place.",
    "init new --answers words": "words:1: does not contain answers by name. Write one answer on a line, as `region:",
}


@pytest.mark.parametrize(("line", "expected"), BAD_INPUTS.items(), ids=list(BAD_INPUTS))
def test_bad_input_is_one_error_with_a_hint(small_project: Path, command: Command, line: str, expected: str) -> None:
    """On stderr alone, in one line, without a traceback."""
    for name, content in FILES.items():
        (small_project / name).write_bytes(content)
    (small_project / "folder").mkdir()
    done = command(*line.split(), cwd=small_project, **IN_A_WORKFLOW)
    assert (done.status, done.out) == (1, ""), done.text
    (error,) = done.err.splitlines()
    assert error.startswith("error: ")
    assert expected in error


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("absent", "GITHUB_EVENT_PATH: absent: cannot be read (No such file or directory)."),
        (".", "GITHUB_EVENT_PATH: .: cannot be read (Is a directory)."),
        ("Pulumi.yaml", "GITHUB_EVENT_PATH: Pulumi.yaml: is not the event of an ended run."),
    ],
)
def test_a_wrong_event_file_is_one_error(small_project: Path, command: Command, variable: str, expected: str) -> None:
    """Without the name of a Python exception."""
    done = command("pull-request", "fetch", "new", cwd=small_project, GITHUB_EVENT_PATH=variable)
    assert done.err == f"error: {expected} Name the file of a `workflow_run` event.\n"
    assert done.status == 1


def test_a_wrong_region_names_the_line_and_an_example(small_project: Path, command: Command) -> None:
    """Not the pattern that it does not match."""
    edit(small_project, "us-central1", "Mars 1", "Pulumi.yaml")
    (error,) = (line for line in command("check", cwd=small_project).err.splitlines() if line.startswith("error: "))
    assert "gcp:region: is not a Google Cloud region. Write it as europe-west1 or us-central1" in error
    assert "^" not in error


def test_two_owners_of_the_shared_resources_are_one_error(small_project: Path, command: Command) -> None:
    """One cause, one error, whichever stacks are checked."""
    edit(small_project, "owns_shared_resources: false", "owns_shared_resources: true", "Pulumi.staging.yaml")
    (error,) = (line for line in command("check", cwd=small_project).err.splitlines() if line.startswith("error: "))
    assert "readiness:owns_shared_resources: is true in Pulumi.prod.yaml and Pulumi.staging.yaml" in error
