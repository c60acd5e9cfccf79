"""GitHub, Cloud Logging, Cloud Monitoring and Slack, played from recorded payloads, and jobs that talk to them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from readiness.delivered.apis import Apis
from readiness.delivered.delivery_files import INCIDENT_ALERTS
from readiness.delivered.delivery_telemetry.__main__ import Job
from readiness.delivered.delivery_telemetry.deployments import Deployment, time_of
from readiness.delivered.delivery_telemetry.settings import Environment, Quality, Settings
from tests.delivered.fake_google import Played
from tests.live.loopback import Reply, Request
from tests.projects import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "deployments"
NOW = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
WEBHOOK = "https://hooks.slack.com/services/" + "T0/B0/abcdef"
BACKEND = "ai-resume-review-v2-backend-prod"


def fixture(name: str) -> Any:
    """A recorded payload, to change."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def environment(name: str = "production", *, events: tuple[str, ...] = ("waiting", "rollback")) -> Environment:
    """An environment of the first customer."""
    production = name == "production"
    return Environment(
        name=name,
        workflow="Deploy to Production" if production else "CI and Deploy to Staging",
        file="production.yml" if production else "staging.yml",
        job="Deploy to Production" if production else "Build and Deploy to Staging",
        services=(BACKEND,) if production else ("ai-resume-review-v2-backend-staging",),
        slack_events=events,
        deployments_per_week=1 if production else 7,
        duration_seconds=480 if production else 600,
    )


def settings(*environments: Environment, slack_reports: bool = True, quality: tuple[Quality, ...] = ()) -> Settings:
    """The settings that are delivered."""
    return Settings(
        project="ytgrs-464303",
        log="readiness-deployments",
        slack_reports=slack_reports,
        success_ratio=0.95,
        restore_seconds=1800,
        incident_alerts=INCIDENT_ALERTS,
        quality=quality,
        environments=environments or (environment(),),
    )


def a_run(**changes: Any) -> dict[str, Any]:
    """A run as GitHub describes it."""
    return {**fixture("workflow_run")["workflow_run"], **changes}


def a_job(**changes: Any) -> dict[str, Any]:
    """Its deploying job."""
    return {**fixture("job"), **changes}


def a_deployment(outcome: str = "success", *, minutes: float = 0, **changes: Any) -> Deployment:
    """One that finished so many minutes after `NOW`."""
    values: dict[str, Any] = {
        "environment": "production",
        "run_id": 1,
        "attempt": 1,
        "outcome": outcome,
        "trigger": "push",
        "actor": "ada-example",
        "commit": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
        "title": "Show the score",
        "url": "https://github.com/o/r/actions/runs/1/attempts/1",
        "finished_at": NOW + timedelta(minutes=minutes),
        "duration_seconds": 450.0,
    }
    return Deployment(**{**values, **changes})


def at_minute(minutes: float) -> datetime:
    """So many minutes after `NOW`."""
    return NOW + timedelta(minutes=minutes)


def an_alert(name: str, *, opened: float, closed: float | None = None, **labels: str) -> dict[str, Any]:
    """An alert as Monitoring lists it, opened and closed so many minutes after `NOW`; `labels` of its policy."""
    own = {"managed_by": "readiness", "environment": "production", "alert": "high-error-rate"}
    alert: dict[str, Any] = {
        "name": f"projects/ytgrs-464303/alerts/{name}",
        "state": "OPEN" if closed is None else "CLOSED",
        "openTime": at_minute(opened).isoformat(),
        "policy": {"displayName": "High error rate", "severity": "CRITICAL", "userLabels": {**own, **labels}},
    }
    return alert if closed is None else {**alert, "closeTime": at_minute(closed).isoformat()}


def audit(
    minute: int, target: str | None, *, served: str = "00042-def", insert_id: str = "", **changes: Any
) -> dict[str, Any]:
    """A change of the backend so many minutes after 11:00: traffic to `target`, None for the latest revision."""
    entry = fixture("audit_entry")
    payload = entry["protoPayload"]
    to = {"percent": 100, "latestRevision": True} if target is None else {"percent": 100, "revisionName": named(target)}
    payload["request"]["service"]["spec"]["traffic"] = [to]
    payload["response"]["status"]["traffic"][0]["revisionName"] = named(served)
    entry["timestamp"] = (datetime(2026, 11, 10, 11, tzinfo=UTC) + timedelta(minutes=minute)).isoformat()
    entry["insertId"] = insert_id or f"audit{minute}"
    payload.update(changes)
    return entry


def named(revision: str) -> str:
    """A revision of the backend."""
    return f"{BACKEND}-{revision}"


@dataclass
class World(Played):
    """What each system contains, and what it was sent. A status that is not 200 is its answer to everything."""

    requests: list[Request] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[tuple[int, int], list[dict[str, Any]]] = field(default_factory=dict)
    pending: list[Any] = field(default_factory=list)
    audit_log: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    # By `BASE...HEAD`, and by commit: what is not there does not exist. None: each exists, with the recorded commit.
    comparisons: dict[str, list[dict[str, Any]]] | None = None
    commits: dict[str, dict[str, Any]] | None = None
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    slack: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    # By the id of the job. What is not there does not exist.
    annotations: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    google_status: int = 200
    # What an address ends with that Google alone refuses.
    google_refuses: str = ""
    slack_answers: list[int] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def add(self, run: dict[str, Any], *jobs: dict[str, Any]) -> None:
        """A run's attempt; the newest attempt of the newest run is added last."""
        self.runs.insert(0, run)
        self.jobs[run["id"], run["run_attempt"]] = list(jobs)

    def add_deployment(self, number: int, finished: str, conclusion: str = "success", seconds: int = 450) -> None:
        """A run with one deploying job."""
        end = time_of(finished)
        start = (end - timedelta(seconds=seconds)).isoformat()
        run = a_run(id=number, conclusion=conclusion, html_url=f"https://github.com/o/r/actions/runs/{number}")
        self.add(run, a_job(run_id=number, conclusion=conclusion, started_at=start, completed_at=end.isoformat()))

    def answer(self, request: Request) -> Reply:
        """Whatever the program asks."""
        host, (path, _, query) = request.headers["host"], request.path.partition("?")
        self.calls.append(f"{request.method} {host}/{path}")
        if host == "api.github.com":
            assert request.headers["authorization"] == "Bearer github-token"
            return self._github(path.removeprefix("repos/stellar-aiz/ai-resume-review-v2/"), query)
        if host == "hooks.slack.com":
            return self._post_to_slack(request.body)
        assert request.headers["authorization"] == "Bearer google-token"
        if self.google_status != 200:
            return Reply(self.google_status, {"error": {"message": "refused\n::warning::forged"}})
        if self.google_refuses and path.endswith(self.google_refuses):
            return Reply(403, {"error": {"message": "refused"}})
        if path.endswith("/alerts"):
            return self._alerts(query)
        return Reply(body=self._google(path, request.body))

    def _github(self, path: str, query: str) -> Reply:
        words = path.split("/")
        if words[0] == "compare":
            commits = [_commit()] if self.comparisons is None else self.comparisons.get(words[1])
            return Reply(404, {"message": "Not Found"}) if commits is None else Reply(body={"commits": commits})
        if words[0] == "check-runs":
            found = self.annotations.get(int(words[1]))
            return Reply(404, {"message": "Not Found"}) if found is None else Reply(body=found)
        if words[0] == "commits":
            commit = _commit() if self.commits is None else self.commits.get(words[1])
            return Reply(404, {"message": "Not Found"}) if commit is None else Reply(body=commit)
        if words[1] == "workflows":
            newest = {run["id"]: run for run in reversed(self.runs)}
            return _page("workflow_runs", sorted(newest.values(), key=lambda run: self.runs.index(run)), query)
        run_id = int(words[2])
        attempts = [run for run in self.runs if run["id"] == run_id]
        if words[-1] == "jobs":
            return _page("jobs", self.jobs[run_id, int(words[4])], query)
        if words[-1] == "pending_deployments":
            return Reply(body=self.pending)
        if "attempts" in words:
            attempts = [run for run in attempts if run["run_attempt"] == int(words[4])]
        return Reply(body=attempts[0]) if attempts else Reply(404, {"message": "Not Found"})

    def _alerts(self, query: str) -> Reply:
        asked = parse_qs(query)
        assert asked["orderBy"] == ["open_time desc"]
        listed = sorted(self.alerts, key=lambda alert: alert["openTime"], reverse=True)
        start, size = int(asked.get("pageToken", ["0"])[0]), int(asked["pageSize"][0])
        following = {"nextPageToken": str(start + size)} if start + size < len(listed) else {}
        return Reply(body={"alerts": listed[start : start + size], **following})

    def _google(self, address: str, sent: dict[str, Any]) -> dict[str, Any]:
        if address.endswith("entries:list"):
            if "cloudaudit" in sent["filter"]:
                return _google_page(self.audit_log, sent)
            return _google_page(list(self.entries.values()), sent)
        if address.endswith("entries:write"):
            shared = {name: sent[name] for name in ("logName", "resource")}
            self.entries |= {entry["insertId"]: {**shared, **entry} for entry in sent["entries"]}
        if address.endswith("timeSeries"):
            self.points += sent["timeSeries"]
        return {}

    def _post_to_slack(self, sent: dict[str, Any]) -> Reply:
        answer = self.slack_answers.pop(0) if self.slack_answers else 200
        if answer == 200:
            self.slack.append(sent)
        return Reply(answer, "ok" if answer == 200 else "no_service")


def _commit() -> dict[str, Any]:
    head = fixture("workflow_run")["workflow_run"]["head_commit"]
    return {"sha": head["id"], "commit": {"committer": {"date": head["timestamp"]}}}


def _page(field_: str, items: list[Any], query: str) -> Reply:
    asked = parse_qs(query)
    size, page = int(asked["per_page"][0]), int(asked["page"][0])
    return Reply(body={field_: items[size * (page - 1) : size * page]})


def _google_page(items: list[dict[str, Any]], sent: dict[str, Any]) -> dict[str, Any]:
    assert sent["orderBy"] in ("timestamp desc", "timestamp asc")
    listed = sorted(items, key=lambda entry: entry.get("timestamp", ""), reverse=sent["orderBy"].endswith("desc"))
    start, size = int(sent.get("pageToken", 0)), sent["pageSize"]
    answer: dict[str, Any] = {"entries": copy.deepcopy(listed[start : start + size])}
    if start + size < len(listed):
        answer["nextPageToken"] = str(start + size)
    return answer


@dataclass
class Told(Job):
    """A job, with what it said."""

    said: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)


def job(world: World, *environments: Environment, event: Any = None, webhook: str = WEBHOOK, **more: Any) -> Told:
    """A job in the played world."""
    apis = Apis(
        repository="stellar-aiz/ai-resume-review-v2",
        project="ytgrs-464303",
        github_token="github-token",  # noqa: S106 - played
        google_token="google-token",  # noqa: S106 - played
        webhook=webhook,
        log="readiness-deployments",
        send_once=world,
        sleep=world.slept.append,
    )
    said: list[str] = []
    summaries: list[str] = []
    return Told(
        apis=apis,
        settings=settings(*environments, **more),
        now=NOW,
        event=event or {},
        say=said.append,
        summary=summaries.append,
        problems=[],
        said=said,
        summaries=summaries,
    )


def event(action: str = "completed", **changes: Any) -> dict[str, Any]:
    """A `workflow_run` event."""
    payload = fixture("workflow_run")
    payload["action"] = action
    payload["workflow_run"].update(changes)
    return payload
