"""A stack that does not exist, under the real CLI with a state in a folder: the printed command creates it."""

from __future__ import annotations

import shlex

import pytest

from tests.engine.world import World

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("name", ["up", "preview"])
def test_a_missing_stack_is_one_command_away(fresh: World, name: str) -> None:
    """The command that is printed is run as it is, and then the first one ends well."""
    fresh.done("stack", "rm", "staging", "--yes", "--preserve-config")
    missing = fresh.readiness(name, "staging")
    assert missing.status == 1
    assert f"The stack staging does not exist in {fresh.engine.environment['PULUMI_BACKEND_URL']}." in missing.err
    (line,) = [line.strip() for line in missing.err.splitlines() if line.startswith("  pulumi stack init")]
    fresh.done(*shlex.split(line)[1:])
    done = fresh.readiness(name, "staging")
    assert done.status == 0, done.text
