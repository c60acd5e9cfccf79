"""`readiness diff --base REF`: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.plan import program_process
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
from tests.edits import edit
from tests.plan.clones import commit, git
from tests.projects import Command


def _raise_threshold(folder: Path) -> None:
    edit(folder, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")


def test_a_working_tree_without_changes_declares_the_same(clone: Path, command: Command) -> None:
    """Ends with 0, also with `--exit-code`."""
    done = command("diff", "--base", "HEAD", "--exit-code", cwd=clone)
    judged, *rest = done.out.splitlines()
    assert judged.startswith("Judged by readiness ")
    assert (done.status, rest) == (0, ["prod: no change", "staging: no change"])


def test_a_weakening_change_fails_until_its_own_digest_is_acknowledged(clone: Path, command: Command) -> None:
    """The entry is taken from the working tree; one for another change does not count."""
    _raise_threshold(clone)
    done = command("diff", "--base", "main", cwd=clone)
    assert done.status == 1
    assert "threshold > 0.05 -> > 0.5" in done.out
    assert "1 change weakens protection and nobody has acknowledged it" in done.err
    line = next(
        n for n, text in enumerate((clone / "Pulumi.yaml").read_text(encoding="utf-8").splitlines(), 1) if "0.5" in text
    )
    assert f"setting: Pulumi.yaml:{line} alerts.high_error_rate.error_ratio 0.05 → 0.5" in done.out
    printed = done.out[done.out.index("acknowledged:\n") :]
    assert printed.count("- digest: [w") == 1, "both stacks share the setting"

    filled = printed.replace("reason: ", "reason: Agreed").replace("by: ", "by: ada")
    (clone / ACKNOWLEDGED_FILE).write_text(filled, encoding="utf-8")
    done = command("diff", "--base", "main", cwd=clone)
    assert (done.status, done.err.count("error")) == (0, 0)
    assert "acknowledged by ada: Agreed" in done.out
    assert command("diff", "--base", "main", "--exit-code", cwd=clone).status == 2

    edit(clone, "error_ratio: 0.5", "error_ratio: 0.6", "Pulumi.yaml")
    done = command("diff", "--base", "main", cwd=clone)
    assert done.status == 1, "another value is another change"
    assert f"{ACKNOWLEDGED_FILE}:3: w" in done.out, "the old entries are stale"


def test_only_the_named_stacks_are_compared_and_nothing_is_called_stale_then(clone: Path, command: Command) -> None:
    """What the other stack needs is not known."""
    _raise_threshold(clone)
    entry = "acknowledged:\n- digest: w0123456789abcdef0123\n  reason: Agreed\n  by: ada\n"
    (clone / ACKNOWLEDGED_FILE).write_text(entry, encoding="utf-8")
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert "\nstaging: 1 change weakens protection; 1 update\n" in done.out
    assert "prod" not in done.out
    assert "acknowledges no change here" not in done.out


def test_a_tightening_change_differs_and_does_not_fail(clone: Path, command: Command) -> None:
    """0, or 2 where the status is asked for."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.01", "Pulumi.yaml")
    assert command("diff", "--base", "main", "--stack", "prod", cwd=clone).status == 0
    assert command("diff", "--base", "main", "--stack", "prod", "--exit-code", cwd=clone).status == 2


@pytest.mark.processes
def test_the_base_is_planned_by_its_own_program(clone: Path, command: Command) -> None:
    """A component that the working tree has changed is not run for the commit."""
    for module in (clone / "readiness" / "alerts").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        module.write_text(text.replace('severity="CRITICAL"', 'severity="WARNING"'), encoding="utf-8")
    weaker = commit(clone, "Lower the severities")
    git(clone, "reset", "--quiet", "--hard", "HEAD~1")
    done = command("diff", "--base", weaker, "--stack", "staging", cwd=clone)
    assert "- severity: WARNING" in done.out
    assert "+ severity: CRITICAL" in done.out


def test_a_program_that_does_not_end_is_ended_and_reported(
    clone: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request must not wait forever."""
    monkeypatch.setattr(program_process, "TIMEOUT_SECONDS", 0)
    program = clone / "__main__.py"
    program.write_text(program.read_text(encoding="utf-8") + "\n# not remembered\n", encoding="utf-8")
    base = commit(clone, "Say more")
    done = command("diff", "--base", base, "--stack", "staging", cwd=clone)
    git(clone, "reset", "--quiet", "--hard", "HEAD~1")
    assert done.status == 1
    assert "the program has not ended after 0 s" in done.err


def test_nothing_is_kept_and_what_somebody_planted_is_not_read(clone: Path, command: Command) -> None:
    """Earlier releases kept the base's plan below .tools/, where a pull request could commit one."""
    _raise_threshold(clone)
    planted = clone / ".tools" / "plans"
    planted.mkdir(parents=True)
    head = git(clone, "rev-parse", "HEAD")
    for name in (f"{head[:12]}-staging-format2.json", f"{head[:12]}-0123456789abcdef-staging-format3.json"):
        (planted / name).write_text('{"stack": "staging", "project": "p", "resources": [], "outputs": {}}')
    before = sorted(clone.rglob("*"))
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert done.status == 1
    assert "threshold > 0.05 -> > 0.5" in done.out
    assert [path for path in sorted(clone.rglob("*")) if "__pycache__" not in path.parts] == [
        path for path in before if "__pycache__" not in path.parts
    ]
