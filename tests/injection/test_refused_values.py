"""No setting takes an expression, a command or markup, apart from texts that are encoded wherever they are shown."""

from __future__ import annotations

from collections import defaultdict

import pytest

from readiness.finding import text_line
from readiness.settings.strict_yaml import KeyPath, path_text
from tests.injection.hostile import FREE_TEXT, HOSTILE, every_option, field_of, problems_of, texts, with_values

NEVER = ("${{", "\n", "\r", "\u202e", "\u2028", "\x1b", "\x00")
PLACES = sorted({tuple(path) for path in texts(every_option())}, key=str)


def accepted_places(value: str) -> list[KeyPath]:
    """Where `check` takes the value.

    A finding at a place refuses the value there, so that one check covers many places. The fields of one name get the
    value in turns: two equal names are refused as equal, whatever they hold. The places of a turn without a finding
    of their own get the value without the others, and where something is refused still, one by one.
    """
    batches: dict[int, list[KeyPath]] = defaultdict(list)
    turns: dict[str, int] = defaultdict(int)
    for path in PLACES:
        batches[turns[field_of(path)]].append(path)
        turns[field_of(path)] += 1
    accepted: list[KeyPath] = []
    for batch in batches.values():
        refused = refused_keys(batch, value)
        rest = [path for path in batch if path_text(path) not in refused]
        is_taken = not rest or not refused or not refused_keys(rest, value)
        accepted += rest if is_taken else [path for path in rest if not refused_keys([path], value)]
    return accepted


def refused_keys(places: list[KeyPath], value: str) -> set[str]:
    """The keys that `check` names when the value is at all of the places. Each of its findings is complete."""
    found = problems_of(with_values(every_option(), places, value))
    for problem in found:
        assert problem.key, problem
        assert problem.hint, problem
        assert "\n" not in text_line(problem), problem
    return {problem.key for problem in found}


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_a_hostile_value_is_refused_at_its_place(value: str) -> None:
    """With its key and a hint. Free text may hold what is encoded later, never what a runner or a terminal obeys."""
    accepted = accepted_places(value)
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
