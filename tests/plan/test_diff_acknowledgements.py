"""A weakening change needs a reviewed entry of its own; no other entry acknowledges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import RefusedError, text_line
from readiness.plan.acknowledgements import (
    ACKNOWLEDGED_FILE,
    Acknowledgement,
    acknowledgement_status,
    entries_to_write,
    read_acknowledgements,
)
from readiness.plan.change_groups import change_groups
from readiness.plan.code_owners import CodeOwners
from readiness.plan.weakening import Weakening
from readiness.resource_types import ALERT_POLICY
from tests.plan.diff_plans import resource, weakened
from tests.projects import ROOT

DIGEST = "w0123456789abcdef0123"


def _entry(digest: str) -> Acknowledgement:
    return Acknowledgement(digest=digest, reason="Agreed in the weekly", by="ada", line=3)


def _weakening(old: str = "CRITICAL", new: str = "WARNING") -> Weakening:
    (found,) = weakened([resource(ALERT_POLICY, {"severity": old})], [resource(ALERT_POLICY, {"severity": new})])
    return found


def _write(folder: Path, text: str) -> Path:
    (folder / ACKNOWLEDGED_FILE).write_text(text, encoding="utf-8")
    return folder


def test_an_entry_acknowledges_its_change_and_no_other() -> None:
    """The same field with other values is another change."""
    change, other = _weakening(), _weakening(old="ERROR")
    status = acknowledgement_status(change_groups([change, other]), [_entry(change.digest)])
    assert list(status.acknowledged) == [(change.digest,)]
    assert status.open == change_groups([other])
    assert status.stale == ()


def test_an_entry_for_a_change_that_is_not_there_is_stale() -> None:
    """After the merge every entry is."""
    entry = _entry(DIGEST)
    assert acknowledgement_status(change_groups([_weakening()]), [entry]).stale == (entry,)


def test_the_entries_that_are_printed_are_read_back_once_they_are_filled_in(tmp_path: Path) -> None:
    """And are refused while reason and name are missing."""
    text = "\n".join(entries_to_write(change_groups([_weakening()])))
    assert "  # prod, it: severity lowered from CRITICAL to WARNING" in text.splitlines()
    with pytest.raises(RefusedError) as refused:
        read_acknowledgements(_write(tmp_path, text))
    assert [problem.key for problem in refused.value.problems] == ["acknowledged[0].reason", "acknowledged[0].by"]
    filled = text.replace("reason: ", "reason: Agreed").replace("by: ", "by: ada")
    (entry,) = read_acknowledgements(_write(tmp_path, filled))
    assert (entry.digest, entry.reason, entry.by, entry.line) == (_weakening().digest, "Agreed", "ada", 3)


def test_without_a_file_nothing_is_acknowledged(tmp_path: Path) -> None:
    """The file is optional."""
    assert read_acknowledgements(tmp_path) == ()


def test_the_project_s_own_file_is_read_and_belongs_to_code_owners() -> None:
    """Only code owners may approve an acknowledgement."""
    read_acknowledgements(ROOT)
    owners = CodeOwners.of_text((ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8"))
    assert owners.of(ACKNOWLEDGED_FILE)


ENTRY = f"acknowledged:\n  - digest: {DIGEST}\n    reason: Agreed\n    by: ada\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["is empty"]),
        ("- a", ["must have one key, `acknowledged:`, with a list"]),
        ("acknowledged: {}", ["must have one key, `acknowledged:`, with a list"]),
        ("acknowledged: [", ["is not valid YAML"]),
        (ENTRY + "more: 1\n", ["must have one key, `acknowledged:`, with a list"]),
        ("acknowledged: [7]", ["acknowledged[0]: is not an entry"]),
        (ENTRY.replace(DIGEST, "abc"), ["acknowledged[0].digest: is not a digest of a change"]),
        (ENTRY.replace("ada", "[ada]"), ["acknowledged[0].by: must be text, not a list. Write text"]),
        (ENTRY + "    until: 2027\n", ["acknowledged[0].until: is an unknown key"]),
        (
            ENTRY.replace("Agreed", "").replace("ada", "7"),
            ["[0].reason: is missing", "[0].by: must be text, not the number 7. Put it in quotes"],
        ),
        (ENTRY + ENTRY.partition("\n")[2], ["acknowledged[1].digest: is acknowledged twice"]),
    ],
)
def test_a_broken_file_is_refused_with_every_mistake_at_its_line(tmp_path: Path, text: str, said: list[str]) -> None:
    """A misspelt key would otherwise acknowledge nothing, without a message."""
    with pytest.raises(RefusedError) as refused:
        read_acknowledgements(_write(tmp_path, text))
    problems = [text_line(problem) for problem in refused.value.problems]
    assert len(problems) == len(said)
    assert all(expected in problem for expected, problem in zip(said, problems, strict=True))
    assert all(problem.startswith(ACKNOWLEDGED_FILE) for problem in problems)
