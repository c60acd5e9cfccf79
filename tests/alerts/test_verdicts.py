"""The cache of verdicts: only an unchanged case that passed is not run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.verdicts import Verdicts, run_new_cases


@pytest.fixture
def promtool(tmp_path: Path) -> Path:
    """A promtool that fails each file that contains the word `wrong`, and lists what it was given."""
    command = tmp_path / "promtool"
    command.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = --version ] && {{ cat {tmp_path}/version; exit 0; }}\n'
        f'shift 2\nfor file; do echo "$file" >> {tmp_path}/ran\n'
        'if grep -q wrong "$file"; then\n'
        "printf '  FAILED:\\n    expr: \"up # bad\", time: 1m,\\n        exp: 1\\n' >&2; status=1\n"
        "else echo '  SUCCESS'; fi\n"
        "done\nexit ${status:-0}\n",
        encoding="utf-8",
    )
    command.chmod(0o755)
    (tmp_path / "version").write_text("2.42", encoding="utf-8")
    return command


def ran(promtool: Path) -> int:
    """How many files the promtool was given since the last look."""
    file = promtool.parent / "ran"
    count = len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0
    file.unlink(missing_ok=True)
    return count


def written(folder: Path, name: str, text: str) -> Path:
    """A rule file and its test file."""
    (folder / f"{name}.rules.json").write_text("rule", encoding="utf-8")
    file = folder / f"{name}.test.json"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_passed_case_runs_again_only_after_a_change(promtool: Path, tmp_path: Path) -> None:
    """A change of the samples, of the rule, or of promtool itself."""
    file = written(tmp_path, "one", "right")
    verdicts = Verdicts(promtool, tmp_path / "memory")
    assert verdicts.unseen([file]) == [file]
    verdicts.remember([file], [file])
    assert verdicts.unseen([file]) == []
    file.write_text("right!", encoding="utf-8")
    assert verdicts.unseen([file]) == [file], "other samples"
    file.write_text("right", encoding="utf-8")
    (tmp_path / "one.rules.json").write_text("rule!", encoding="utf-8")
    assert verdicts.unseen([file]) == [file], "another rule"
    (tmp_path / "one.rules.json").write_text("rule", encoding="utf-8")
    (tmp_path / "version").write_text("3.16", encoding="utf-8")
    assert Verdicts(promtool, tmp_path / "memory").unseen([file]) == [file], "another promtool"


@pytest.mark.parametrize(("alert", "runs"), [("fine", 1), ("wrong", 2)])
def test_only_a_pass_is_remembered(promtool: Path, tmp_path: Path, alert: str, runs: int) -> None:
    """A failed file runs again every time, even if its failure names no case."""
    rules = {("prod", alert): {"alert": alert, "labels": {"severity": "ERROR"}}}
    for _ in range(2):
        run_new_cases(promtool, tmp_path, [], rules, Verdicts(promtool, tmp_path / "memory"))
    assert ran(promtool) == runs


def test_the_verdict_of_a_deleted_rule_is_removed(promtool: Path, tmp_path: Path) -> None:
    """Otherwise the folder would grow with every change."""
    first, second = written(tmp_path, "one", "right"), written(tmp_path, "two", "right too")
    verdicts = Verdicts(promtool, tmp_path / "memory")
    verdicts.remember([first, second], [first, second])
    verdicts.remember([second], [second])
    assert verdicts.unseen([first, second]) == [first]
    assert len(list((tmp_path / "memory").iterdir())) == 1
