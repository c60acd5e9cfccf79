"""`readiness fix` on an application of our own: what it changes and shows, and that a second run changes nothing."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from tests.actionlint import actionlint_status
from tests.fix.application import (
    DATABASE,
    DATABASE_TEXT,
    FILES,
    PRODUCTION,
    PRODUCTION_TEXT,
    STAGING,
    STAGING_TEXT,
    git,
    made_application,
)
from tests.projects import Command

STEPS = ["Format", "Lint", "Lint the client", "Test the client", "Test"]


def added(folder: Path, path: str) -> list[str]:
    """The lines that the file has more than at its commit."""
    lines = git(folder, "diff", "-U0", "--", path).splitlines()
    return [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]


def removed(folder: Path, path: str) -> list[str]:
    """The lines that the file no longer has."""
    lines = git(folder, "diff", "-U0", "--", path).splitlines()
    return [line[1:] for line in lines if line.startswith("-") and not line.startswith("---")]


def test_without_write_nothing_is_written(command: Command, application: Path) -> None:
    """The diff is shown, and `git apply` takes it."""
    shown = command("fix", "--repository", str(application))
    assert shown.status == 0, shown.text
    assert git(application, "status", "--porcelain") == ""
    diff = shown.out[shown.out.index("--- a/") : shown.out.index("\nNothing was written.")]
    (application.parent / "change.diff").write_text(diff, encoding="utf-8")
    git(application, "apply", "--check", str(application.parent / "change.diff"))


def test_after_all_fixes_the_checks_are_honest_and_the_workflows_valid(command: Command, application: Path) -> None:
    """checks-honest fails before and passes after; actionlint, GitHub's schema and a second run have nothing to say."""
    folder = application / ".github" / "workflows"
    before = command("checks-honest", "--workflows", str(folder))
    assert before.status == 1
    assert all(f"step '{step}'" in before.err for step in STEPS)
    written = command("fix", "--repository", str(application), "--write")
    assert written.status == 0, written.text
    assert "Wrote 3 files." in written.out
    after = command("checks-honest", "--workflows", str(folder))
    assert (after.status, after.err) == (0, "")
    workflows = [str(application / STAGING), str(application / PRODUCTION)]
    assert actionlint_status(workflows) == 0
    schema = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.github-workflows", *workflows])
    assert schema.exit_code == 0, schema.output
    again = command("fix", "--repository", str(application), "--write")
    assert (again.status, again.err) == (0, "")
    assert again.out.endswith("nothing to change\n")
    assert "changes" not in again.out


def test_each_fix_by_itself_gives_the_same_as_all(command: Command, application: Path, tmp_path: Path) -> None:
    """In the order of the list, one commit each."""
    (tmp_path / "other").mkdir()
    other = made_application(tmp_path / "other")
    command("fix", "--repository", str(application), "--write")
    listed = command("fix", "--repository", str(other), "--list").out.splitlines()
    names = [line[: line.index("  ")] for line in listed]
    assert [name for name in names if ":" in name] == [f"honest-step:{step}" for step in STEPS]
    for name in names:
        done = command("fix", "--repository", str(other), "--only", name, "--write")
        assert done.status == 0, done.text
        assert "Wrote 1 file" in done.out or "Wrote 2 files" in done.out
    for path in FILES:
        assert (other / path).read_bytes() == (application / path).read_bytes()


def test_the_fixes_are_listed_without_a_checkout(command: Command) -> None:
    """Whoever reads the guide has none yet; to show or write a fix, the option is required."""
    listed = command("fix", "--list")
    assert listed.status == 0, listed.text
    *names, hint = [line.split()[0] for line in listed.out.splitlines()]
    assert names == [
        "health-check", "honest-step:STEP", "coverage-pytest", "coverage-jest", "scan-gate", "migration-step",
    ]  # fmt: skip
    assert hint == "`--repository"
    refused = command("fix", "--only", "health-check")
    assert refused.status == 1
    assert "--repository is missing: name a checkout" in refused.err


def test_only_the_lines_of_the_health_check_change(command: Command, application: Path) -> None:
    """A misspelt name is corrected, an entry without any right name goes."""
    assert command("fix", "--repository", str(application), "--only", "health-check", "--write").status == 0
    assert removed(application, DATABASE) == [
        '        "in_use": pool.checked_out(),  # a misspelt name',
        '        "invalid": pool.invalid(),',
    ]
    assert added(application, DATABASE) == ['        "in_use": pool.checkedout(),  # a misspelt name']
    assert git(application, "diff", "--name-only").split() == [DATABASE]


@pytest.mark.parametrize(
    ("step", "gone", "come"),
    [
        ("Format", ["        run: black --check shop || true"], ["        run: black --check shop"]),
        (
            "Lint",
            ['        run: "flake8 shop --exit-zero"', "        continue-on-error: true   # see the board"],
            ['        run: "flake8 shop"'],
        ),
        (
            "Lint the client",
            [
                '        run: npm run lint || echo "::warning::lint"   # for now',
                "        continue-on-error: true",
            ],
            ["        run: npm run lint   # for now"],
        ),
        (
            "Test the client",
            [
                '        run: npm test -- --passWithNoTests || echo "::warning::tests"',
                "        continue-on-error: true",
            ],
            ["        run: npm test"],
        ),
        (
            "Test",
            ["          pytest -m 'not slow' || echo \"failed\""],
            ["          pytest -m 'not slow'"],
        ),
    ],
)
def test_a_step_by_its_name(command: Command, application: Path, step: str, gone: list[str], come: list[str]) -> None:
    """Comments, quotes and the other steps stay. It still runs where an earlier step failed."""
    done = command("fix", "--repository", str(application), "--only", f"honest-step:{step}", "--write")
    assert done.status == 0, done.text
    assert removed(application, STAGING) == gone
    assert added(application, STAGING) == ["        if: ${{ !cancelled() }}", *come]
    following = next(name for name in STEPS if name != step)
    assert "next: merge it, wait for the deployment, then run `readiness verify staging`" in done.out
    assert shlex.quote(f"honest-step:{following}") in done.out


def test_coverage_gates(command: Command, application: Path) -> None:
    """pytest-cov is installed where nothing else does; npm gets `--` before options for Jest."""
    done = command("fix", "--repository", str(application), "--only=coverage-pytest", "--only=coverage-jest", "--write")
    assert done.status == 0, done.text
    assert added(application, STAGING) == [
        '        run: npm test -- --passWithNoTests --coverage --coverageThreshold=\'{"global":{"lines":80}}\''
        ' || echo "::warning::tests"',
        "          pip install black flake8 pytest pytest-cov",
        "          pytest -m 'not slow' --cov=shop --cov-fail-under=80 || echo \"failed\"",
    ]


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ("module.exports = {coverageThreshold: {global: {lines: 85}}}", ["--coverage"]),
        ("module.exports = {}", ["--coverage", "--coverageThreshold="]),
    ],
)
def test_a_threshold_of_jests_own_is_kept(command: Command, application: Path, config: str, options: list[str]) -> None:
    """Only the option without which Jest does not look at it is added."""
    (application / "client" / "jest.config.js").write_text(config, encoding="utf-8")
    command("fix", "--repository", str(application), "--only=coverage-jest", "--write")
    (line,) = added(application, STAGING)
    words = line.split(" || ")[0].split()
    assert [word.partition("'")[0] for word in words[words.index("--coverage") :]] == options


def test_the_images_are_scanned_between_push_and_deployment(command: Command, application: Path) -> None:
    """Also the image whose tag only the script knows: the one that was pushed for the commit."""
    assert command("fix", "--repository", str(application), "--only=scan-gate", "--write").status == 0
    images = "${{ env.IMAGES }}"
    expected = {
        STAGING: (f"{images}/backend:${{{{ github.sha }}}}", f"{images}/client:${{{{ github.sha }}}}-staging"),
        PRODUCTION: (
            f"{images}/backend:${{{{ inputs.backend_tag }}}}",
            f"{images}/client:${{{{ github.sha }}}}-production",
        ),
    }
    for path, scanned in expected.items():
        assert removed(application, path) == []
        jobs = yaml.safe_load((application / path).read_text())["jobs"]
        job = jobs.get("build-and-deploy") or jobs["deploy-production"]
        steps = [str(step.get("uses") or step.get("run")) for step in job["steps"]]
        gates = [at for at, text in enumerate(steps) if text.endswith("/scan-image")]
        assert tuple(job["steps"][at]["with"]["image"] for at in gates) == scanned
        assert max(at for at, text in enumerate(steps) if "docker push" in text) < min(gates)
        assert max(gates) < min(at for at, text in enumerate(steps) if "deploy" in text and "docker" not in text)
        assert job["permissions"] == {"contents": "read", "id-token": "write", "security-events": "write"}


def test_the_migration_is_between_build_and_deployment(command: Command, application: Path) -> None:
    """Every step is kept in order, the deployment takes the digest that was migrated, and its id and name stay."""
    done = command("fix", "--repository", str(application), "--only=scan-gate", "--only=migration-step", "--write")
    assert done.status == 0, done.text
    assert "reads secrets.HOOK in steps that will be outside its environment" in done.err
    for path, id_, environment in ((STAGING, "build-and-deploy", "staging"), (PRODUCTION, "deploy-production", "prod")):
        before = yaml.safe_load(FILES[path])["jobs"][id_]
        jobs = yaml.safe_load((application / path).read_text())["jobs"]
        build, migrate, deploy = jobs["build"], jobs["migrate"], jobs[id_]
        assert build.get("environment") == before.get("environment")
        assert deploy["name"] == before["name"]
        assert deploy["needs"][-2:] == ["build", "migrate"]
        assert migrate["uses"] == "./.github/workflows/migrate-database.yml"
        assert migrate["with"]["job"] == f"ai-resume-review-v2-migrate-{environment}"
        assert "environment" not in deploy
        assert "security-events" not in deploy["permissions"]
        names = [step.get("name") or step["uses"] for step in before["steps"]]
        both = [step.get("name") or step["uses"] for step in build["steps"] + deploy["steps"]]
        left = iter(both)
        assert all(name in left for name in names)
        scripts = "".join(step.get("run", "") for step in deploy["steps"])
        assert "--backend-image=${{ needs.build.outputs.backend_image }}" in scripts
        assert deploy["steps"][0]["run"] == "exit 1"


def test_the_stack_limits_which_deployment_is_edited(command: Command, application: Path) -> None:
    """Staging first."""
    command("fix", "--repository", str(application), "--only=scan-gate", "--stack=staging", "--write")
    assert git(application, "diff", "--name-only").split() == [STAGING]


def test_json(command: Command, application: Path) -> None:
    """One document, whose diff is the one of the text."""
    done = command("fix", "--repository", str(application), "--only", "health-check", "--format", "json")
    document = json.loads(done.out)
    assert document["fixes"] == [
        {"name": "health-check", "status": "changes", "files": [DATABASE], "findings": []},
    ]
    assert document["written"] is False
    assert document["diff"].startswith(f"--- a/{DATABASE}\n+++ b/{DATABASE}\n@@ ")
    assert document["next"] == ["merge it, wait for the deployment, then run `readiness verify staging`"]


def test_line_ends_modes_and_the_end_of_the_file_stay(command: Command, tmp_path: Path) -> None:
    """Windows line ends, no line end at the end, a byte order mark, an executable file."""
    texts = {
        "staging": STAGING_TEXT.replace("\n", "\r\n"),
        "production": "\ufeff" + PRODUCTION_TEXT.removesuffix("\n"),
        "database": DATABASE_TEXT.replace("\n", "\r\n"),
    }
    folder = made_application(tmp_path, **texts)
    (folder / DATABASE).chmod(0o755)
    done = command("fix", "--repository", str(folder), "--write")
    assert done.status == 0, done.text
    for path in (STAGING, DATABASE):
        data = (folder / path).read_bytes()
        assert data.count(b"\r\n") == data.count(b"\n") > 10
        assert data.endswith(b"\r\n")
    production = (folder / PRODUCTION).read_text(encoding="utf-8")
    assert production.startswith("\ufeffname:")
    assert not production.endswith("\n")
    assert (folder / DATABASE).stat().st_mode & 0o777 == 0o755
    assert not command("fix", "--repository", str(folder)).out.count("@@")


def test_changes_that_are_not_committed_are_a_warning(command: Command, application: Path) -> None:
    """git shows them beside ours, so nothing is lost."""
    (application / DATABASE).write_text(DATABASE_TEXT + "# mine\n", encoding="utf-8")
    done = command("fix", "--repository", str(application), "--only=health-check")
    assert done.status == 0
    assert f"warning: {DATABASE} has uncommitted changes" in done.err
