"""Tags the serving images and the rollback targets of production in Artifact Registry.

Cleanup keeps every version with a tag that begins with `production-latest` or `production-previous`. After a promotion,
a failed promotion or a rollback, the program reads from Cloud Run which images serve, and moves every tag; it never
reads a tag to learn what runs. It reads everything before it moves a tag, and moves the tags of rollback targets first:
if a run stops halfway, the serving images are still protected.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from ..apis import REGISTRY, ApiError, Apis
from .cloud_run import Revision, ServiceState, StateError, service_state
from .say import code, say
from .settings import Settings

# How many earlier serving images keep a tag.
KEPT = 5


@dataclass(frozen=True, order=True, slots=True)
class Move:
    """A tag and the digest to which it moves. `package` is the image's name in its repository."""

    package: str
    tag: str
    digest: str


def moves_of(state: ServiceState, settings: Settings) -> list[Move]:
    """The tags of one service, in the order of the moves. Raises StateError for an image of another registry.

    production-previous          the image that served before, also after a rollback
    production-previous-2 to -5  images that served before that: a failed deployment may have served for a while
    production-previous-older    the newest that is older than all serving ones; differs after a rollback
    production-previous-newest   the newest that does not serve; differs after a failed deployment
    production-latest-serving    the serving image. No deployment moves it, so it protects during a deployment
    production-latest            the same image
    production-latest-serving-2  a second revision with a part of the traffic, and so on
    """
    roles = {
        "production-previous": next(iter(state.served_before), state.older),
        **{f"production-previous-{at}": revision for at, revision in enumerate(state.served_before[1:KEPT], start=2)},
        "production-previous-older": state.older,
        "production-previous-newest": state.newest_idle,
        "production-latest-serving": state.serving[0],
        "production-latest": state.serving[0],
    }
    roles |= {f"production-latest-serving-{at}": revision for at, revision in enumerate(state.serving[1:], start=2)}
    return [_move(tag, revision, settings) for tag, revision in roles.items() if revision is not None]


def all_moves(apis: Apis, settings: Settings) -> list[Move]:
    """The tags of all services. Raises ApiError and StateError before anything is moved."""
    held: dict[tuple[str, str], str] = {}
    for service in settings.services:
        for move in moves_of(service_state(apis, settings.region, service), settings):
            if held.setdefault((move.package, move.tag), move.digest) != move.digest:
                what = f"{service} and another service run different images of {move.package}"
                raise StateError(f"{what}: the tag {move.tag} cannot be on both")
    return [Move(package, tag, digest) for (package, tag), digest in held.items()]


def promote(apis: Apis, settings: Settings, *, dry_run: bool) -> list[str]:
    """Moves every tag; with `dry_run`, none. Returns Markdown lines. Raises ApiError and StateError."""
    moves = all_moves(apis, settings)
    for move in moves:
        if not dry_run:
            move_tag(apis, settings, move)
        say(f"{'would move' if dry_run else 'moved'} {move.package}:{move.tag} to {move.digest}")
    rows = [f"| {code(move.package)} | {code(move.tag)} | {code(move.digest)} |" for move in moves]
    return ["| Image | Tag | Digest |", "|---|---|---|", *rows]


def move_tag(apis: Apis, settings: Settings, move: Move) -> None:
    """Moves the tag to the digest, or creates it. Raises ApiError."""
    package = f"{settings.resource}/packages/{quote(move.package, safe='')}"
    body = {"name": f"{package}/tags/{move.tag}", "version": f"{package}/versions/{move.digest}"}
    tags = f"{REGISTRY}/{package}/tags"
    try:
        apis.google(f"{tags}/{move.tag}?updateMask=version", body, method="PATCH")
    except ApiError as error:
        if error.status != 404:
            raise
        apis.google(f"{tags}?tagId={move.tag}", body, method="POST")


def _move(tag: str, revision: Revision, settings: Settings) -> Move:
    if not revision.image.startswith(settings.images):
        what = f"{revision.name} has an image of another registry, {revision.image}"
        raise StateError(f"{what}: it cannot be tagged in {settings.repository}")
    return Move(revision.image.removeprefix(settings.images), tag, revision.digest)
