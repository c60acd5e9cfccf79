"""The committed plans are what the program declares today, and the fixture stack has every option on."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from readiness.plan.offline_plan import Plan
from readiness.settings.configuration_keys import SECRETS
from readiness.settings.model import Settings
from tests.golden import GOLDEN, golden_text
from tests.projects import EVERY_OPTION, STACKS, config_of, settings_of

SHOWN_LINES = 40


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_plan_is_the_current_one(plans: dict[str, Plan], stack: str) -> None:
    """A change of what is declared is reviewed as a diff of these files."""
    path = GOLDEN / f"{stack}.json"
    committed, current = path.read_text(encoding="utf-8"), golden_text(plans[stack])
    if committed != current:
        pytest.fail(mismatch(path.name, committed, current), pytrace=False)


def mismatch(name: str, committed: str, current: str) -> str:
    """The first lines of the difference, and the command that accepts it."""
    texts = committed.splitlines(), current.splitlines()
    lines = list(difflib.unified_diff(*texts, f"committed {name}", "current", lineterm="", n=1))
    more = len(lines) - SHOWN_LINES
    shown = lines[:SHOWN_LINES] + ([f"... and {more} more lines"] if more > 0 else [])
    return "\n".join(["the plan has changed. If that is intended: `make golden`, then read its diff.", *shown])


def test_a_mismatch_is_shown_shortly_with_the_command_that_accepts_it() -> None:
    """Nobody should have to read a thousand lines to learn what to do."""
    text = mismatch("prod.json", "a\nb\nc\n", "a\nB\nc\n")
    assert text.splitlines()[1:4] == ["--- committed prod.json", "+++ current", "@@ -1,3 +1,3 @@"]
    assert text.splitlines()[4:] == [" a", "-b", "+B", " c"]
    assert "`make golden`" in text
    long = mismatch("prod.json", "", "\n".join(str(number) for number in range(500)))
    assert len(long.splitlines()) == 1 + SHOWN_LINES + 1
    assert long.endswith("... and 463 more lines")


@pytest.mark.parametrize("stack", STACKS)
def test_a_golden_plan_holds_no_source_line(plans: dict[str, Plan], stack: str) -> None:
    """They move with every edit above them."""
    assert '"source"' not in golden_text(plans[stack])
    assert all("source" in resource for resource in plans[stack].resources), "the plan itself keeps them"


def test_no_golden_plan_is_left_over() -> None:
    """A file without a stack would be checked by nobody."""
    assert sorted(path.name for path in GOLDEN.glob("*.json")) == sorted(f"{stack}.json" for stack in STACKS)


def options_of(annotation: Any) -> Iterator[str]:
    """`Section.field` of every setting that a file may leave out, in all sections below a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if not field.is_required():
                yield f"{annotation.__name__}.{name}"
            yield from options_of(field.annotation)
    elif get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        for argument in get_args(annotation):
            yield from options_of(argument)


def options_set_in(value: Any) -> Iterator[str]:
    """`Section.field` of every setting that is written out and not empty, in all sections below a value."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            if getattr(value, name) not in (None, ()):
                yield f"{type(value).__name__}.{name}"
            yield from options_set_in(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from options_set_in(item)


def test_the_fixture_stack_sets_every_option_of_the_model() -> None:
    """An option that no golden plan shows can break unseen."""
    every_option = set(options_of(Settings))
    assert {"Channels.slack", "SlackChannel.team", "Service.health_path"} <= every_option, "the walk finds nested ones"
    missing = every_option - set(options_set_in(settings_of(EVERY_OPTION)))
    assert not missing, f"set these in the fixture too: {', '.join(sorted(missing))}"


def test_the_fixture_stack_stores_every_secret() -> None:
    """Each of them adds a resource, or an input that has to be masked."""
    assert config_of(EVERY_OPTION).secret_keys == {secret.key for secret in SECRETS}
