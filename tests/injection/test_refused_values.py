"""No setting takes an expression, a command or markup, apart from texts that are encoded wherever they are shown."""

from __future__ import annotations

import pytest

from readiness.finding_formats import text_line
from tests.injection.hostile import FREE_TEXT, HOSTILE, every_option, field_of, problems_of, texts, with_value

NEVER = ("${{", "\n", "\r", "\u202e", "\u2028", "\x1b", "\x00")
PLACES = sorted({tuple(path) for path in texts(every_option())}, key=str)


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_a_hostile_value_is_refused_at_its_place(value: str) -> None:
    """With its key and a hint. Free text may hold what is encoded later, never what a runner or a terminal obeys."""
    config = every_option()
    accepted = []
    for path in PLACES:
        found = problems_of(with_value(config, path, value))
        if not found:
            accepted.append(path)
            continue
        assert all(problem.key and problem.hint and "\n" not in text_line(problem) for problem in found), path
    unexpected = [path for path in accepted if field_of(path) not in FREE_TEXT]
    if value == "*anchor":
        # The pattern of a branch, which GitHub alone reads.
        unexpected = [path for path in unexpected if field_of(path) != "branches"]
    assert not unexpected, f"accepted: {unexpected}"
    if any(piece in value for piece in NEVER):
        assert accepted == []


def test_every_listed_field_of_free_text_exists() -> None:
    """The list holds no field that is gone."""
    assert set(FREE_TEXT) <= {field_of(path) for path in PLACES}
