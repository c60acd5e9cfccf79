"""The files around the settings: the program, workflows, owners, requirements and README, from `templates/`.

`tools/init_templates.py` makes the program and the workflows of this repository's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import Distribution, version
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit

from readiness.live.init.answers import Answers
from readiness.live.init.stack_files import setting_of, settings_files, thresholds_file, waiting_channels
from readiness.settings.placeholders import TO_BE_FILLED_IN

_FIELD = re.compile(r"\{\{([a-z_]+)\}\}")
_JOB_MARK = "# --- the job of a stack\n"
_REST_MARK = "# --- after the jobs of all stacks\n"
_OWNER_FIELD = "{{owner}}"
_WORKFLOWS = ".github/workflows"
# Wheels that requirements.txt names by their path.
WHEELS = "wheels"
REQUIREMENTS = "requirements.txt"
CODE_OWNERS_PATH = ".github/CODEOWNERS"


def files_of(answers: Answers) -> dict[str, str]:
    """The text of every file but the runbook, by its path below the project's folder."""
    return {
        **settings_files(answers),
        "__main__.py": _template("__main__.py.txt"),
        REQUIREMENTS: f"{answers.package}\n",
        f"{_WORKFLOWS}/pull-request.yml": _filled(_template("pull-request.yml"), _application(answers)),
        f"{_WORKFLOWS}/plans.yml": _template("plans.yml"),
        f"{_WORKFLOWS}/judge.yml": _template("judge.yml"),
        f"{_WORKFLOWS}/merge-queue.yml": _template("merge-queue.yml"),
        f"{_WORKFLOWS}/apply.yml": _apply(answers),
        f"{_WORKFLOWS}/drift.yml": _filled(_template("drift.yml"), _application(answers)),
        ".pulumi.version": _template("pulumi.version.txt"),
        ".gitignore": _template("gitignore.txt"),
        CODE_OWNERS_PATH: _filled(_template("CODEOWNERS.txt"), {"owners": " ".join(code_owners(answers))}),
        "README.md": _filled(_template("README.md.txt"), _readme_values(answers)),
    }


def code_owners(answers: Answers) -> tuple[str, ...]:
    """Who owns the files; a name to be filled in, which GitHub does not know, where nobody was named."""
    return answers.code_owners or (f"@{answers.github_owner}/{TO_BE_FILLED_IN}",)


def installed_package() -> str:
    """What pip installs this version of Readiness from: the wheel's address, its copy in `wheels/`, or NAME==VERSION.

    The copy is for a wheel that was a file: a path of this machine says nothing to another one, and the name in a
    package index could be somebody else's package.
    """
    address = _installed_from()
    if address.startswith("https://") and urlsplit(address).path.endswith(".whl"):
        return f"readiness @ {address}"
    if (wheel := installed_wheel()) is not None:
        return f"./{WHEELS}/{wheel.name}"
    return f"readiness=={version('readiness')}"


def installed_wheel() -> Path | None:
    """The file from which pip installed this version of Readiness, which may be gone; None for another source."""
    address = urlsplit(_installed_from())
    path = Path(unquote(address.path))
    return path if address.scheme == "file" and path.suffix == ".whl" else None


def _installed_from() -> str:
    """The address that pip recorded; empty without one. Form: packaging.python.org/specifications/direct-url."""
    record = Distribution.from_name("readiness").read_text("direct_url.json")
    return str(json.loads(record).get("url", "")) if record else ""


def _apply(answers: Answers) -> str:
    """One job for each stack, in their order; the owner's has the token for the repository's settings."""
    head, _, rest = _template("apply.yml").partition(_JOB_MARK)
    job, _, report = rest.partition(_REST_MARK)
    jobs: list[str] = []
    needs = ["check", "scope"]
    for stack in answers.stacks:
        lines = (
            line.removeprefix(_OWNER_FIELD)
            for line in job.splitlines(keepends=True)
            if stack == answers.owner or not line.startswith(_OWNER_FIELD)
        )
        values = {"stack": stack.name, "environment": stack.environment, "needs": ", ".join(needs)}
        jobs.append(_filled("".join(lines), {**values, **_application(answers)}))
        needs.append(f"apply-{stack.name}")
    return head + "\n".join([*jobs, _filled(report, {"needs": ", ".join(needs)})])


def _application(answers: Answers) -> dict[str, str]:
    return {"application_owner": answers.github_owner, "application_repository": answers.repository}


def _readme_values(answers: Answers) -> dict[str, str]:
    environments = [f"`{stack.environment}`" for stack in answers.stacks]
    last = environments.pop()
    notes = "".join(
        f"{number}. The channel `{setting_of(secret)}` is a comment in the stack files until its secret is stored:\n"
        f"   `{secret.set_command} --stack STACK`.\n"
        for number, (secret, _) in enumerate(waiting_channels(answers), start=4)
    )
    owner = answers.owner
    return {
        "repository": f"{answers.github_owner}/{answers.repository}",
        "own_repository": f"{answers.github_owner}/{answers.own_repository}",
        "stack_rows": "\n".join(
            f"| {stack.name} | {stack.environment} | {stack.project} |" for stack in answers.stacks
        ),
        "owner_stack": owner.name,
        "thresholds_file": thresholds_file(answers),
        "padding": " " * max(0, len("check --plan       ") - len(f"preview {owner.name}")),
        "environments": f"the environments {', '.join(environments)} and {last}"
        if environments
        else f"the environment {last}",
        "owner_environment": owner.environment,
        "notes": notes,
    }


def _template(name: str) -> str:
    return files("readiness.live.init").joinpath("templates", name).read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """`${{ … }}` of a workflow has spaces inside, and is no field."""
    return _FIELD.sub(lambda field: values[field.group(1)], text)
