"""`readiness diff --base REF`: what it prints, and how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from readiness.plan import base_plan
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
from tests.edits import edit
from tests.plan.clones import commit, git
from tests.projects import Command


def _raise_threshold(folder: Path) -> None:
    edit(folder, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")


def test_a_working_tree_without_changes_declares_the_same(clone: Path, command: Command) -> None:
    """Ends with 0, also where differences were asked to be told by the status."""
    done = command("diff", "--base", "HEAD", "--exit-code", cwd=clone)
    assert (done.status, done.out) == (0, "prod: no change\nstaging: no change\n")


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
    assert done.out.startswith("staging: 1 change weakens protection; 1 update")
    assert "prod" not in done.out
    assert "acknowledges no change here" not in done.out


def test_a_tightening_change_differs_and_does_not_fail(clone: Path, command: Command) -> None:
    """0, or 2 where the status is asked for."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.01", "Pulumi.yaml")
    assert command("diff", "--base", "main", "--stack", "prod", cwd=clone).status == 0
    assert command("diff", "--base", "main", "--stack", "prod", "--exit-code", cwd=clone).status == 2


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


def test_a_plan_is_kept_by_its_commit_and_a_broken_one_is_made_anew(
    clone: Path, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second run starts no program; a plan of another commit is no help. After the first, `cat` is the program."""
    started: list[str] = []
    start = base_plan._start
    printed = tmp_path / "plan.json"

    def watched(folder: Path, stack: str) -> subprocess.Popen[bytes]:
        started.append(stack)
        if printed.exists():
            return subprocess.Popen(["cat", printed], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return start(folder, stack)

    monkeypatch.setattr(base_plan, "_start", watched)
    shutil.rmtree(clone / base_plan.CACHE, ignore_errors=True)

    def programs_of(ref: str) -> list[str]:
        started.clear()
        assert command("diff", "--base", ref, "--stack", "staging", cwd=clone).status == 0
        return list(started)

    assert [programs_of("main"), programs_of("main")] == [["staging"], []]
    (kept,) = (clone / base_plan.CACHE).glob("*.json")
    shutil.copy(kept, printed)
    kept.write_text('{"stack": "staging"', encoding="utf-8")
    assert programs_of("main") == ["staging"]
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "Say otherwise")
    assert [programs_of("HEAD"), programs_of("HEAD~1")] == [["staging"], []]
    git(clone, "reset", "--quiet", "--hard", "HEAD~1")


def test_no_more_plans_are_kept_than_anybody_needs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go."""
    monkeypatch.setattr(base_plan, "MAX_KEPT_PLANS", 2)
    shutil.rmtree(clone / base_plan.CACHE, ignore_errors=True)
    base = base_plan.BaseCommit(clone, "main")
    for number, stack in enumerate(("first", "second", "third")):
        base.keep(stack, b"{}")
        (path,) = (clone / base_plan.CACHE).glob(f"*-{stack}-*.json")
        os.utime(path, (number, number))
    assert sorted(path.name.split("-")[2] for path in (clone / base_plan.CACHE).glob("*.json")) == ["second", "third"]


def test_a_program_that_does_not_end_is_ended_and_told(
    clone: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request must not wait for ever."""
    monkeypatch.setattr(base_plan, "TIMEOUT_SECONDS", 0)
    shutil.rmtree(clone / base_plan.CACHE, ignore_errors=True)
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert done.status == 1
    assert "it has not ended after 0 s" in done.err


def test_where_nothing_can_be_kept_the_diff_is_made_all_the_same(clone: Path) -> None:
    """A clone that may only be read, a full disk."""
    shutil.rmtree(clone / base_plan.CACHE, ignore_errors=True)
    (clone / ".tools").mkdir(exist_ok=True)
    (clone / base_plan.CACHE).write_text("no folder", encoding="utf-8")
    base_plan.BaseCommit(clone, "main").keep("staging", b"{}")
    (clone / base_plan.CACHE).unlink()
