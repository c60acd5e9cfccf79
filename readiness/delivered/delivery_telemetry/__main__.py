"""The commands. Every failure fails this run, which is never the run of a deployment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from ..apis import ApiError, Apis
from .deployments import NEVER_A_DEPLOYMENT, Deployment, entry_of, history, read_deployment
from .figures import write_figures
from .incidents import Incident, incident_entry, read_incidents
from .lead_time import LeadTime, lead_time
from .messages import deployment_message, messages_of_a_test, report_message, rollback_message, run_message
from .quality import quality_lines
from .recovery import Course, course_of, failed_change_entry, recovery_entry
from .report import period_before, read_lead_times, read_period, report_lines
from .rollbacks import MAX_ENTRIES, Rollback, read_rollbacks
from .rollbacks import entry_of as rollback_entry
from .settings import Environment, Settings, read_settings

ERROR = "::error title=Deployment telemetry::"
# A run that needs an approval begins to wait within seconds of its request.
POLLS = 20
POLL_SECONDS = 6
# A webhook accepts one message a second (https://docs.slack.dev/apis/web-api/rate-limits); the pause keeps their order.
SLACK_PAUSE_SECONDS = 1
# How many earlier deployments are searched, for the failure that a deployment ended and for the success before it.
HISTORY = 30
# The watch runs every quarter of an hour; GitHub may skip or delay runs.
ROLLBACK_WINDOW = timedelta(days=2)
# An outage that began longer ago than this is ignored.
LOOK_BACK = timedelta(days=30)


@dataclass(kw_only=True)
class Job:
    """One run of a command. It collects `problems`, so a refusal of one system does not stop reports to the others."""

    apis: Apis
    settings: Settings
    now: datetime
    event: Mapping[str, Any]
    say: Callable[[str], object]
    summary: Callable[[str], object]
    problems: list[str]

    def attempt(self, action: Callable[[], object]) -> None:
        """Runs an action; if it is refused, adds a problem and continues."""
        try:
            action()
        except ApiError as error:
            self.problems.append(str(error))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            self.problems.append(f"An event or an answer is not as GitHub and Google document it ({what})")


def workflow_run(job: Job) -> None:
    """Handles the event `workflow_run`: a run was requested, began, or ended."""
    run = job.event["workflow_run"]
    environment = job.settings.of_workflow(run["name"])
    if environment is None or run["event"] in NEVER_A_DEPLOYMENT:
        job.say(f"No deployment: {run['event']}")
    elif job.event["action"] == "completed":
        _completed(job, run)
    elif job.event["action"] == "in_progress":
        now = job.apis.github(f"actions/runs/{run['id']}")
        # Events can come late: a run that has ended by now did not just begin.
        if now["status"] == "in_progress" and "started" in environment.slack_events:
            job.attempt(lambda: job.apis.post_to_slack(run_message("started", environment.name, now)))
    elif "waiting" in environment.slack_events:
        _wait_for_waiting(job, run["id"], environment.name)


def _completed(job: Job, run: Mapping[str, Any]) -> None:
    environment = job.settings.of_workflow(run["name"])
    assert environment is not None
    deployment = read_deployment(job.apis, environment, run["id"], run["run_attempt"])
    if deployment is None:
        job.say("No deployment: the deploying job was skipped, or this attempt did not run it again")
        return
    job.say(f"{environment.name}: {deployment.outcome} after {deployment.duration_seconds:.0f} s")
    recent = list(islice(history(job.apis, environment), HISTORY))
    course = _course(job, environment, [*recent, deployment])
    recovery = course.recovery_by(deployment) if course else None
    restored = recovery.seconds if recovery else None
    lead = _lead_time(job, deployment, recent)
    entry = entry_of(
        deployment,
        restored_after=restored,
        lead_seconds=lead.seconds if lead else None,
        changes=lead.changes if lead else None,
        rework=course.is_rework(deployment) if course and deployment.counts else None,
    )
    entries = [entry, *([recovery_entry(recovery)] if recovery else [])]
    for failed in course.failed if course else ():
        if failed.deployment == deployment and not failed.by_rollback:
            entries.append(failed_change_entry(failed))
    job.attempt(lambda: job.apis.write_entries(entries))
    job.attempt(lambda: write_figures(job.apis, job.settings, job.now))
    if deployment.outcome in environment.slack_events:
        job.attempt(lambda: job.apis.post_to_slack(deployment_message(deployment, restored)))


def _course(job: Job, environment: Environment, deployments: Sequence[Deployment]) -> Course | None:
    """The course of an environment; None if the audit log or the incidents cannot be read, which adds a problem."""
    found: list[Course] = []

    def read() -> None:
        since = min((deployment.finished_at for deployment in deployments), default=job.now)
        rollbacks = read_rollbacks(job.apis, job.settings, max(since, job.now - LOOK_BACK))
        incidents = read_incidents(job.apis, job.settings, job.now - ROLLBACK_WINDOW)
        found.append(course_of(environment.name, deployments, rollbacks, incidents))

    job.attempt(read)
    return found[0] if found else None


def _lead_time(job: Job, deployment: Deployment, earlier: Sequence[Deployment]) -> LeadTime | None:
    found: list[LeadTime | None] = []
    job.attempt(lambda: found.append(lead_time(job.apis, deployment, earlier)))
    return found[0] if found else None


def _wait_for_waiting(job: Job, run_id: int, environment: str) -> None:
    """Polls until the run waits for an approval, or continues without one; at most two minutes."""
    for _ in range(POLLS):
        run = job.apis.github(f"actions/runs/{run_id}")
        if run["status"] in ("in_progress", "completed"):
            return
        if run["status"] == "waiting" and job.apis.github(f"actions/runs/{run_id}/pending_deployments"):
            message = run_message("waiting", environment, run)
            job.attempt(lambda: job.apis.post_to_slack(message))  # noqa: B023 - called before the loop goes on
            return
        job.apis.sleep(POLL_SECONDS)
    job.say("The run neither waits nor runs yet; no message about an approval is sent")


def rollbacks(job: Job) -> None:
    """Writes and reports every rollback once, and writes every incident that has ended once."""
    since = job.now - ROLLBACK_WINDOW
    known = _written(job, since)
    new = [rollback for rollback in read_rollbacks(job.apis, job.settings, since) if _id(rollback) not in known]
    courses: dict[str, Course | None] = {}
    for rollback in new:
        job.say(f"{rollback.environment}: {rollback.service} was rolled back")
        environment = next(watched for watched in job.settings.environments if watched.name == rollback.environment)
        if environment.name not in courses:
            recent: list[Deployment] = []
            job.attempt(lambda of=environment, into=recent: into.extend(islice(history(job.apis, of), HISTORY)))
            courses[environment.name] = _course(job, environment, recent) if recent else None
        # Written first: otherwise, if Slack refuses, it would be written and reported again every quarter of an hour.
        job.apis.write_entries([rollback_entry(rollback), *_ended_by(rollback, courses[environment.name])])
        if "rollback" in environment.slack_events:
            job.attempt(lambda posted=rollback: job.apis.post_to_slack(rollback_message(posted, job.settings.project)))
    job.attempt(lambda: _write_incidents(job, since, known))


def _written(job: Job, since: datetime) -> set[str]:
    """The insertIds of the entries of rollbacks and incidents that have been written."""
    written_since = (since - timedelta(hours=1)).isoformat()
    filter_ = (
        f'logName="{job.apis.log_name}"\njsonPayload.event=("rollback" OR "incident")\ntimestamp>="{written_since}"'
    )
    return {entry.get("insertId", "") for entry in job.apis.newest_entries(filter_, MAX_ENTRIES)}


def _id(rollback: Rollback) -> str:
    return str(rollback_entry(rollback)["insertId"])


def _ended_by(rollback: Rollback, course: Course | None) -> list[dict[str, Any]]:
    """The entries of the recovery by a rollback, and of the failed change if its deployment had succeeded."""
    if course is None:
        return []
    recovered = [recovery_entry(item) for item in course.recoveries if item.audit_id == rollback.audit_id]
    failed = [failed_change_entry(item) for item in course.failed if item.by_rollback and item.at == rollback.at]
    return recovered + failed


def _write_incidents(job: Job, since: datetime, known: set[str]) -> None:
    closed = [incident for incident in read_incidents(job.apis, job.settings, since) if incident.closed_at is not None]
    entries = [entry for entry in map(incident_entry, closed) if entry["insertId"] not in known]
    job.apis.write_entries(entries)
    for entry in entries:
        payload = entry["jsonPayload"]
        job.say(
            f"{payload['environment']}: incident {payload['alert']} ended after {payload['incident_seconds']:.0f} s"
        )


def figures(job: Job) -> None:
    """Writes the figures that alerts read once a day."""
    for environment, values in write_figures(job.apis, job.settings, job.now).items():
        job.say(f"{environment}: {values or 'not enough deployments yet'}")


def report(job: Job, name: str) -> None:
    """Writes the report of the last `week` or `month` to the summary of the run and, if set, to Slack."""
    period = period_before(name, job.now)
    back = read_rollbacks(job.apis, job.settings, period.start - LOOK_BACK)
    incidents: list[Incident] | None = None
    try:
        incidents = read_incidents(job.apis, job.settings, period.start)
    except ApiError as error:
        job.problems.append(str(error))
    lines: list[str] = []
    for environment in job.settings.environments:
        found = read_period(job.apis, environment, period)
        leads = read_lead_times(job.apis, environment, period)
        lines += report_lines(job.settings, environment, period, found, back, incidents, leads)
    lines += quality_lines(job.apis, job.settings)
    job.summary("\n".join([f"## {period.title}\n", *lines, ""]))
    if job.settings.slack_reports:
        link = (f"https://console.cloud.google.com/monitoring/dashboards?project={job.settings.project}", "Dashboards")
        job.attempt(lambda: job.apis.post_to_slack(report_message(period.title, lines, link)))


def live_test(job: Job) -> None:
    """Posts a test message for every event, and fails at the first that Slack refuses."""
    for number, message in enumerate(messages_of_a_test(job.settings, job.apis.repository, job.now)):
        if number:
            job.apis.sleep(SLACK_PAUSE_SECONDS)
        job.apis.post_to_slack(message)


COMMANDS: dict[str, Callable[[Job], None]] = {
    "workflow-run": workflow_run,
    "rollbacks": rollbacks,
    "figures": figures,
    "week": lambda job: report(job, "week"),
    "month": lambda job: report(job, "month"),
    "test-slack": live_test,
}


def run(command: str, job: Job) -> int:
    """Runs a command and writes every problem as an annotation of the run. Returns the exit status."""
    job.attempt(lambda: COMMANDS[command](job))
    for problem in job.problems:
        job.say(f"{ERROR}{problem}")
    return 1 if job.problems else 0


def main(arguments: Sequence[str], environ: Mapping[str, str], now: datetime) -> int:
    """Runs the named command and returns its exit status. If it cannot start, writes the problem as an annotation."""
    command = arguments[0] if len(arguments) == 1 else ""
    if command not in COMMANDS:
        sys.stdout.write(f"{ERROR}Name one of: {', '.join(COMMANDS)}\n")
        return 1
    try:
        job = job_of(environ, now)
    except (KeyError, OSError, TypeError, ValueError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        sys.stdout.write(f"{ERROR}Settings, event or environment cannot be read ({what})\n")
        return 1
    return run(command, job)


def job_of(environ: Mapping[str, str], now: datetime) -> Job:
    """A job from the variables that the workflow sets."""
    settings = read_settings()
    apis = Apis(
        repository=environ["GITHUB_REPOSITORY"],
        project=settings.project,
        github_token=environ["GITHUB_TOKEN"],
        google_token=environ.get("GOOGLE_TOKEN", ""),
        webhook=environ.get("SLACK_WEBHOOK_URL", ""),
        log=settings.log,
    )

    def append_to_summary(text: str) -> None:
        with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
            file.write(text)

    return Job(
        apis=apis,
        settings=settings,
        now=now,
        event=json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8")),
        say=lambda text: sys.stdout.write(text + "\n"),
        summary=append_to_summary,
        problems=[],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, datetime.now(UTC)))
