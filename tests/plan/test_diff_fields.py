"""The fields in which two values differ: none is forgotten, none is invented."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from readiness.plan.field_changes import field_changes, flat, is_same

JSON = some.recursive(
    some.one_of(some.booleans(), some.integers(-2, 2), some.sampled_from(["", "a", "b", "true"])),
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(some.sampled_from("ab."), inner)),
    max_leaves=12,
)


@given(JSON, JSON)
def test_values_differ_in_some_field_exactly_when_they_are_not_the_same(old: Any, new: Any) -> None:
    """And from either side in the same fields."""
    there, back = list(field_changes(old, new)), list(field_changes(new, old))
    assert (there == []) is is_same(old, new)
    assert len(there) == len(back)
    assert all(not is_same(change.old, change.new) for change in there)
    assert list(field_changes(old, old)) == []


@given(JSON)
def test_every_value_of_a_new_object_is_shown(value: Any) -> None:
    """No field is lost on the way to the reader."""

    def leaves(item: Any) -> int:
        nested = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        return sum(map(leaves, nested)) if nested and _is_deep(item) else 1

    assert len(list(flat({"it": value}))) == leaves({"it": value})


def _is_deep(item: Any) -> bool:
    return isinstance(item, dict) or any(isinstance(each, (dict, list)) for each in item)


@pytest.mark.parametrize(
    ("old", "new", "same"), [(True, 1, False), (1, 1.0, True), ("1", 1, False), ([1], [True], False)]
)
def test_a_flag_is_no_number(old: Any, new: Any, same: bool) -> None:
    """As JSON, not as Python."""
    assert is_same(old, new) is same


def test_a_renamed_entry_is_one_that_changed() -> None:
    """The name of the DELETE policy holds its age."""
    old, new = [{"id": "old-30", "age": 30}, {"id": "keep"}], [{"id": "old-7", "age": 7}, {"id": "keep"}]
    assert [(change.path, change.old, change.new) for change in field_changes(old, new)] == [
        ("[0].age", 30, 7),
        ("[0].id", "old-30", "old-7"),
    ]
