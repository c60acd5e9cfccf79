"""Cloud Run, Artifact Registry, Cloud Logging and Slack as far as the image program asks them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from readiness.delivered.apis import Apis
from readiness.delivered.http_client import Answer
from readiness.delivered.image_upkeep.__main__ import main
from readiness.delivered.image_upkeep.settings import Accepted, Settings
from tests.live.loopback import Reply, Request
from tests.pinned_clock import NOW

TOKEN = "ya29.a-token"  # noqa: S105 - no real one
WEBHOOK = "https://hooks.slack.com/hook"
PROJECT, REGION, REPOSITORY = "some-project", "us-central1", "images"
RESOURCE = f"projects/{PROJECT}/locations/{REGION}/repositories/{REPOSITORY}"
IMAGES = f"{REGION}-docker.pkg.dev/{PROJECT}/{REPOSITORY}/"


def digest(number: int) -> str:
    """A digest that is easy to distinguish from others."""
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


class Played:
    """A far side that is asked in place of a real one; `requests` are those that it got."""

    requests: list[Request]

    def __call__(self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, **_: Any) -> Answer:
        """In place of a real request."""
        place = url.partition("://")[2].partition("/")
        lower = {"host": place[0], **{name.lower(): value for name, value in headers.items()}}
        request = Request(method, place[2], lower, json.loads(data) if data else None)
        self.requests.append(request)
        reply = self.answer(request)
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        return Answer(status=reply.status, data=text.encode())

    def answer(self, request: Request) -> Reply:
        """What it says. The path of a request has no slash at its start."""
        raise NotImplementedError

    def asked(self, method: str) -> list[Request]:
        """The requests of a method."""
        return [request for request in self.requests if request.method == method]


@dataclass
class FakeGoogle(Played):
    """What the APIs hold. `refused`: tags whose change is answered with a status."""

    requests: list[Request] = field(default_factory=list)
    services: dict[str, FakeService] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)
    size: int = 12_300_000_000
    page_size: int = 2
    hook: Reply = field(default_factory=lambda: Reply(body="ok"))

    def apis(self, token: str = TOKEN, webhook: str = "") -> Apis:
        """Calls of this fake, without waiting between tries."""
        return Apis(
            project=PROJECT,
            log="readiness-images",
            google_token=token,
            webhook=webhook,
            send_once=self,
            sleep=lambda _seconds: None,
        )

    def run(self, *arguments: str, accepted: tuple[Accepted, ...] = (), **environment: str) -> int:
        """The exit status of a command, as a workflow runs it."""
        variables = {"GOOGLE_OAUTH_ACCESS_TOKEN": TOKEN, **environment}
        return main(arguments, variables, NOW, self.settings(accepted), self)

    def settings(self, accepted: tuple[Accepted, ...] = ()) -> Settings:
        """Settings for all of its services."""
        return settings_for(*self.services, accepted=accepted)

    def service(self, name: str, package: str) -> FakeService:
        """Adds a service."""
        self.services[name] = FakeService(name, package)
        return self.services[name]

    def answer(self, request: Request) -> Reply:
        """Whatever the program asks."""
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "hook":
            return self.hook
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": {"message": "who are you?"}})
        if found := re.fullmatch(rf"apis/serving.knative.dev/v1/namespaces/{PROJECT}/(services/)?([\w-]+)", parts.path):
            return self._run(found[2], query)
        if found := re.fullmatch(rf"v1/{RESOURCE}/packages/([^/]+)/tags(?:/([\w-]+))?", parts.path):
            return self._tag(request, unquote(found[1]), found[2] or query["tagId"])
        if parts.path == f"v1/{RESOURCE}":
            return Reply(body={"sizeBytes": str(self.size)})
        if parts.path == "v2/entries:list":
            return self._list(request.body)
        if parts.path == "v2/entries:write":
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


def settings_for(*services: str, accepted: tuple[Accepted, ...] = ()) -> Settings:
    """Settings for these services."""
    return Settings(
        project=PROJECT,
        region=REGION,
        repository=REPOSITORY,
        environment="production",
        services=services,
        log="readiness-images",
        max_deleted_versions=3,
        accepted=accepted,
    )
