"""Adds the migration between build and deployment: one job that builds and deploys becomes three.

The lines keep their order. The steps before the first deployment become the job `build`, and the job `migrate` calls
the delivered workflow. The remaining steps keep the id and the name of the job, so references to it stay valid. The
environment, and its approval, moves to `build`: one approval covers the run, before any migration.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.fix.deploying_jobs import DeployedImage, DeployingJob, has_shell_value
from readiness.fix.scan_gate import step_begin
from readiness.fix.scripts import Step
from readiness.fix.workflow_source import Edit, NotRecognisedError, Source

WORKFLOW = "./.github/workflows/migrate-database.yml"
WORKFLOW_FILE = ".github/workflows/migrate-database.yml"
_BY_HAND = "Divide the job by hand into three: build, `uses: ./.github/workflows/migrate-database.yml`, deploy"
_KNOWN_KEYS = frozenset(
    {"name", "needs", "if", "runs-on", "environment", "permissions", "env", "defaults", "timeout-minutes", "steps"}
)
# Keys that both jobs get. The second job gets a new `needs` and `if`; only the first has the environment.
_COPIED = ("runs-on", "timeout-minutes", "permissions", "env", "defaults")
_SET_UP = re.compile(r"(?:actions/(?:checkout|cache)|google-github-actions/auth|[\w-]+/setup-[\w-]+)@")
_AUTH = "google-github-actions/auth@"
_OUTPUT = "backend_image"
# Ways in which a step passes values to later steps. Another job does not get these values.
_LEAVES = re.compile(r"GITHUB_(?:ENV|OUTPUT|PATH)\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """The inputs of the called workflow: the stack's Cloud Run job and Cloud SQL instance."""

    job: str
    instance: str


def calls_migration(source: Source) -> bool:
    """Whether a job of the workflow already calls the delivered workflow."""
    return any(isinstance(job, dict) and job.get("uses") == WORKFLOW for job in source.workflow.body["jobs"].values())


def with_migration(job: DeployingJob, image: DeployedImage, migration: Migration) -> Source:
    """The workflow with three jobs. `image` has the migrations. Raises NotRecognisedError."""
    source = job.source
    source.refuse_shared_nodes()
    _refuse_other_shapes(job)
    provider, account = _identity(job)
    line, dash = step_begin(job)
    key = " " * source.key_node(("jobs", job.id)).start_mark.column
    inner = " " * source.key_node(("jobs", job.id, "steps")).start_mark.column
    step = inner[len(key) :] or "  "
    lines = [
        *_digest_step(image, dash),
        "",
        f"{key}migrate:",
        f"{inner}name: Migrate the database",
        f"{inner}needs: build",
        f"{inner}uses: {WORKFLOW}",
        f"{inner}permissions:",
        f"{inner}{step}id-token: write",
        f"{inner}with:",
        f"{inner}{step}image: ${{{{ needs.build.outputs.{_OUTPUT} }}}}",
        f"{inner}{step}job: {migration.job}",
        f"{inner}{step}instance: {migration.instance}",
        f"{inner}{step}workload_identity_provider: {provider}",
        f"{inner}{step}service_account: {account}",
        "",
        f"{key}{job.id}:",
        *_head_of_deployment(job, inner),
        f"{inner}steps:",
        *_first_steps(job, dash),
    ]
    edits = [*_head_of_build(job, inner, step), source.insert_lines(line, lines)]
    reference = f"${{{{ needs.build.outputs.{_OUTPUT} }}}}"
    edits.append(source.in_script((*image.step.path, *image.key), image.begin, image.end, reference))
    after = source.edited(edits)
    _compare(job, after)
    return after


def values_of_environment(job: DeployingJob) -> list[str]:
    """The secrets and variables that steps of the second job read and that the job's environment may define."""
    if "environment" not in job.source.workflow.body["jobs"][job.id]:
        return []
    texts = [str(step.body) for step in job.steps[job.first :]]
    found = {name for text in texts for name in re.findall(r"\b((?:secrets|vars)\.[A-Za-z_]\w*)", text)}
    return sorted(found - {"secrets.GITHUB_TOKEN"})


def _refuse_other_shapes(job: DeployingJob) -> None:
    source, path = job.source, ("jobs", job.id)
    jobs, body = source.workflow.body["jobs"], source.workflow.body["jobs"][job.id]
    source.refuse_flow((*path, "steps"))
    if unknown := sorted(body.keys() - _KNOWN_KEYS):
        raise NotRecognisedError((*path, unknown[0]), f"`{unknown[0]}` cannot be divided between two jobs", _BY_HAND)
    if taken := sorted({"build", "migrate"} & jobs.keys()):
        raise NotRecognisedError(("jobs", taken[0]), f"there is already a job `{taken[0]}`", _BY_HAND)
    if re.search(r"\b(always|failure|cancelled)\s*\(", str(body.get("if", ""))):
        raise NotRecognisedError((*path, "if"), "the job runs after a failure", _BY_HAND)
    if job.last_push >= job.first:
        raise NotRecognisedError(job.steps[job.last_push].path, "pushes an image after the first deployment", _BY_HAND)
    if job.first == 0:
        raise NotRecognisedError(job.steps[0].path, "nothing comes before the deployment", _BY_HAND)
    for step in job.steps[: job.first]:
        if _LEAVES.search(step.script):
            raise NotRecognisedError(step.path, "passes a value to later steps, which will be in another job", _BY_HAND)
    ids = {str(step.body["id"]) for step in job.steps[: job.first] if "id" in step.body}
    for step in job.steps[job.first :]:
        used = re.search(r"\bsteps\.([\w-]+)", str(step.body))
        if used and used[1] in ids:
            message = f"uses the step `{used[1]}`, which will be in another job"
            raise NotRecognisedError(step.path, message, _BY_HAND)


def _identity(job: DeployingJob) -> tuple[str, str]:
    """The workload identity provider and the account of the job, as written in the file."""
    before = job.steps[: job.first]
    step = next((step for step in before if str(step.body.get("uses", "")).startswith(_AUTH)), None)
    values = step.body.get("with") if step is not None else None
    if step is None or not isinstance(values, dict):
        message = "does not sign in to Google with google-github-actions/auth before it deploys"
        raise NotRecognisedError(("jobs", job.id, "steps"), message, _BY_HAND)
    found = [values.get("workload_identity_provider"), values.get("service_account")]
    for value in found:
        if not isinstance(value, str) or re.search(r"\b(env|secrets|steps|job|runner)\.", value):
            message = "signs in with a value that a called workflow cannot get (literal text, vars or inputs work)"
            raise NotRecognisedError((*step.path, "with"), message, _BY_HAND)
    return str(found[0]), str(found[1])


def _digest_step(image: DeployedImage, dash: str) -> list[str]:
    """A step that reads the digest of the pushed image: a tag can move, and the migration refuses tags."""
    if has_shell_value(image.reference):
        message = f"deploys {image.reference}, which only the script knows"
        raise NotRecognisedError((*image.step.path, "run"), message, _BY_HAND)
    shown = [
        "- name: Read the digest of the backend image",
        "  id: backend-image",
        "  env:",
        f"    IMAGE: {image.reference}",
        f"    REPOSITORY: {image.repository}",
        "  run: |",
        '    digest=$(gcloud artifacts docker images describe "$IMAGE" --format="value(image_summary.digest)")',
        '    echo "image=$REPOSITORY@$digest" >> "$GITHUB_OUTPUT"',
    ]
    return [f"{dash}{line}" for line in shown]


def _head_of_build(job: DeployingJob, inner: str, step: str) -> list[Edit]:
    """Edits the head of the job for `build`: another id and name, and the digest as an output."""
    source, path = job.source, ("jobs", job.id)
    key = source.key_node(path)
    edits = [Edit(key.start_mark.index, key.end_mark.index, "build")]
    body = source.workflow.body["jobs"][job.id]
    if "name" in body:
        name = source.node((*path, "name"))
        edits.append(Edit(name.start_mark.index, name.end_mark.index, "Build"))
    output = "${{ steps.backend-image.outputs.image }}"
    lines = [f"{inner}outputs:", f"{inner}{step}{_OUTPUT}: {output}"]
    line = source.line_of((*path, "steps"))
    edits.append(source.insert_lines(line, [*lines, ""] if not source.line_text(line - 1).strip() else lines))
    return edits


def _head_of_deployment(job: DeployingJob, inner: str) -> list[str]:
    """Name, `needs`, `if`, and the keys that both jobs get, as written in the file."""
    body = job.source.workflow.body["jobs"][job.id]
    lines = _written(job, ("name",)) or [f"{inner}name: {job.id}"]
    needed = [*_needs(body.get("needs")), "build", "migrate"]
    lines.append(f"{inner}needs: [{', '.join(needed)}]")
    condition = str(body["if"]) if "if" in body else ""
    condition = re.sub(r"\A\s*\$\{\{(.*)\}\}\s*\Z", r"\1", condition, flags=re.DOTALL).strip()
    if _reports_failures(job):
        # It also runs after a failed build or migration, so that its steps can report it; its first step stops it.
        clauses = ["!cancelled()", "needs.build.result != 'skipped'", *([f"({condition})"] if condition else [])]
        lines.append(f"{inner}if: ${{{{ {' && '.join(clauses)} }}}}")
    elif condition:
        lines.append(f"{inner}if: ${{{{ {condition} }}}}")
    return [*lines, *_written(job, _COPIED)]


def _needs(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(name) for name in value] if isinstance(value, list) else []


def _reports_failures(job: DeployingJob) -> bool:
    return any(re.search(r"\b(failure|always)\s*\(", str(step.body.get("if", ""))) for step in job.steps[job.first :])


def _written(job: DeployingJob, keys: Sequence[str]) -> list[str]:
    """The lines of these keys of the job, unchanged."""
    source, found = job.source, list[str]()
    for key in keys:
        if key in source.workflow.body["jobs"][job.id]:
            path = ("jobs", job.id, key)
            found += [source.line_text(line) for line in range(source.line_of(path), source.last_line_of(path) + 1)]
    # The gate is a step of the first job; the second scans nothing.
    return [line for line in found if not re.match(r"\s*security-events:", line)]


def _first_steps(job: DeployingJob, dash: str) -> list[str]:
    """The first steps of the second job: it stops if an earlier job failed, and repeats the set-up steps."""
    lines: list[str] = []
    if _reports_failures(job):
        lines += [
            f"{dash}- name: Stop if the build or the migration failed",
            f"{dash}  if: needs.build.result != 'success' || needs.migrate.result != 'success'",
            f"{dash}  run: exit 1",
            "",
        ]
    for step in job.steps[: job.first]:
        if _SET_UP.match(str(step.body.get("uses", ""))):
            lines += [*_lines_of(step), ""]
    return lines


def _lines_of(step: Step) -> list[str]:
    source = step.source
    return [source.line_text(line) for line in range(source.line_of(step.path), source.last_line_of(step.path) + 1)]


def _compare(job: DeployingJob, after: Source) -> None:
    """Raises NotRecognisedError unless both jobs together have every step of the original job, in order."""
    before, jobs = job.source.workflow.body["jobs"], after.workflow.body["jobs"]
    steps = before[job.id]["steps"]
    build, deploy = jobs["build"]["steps"], jobs[job.id]["steps"]
    rest = deploy[len(deploy) - (len(steps) - job.first) :]
    names = [[step.get("name") or step.get("uses") for step in part] for part in (steps, [*build[:-1], *rest])]
    others = {name: body for name, body in jobs.items() if name not in ("build", "migrate", job.id)}
    same_others = others == {name: body for name, body in before.items() if name != job.id}
    if build[:-1] != steps[: job.first] or names[0] != names[1] or not same_others:
        raise NotRecognisedError(("jobs", job.id), "would lose a step when it is divided", _BY_HAND)
