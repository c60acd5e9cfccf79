"""Everything that can go wrong with a settings file, place by place: the mutations that the fuzz tests draw from."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]

# What it does, and a function that returns a mutated copy.
Mutation = tuple[str, Callable[[], Any]]

# What people and programs leave in a file, one of every type and of every kind of trouble.
JUNK: tuple[Any, ...] = (
    None, "", "  ", "x" * 3000, "80%", "Ünïcödé", "a\nb", "{}", "${services}", True, 0, -1, 80, 1.5, 10**25, 1e300,
    [], [None], [[]], ["x", 1, {}], {}, {"a": {"b": []}},
    {"secure": "v1:eA==:eA=="}, {"secure": "plain"}, {"secure": 1},
)  # fmt: skip


def paths_of(tree: Any, above: Path = ()) -> Iterator[Path]:
    """Every place in a tree, the root excepted."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from paths_of(value, (*above, key))


def mutations_of(tree: Any) -> Iterator[Mutation]:
    """Every mutation of a tree."""
    for path in paths_of(tree):
        for name, change in _CHANGES:
            yield _mutation(tree, path, name, change)


def any_mutation(tree: Any, chance: random.Random) -> Mutation:
    """One of them."""
    return _mutation(tree, chance.choice(list(paths_of(tree))), *chance.choice(_CHANGES))


def _mutation(tree: Any, path: Path, name: str, change: Callable[[Any, Any], None]) -> Mutation:
    def mutated() -> Any:
        root = copy.deepcopy(tree)
        holder = root
        for part in path[:-1]:
            holder = holder[part]
        change(holder, path[-1])
        return root

    return f"{name} {'.'.join(map(str, path))}", mutated


def _delete(holder: Any, key: Any) -> None:
    del holder[key]


def _misspell(holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{key[:-1]}x"] = holder.pop(key)
    else:
        holder.reverse()


def _repeat(holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = [holder[key], holder[key]]


def _add(holder: Any, key: Any) -> None:
    if isinstance(holder[key], dict):
        holder[key]["surplus"] = {"deep": [1]}
    else:
        holder[key] = {"inside": holder[key]}


def _put(junk: Any) -> Callable[[Any, Any], None]:
    def put(holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(junk)

    return put


def _short(junk: Any) -> str:
    text = json.dumps(junk, ensure_ascii=False)
    return text if len(text) < 40 else f"{text[:10]}... ({len(text)} characters)"


_CHANGES: tuple[tuple[str, Callable[[Any, Any], None]], ...] = (
    ("delete", _delete),
    ("misspell", _misspell),
    ("repeat", _repeat),
    ("add to", _add),
    *((f"put {_short(junk)} at", _put(junk)) for junk in JUNK),
)
