"""The promotion program in the place of the model's action: the same tags after every event, and nothing is lost.

It reads a Cloud Run that lives through the same days, and never a tag.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from readiness.delivered.image_upkeep.cloud_run import Revision, ServiceState
from readiness.delivered.image_upkeep.promote import all_moves
from readiness.delivered.image_upkeep.settings import Settings
from readiness.images.revisions import read_needed
from tests.delivered.fake_google import FakeGoogle
from tests.images.listings import prod_policies
from tests.images.production_history import FAILED, PACKAGES, PROMOTED, ROLLED_BACK, Action, World, live
from tests.images.test_time_travel import RHYTHMS, every

DECLARED = prod_policies()
ACTION = Action(own_tag=True)


@dataclass(slots=True)
class WorldOfTheProgram(World):
    """A world whose tags are set by the program. `served_first`: a failed deployment serves for a while."""

    fake: FakeGoogle = field(default_factory=FakeGoogle)
    settings: Settings | None = None
    served_first: bool = False
    event: str = ""
    tick: int = 0
    differences: list[str] = field(default_factory=list)

    def deploy(self, now: datetime, *, succeeds: bool, meanwhile: Any) -> None:
        """Remembers how it ends: the program is asked only afterwards."""
        self.event = PROMOTED if succeeds else FAILED
        World.deploy(self, now, succeeds=succeeds, meanwhile=meanwhile)

    def roll_back(self) -> None:
        """The same for a rollback."""
        self.event = ROLLED_BACK
        World.roll_back(self)

    def _retag(self, *, on: bool) -> None:
        assert on, "the program runs after every event"
        for package in PACKAGES:
            self._happen(package)
        assert self.settings is not None
        moves = {(move.package, move.tag): move.digest for move in all_moves(self.fake.apis(), self.settings)}
        World._retag(self, on=True)  # the model's own tags, to compare with
        for package in PACKAGES:
            for tag in ("production-latest", "production-latest-serving", "production-previous"):
                if moves[package, tag] != self.tags[package, tag]:
                    self.differences.append(f"{self.event or 'start'}: {package}:{tag}")
        self.tags.update(moves)

    def _happen(self, package: str) -> None:
        """What the event does to Cloud Run."""
        self.tick += 1
        service = self.fake.services[package]
        if not self.event:
            service.deploy(self.target[package], self.tick)
            service.deploy(self.running[package], self.tick + 1)
        elif self.event == PROMOTED:
            service.deploy(self.running[package], self.tick)
        elif self.event == ROLLED_BACK:
            service.switch(service.revision_of(self.running[package]), self.tick)
        else:
            tag = "staging-latest" if package == "backend" else "production-latest"
            service.deploy(self.tags[package, tag], self.tick, ready=self.served_first)
            if self.served_first:
                service.switch(service.revision_of(self.running[package]), self.tick + 1)
        self.tick += 2


@pytest.fixture
def world() -> WorldOfTheProgram:
    """Both services, and a Cloud Run that answers for them."""
    fake = FakeGoogle(page_size=1000)
    for package in PACKAGES:
        fake.service(package, package)
    return WorldOfTheProgram(action=ACTION, fake=fake, settings=fake.settings())


@pytest.mark.parametrize("mishaps", [None, 1, 2])
@pytest.mark.parametrize("rhythm", ["weekly", "every 45 days", "never"])
def test_the_program_moves_the_tags_that_the_model_moves_and_nothing_is_lost(
    world: WorldOfTheProgram, rhythm: str, mishaps: int | None
) -> None:
    """Failed promotions and rollbacks among them; cleanup in the middle of deployments."""
    losses, _ = live(
        DECLARED, ACTION, every(RHYTHMS[rhythm], mishaps=mishaps), cleanup_in_deployments=True, world=world
    )
    assert world.differences == []
    assert losses == []
    assert world.deleted > 500


@pytest.mark.parametrize("mishaps", [1, 2])
def test_nothing_is_lost_where_a_failed_deployment_served_before_it_was_taken_back(
    world: WorldOfTheProgram, mishaps: int
) -> None:
    """The failed one is then what served last; what a rollback left before keeps its image too."""
    world.served_first = True
    losses, _ = live(DECLARED, ACTION, every(7, mishaps=mishaps), cleanup_in_deployments=True, world=world)
    assert losses == []
    assert any("failed" in difference and "production-previous" in difference for difference in world.differences)


def test_the_model_would_say_so(world: WorldOfTheProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a program that takes the newest idle revision for what served before."""

    def newest_idle(state: ServiceState) -> tuple[Revision, ...]:
        return (state.newest_idle,) if state.newest_idle else ()

    monkeypatch.setattr(ServiceState, "served_before", property(newest_idle))
    live(DECLARED, ACTION, every(7, mishaps=1), world=world)
    assert world.differences


def test_the_program_tags_every_revision_that_the_gate_calls_needed(world: WorldOfTheProgram, tmp_path: Path) -> None:
    """What the gate would find missing is never without a tag, in whatever state production is."""
    live(DECLARED, ACTION, every(7, mishaps=2), world=world)
    revisions = [
        {**item, "metadata": {**item["metadata"], "labels": {"serving.knative.dev/service": name}}}
        for name, service in world.fake.services.items()
        for item in service.revisions.values()
        if item["status"]["conditions"][0]["status"] == "True"
    ]
    path = tmp_path / "revisions.json"
    path.write_text(json.dumps(revisions), encoding="utf-8")
    needed = read_needed(path, PACKAGES)
    assert world.settings is not None
    tagged = {(move.package, move.digest) for move in all_moves(world.fake.apis(), world.settings)}
    wanted = {
        (revision.service, digest) for revision in (*needed.serving, *needed.rollback) for digest in revision.digests
    }
    assert len(wanted) >= 4
    assert wanted <= tagged
