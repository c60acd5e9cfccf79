"""180 days of the customer's tag scheme: what cleanup would have taken from production.

docs/retention.md has these days as a table.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest

from readiness.images.policies import Policy
from tests.images.listings import prod_policies
from tests.images.production_history import FAILED, NO_ACTION, PROMOTED, ROLLED_BACK, Action, Loss, live

DECLARED = prod_policies()
RHYTHMS = {"daily": 1, "weekly": 7, "every 45 days": 45, "never": 0}

Events = Callable[[int], str | None]


def literal_row() -> tuple[Policy, ...]:
    """Lines 388 to 390 of docs/customer/seed.md: older than 30 days goes, five of a service and three tags stay."""
    tags = ("latest", "staging-latest", "production-latest")
    kept = (policy for policy in DECLARED if not policy.id.startswith("keep-younger"))
    return tuple(
        dataclasses.replace(policy, tag_prefixes=tags) if policy.id == "keep-protected-tags" else policy
        for policy in kept
    )


def every(days: int, *, mishaps: int | None = None) -> Events:
    """A promotion every so many days, never for 0. With `mishaps`, a seed: failed ones and rollbacks among them."""
    chance = random.Random(mishaps)  # noqa: S311 - events, not a secret
    events: dict[int, str] = {}
    for day in range(180):
        if days and (day + 1) % days == 0:
            events[day] = FAILED if mishaps is not None and chance.random() < 0.3 else PROMOTED
        elif mishaps is not None and chance.random() < 0.05:
            events[day] = ROLLED_BACK
    return events.get


def spans(losses: list[Loss], role: str, package: str) -> list[tuple[int, int]]:
    """First and last day of each time without the image."""
    days = [loss.day for loss in losses if (loss.role, loss.package) == (role, package)]
    starts = [day for day in days if day - 1 not in days]
    return list(zip(starts, (day for day in days if day + 1 not in days), strict=True))


@pytest.mark.parametrize("mishaps", [None, 1])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_with_the_promotion_action_what_runs_and_its_rollback_target_are_kept_every_day(
    rhythm: str, mishaps: int | None
) -> None:
    """Starting from today's untagged production, with failed promotions and rollbacks; and cleanup does clean up."""
    losses, world = live(DECLARED, Action(), every(RHYTHMS[rhythm], mishaps=mishaps))
    assert losses == []
    assert world.deleted > 500, "a cleanup that deletes nothing keeps everything too"


def test_the_seeds_literal_row_deletes_the_backend_that_production_runs() -> None:
    """Promoted every 45 days without promotion tags: a backend of day 44 is gone on day 74, and so on."""
    losses, _ = live(literal_row(), NO_ACTION, every(45))
    assert spans(losses, "running", "backend") == [(27, 43), (74, 88), (119, 133), (164, 178)]
    assert spans(losses, "running", "frontend") == [], "the frontend has production-latest by its workflow"
    assert (89, 133) in _targets(losses, "backend")
    assert (89, 133) in _targets(losses, "frontend"), "on day 89 both rollback targets are gone"


def test_the_literal_row_goes_well_as_long_as_production_is_promoted_weekly() -> None:
    """Which is why nobody notices before the first quiet month."""
    losses, _ = live(literal_row(), NO_ACTION, every(7))
    assert losses == []


def test_the_declared_policies_alone_do_not_save_a_backend_without_promotion_tags() -> None:
    """The tags have to be set by somebody: a policy can only keep what is tagged."""
    losses, _ = live(DECLARED, NO_ACTION, every(45))
    assert spans(losses, "running", "backend")[0] == (27, 43)


def test_without_tagging_what_serves_on_the_first_day_the_first_promotion_may_come_too_late() -> None:
    """Today's production is 3 days old and untagged: gone on day 27, when the promotion of day 44 is still to come."""
    losses, _ = live(DECLARED, Action(bootstrap=False), every(45))
    assert spans(losses, "running", "backend") == [(27, 43)]


def test_without_retagging_after_a_failed_promotion_the_running_frontend_is_lost() -> None:
    """The workflow gives production-latest to its build before it knows whether the deployment succeeds."""
    events: Events = {44: FAILED}.get
    lost, _ = live(DECLARED, Action(after_failure=False), events)
    assert spans(lost, "running", "frontend") == [(44, 179)]
    assert live(DECLARED, Action(), events)[0] == []


def test_without_retagging_after_a_rollback_a_later_promotion_takes_the_rollback_target() -> None:
    """After a rollback the tags name the wrong roles; the next failed promotion then leaves an image without any."""
    events: Events = {10: ROLLED_BACK, 50: FAILED}.get
    lost, _ = live(DECLARED, Action(after_failure=False), events)
    assert {loss.role for loss in lost} & {"running", "rollback target"}
    assert live(DECLARED, Action(), events)[0] == []


def test_cleanup_in_the_middle_of_a_deployment_needs_a_tag_that_no_workflow_moves() -> None:
    """production.yml gives production-latest to its new frontend minutes before the action can tag the old one.

    `production-latest-serving` is kept by the prefix `production-latest`, and only the action sets it.
    """
    for events in (every(45), every(45, mishaps=1)):
        lost, _ = live(DECLARED, Action(), events, cleanup_in_deployments=True)
        assert {loss.package for loss in lost} == {"frontend"}
        kept, world = live(DECLARED, Action(own_tag=True), events, cleanup_in_deployments=True)
        assert kept == []
        assert world.deleted > 500


def _targets(losses: list[Loss], package: str) -> list[tuple[int, int]]:
    """Days without the rollback target, cut at each promotion, which makes another image the target."""
    days = [loss.day for loss in losses if (loss.role, loss.package) == ("rollback target", package)]
    cuts = [range(start, start + 45) for start in range(-1, 180, 45)]
    return [(min(part), max(part)) for cut in cuts if (part := [day for day in days if day in cut])]
