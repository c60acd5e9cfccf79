"""What every setting has: an end to its length, and no item of a list twice."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from readiness.settings.schema import stack_file_schema
from readiness.settings.strict_yaml import KeyPath, path_text
from readiness.settings.validation import validate
from tests.pinned_clock import TODAY
from tests.projects import EVERY_OPTION, config_of

# Steps and paragraphs for people, and connection pools, of which two may be alike.
MAY_REPEAT = ("deployment", "after_deployment", "application_readme", "connection_pools")


def texts_of(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text of the schema, by its place in it."""
    if isinstance(schema, dict):
        if schema.get("type") == "string":
            yield path, schema
        for key, value in schema.items():
            yield from texts_of(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from texts_of(value, f"{path}/{index}")


def has_an_end(text: dict[str, Any]) -> bool:
    """Whether a limit, a list of values, or a pattern without an open repetition bounds its length."""
    pattern = text.get("pattern")
    unescaped = re.sub(r"\\.|\[(\\.|[^\]])*\]", "x", pattern or "")
    bounded = pattern is not None and pattern.endswith("$") and re.search(r"[*+]|\{\d+,\}", unescaped) is None
    return "maxLength" in text or "enum" in text or "const" in text or bounded


def test_every_text_of_the_settings_has_a_limit() -> None:
    """A name of a megabyte would be accepted, and refused by an API in the middle of an update."""
    settings = stack_file_schema()["properties"]["config"]["properties"]
    own = {key: value for key, value in settings.items() if key.startswith("readiness:")}
    found = [(path, text) for key, value in own.items() for path, text in texts_of(value, key)]
    found += list(texts_of(stack_file_schema().get("$defs", {}), "$defs"))
    assert len(found) > 60
    assert [path for path, text in found if not has_an_end(text) and "secure" not in path] == []


def lists_of(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    """The path of every list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from lists_of(inner, (*path, key))
    elif isinstance(value, list):
        yield path
        for index, inner in enumerate(value):
            yield from lists_of(inner, (*path, index))


LISTS = [path for key, value in config_of(EVERY_OPTION).values.items() for path in lists_of(value, (key,))]


@pytest.mark.parametrize("path", LISTS, ids=path_text)
def test_an_item_that_is_there_twice_is_one_error(path: KeyPath) -> None:
    """At the second one, whatever else a copied item repeats. Steps for people may be repeated."""
    config = config_of(EVERY_OPTION)
    holder: Any = config.values
    for part in path[:-1]:
        holder = holder[part]
    items = holder[path[-1]]
    before = {(problem.key, problem.message) for problem in validate(config, today=TODAY).problems}
    holder[path[-1]] = [*items, copy.deepcopy(items[0])]
    found = [
        problem for problem in validate(config, today=TODAY).problems if (problem.key, problem.message) not in before
    ]
    if path[-1] in MAY_REPEAT:
        assert found == []
        return
    assert [finding.key for finding in found if finding.rule_id == "settings-repeated-item"] == [
        path_text((*path, len(items)))
    ]
    assert len(found) == 1


def test_a_list_where_a_text_belongs_is_one_error() -> None:
    """Whatever it repeats."""
    config = config_of(EVERY_OPTION)
    config.values["github:owner"] = ["acme", "acme"]
    found = validate(config, today=TODAY).problems
    config.values["github:owner"] = "acme"
    before = {(problem.key, problem.message) for problem in validate(config, today=TODAY).problems}
    assert [finding.message for finding in found if (finding.key, finding.message) not in before] == [
        "must be text, not a list"
    ]
