"""The fixes by name, in the order in which they are applied, and their outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from readiness.ci.reported_checks import checks_of
from readiness.ci.shell.reader import ShellReader
from readiness.finding import Finding, RefusedError, Severity
from readiness.fix import coverage, health_check, honest_steps, migration_step, scan_gate
from readiness.fix.checkout import Checkout
from readiness.fix.deploying_jobs import DeployedImage, DeployingJob, deploying_jobs
from readiness.fix.scripts import Step, all_steps
from readiness.fix.workflow_source import RULE_ID, NotRecognisedError, Source, source_of
from readiness.settings.github import ACTIONS_INTEGRATION_ID, RequiredCheck
from readiness.settings.model import Settings
from readiness.settings.nearest import nearest

_MAX_NAME_SHOWN = 80
_WORKFLOWS = ".github/workflows/"
Status = Literal["changes", "nothing to change", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The outcome of one fix. `files` are the changed files; `findings` are refusals, or why it does not apply."""

    name: str
    status: Status
    files: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(kw_only=True)
class Run:
    """One run of the command. `settings` has every stack; `stacks` are those that the user named, or all."""

    checkout: Checkout
    settings: Mapping[str, Settings]
    stacks: frozenset[str]
    reader: ShellReader = field(default_factory=ShellReader)

    def sources(self) -> list[Source]:
        """The workflows with the edits so far. Raises RefusedError with every file that cannot be read."""
        found: list[Source] = []
        problems: list[Finding] = []
        for path in self.checkout.paths:
            is_workflow = path.startswith(_WORKFLOWS) and path.endswith((".yml", ".yaml"))
            if is_workflow and "/" not in path.removeprefix(_WORKFLOWS):
                try:
                    found.append(source_of(path, self.checkout.text(path), self.checkout.shown(path)))
                except RefusedError as refusal:
                    problems += refusal.problems
        if problems:
            raise RefusedError(problems)
        if not found:
            raise RefusedError([self.refusal(_WORKFLOWS, "has no workflow", "Name the application's repository")])
        return found

    def refusal(self, path: str, message: str, hint: str, *, line: int | None = None, key: str = "") -> Finding:
        """A finding about a file that this run does not edit."""
        return Finding(rule_id=RULE_ID, file=self.checkout.shown(path), line=line, key=key, message=message, hint=hint)

    def files_of_stacks(self) -> dict[str, str]:
        """The stack of each deployment workflow, by the path of the workflow."""
        environments = {settings.environment.name: stack for stack, settings in self.settings.items()}
        return {
            f"{_WORKFLOWS}{environment.workflow_file}": environments[environment.name]
            for settings in self.settings.values()
            for environment in (settings.deployment_telemetry.environments if settings.deployment_telemetry else ())
            if environment.name in environments
        }

    def job_name(self, path: str) -> str | None:
        """The display name of the job that deploys, from the settings of a workflow."""
        for settings in self.settings.values():
            for environment in settings.deployment_telemetry.environments if settings.deployment_telemetry else ():
                if f"{_WORKFLOWS}{environment.workflow_file}" == path:
                    return environment.job
        return None


Fix = Callable[[Run], Iterator[Finding]]


def _note(key: str, message: str, hint: str = "") -> Finding:
    return Finding(rule_id="fix-does-not-apply", file=key, message=message, hint=hint, severity=Severity.NOTE)


def _health_check(run: Run) -> Iterator[Finding]:
    name, paths = "health-check", list(health_check.pool_files(run.checkout))
    if not paths:
        yield _note(name, "no Python file reads the connection pool of an SQLAlchemy engine (`engine.pool`)")
    for path in paths:
        try:
            text = run.checkout.text(path)
            wrong = health_check.wrong_names(text)
        except RefusedError as refusal:
            yield from refusal.problems
            continue
        except (SyntaxError, RecursionError, MemoryError, ValueError):
            yield run.refusal(path, "is not Python that can be read", "Correct its syntax", key=name)
            continue
        refused = [found for found in wrong if found.refused]
        readers = {found.key: _readers(run, found.key) for found in wrong if found.key}
        for found in refused:
            message = f"uses `{found.name}`, which no pool of SQLAlchemy has, and {found.refused}"
            hint = "Remove it, or use size(), checkedin(), checkedout(), overflow() or status()"
            yield run.refusal(path, message, hint, line=found.line, key=name)
        for key, reader in readers.items():
            if reader:
                message = f"reads the key {key!r}, which would be removed with the wrong name of the pool in {path}"
                yield run.refusal(reader, message, f"Remove the code that reads it, then the entry in {path}", key=name)
        if wrong and not refused and not any(readers.values()):
            run.checkout.plan(path, health_check.corrected(text))


def _readers(run: Run, key: str) -> str | None:
    """The first Python file that reads the key of a dictionary."""
    for path in run.checkout.paths:
        if path.endswith(".py"):
            try:
                if health_check.reads_key(run.checkout.text(path), key):
                    return path
            except RefusedError:
                continue
    return None


def honest_step_names(run: Run) -> list[str]:
    """The names of the fixes for steps that hide failures, in the order in which to apply them.

    Raises RefusedError if the workflows cannot be read, or if no stack declares required checks.
    """
    return list(dict.fromkeys(f"{honest_steps.PREFIX}:{step.name}" for step in _dishonest(run)))


def _dishonest(run: Run) -> list[Step]:
    return honest_steps.dishonest_steps(run.sources(), _required_checks(run), run.reader)


def _required_checks(run: Run) -> list[RequiredCheck]:
    return [
        check
        for settings in run.settings.values()
        for check in (settings.branch_ruleset.required_checks if settings.branch_ruleset else ())
        if check.integration_id == ACTIONS_INTEGRATION_ID
    ]


def _not_judged(run: Run) -> Iterator[Finding]:
    """Reasons why steps may hide failures although none is found."""
    required = _required_checks(run)
    if not required:
        yield _note(honest_steps.PREFIX, "no stack declares a required check (readiness:branch_ruleset)")
        return
    reported = {check.name for check in checks_of([source.workflow for source in run.sources()])}
    for check in required:
        if check.context not in reported:
            message = f"has no job that reports the required check {check.context!r}, so its steps were not checked"
            hint = "Correct readiness:branch_ruleset, or the name of the job"
            yield run.refusal(_WORKFLOWS, message, hint, key=honest_steps.PREFIX)


def _honest_step(name: str) -> Fix:
    def fix(run: Run) -> Iterator[Finding]:
        refused: set[tuple[str, str, int]] = set()
        while step := next((step for step in _dishonest(run) if _is_due(step, name, refused)), None):
            try:
                run.checkout.plan(step.source.path, honest_steps.with_honest_step(step).text)
            except NotRecognisedError as error:
                refused.add(_identity(step))
                yield step.source.finding(error, name)

    return fix


def _is_due(step: Step, name: str, refused: set[tuple[str, str, int]]) -> bool:
    return f"{honest_steps.PREFIX}:{step.name}" == name and _identity(step) not in refused


def _identity(step: Step) -> tuple[str, str, int]:
    return (step.source.path, step.job_id, step.index)


def _coverage(name: str, with_gate: Callable[[Step, Checkout], Source | None], runner: str) -> Fix:
    def fix(run: Run) -> Iterator[Finding]:
        found = False
        for path in [source.path for source in run.sources()]:
            count = len(list(all_steps(_source(run, path), run.reader)))
            for at in range(count):
                step = list(all_steps(_source(run, path), run.reader))[at]
                try:
                    found = found or _runs(step, runner, run)
                    if (after := with_gate(step, run.checkout)) is not None:
                        run.checkout.plan(path, after.text)
                except NotRecognisedError as error:
                    yield step.source.finding(error, name)
        if not found:
            yield _note(name, f"no step of a workflow runs {runner}")

    return fix


def _runs(step: Step, runner: str, run: Run) -> bool:
    if runner == "pytest":
        return coverage.pytest_command(step) is not None
    return coverage.jest_command(step, run.checkout) is not None


def _source(run: Run, path: str) -> Source:
    return source_of(path, run.checkout.text(path), run.checkout.shown(path))


def _scan_gate(run: Run) -> Iterator[Finding]:
    name = "scan-gate"
    if not any(settings.image_workflows for settings in run.settings.values()):
        yield _note(name, "no stack declares readiness:image_workflows, which delivers the gate")
        return
    found = False
    stacks = run.files_of_stacks()
    for source in run.sources():
        if stacks.get(source.path, next(iter(run.stacks))) not in run.stacks:
            continue
        try:
            for job_id in [job.id for job in deploying_jobs(source, run.reader)]:
                found = True
                job = next(job for job in deploying_jobs(_source(run, source.path), run.reader) if job.id == job_id)
                after = _gated(job)
                if after is None:
                    continue
                if missing := _not_delivered(run, scan_gate.ACTION_FILE, name):
                    yield missing
                    return
                run.checkout.plan(source.path, after.text)
        except NotRecognisedError as error:
            yield source.finding(error, name)
    if not found:
        hint = (
            "Write the deployment as `gcloud run deploy … --image=IMAGE`, or add by hand a step with "
            "`uses: ./.github/readiness/scan-image` between the push and the deployment"
        )
        yield run.refusal(_WORKFLOWS, "has no step that is recognized as a deployment to Cloud Run", hint, key=name)


def _gated(job: DeployingJob) -> Source | None:
    """The workflow with the gate. In a divided job, the gate belongs in `build`, which pushes the images."""
    if migration_step.calls_migration(job.source):
        pushing = job.source.workflow.body["jobs"].get("build")
        steps = pushing.get("steps", []) if isinstance(pushing, dict) else []
        if any(isinstance(step, dict) and step.get("uses") == scan_gate.ACTION for step in steps):
            return None
        message = "is already divided, but its job `build` scans nothing"
        by_hand = "Add by hand a step with `uses: ./.github/readiness/scan-image` to `build`, after the push"
        raise NotRecognisedError(("jobs", job.id), message, by_hand)
    return scan_gate.with_gate(job)


def _not_delivered(run: Run, path: str, name: str) -> Finding | None:
    if path in run.checkout.paths:
        return None
    owners = [stack for stack, settings in run.settings.items() if settings.owns_shared_resources]
    owner = owners[0] if owners else "STACK"
    hint = f"Merge the pull request of `readiness deliver {owner}` and pull it, then run the command again"
    return run.refusal(path, "is not in the checkout, but the edit would call it", hint, key=name)


def _migration_step(run: Run) -> Iterator[Finding]:
    name, found = "migration-step", False
    for path, stack in run.files_of_stacks().items():
        settings = run.settings[stack]
        if stack not in run.stacks or settings.migration_job is None or settings.database is None:
            continue
        found = True
        if path not in run.checkout.paths:
            message = f"does not exist, although the settings name it as the deployment of {stack}"
            yield run.refusal(path, message, "Correct readiness:deployment_telemetry", key=name)
            continue
        source = _source(run, path)
        if migration_step.calls_migration(source):
            continue
        if missing := _not_delivered(run, migration_step.WORKFLOW_FILE, name):
            yield missing
            continue
        try:
            job, image = _job_and_image(run, source)
            if _needs_the_gate_first(run, job):
                message = "has no gate yet, which must be a step of the first job before the job is divided"
                hint = "Apply `--only scan-gate` first, or both fixes at once"
                raise NotRecognisedError(("jobs", job.id), message, hint)
            yield from _environment_warnings(source, job, name)
            values = migration_step.Migration(job=settings.migration_job.name, instance=settings.database.instance)
            run.checkout.plan(path, migration_step.with_migration(job, image, values).text)
        except NotRecognisedError as error:
            yield source.finding(error, name)
    if not found:
        message = "no stack has both readiness:migration_job and its workflow in readiness:deployment_telemetry"
        yield _note(name, message)


def _needs_the_gate_first(run: Run, job: DeployingJob) -> bool:
    is_gated = any(step.body.get("uses") == scan_gate.ACTION for step in job.steps)
    return not is_gated and any(settings.image_workflows for settings in run.settings.values())


def _environment_warnings(source: Source, job: DeployingJob, name: str) -> Iterator[Finding]:
    if values := migration_step.values_of_environment(job):
        message = f"reads {', '.join(values)} in steps that will be outside its environment"
        hint = "Define them for the repository, not only for the environment"
        path, severity = ("jobs", job.id), Severity.WARNING
        yield replace(
            source.workflow.finding("fix-environment-value", path, message, hint, severity=severity), key=name
        )


def _job_and_image(run: Run, source: Source) -> tuple[DeployingJob, DeployedImage]:
    """The job that deploys, and the image with the migrations, which is the backend's image."""
    jobs = list(deploying_jobs(source, run.reader))
    named = [
        job for job in jobs if source.workflow.body["jobs"][job.id].get("name", job.id) == run.job_name(source.path)
    ]
    found = named or jobs
    by_hand = "Divide the job by hand into three: build, `uses: ./.github/workflows/migrate-database.yml`, deploy"
    if len(found) != 1:
        raise NotRecognisedError(("jobs",), f"has {len(found)} jobs that are recognized as deployments", by_hand)
    images = [image for image in found[0].images if len(found[0].images) == 1 or "backend" in image.part]
    if len(images) != 1:
        message = "does not deploy exactly one image with `backend` in its name, which would contain the migrations"
        raise NotRecognisedError(found[0].steps[found[0].first].path, message, by_hand)
    return found[0], images[0]


_COVERAGE_PYTEST = _coverage("coverage-pytest", coverage.with_pytest_gate, "pytest")
_COVERAGE_JEST = _coverage("coverage-jest", coverage.with_jest_gate, "Jest")
# By name: the fix and its description. Fixes for steps that hide failures come after the first, by the step's name.
FIXES: dict[str, tuple[Fix, str]] = {
    "health-check": (_health_check, "the health check uses only methods that the connection pool has"),
    "coverage-pytest": (_COVERAGE_PYTEST, f"pytest fails below {coverage.MIN_COVERAGE_PERCENT} % coverage"),
    "coverage-jest": (_COVERAGE_JEST, f"Jest fails below {coverage.MIN_COVERAGE_PERCENT} % line coverage"),
    "scan-gate": (_scan_gate, "images are scanned before they are deployed; needs the files of `readiness deliver`"),
    "migration-step": (_migration_step, "the database is migrated between build and deployment"),
}
HONEST_STEP = f"a step of a required check no longer hides its failure; `{honest_steps.PREFIX}` means all such steps"


def apply_fixes(run: Run, only: Sequence[str]) -> list[Outcome]:
    """Plans the edits of the named fixes, or of all fixes. Raises RefusedError for an unknown name."""
    names: list[str] = []
    problems: tuple[Finding, ...] = ()
    honest: list[str] = []
    steps: set[str] = set()
    try:
        if _names_steps(only):
            honest, problems = honest_step_names(run), tuple(_not_judged(run))
            steps = {
                f"{honest_steps.PREFIX}:{step.name}" for path in run.sources() for step in all_steps(path, run.reader)
            }
    except RefusedError as refusal:
        problems = refusal.problems
    known = ["health-check", *honest, *(name for name in FIXES if name != "health-check")]
    for name in only or known:
        if name == honest_steps.PREFIX:
            names += honest
        elif name in FIXES or name in steps:
            names.append(name)
        else:
            if not steps and problems and name.startswith(honest_steps.PREFIX):
                raise RefusedError(problems)
            near = nearest(name, [*known, *sorted(steps), honest_steps.PREFIX])
            hint = f"Write {near}" if near else f"Write one of: {', '.join([*known, honest_steps.PREFIX])}"
            message = f"{_shown(name)} is not a fix"
            raise RefusedError([Finding(rule_id="fix-unknown-name", file="--only", message=message, hint=hint)])
    found = [_applied(run, name) for name in dict.fromkeys(names)]
    if problems or (_names_steps(only) and not any(name.startswith(honest_steps.PREFIX) for name in names)):
        is_refused = any(problem.severity is Severity.ERROR for problem in problems)
        status: Status = "refused" if is_refused else "nothing to change"
        found.insert(1, Outcome(name=honest_steps.PREFIX, status=status, files=(), findings=problems))
    return found


def _shown(name: str) -> str:
    """An unknown name for a message: a long one is shortened, and an empty one described."""
    return f"{name[:_MAX_NAME_SHOWN]}…" if len(name) > _MAX_NAME_SHOWN else name.strip() or "an empty name"


def _names_steps(only: Sequence[str]) -> bool:
    return not only or any(name.partition(":")[0] == honest_steps.PREFIX for name in only)


def _applied(run: Run, name: str) -> Outcome:
    before = dict(run.checkout.changed)
    fix = FIXES[name][0] if name in FIXES else _honest_step(name)
    try:
        findings = tuple(dict.fromkeys(fix(run)))
    except RefusedError as refusal:
        findings = refusal.problems
    except NotRecognisedError as error:
        findings = (Finding(rule_id=RULE_ID, file=name, message=error.message, hint=error.hint),)
    files = tuple(path for path, text in run.checkout.changed.items() if before.get(path) != text)
    is_refused = any(finding.severity is Severity.ERROR for finding in findings)
    status: Status = "refused" if is_refused else "changes" if files else "nothing to change"
    return Outcome(name=name, status=status, files=files, findings=findings)
