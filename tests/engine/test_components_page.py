"""The program of docs/components.md, another team's with three components, under the real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.components_page import STACK, page_blocks, write_program
from tests.engine.cloud import Cloud
from tests.engine.contract_provider import serve
from tests.engine.engine import engine_in
from tests.engine.kinds import API, CHANNEL, POLICY
from tests.engine.world import World

pytestmark = pytest.mark.engine


@pytest.fixture
def shop(pulumi: Path, tmp_path: Path) -> Iterator[World]:
    """The page's project with its stack, and a cloud of its own with nothing in it."""
    project, cloud = tmp_path / "project", Cloud()
    project.mkdir()
    write_program(project)
    server, port = serve(cloud)
    try:
        with engine_in(tmp_path, project, pulumi=pulumi, provider_port=port) as engine:
            world = World(engine=engine, cloud=cloud, folder=tmp_path)
            world.done("stack", "init", STACK)
            yield world
    finally:
        server.stop(0)


def test_the_program_is_applied_once_and_destroyed_in_the_reverse_order(shop: World) -> None:
    """APIs, channel, policy; then nothing to do; then policy and channel, while the APIs stay enabled."""
    shop.cloud.fail("POST", "apis-monitoring", 403)
    assert shop.up(STACK, "--continue-on-error").status == 1
    assert {request.type for request in shop.cloud.sent("POST")} == {API}, "channel and policy wait for every API"
    assert shop.up(STACK).status == 0
    made = [request.type for request in shop.cloud.sent("POST") if request.status == 200]
    assert made == [API, API, CHANNEL, POLICY]
    (channel,), (policy,) = shop.cloud.of_type(CHANNEL), shop.cloud.of_type(POLICY).items()
    assert policy[1]["notificationChannels"] == [channel]
    assert json.loads(shop.done("stack", "output", "--json").out) == {"alert_policies": {"rush": policy[0]}}
    assert shop.preview(STACK, "--expect-no-changes").status == 0
    assert shop.is_settled(STACK)
    assert shop.engine.run("destroy", "--stack", STACK, "--yes", "--skip-preview").status == 0
    assert [request.type for request in shop.cloud.sent("DELETE")] == [POLICY, CHANNEL]
    assert [type_ for type_, _ in shop.cloud.things] == [API, API]


def test_a_component_that_is_renamed_with_an_alias_keeps_its_resources(shop: World) -> None:
    """With the lines of the page; without the alias, its channel would be created again."""
    assert shop.up(STACK).status == 0
    _, renamed, _ = page_blocks("python")
    shop.edit("__main__.py", 'channels = NotificationChannels("channels", channels_args, after_apis)\n', renamed)
    shop.cloud.requests.clear()
    assert shop.preview(STACK, "--expect-no-changes").status == 0
    assert shop.up(STACK).status == 0
    assert [request for request in shop.cloud.requests if request.method != "GET"] == []
    state = json.loads(shop.done("stack", "export").out)["deployment"]
    names = {resource["urn"].rpartition("::")[2] for resource in state["resources"]}
    assert {"shop-channels", "shop-channels-email"} <= names
    shop.edit("__main__.py", ', aliases=[pulumi.Alias(name="channels")]', "")
    shop.edit("__main__.py", '"shop-channels"', '"channels"')
    assert shop.preview(STACK, "--expect-no-changes").status != 0, "a name that changes without an alias"
