"""Cloud Run, Artifact Registry and Cloud Logging as far as the image program asks them, for a loopback server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from readiness.delivered.image_upkeep.rest import Rest
from readiness.delivered.image_upkeep.settings import Accepted, Settings, Urls
from tests.live.loopback import Loopback, Reply, Request, serving

TOKEN = "ya29.a-token"  # noqa: S105 - no real one
PROJECT, REGION, REPOSITORY = "some-project", "us-central1", "images"
RESOURCE = f"projects/{PROJECT}/locations/{REGION}/repositories/{REPOSITORY}"
IMAGES = f"{REGION}-docker.pkg.dev/{PROJECT}/{REPOSITORY}/"


def digest(number: int) -> str:
    """A digest that is told from others at a glance."""
    return f"sha256:{number:064x}"


def time_of(tick: int) -> str:
    """An instant; later ticks are later."""
    return f"2026-01-{1 + tick // 1440:02d}T{tick // 60 % 24:02d}:{tick % 60:02d}:00.000000Z"


@dataclass
class FakeService:
    """A service: its revisions as Cloud Run's v1 API shows them, and who gets the traffic."""

    name: str
    package: str
    revisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    traffic: list[dict[str, Any]] = field(default_factory=list)

    def add(self, digest_: str, tick: int, *, ready: bool = True) -> str:
        """A new revision that does not serve."""
        name = f"{self.name}-{len(self.revisions) + 1:05d}"
        image = f"{self.package if '.pkg.dev/' in self.package else IMAGES + self.package}@{digest_}"
        conditions = [{"type": "Ready", "status": str(ready)}, _condition(active=False, tick=tick)]
        self.revisions[name] = {
            "metadata": {"name": name, "creationTimestamp": time_of(tick)},
            "status": {"imageDigest": image, "conditions": conditions},
        }
        return name

    def deploy(self, digest_: str, tick: int, *, ready: bool = True) -> str:
        """A new revision, which gets all of the traffic where it starts."""
        name = self.add(digest_, tick, ready=ready)
        if ready:
            self.switch(name, tick)
        return name

    def switch(self, name: str, tick: int) -> None:
        """All traffic to a revision."""
        for target in self.traffic:
            self._active(target["revisionName"], active=False, tick=tick)
        self._active(name, active=True, tick=tick)
        self.traffic = [{"revisionName": name, "percent": 100, "latestRevision": name == list(self.revisions)[-1]}]

    def revision_of(self, digest_: str) -> str:
        """The newest revision of an image that started."""
        return [
            name
            for name, revision in self.revisions.items()
            if revision["status"]["imageDigest"].endswith(digest_)
            and revision["status"]["conditions"][0]["status"] == "True"
        ][-1]

    def _active(self, name: str, *, active: bool, tick: int) -> None:
        self.revisions[name]["status"]["conditions"][1] = _condition(active=active, tick=tick)


def _condition(*, active: bool, tick: int) -> dict[str, str]:
    return {"type": "Active", "status": str(active), "lastTransitionTime": time_of(tick)}


@dataclass
class FakeGoogle:
    """What the APIs hold. `refused`: tags whose change is answered with a status."""

    services: dict[str, FakeService] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)
    size: int = 12_300_000_000
    page_size: int = 2
    hook: Reply = field(default_factory=lambda: Reply(body="ok"))

    def service(self, name: str, package: str) -> FakeService:
        """Adds a service."""
        self.services[name] = FakeService(name, package)
        return self.services[name]

    def answer(self, request: Request) -> Reply:
        """Whatever the program asks."""
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/hook":
            return self.hook
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": {"message": "who are you?"}})
        if found := re.fullmatch(
            rf"/apis/serving.knative.dev/v1/namespaces/{PROJECT}/(services/)?([\w-]+)", parts.path
        ):
            return self._run(found[2], query)
        if found := re.fullmatch(rf"/v1/{RESOURCE}/packages/([^/]+)/tags(?:/([\w-]+))?", parts.path):
            return self._tag(request, unquote(found[1]), found[2] or query["tagId"])
        if parts.path == f"/v1/{RESOURCE}":
            return Reply(body={"sizeBytes": str(self.size)})
        if parts.path == "/v2/entries:list":
            return self._list(request.body)
        if parts.path == "/v2/entries:write":
            self.written.append(request.body)
            return Reply(body={})
        return Reply(404, {"error": {"message": f"no {parts.path}"}})

    def _run(self, what: str, query: dict[str, str]) -> Reply:
        if what != "revisions":
            if what not in self.services:
                return Reply(404, {"error": {"message": f"no service {what}"}})
            return Reply(body={"status": {"traffic": self.services[what].traffic}})
        items = list(self.services[query["labelSelector"].partition("=")[2]].revisions.values())
        start = int(query.get("continue", "0"))
        more = start + self.page_size < len(items)
        following = {"continue": str(start + self.page_size)} if more else {}
        return Reply(body={"items": items[start : start + self.page_size], "metadata": following})

    def _tag(self, request: Request, package: str, tag: str) -> Reply:
        if tag in self.refused:
            return Reply(self.refused[tag], {"error": {"message": f"refused {tag}"}})
        if request.method == "PATCH" and (package, tag) not in self.tags:
            return Reply(404, {"error": {"message": "no such tag"}})
        assert request.body["version"].startswith(f"{RESOURCE}/packages/")
        self.tags[package, tag] = request.body["version"].rpartition("/")[2]
        return Reply(body=request.body)

    def _list(self, body: dict[str, Any]) -> Reply:
        """Entries of our own log by their fields, else the audit log; the filter's text is asserted by the tests."""
        wanted = dict(re.findall(r'jsonPayload\.(\w+)="([^"]*)"', body["filter"]))
        entries = [entry for entry in self.entries if ("jsonPayload" in entry) == bool(wanted)]
        entries = [entry for entry in entries if all(entry["jsonPayload"].get(k) == v for k, v in wanted.items())]
        entries.sort(key=lambda entry: entry["timestamp"], reverse=body["orderBy"].endswith("desc"))
        start = int(body.get("pageToken", "0"))
        size = min(body["pageSize"], self.page_size)
        following = {"nextPageToken": str(start + size)} if start + size < len(entries) else {}
        return Reply(body={"entries": entries[start : start + size], **following})


def settings_for(loopback: Loopback, *services: str, accepted: tuple[Accepted, ...] = ()) -> Settings:
    """Settings whose APIs are all the loopback server."""
    return Settings(
        project=PROJECT,
        region=REGION,
        repository=REPOSITORY,
        environment="production",
        services=services,
        log="readiness-images",
        max_deleted_versions=3,
        accepted=accepted,
        urls=Urls(registry=loopback.url, logging=loopback.url, github=loopback.url, run=loopback.url),
    )


def rest() -> Rest:
    """With the token, and without waiting between tries."""
    return Rest(token=TOKEN, sleep=lambda _seconds: None)


@contextmanager
def google(fake: FakeGoogle, accepted: tuple[Accepted, ...] = ()) -> Iterator[tuple[Loopback, Settings]]:
    """The fake on the loopback interface, and settings for all of its services."""
    with serving(fake.answer) as loopback:
        yield loopback, settings_for(loopback, *fake.services, accepted=accepted)
