"""300 mutated settings, and what `readiness check` answers to each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.answers.corpus import Answer
from tests.answers.scratch import Scratch
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE, SMALL
from tests.settings.mutations import mutations_of

# Project, stack, the mutated file, and how many mutations of it are recorded.
_SOURCES = (
    ("small", "prod", SMALL / "Pulumi.yaml", 40),
    ("small", "prod", SMALL / "Pulumi.prod.yaml", 60),
    (EVERY_OPTION, EVERY_OPTION, EVERY_OPTION_FILE, 200),
)


def answers_of_mutants(scratch: Scratch) -> Iterator[Answer]:
    """One answer for each mutation; its title says what was changed."""
    for project, stack, source, count in _SOURCES:
        file = source.name
        tree = yaml.safe_load(source.read_text(encoding="utf-8"))
        scratch.make(project)
        unmutated = scratch.answer(f"{file} as it is, for those below", ["check", stack])
        yield unmutated
        for what, mutate in _sample(file, tree, count):
            # JSON is YAML with every value on a line of its own.
            scratch.write({file: json.dumps(mutate(), indent=1, ensure_ascii=False)})
            yield _without(unmutated, scratch.answer(f"{file}: {what}", ["check", stack]))


def _without(unmutated: Answer, answer: Answer) -> Answer:
    """Without the lines that the unmutated file gets too, whatever their number: each would stand here 100 times."""
    known = {_unnumbered(line) for text in unmutated.texts.values() for line in text.splitlines()}
    texts = {
        name: "".join(line for line in text.splitlines(keepends=True) if _unnumbered(line.rstrip("\n")) not in known)
        for name, text in answer.texts.items()
    }
    return Answer(title=answer.title, status=answer.status, texts={name: text for name, text in texts.items() if text})


def _unnumbered(line: str) -> str:
    return re.sub(r"\.yaml:[0-9]+: ", ".yaml: ", line)


def _sample(file: str, tree: Any, count: int) -> list[Any]:
    """Mutations by the rank of their digest: one more setting replaces few of them, not the whole sample."""
    mutations = {what: (what, mutate) for what, mutate in mutations_of(tree)}
    ranked = sorted(mutations, key=lambda what: hashlib.sha256(f"{file} {what}".encode()).hexdigest())
    return [mutations[what] for what in sorted(ranked[:count])]
