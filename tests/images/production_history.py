"""A registry and a production that live through days: pushes, promotions, rollbacks, and cleanup every night.

The tags are those of the customer's workflows. Staging pushes `backend:<sha>` and `frontend:<sha>-staging`, both with
`staging-latest`. Production deploys the backend that `staging-latest` names, without a tag of its own, and builds a
frontend `<sha>-production` with `production-latest`, before anybody knows whether the deployment succeeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from readiness.images.images import Version
from readiness.images.policies import Policy
from readiness.images.simulate import decide
from tests.images.listings import digest_of

PACKAGES = ("backend", "frontend")
FIRST_DAY = datetime(2025, 11, 25, tzinfo=UTC)
DAYS = 180
# What happens on a day, at four in the afternoon; pushes come before, cleanup after.
PROMOTED, FAILED, ROLLED_BACK = "promoted", "failed", "rolled back"


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Which parts of the promotion action are in force: none of them is how the customer deploys today."""

    bootstrap: bool = True  # on the first day, tags what serves
    after_success: bool = True  # moves production-previous and production-latest
    after_failure: bool = True  # the same after a failed promotion and after a rollback
    own_tag: bool = False  # tags what serves with a tag too that no workflow moves


NO_ACTION = Action(bootstrap=False, after_success=False, after_failure=False)


@dataclass(frozen=True, slots=True)
class Loss:
    """An image that is gone on a day although `role` (running, rollback target, staging) needs it."""

    day: int
    role: str
    package: str


@dataclass(slots=True)
class World:
    """The registry by package and digest, and what each environment needs of it."""

    action: Action
    created: dict[tuple[str, str], datetime] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)  # (package, tag) -> digest
    running: dict[str, str] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)
    deleted: int = 0

    def push(self, package: str, tags: Sequence[str], now: datetime) -> str:
        """Uploads a new image; its tags leave whatever had them."""
        digest = digest_of((package, now, tags))
        self.created[package, digest] = now
        self.tags.update({(package, tag): digest for tag in tags})
        return digest

    def push_staging(self, now: datetime) -> None:
        """A push to main."""
        sha = now.strftime("%m%d%H")
        self.push("backend", (sha, "staging-latest"), now)
        self.push("frontend", (f"{sha}-staging", "staging-latest"), now)

    def deploy(self, now: datetime, *, succeeds: bool, meanwhile: Callable[[], None]) -> None:
        """A run of production.yml. A failed one is taken back at once: what served before serves again.

        `meanwhile` happens after the images are tagged and before the action knows how it went: minutes, in truth.
        """
        candidate = {"backend": self.tags["backend", "staging-latest"]}
        candidate["frontend"] = self.push("frontend", (now.strftime("%m%d%H-production"), "production-latest"), now)
        meanwhile()
        if succeeds:
            self.target, self.running = self.running, candidate
        self._retag(on=self.action.after_success if succeeds else self.action.after_failure)

    def roll_back(self) -> None:
        """Production and its rollback target change places."""
        self.running, self.target = self.target, self.running
        self._retag(on=self.action.after_failure)

    def start(self, now: datetime) -> None:
        """Today's production: the backend without a tag of production, the frontend with the workflow's."""
        for age_days, held in ((20, self.target), (3, self.running)):
            then = now - timedelta(days=age_days)
            self.push_staging(then)
            held["backend"] = self.tags["backend", "staging-latest"]
            production = (then.strftime("%m%d-production"), "production-latest")
            held["frontend"] = self.push("frontend", production, then)
        self._retag(on=self.action.bootstrap)

    def _retag(self, *, on: bool) -> None:
        """What the action does: the digests come from what serves, never from a tag."""
        if not on:
            return
        for package in PACKAGES:
            self.tags[package, "production-previous"] = self.target[package]
            self.tags[package, "production-latest"] = self.running[package]
            if self.action.own_tag:
                self.tags[package, "production-latest-serving"] = self.running[package]

    def clean_up(self, policies: Sequence[Policy], now: datetime) -> None:
        """A night's cleanup, by the simulator."""
        of_version: dict[tuple[str, str], list[str]] = {}
        for (package, tag), digest in self.tags.items():
            of_version.setdefault((package, digest), []).append(tag)
        versions = [
            Version(package=package, digest=digest, created=created, created_text="", tags=tuple(tags))
            for (package, digest), created in self.created.items()
            for tags in [of_version.get((package, digest), [])]
        ]
        gone = {
            (decision.version.package, decision.version.digest)
            for decision in decide(versions, policies, now)
            if decision.delete
        }
        self.deleted += len(gone)
        self.created = {key: created for key, created in self.created.items() if key not in gone}
        self.tags = {key: digest for key, digest in self.tags.items() if (key[0], digest) not in gone}

    def losses(self, day: int) -> list[Loss]:
        """Everything that is needed and gone."""
        staging = {package: self.tags.get((package, "staging-latest"), "") for package in PACKAGES}
        needed = {"running": self.running, "rollback target": self.target, "staging": staging}
        return [
            Loss(day, role, package)
            for role, held in needed.items()
            for package in PACKAGES
            if (package, held[package]) not in self.created
        ]


def live(
    policies: Sequence[Policy],
    action: Action,
    event_of: Callable[[int], str | None],
    *,
    cleanup_in_deployments: bool = False,
    world: World | None = None,
) -> tuple[list[Loss], World]:
    """180 days with two pushes a day; `event_of` says what happens to production on a day, counted from 0.

    Google chooses when cleanup runs: with `cleanup_in_deployments`, in the middle of each deployment too. `world` is
    another one than the usual, whose action is that program's own.
    """
    world = world or World(action=action)
    world.start(FIRST_DAY)
    losses: list[Loss] = []
    for day in range(DAYS):
        start = FIRST_DAY + timedelta(days=day)
        for hour in (9, 15):
            world.push_staging(start + timedelta(hours=hour))
        event = event_of(day)
        if event == ROLLED_BACK:
            world.roll_back()
        elif event is not None:
            at = start + timedelta(hours=16)
            meanwhile = partial(world.clean_up, policies, at) if cleanup_in_deployments else lambda: None
            world.deploy(at, succeeds=event == PROMOTED, meanwhile=meanwhile)
        world.clean_up(policies, start + timedelta(hours=23))
        losses += world.losses(day)
    return losses, world
