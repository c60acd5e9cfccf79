"""The engine, its stacks and their saved states: made once for the tier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.cloud import Cloud
from tests.engine.contract_provider import serve
from tests.engine.engine import engine_in
from tests.engine.http_api import endpoints, serving_apis
from tests.engine.world import (
    SECRETS,
    World,
    make_the_registry_exist,
    name_the_reviewers,
    write_project,
    write_records,
)
from tests.projects import EVERY_OPTION, STACKS
from tools.find_tool import PULUMI

NOTHING_APPLIED = "nothing applied"
ALL_APPLIED = "all applied"


@pytest.fixture(scope="session")
def pulumi() -> Path:
    """The CLI, from PATH or as `make test-engine` got it before pytest started: no worker builds it."""
    if not PULUMI.can_be_had():
        pytest.skip(f"neither `pulumi` nor `go` is on PATH. {PULUMI.how_to_get_it}")
    return PULUMI.find(fetch=False)


@pytest.fixture(scope="session")
def tier(pulumi: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Every stack in two states: nothing applied, and all applied."""
    folder = tmp_path_factory.mktemp("engine")
    project, cloud = folder / "project", Cloud()
    server, port = serve(cloud)
    try:
        with (
            serving_apis(cloud) as apis,
            engine_in(folder, project, pulumi=pulumi, provider_port=port, apis=apis.url) as engine,
        ):
            write_project(project, endpoints(apis))
            world = World(engine=engine, cloud=cloud, folder=folder, apis=apis.url)
            _make_stacks(world)
            world.save(NOTHING_APPLIED)
            _apply_all(world)
            world.save(ALL_APPLIED)
            yield world
    finally:
        server.stop(0)


@pytest.fixture
def fresh(tier: World) -> World:
    """Stacks without a resource, in a project whose registry exists already."""
    tier.restore(NOTHING_APPLIED)
    return tier


@pytest.fixture
def applied(tier: World) -> World:
    """Stacks as a customer has them after the first day."""
    tier.restore(ALL_APPLIED)
    return tier


def _make_stacks(world: World) -> None:
    for stack in STACKS:
        world.done("stack", "init", stack)
    for key, value in SECRETS.items():
        world.done("config", "set", "--stack", EVERY_OPTION, "--secret", key, value)
    write_records(world.engine.project)
    make_the_registry_exist(world.cloud)


def _apply_all(world: World) -> None:
    name_the_reviewers(world)
    for stack in STACKS:
        world.done("up", "--stack", stack, "--yes", "--skip-preview")
