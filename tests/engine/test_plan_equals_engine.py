"""The offline plan is what the engine makes of the same program, resource by resource."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from readiness.plan.engine_preview import compare_preview, preview_from
from readiness.plan.offline_plan import SECRET
from readiness.plan.plan_diff import diff_plans
from readiness.plan.plan_file import SecretMask, plan_from
from readiness.plan.recorder import is_secret
from tests.engine.kinds import DASHBOARD
from tests.engine.world import World
from tests.projects import STACKS

pytestmark = pytest.mark.engine

# The engine's name of an option in the state, and ours. `parent` is compared by itself; aliases serve the registration
# and are not kept.
_OPTIONS = {
    "protect": "protect",
    "retainOnDelete": "retainOnDelete",
    "dependencies": "dependencies",
    "additionalSecretOutputs": "additionalSecretOutputs",
    "customTimeouts": "customTimeouts",
    "deletedWith": "deletedWith",
    "hideDiff": "hideDiff",
    "ignoreChanges": "ignoreChanges",
    "importID": "importId",
    "replaceOnChanges": "replaceOnChanges",
    "replaceWith": "replaceWith",
}
_UNORDERED = ("dependencies", "replaceWith")
_PLACEHOLDER = re.compile(r"<[^<>\s]+\.id>")
_DASHBOARD = "deployment_dashboard"
# What Google answers is known to nobody before.
_ANSWERED = frozenset({"image_scanning_state"})


@pytest.mark.parametrize("stack", STACKS)
def test_the_offline_plan_has_the_engines_urns_types_and_parents(applied: World, stack: str) -> None:
    """Neither has a resource more; default providers are the engine's own and no part of the program."""
    assert _where(_planned(applied, stack)) == _where(_made(applied, stack))


@pytest.mark.parametrize("stack", STACKS)
def test_the_offline_plan_has_the_engines_inputs(applied: World, stack: str) -> None:
    """Value by value: `<NAME.id>` stands for that resource's id, alone or within a text; a secret is encrypted."""
    made = _made(applied, stack)
    ids = {f"<{resource['urn'].rpartition('::')[2]}.id>": resource.get("id") for resource in made.values()}
    for urn, planned in _planned(applied, stack).items():
        ignored = made[urn].get("ignoreChanges", [])
        inputs = {key: value for key, value in made[urn].get("inputs", {}).items() if key not in ignored}
        assert _filled_in(planned["inputs"], ids) == _readable(inputs), urn


@pytest.mark.parametrize("stack", STACKS)
def test_the_offline_plan_has_the_engines_options(applied: World, stack: str) -> None:
    """Protect, retain on delete, dependencies, import, ignored changes and the rest; nothing is left out."""
    made = _made(applied, stack)
    for urn, planned in _planned(applied, stack).items():
        options = dict(planned["options"])
        version = options.pop("version", None)
        options.pop("aliases", None)
        known = {ours: made[urn][theirs] for theirs, ours in _OPTIONS.items() if theirs in made[urn]}
        assert options == {key: sorted(value) if key in _UNORDERED else value for key, value in known.items()}, urn
        if version is not None:
            assert f"::default_{version.replace('.', '_')}::" in made[urn]["provider"], urn


@pytest.mark.parametrize("stack", STACKS)
def test_the_offline_plan_has_the_engines_outputs(applied: World, stack: str) -> None:
    """The stack's outputs have the same names; ids that the plan cannot know are given as whose they are."""
    made = _made(applied, stack)
    ids = {f"<{resource['urn'].rpartition('::')[2]}.id>": resource.get("id") for resource in made.values()}
    outputs = next(resource for resource in made.values() if resource["type"] == "pulumi:pulumi:Stack")["outputs"]
    if _DASHBOARD in outputs:
        (dashboard,) = (resource["id"] for resource in made.values() if resource["type"] == DASHBOARD)
        # The console's address ends in the id's last part.
        ids["<deployment-dashboard-dashboard.id>"] = dashboard.rpartition("/")[2]
    planned = _filled_in(applied.plan(stack).outputs, ids)
    assert outputs.keys() == planned.keys()
    assert {key: outputs[key] for key in outputs if key not in _ANSWERED} == {
        key: planned[key] for key in planned if key not in _ANSWERED
    }


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_of_a_new_stack_creates_or_imports_what_the_offline_plan_shows(fresh: World, stack: str) -> None:
    """Placeholders for reviewers pass a preview, as they pass the plan."""
    steps = json.loads(fresh.preview(stack, "--json").out)["steps"]
    assert {step["op"] for step in steps} <= {"create", "import", "update"}
    assert {step["urn"] for step in steps} == _planned(fresh, stack).keys()


@pytest.mark.parametrize("stack", STACKS)
def test_the_diff_reads_the_preview_of_the_engine(fresh: World, stack: str, tmp_path: Path) -> None:
    """Of a new stack, the engine does what the plan says; without the plan of its resources, nothing of it is known."""
    full = fresh.plan(stack).as_dict()
    empty: dict[str, Any] = {**full, "resources": [], "outputs": {}}
    file = tmp_path / "preview.json"
    done = fresh.readiness("preview", stack, "--json-to", str(file))
    assert done.status == 0, done.text
    preview = preview_from(json.loads(file.read_text(encoding="utf-8")), stack=stack, file="preview")
    plans = {
        name: plan_from(plan, file=name, secrets=SecretMask()) for name, plan in (("full", full), ("empty", empty))
    }
    created = compare_preview(diff_plans(plans["empty"], plans["full"]), preview)
    assert ([found.text for found in created.differences], created.is_complete) == ([], True)
    unknown = compare_preview(diff_plans(plans["empty"], plans["empty"]), preview)
    assert len(unknown.differences) == created.agreeing > 10


def _planned(world: World, stack: str) -> dict[str, dict[str, Any]]:
    return {resource["urn"]: resource for resource in world.plan(stack).resources}


def _made(world: World, stack: str) -> dict[str, dict[str, Any]]:
    resources = world.engine.resources(stack)
    return {resource["urn"]: resource for resource in resources if not resource["type"].startswith("pulumi:providers:")}


def _where(resources: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {urn: (resource["type"], resource.get("parent", "")) for urn, resource in resources.items()}


def _filled_in(planned: Any, ids: dict[str, Any]) -> Any:
    if isinstance(planned, dict):
        return {key: _filled_in(value, ids) for key, value in planned.items()}
    if isinstance(planned, list):
        return [_filled_in(value, ids) for value in planned]
    if not isinstance(planned, str):
        return planned
    return _PLACEHOLDER.sub(lambda found: str(ids.get(found[0], found[0])), planned)


def _readable(stored: Any) -> Any:
    """The state's value as a plan writes it."""
    if isinstance(stored, dict):
        return SECRET if is_secret(stored) else {key: _readable(value) for key, value in stored.items()}
    return [_readable(value) for value in stored] if isinstance(stored, list) else stored
