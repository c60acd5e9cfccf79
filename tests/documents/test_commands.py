"""`readiness runbook` and `readiness docs`: the files that they write, and their messages about existing files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.alerts.runbook_address import RUNBOOK_FOLDER, RUNBOOK_PATH
from tests.edits import edit
from tests.projects import Command

CHECKLIST = "docs/DEPLOYMENT_CHECKLIST.md"
# Each command with one of the files that it writes.
COMMANDS = (("runbook", RUNBOOK_PATH), ("docs", CHECKLIST))


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small project: one mistake in it gives one finding."""
    return small_project


@pytest.mark.parametrize(("name", "file"), COMMANDS)
def test_a_document_is_written_once_and_then_up_to_date(project: Path, command: Command, name: str, file: str) -> None:
    """The folder does not exist yet."""
    assert command(name, "--check", cwd=project).status == 1
    assert f"wrote {file}\n" in command(name, cwd=project).out
    assert f"unchanged {file}" in command(name, cwd=project).out
    done = command(name, "--check", cwd=project)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("ok docs/")


@pytest.mark.parametrize(("name", "file"), COMMANDS)
def test_the_json_form_lists_each_file_with_its_status(project: Path, command: Command, name: str, file: str) -> None:
    """With --check, the findings instead."""

    def document(*options: str) -> dict[str, Any]:
        done = command(name, *options, "--format", "json", cwd=project)
        assert done.err == ""
        return json.loads(done.out)

    missing = document("--check")["findings"]
    assert missing[0]["rule_id"] == "document-out-of-date"
    assert {"path": file, "status": "written"} in document()["files"]
    (project / file).write_text("# Another text\n", encoding="utf-8")
    statuses = {entry["path"]: entry["status"] for entry in document()["files"]}
    assert statuses.pop(file) == "written"
    assert set(statuses.values()) == {"unchanged"}
    assert document("--check") == {"findings": []}


@pytest.mark.parametrize(("name", "file"), COMMANDS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"# Something else\n"])
def test_a_document_with_other_content_is_refused_by_check_and_replaced_by_the_command(
    project: Path, command: Command, name: str, file: str, content: bytes
) -> None:
    """The message names the file and how to fix it, and is an annotation in CI. The content need not be text."""
    command(name, cwd=project)
    (project / file).write_bytes(content)
    done = command(name, "--check", cwd=project, CI="true")
    assert (done.status, done.out) == (1, "")
    assert f"error: {file}: is " in done.err
    assert f"::error file={file}::is " in done.err
    assert done.err.endswith(f"Run `readiness {name}` and commit it.\n")
    assert f"wrote {file}\n" in command(name, cwd=project).out
    assert command(name, "--check", cwd=project).status == 0


def test_each_page_that_is_missing_stale_or_left_over_is_named(project: Path, command: Command) -> None:
    """The command fixes each of them. It does not change a page that somebody wrote by hand."""
    command("runbook", cwd=project)
    folder = project / RUNBOOK_FOLDER
    (folder / "HighLatency.md").unlink()
    (folder / "Old.md").write_bytes((folder / "HighCpuUsage.md").read_bytes())
    (folder / "HighCpuUsage.md").write_text("# HighCpuUsage: Do nothing\n", encoding="utf-8")
    (folder / "notes.md").write_text("# Ours\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = command("runbook", "--check", cwd=project)
    hint = "Run `readiness runbook` and commit it."
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines() == [
        f"error: {RUNBOOK_FOLDER}/HighCpuUsage.md: is not up to date with the settings. {hint}",
        f"error: {RUNBOOK_FOLDER}/HighLatency.md: is missing or empty. {hint}",
        f"error: {RUNBOOK_FOLDER}/Old.md: is the page of an alert that no stack declares any more. {hint}",
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    done = command("runbook", cwd=project)
    written = [f"wrote {RUNBOOK_FOLDER}/{name}.md" for name in ("HighCpuUsage", "HighLatency")]
    assert done.out.splitlines() == [*written, f"removed {RUNBOOK_FOLDER}/Old.md"]
    assert (folder / "notes.md").read_text(encoding="utf-8") == "# Ours\n"
    assert command("runbook", "--check", cwd=project).status == 0


def test_a_file_at_the_path_of_the_folder_is_refused_and_nothing_is_written(project: Path, command: Command) -> None:
    """The common page is not written either."""
    (project / "docs").mkdir()
    (project / RUNBOOK_FOLDER).write_text("mine\n", encoding="utf-8")
    done = command("runbook", cwd=project)
    assert (done.status, done.out) == (1, "")
    said = "is a file, and the runbook needs a folder there. Rename or move it, then run `readiness runbook`."
    assert done.err == f"error: {RUNBOOK_FOLDER}: {said}\n"
    assert [path.name for path in (project / "docs").iterdir()] == ["runbook"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runbook"], "error: docs: is a file, and the runbook needs a folder there."),
        (["runbook", "--check"], "error: docs: is a file, and the runbook needs a folder there."),
        (["docs"], "docs/ROLLBACK_RUNBOOK.md: cannot be written, because "),
    ],
)
def test_a_file_at_the_path_of_docs_is_a_single_error(
    project: Path, command: Command, arguments: list[str], said: str
) -> None:
    """Not one error for each page."""
    (project / "docs").write_text("mine\n", encoding="utf-8")
    done = command(*arguments, cwd=project)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("error: ") == 1


def test_a_runbook_that_was_never_written_is_one_error(project: Path, command: Command) -> None:
    """Not one error for each of the forty pages."""
    done = command("runbook", "--check", cwd=project)
    (line,) = done.err.splitlines()
    assert (done.status, done.out) == (1, "")
    assert line.startswith("error: docs/runbook.md: is missing or empty, and so are the ")


@pytest.mark.parametrize(("name", "file"), COMMANDS)
def test_a_folder_at_the_path_of_a_document_is_refused(project: Path, command: Command, name: str, file: str) -> None:
    """No file is written in part."""
    (project / file).mkdir(parents=True)
    done = command(name, cwd=project)
    assert (done.status, done.out) == (1, "")
    refusals = {
        "runbook": "is a folder, not a file. Rename or move it, then run `readiness runbook`.",
        "docs": "cannot be written (Is a directory). Make it a file in a folder that is writable.",
    }
    assert f"{file}: {refusals[name]}" in done.err
    assert [path.name for path in (project / "docs").iterdir()] == [Path(file).name]


@pytest.mark.parametrize(("name", "file"), COMMANDS)
def test_every_mistake_of_every_stack_is_printed_and_nothing_is_written(
    project: Path, command: Command, name: str, file: str
) -> None:
    """A mistake in one stack does not hide those of the next. A shared mistake is printed once."""
    for stack in ("staging", "prod"):
        edit(project, "role: backend", "role: 5", f"Pulumi.{stack}.yaml")
    edit(project, "cpu_ratio: 0.8", "cpu_ratio: 80", "Pulumi.yaml")
    done = command(name, cwd=project)
    assert done.status == 1
    assert sorted(line.split(":")[1].strip() for line in done.err.splitlines()) == [
        "Pulumi.prod.yaml",
        "Pulumi.staging.yaml",
        "Pulumi.yaml",
    ]
    assert not (project / file).exists()


@pytest.mark.parametrize(("name", "file"), COMMANDS)
def test_without_a_stack_nothing_is_written(project: Path, command: Command, name: str, file: str) -> None:
    """An empty document would overwrite the real one."""
    for stack in ("staging", "prod"):
        (project / f"Pulumi.{stack}.yaml").unlink()
    done = command(name, cwd=project)
    assert done.status == 1
    said = "error: Pulumi.<stack>.yaml: does not exist beside Pulumi.yaml. Write one, or run `readiness init`.\n"
    assert done.err == said
    assert not (project / file).exists()
