"""The notifications of a run before it ends: it waits for an approval, it started; late events, and no end."""

from __future__ import annotations

from typing import Any

from readiness.delivered.delivery_telemetry.__main__ import POLLS, run
from readiness.delivered.http_client import Answer
from tests.delivered.delivery_telemetry.test_commands import EVERY_EVENT, headline, world_of_one_run
from tests.delivered.delivery_telemetry.world import World, a_job, a_run, environment, event, fixture, job


def waiting_world(*statuses: str) -> World:
    """A run whose status changes with every look."""
    world = World(pending=fixture("pending_deployments"))
    left = list(statuses)
    world.add(a_run(status=left[0], conclusion=None), a_job())

    class Changing(World):
        """Looks again."""

        def __call__(self, method: str, url: str, **options: Any) -> Answer:
            answer = super().__call__(method, url, **options)
            if url.endswith("/18412345601") and len(left) > 1:
                left.pop(0)
                self.runs[0]["status"] = left[0]
            return answer

    changing = Changing(pending=world.pending)
    changing.runs, changing.jobs = world.runs, world.jobs
    return changing


def test_a_run_that_waits_for_an_approval_sends_one_message() -> None:
    """The one message that people need and that no step of the waiting run itself can send."""
    world = waiting_world("queued", "queued", "waiting")
    assert run("workflow-run", job(world, event=event("requested"))) == 0
    assert [headline(message) for message in world.slack] == ["production: deployment waits for an approval"]
    assert world.slept == [6, 6]


def test_a_run_without_an_approval_sends_no_waiting_message() -> None:
    """It starts, or has ended, by the time that it is read."""
    for status in ("in_progress", "completed"):
        world = waiting_world("queued", status)
        assert run("workflow-run", job(world, event=event("requested"))) == 0
        assert world.slack == []


def test_waiting_for_a_runner_is_not_waiting_for_an_approval() -> None:
    """The status alone does not show it; GitHub's list of pending deployments does."""
    world = waiting_world("waiting", "waiting", "in_progress")
    world.pending = []
    assert run("workflow-run", job(world, event=event("requested"))) == 0
    assert world.slack == []


def test_the_look_for_waiting_ends() -> None:
    """A run that stays queued keeps no runner busy for more than two minutes, and the end is said."""
    world = waiting_world("queued")
    started = job(world, event=event("requested"))
    assert run("workflow-run", started) == 0
    assert len(world.slept) == POLLS
    assert sum(world.slept) <= 120
    assert "neither waits nor runs" in started.said[-1]


def test_nobody_polls_for_an_event_that_is_not_chosen() -> None:
    """Staging has no approval."""
    world = waiting_world("waiting")
    assert run("workflow-run", job(world, environment(events=()), event=event("requested"))) == 0
    assert world.calls == []


def test_a_start_sends_a_message_if_chosen() -> None:
    """And by default it is not: the workflow sends it."""
    sent: list[str] = []
    for events in (("waiting",), EVERY_EVENT):
        world = World()
        world.add(a_run(status="in_progress", conclusion=None), a_job())
        assert run("workflow-run", job(world, environment(events=events), event=event("in_progress"))) == 0
        sent += [headline(message) for message in world.slack]
    assert sent == ["production: deployment started"]


def test_a_start_event_after_the_end_sends_no_message() -> None:
    """`started` below `succeeded` would say that another deployment began."""
    world = world_of_one_run()
    assert run("workflow-run", job(world, environment(events=EVERY_EVENT), event=event("in_progress"))) == 0
    assert world.slack == []
