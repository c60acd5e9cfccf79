"""What `readiness fix` does not recognise: one finding with file, line and the way by hand; the file stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.application import (
    DATABASE,
    DATABASE_TEXT,
    PRODUCTION,
    PRODUCTION_TEXT,
    STAGING,
    STAGING_TEXT,
    commit,
    git,
    made_application,
)
from tests.projects import FIRST_CUSTOMER, Command, Result

FORMAT = "        run: black --check shop || true\n"


def fixed(command: Command, folder: Path, *names: str) -> Result:
    """The answer to a run that writes."""
    return command("fix", "--repository", str(folder), *(f"--only={name}" for name in names), "--write")


def with_format(written: str) -> str:
    """The staging workflow whose step `Format` is written differently."""
    assert FORMAT in STAGING_TEXT
    return STAGING_TEXT.replace(FORMAT, written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("        run: black --check shop || rm -f out\n", "hides its failure in a form that no edit fixes"),
        ("        run: |\n          if black --check shop; then echo fine; else echo bad; fi\n", "that no edit fixes"),
        ("        run: >\n          black --check shop ||\n          true\n", "is folded text or has escapes"),
        ('        run: "black --check \\"shop\\" || true"\n', "is folded text or has escapes"),
        ("        run: black --check shop\n          || true\n", "is folded text or has escapes"),
        ("        run: black --check shop\n        continue-on-error: ${{ matrix.soft }}\n", "that no edit fixes"),
        ("        run: black --check shop\n        continue-on-error:\n          true\n", "has more than one line"),
        ("        run: black --check shop || echo a >> out\n", "that no edit fixes"),
        ("        run: |\n          status=0\n          black --check shop || status=0\n", "that no edit fixes"),
        ("        shell: pwsh\n        run: black --check shop || exit 0\n", "that no edit fixes"),
    ],
)
def test_a_step_without_an_edit_stays_as_it_is(command: Command, tmp_path: Path, written: str, said: str) -> None:
    """And the step after it is still edited."""
    folder = made_application(tmp_path, staging=with_format(written))
    done = fixed(command, folder, "honest-step")
    assert done.status == 1
    assert said in done.err
    line = STAGING_TEXT[: STAGING_TEXT.index("- name: Format")].count("\n") + 1
    assert any(done.err.startswith(f"error: {folder / STAGING}:{line + offset}: ") for offset in range(3))
    assert done.err.count("error: ") == 1
    text = (folder / STAGING).read_text(encoding="utf-8")
    assert written in text
    assert "exit-zero" not in text


@pytest.mark.parametrize(
    ("written", "after"),
    [
        (
            "        run: |\n          cat > note <<'END'\n          black || true\n          END\n"
            "          black --check shop || true\n",
            "          cat > note <<'END'\n          black || true\n          END\n          black --check shop\n",
        ),
        ("        run: black --check 'a || true' shop || true\n", "        run: black --check 'a || true' shop\n"),
        (
            "        run: |\n          set +e\n          black --check shop\n",
            "        run: |\n          black --check shop\n",
        ),
        ("        run: black --check shop || echo a || true # why\n", "        run: black --check shop # why\n"),
        (
            "        run: |2\n            black --check shop || true\n",
            "        run: |2\n            black --check shop\n",
        ),
        (
            "        run: black --check ${{ github.ref || 'true' }} || exit 0\n",
            "        run: black --check ${{ github.ref || 'true' }}\n",
        ),
        ("        run: |-\n\n          black é --check || :\n", "        run: |-\n\n          black é --check\n"),
    ],
)
def test_only_what_hides_the_failure_goes(command: Command, tmp_path: Path, written: str, after: str) -> None:
    """What looks alike in a here-document, in quotes, or in an expression stays."""
    folder = made_application(tmp_path, staging=with_format(written))
    done = fixed(command, folder, "honest-step:Format")
    assert done.status == 0, done.text
    expected = STAGING_TEXT.replace(FORMAT, f"        if: ${{{{ !cancelled() }}}}\n{after}")
    if not after.lstrip().startswith("run:"):
        head = written.partition("\n")[0]
        expected = STAGING_TEXT.replace(FORMAT, f"        if: ${{{{ !cancelled() }}}}\n{head}\n{after}")
    assert (folder / STAGING).read_text(encoding="utf-8") == expected


def test_a_step_that_begins_with_run(command: Command, tmp_path: Path) -> None:
    """The condition comes behind it: the line with the dash stays the first."""
    written = STAGING_TEXT.replace("      - name: Format\n" + FORMAT, "      - run: black --check shop || true\n")
    folder = made_application(tmp_path, staging=written)
    done = fixed(command, folder, "honest-step")
    assert done.status == 0, done.text
    expected = "      - run: black --check shop\n        if: ${{ !cancelled() }}\n"
    assert expected in (folder / STAGING).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (STAGING_TEXT.replace("run: black", "run: &black black"), "uses the YAML anchor or alias 'black'"),
        (STAGING_TEXT + "---\nname: second\n", "a second document begins"),
        (STAGING_TEXT.replace("    steps:", "\tsteps:", 1), "a tab is used for indentation"),
        (
            STAGING_TEXT.replace("jobs:", "tasks:"),
            "is not a workflow: it has no `jobs`. Write its jobs under `jobs`, or delete the file",
        ),
        (STAGING_TEXT + "\0", "is a binary file"),
        (with_format("        run: black --check shop |\n"), "cannot be read"),
        ("", "is empty. Write the workflow, or delete the file"),
    ],
)
def test_a_workflow_that_is_not_understood_stays_as_it_is(
    command: Command, tmp_path: Path, changed: str, said: str
) -> None:
    """Every fix that needs it is refused, the health check is not."""
    folder = made_application(tmp_path, staging=changed)
    done = fixed(command, folder)
    assert done.status == 1
    assert said in done.err
    assert "Traceback" not in done.text
    if "black" in said or "cannot" in said:
        return
    assert (folder / STAGING).read_text(encoding="utf-8") == changed
    assert git(folder, "diff", "--name-only").split() == [DATABASE]


def test_a_flow_mapping_is_not_edited(command: Command, tmp_path: Path) -> None:
    """A line of it is not one key."""
    flow = '      - {name: Format, run: "black --check shop || true", continue-on-error: true}\n'
    folder = made_application(tmp_path, staging=STAGING_TEXT.replace("      - name: Format\n" + FORMAT, flow))
    done = fixed(command, folder, "honest-step:Format")
    assert (done.status, git(folder, "diff")) == (1, "")
    assert "is written in braces or brackets, where one key on each line is expected" in done.err


@pytest.mark.parametrize("target", ["inside", "outside"])
def test_a_symbolic_link_is_not_followed(command: Command, tmp_path: Path, target: str) -> None:
    """What it names may be a file of somebody else."""
    folder = tmp_path / "application"
    folder.mkdir()
    made_application(folder)
    place = folder / "real.yml" if target == "inside" else tmp_path / "real.yml"
    place.write_bytes((folder / STAGING).read_bytes())
    (folder / STAGING).unlink()
    (folder / STAGING).symlink_to(place)
    done = fixed(command, folder, "honest-step", "coverage-pytest", "scan-gate")
    assert done.status == 1
    assert f"{STAGING}: is a symbolic link" in done.err
    assert place.read_text(encoding="utf-8") == STAGING_TEXT


def test_a_file_that_is_not_utf_8(command: Command, application: Path) -> None:
    """It is named with its line."""
    (application / PRODUCTION).write_bytes(PRODUCTION_TEXT.replace("Tag of", "T\xe4g of").encode("latin-1"))
    done = fixed(command, application, "scan-gate")
    assert (done.status, f"{PRODUCTION}:7: is not UTF-8 text" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "--repository: is empty"),
        ("absent", "--repository: absent does not exist"),
        ("file", "--repository: file is not a folder"),
        ("plain", "--repository: plain is not a git repository that git can read"),
        ("application/client", "is inside a repository, and not its top folder"),
    ],
)
def test_a_folder_that_is_not_a_checkout_is_refused(
    command: Command, application: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    """One error, and status 1."""
    (application.parent / "file").touch()
    (application.parent / "plain").mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(application.parent))
    done = command("fix", "--project", str(FIRST_CUSTOMER), "--repository", name, cwd=application.parent)
    assert done.status == 1
    assert done.err.startswith(f"error: {'--repository: ' if '--' not in said else ''}")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "healt-check"), "--only: healt-check is not a fix. Write health-check."),
        (("--only", "honest-step:Formt"), "--only: honest-step:Formt is not a fix. Write honest-step:Format."),
        (("--stack", "stagin"), "--stack: there is no stack stagin. Write one of: prod, staging."),
    ],
)
def test_an_unknown_name(command: Command, application: Path, arguments: tuple[str, str], said: str) -> None:
    """The nearest one is named."""
    done = command("fix", "--repository", str(application), *arguments)
    assert done.status == 1
    assert said in done.err


def test_a_step_that_is_honest_has_nothing_to_change(command: Command, application: Path) -> None:
    """Asking twice for it is no mistake."""
    assert fixed(command, application, "honest-step:Format").status == 0
    again = fixed(command, application, "honest-step:Format")
    assert (again.status, again.err) == (0, "")
    assert "nothing to change" in again.out


def test_a_required_check_that_no_job_reports(command: Command, tmp_path: Path) -> None:
    """None of its steps was looked at, which is not the same as nothing to change."""
    text = STAGING_TEXT.replace("name: Run Tests and Linting", "name: Tests")
    done = fixed(command, made_application(tmp_path, staging=text), "honest-step")
    assert done.status == 1
    assert "has no job that reports the required check 'Run Tests and Linting'" in done.err


def test_what_is_not_delivered_is_not_called(command: Command, tmp_path: Path) -> None:
    """An edit that calls an absent file would break every deployment. The other fixes are still made."""
    folder = made_application(tmp_path, delivered=False)
    done = fixed(command, folder)
    assert done.status == 1
    for path in (".github/readiness/scan-image/action.yml", ".github/workflows/migrate-database.yml"):
        assert f"{path}: " in done.err
    assert done.err.count("Merge the pull request of `readiness deliver prod`") == 2
    assert git(folder, "diff", "--name-only").split() == [STAGING, DATABASE]
    assert "scan-image" not in (folder / STAGING).read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_leaves_all_as_they_are(
    command: Command, application: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files or none."""
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if Path(target).name == "database.py":
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    done = fixed(command, application)
    assert (done.status, git(application, "status", "--porcelain")) == (1, "")
    assert f"{DATABASE}: cannot be written (Permission denied)" in done.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("actions/checkout@v4", "acme/get-code@v1", "does not check out the repository before it deploys"),
        ("    permissions:\n      contents: read\n      id-token: write\n", "", "has no list of `permissions`"),
        (
            "    permissions:\n      contents: read\n      id-token: write\n",
            "    permissions: {contents: read}\n",
            "braces",
        ),
        ("client:$TAG", "web:$TAG", "which only the script knows, and pushes no such image for the commit"),
        ("scripts/deploy.sh --backend-image=", "scripts/roll-out.sh ", ""),
        (
            "--backend-image=${{ env.IMAGES }}/backend:${{ inputs.backend_tag }}",
            "--backend-image=''",
            "deploys an image without a name: the value for it is empty. Write the image as NAME:TAG",
        ),
        (
            "gcloud run deploy shop-client-prod --image=${{ env.IMAGES }}/client:$TAG",
            "docker push x:1",
            "pushes an image",
        ),
    ],
)
def test_a_deployment_that_the_gate_does_not_fit(
    command: Command, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """production.yml is refused or understood; staging.yml gets its gate."""
    assert old in PRODUCTION_TEXT
    folder = made_application(tmp_path, production=PRODUCTION_TEXT.replace(old, new))
    done = fixed(command, folder, "scan-gate")
    assert said in done.err
    assert done.status == (1 if said else 0), done.text
    assert ("scan-image" in (folder / PRODUCTION).read_text(encoding="utf-8")) is not bool(said)
    assert "scan-image" in (folder / STAGING).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["v99", "main", "0123456789012345678901234567890123456789 # v4"])
def test_versions_of_actions_do_not_matter(command: Command, tmp_path: Path, version: str) -> None:
    """The set-up steps are copied with the version that the file names."""
    text = PRODUCTION_TEXT.replace("actions/checkout@v4", f"actions/checkout@{version}")
    folder = made_application(tmp_path, production=text.replace("auth@v2", f"auth@{version}"))
    done = fixed(command, folder, "scan-gate", "migration-step")
    assert done.status == 0, done.text
    assert (folder / PRODUCTION).read_text(encoding="utf-8").count(f"auth@{version}") == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    steps:\n", "    strategy: {}\n    steps:\n", "`strategy` cannot be divided between two jobs"),
        (
            "  deploy-production:\n",
            "  build:\n    runs-on: x\n    steps: []\n  deploy-production:\n",
            "there is already a job `build`",
        ),
        ("docker push ${{", "echo a=b >> $GITHUB_ENV; docker push ${{", "passes a value to later steps"),
        ("google-github-actions/auth@v2", "acme/sign-in@v2", "does not sign in to Google with"),
        (
            "service_account: deployer@shop",
            "service_account: ${{ secrets.WHO }}@shop",
            "a called workflow cannot get",
        ),
        ("/backend:${{ inputs.backend_tag }}", "/backend:$TAG", "which only the script knows"),
        ("/backend:${{ inputs.backend_tag }}", "/server:1", "exactly one image with `backend` in its name"),
        (
            "    runs-on: ubuntu-latest\n    env",
            "    runs-on: ubuntu-latest\n    if: always()\n    env",
            "runs after a failure",
        ),
        ("      - name: Sign in\n", "      - name: Sign in\n        id: who\n", ""),
        ("run: curl --fail -d failed", "run: curl ${{ steps.who.outputs.x }} -d", ""),
    ],
)
def test_a_job_that_cannot_be_divided(command: Command, tmp_path: Path, old: str, new: str, said: str) -> None:
    """The place and the way by hand are named, and staging.yml is divided."""
    assert old in PRODUCTION_TEXT
    folder = made_application(tmp_path, production=PRODUCTION_TEXT.replace(old, new))
    done = fixed(command, folder, "scan-gate", "migration-step")
    assert said in done.err
    assert ("migrate-database" in (folder / PRODUCTION).read_text(encoding="utf-8")) is not bool(said)
    assert "migrate-database" in (folder / STAGING).read_text(encoding="utf-8")


def test_a_step_of_the_other_half_is_missed(command: Command, tmp_path: Path) -> None:
    """An output of a step in `build` would be empty in the deployment."""
    text = PRODUCTION_TEXT.replace("      - name: Sign in\n", "      - name: Sign in\n        id: who\n")
    text = text.replace("curl --fail", "curl ${{ steps.who.outputs.project_id }}")
    done = fixed(command, made_application(tmp_path, production=text), "scan-gate", "migration-step")
    assert "uses the step `who`, which will be in another job" in done.err


def test_the_migration_without_the_gate_waits_for_it(command: Command, application: Path) -> None:
    """The gate's place is in the first half."""
    done = fixed(command, application, "migration-step")
    assert (done.status, git(application, "diff")) == (1, "")
    assert done.err.count("Apply `--only scan-gate` first, or both fixes at once") == 2


def test_a_deployment_workflow_of_the_settings_that_is_missing(command: Command, application: Path) -> None:
    """The settings name it."""
    git(application, "rm", "--quiet", PRODUCTION)
    commit(application)
    done = fixed(command, application, "migration-step")
    assert f"{PRODUCTION}: migration-step: does not exist, although the settings name it" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            DATABASE_TEXT + '\n\ndef bad() -> bool:\n    return pool_figures()["invalid"] > 0\n',
            "reads the key 'invalid'",
        ),
        (
            DATABASE_TEXT.replace("pool.invalid(),", "pool.invalid() + 1,"),
            "it is not the whole value of a dictionary's entry",
        ),
        (
            DATABASE_TEXT.replace('pool.invalid(),\n        "over', 'pool.invalid(), "over'),
            "the entry is not on its own line with a comma after it",
        ),
        (DATABASE_TEXT + "def (:\n", "is not Python that can be read"),
    ],
)
def test_a_health_check_that_is_written_differently(command: Command, tmp_path: Path, text: str, said: str) -> None:
    """Nothing of the file changes."""
    folder = made_application(tmp_path, database=text)
    done = fixed(command, folder, "health-check")
    assert (done.status, git(folder, "diff")) == (1, "")
    assert said in done.err
    assert f"{DATABASE}" in done.err


@pytest.mark.parametrize(
    "text",
    [
        DATABASE_TEXT.replace("engine.pool", "make_threads().pool"),
        DATABASE_TEXT.replace("return {", 'if not hasattr(pool, "invalid"):\n        return {}\n    return {').replace(
            "checked_out", "checkedout"
        ),
        DATABASE_TEXT.replace("engine.pool", "engine.pool if engine else None"),
        "# engine.pool.invalid()\n",
    ],
)
def test_what_only_looks_like_a_pool_stays(command: Command, tmp_path: Path, text: str) -> None:
    """Another object's `pool`, a name that is asked for first, a comment."""
    folder = made_application(tmp_path, database=text)
    done = fixed(command, folder, "health-check")
    assert (done.status, git(folder, "diff")) == (0, "")


def test_two_wrong_names_in_one_line(command: Command, tmp_path: Path) -> None:
    """Both are corrected."""
    text = "def used(engine):\n    return engine.pool.checked_out() + engine.pool.checked_in()\n"
    folder = made_application(tmp_path, database=text)
    assert fixed(command, folder, "health-check").status == 0
    expected = "def used(engine):\n    return engine.pool.checkedout() + engine.pool.checkedin()\n"
    assert (folder / DATABASE).read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pip install black flake8 pytest\n", "poetry install\n", "nothing installs pytest-cov"),
        ("pytest -m 'not slow'", "pytest --cov --cov-fail-under=$LIMIT", "whose number cannot be read"),
        ("pytest -m 'not slow'", "pytest --cov --cov-fail-under=85", ""),
        ("pytest -m 'not slow'", "pytest --cov --cov-fail-under=60", ""),
    ],
)
def test_coverage_of_pytest(command: Command, tmp_path: Path, old: str, new: str, said: str) -> None:
    """A higher limit stays, a lower one is raised, one that is not known is refused."""
    folder = made_application(tmp_path, staging=STAGING_TEXT.replace(old, new))
    done = fixed(command, folder, "coverage-pytest")
    assert said in done.err
    assert done.status == (1 if said else 0)
    text = (folder / STAGING).read_text(encoding="utf-8")
    assert ("--cov-fail-under=80" in text) is ("=60" in new)


def test_a_lower_threshold_of_jest_is_refused(command: Command, application: Path) -> None:
    """Their figure is in a program, which is not edited."""
    config = "module.exports = {coverageThreshold: {global: {lines: 50}}}"
    (application / "client" / "jest.config.js").write_text(config, encoding="utf-8")
    done = fixed(command, application, "coverage-jest")
    assert (done.status, git(application, "diff")) == (1, "")
    assert "whose configuration has a coverageThreshold that is not at least 80" in done.err


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        (PRODUCTION, PRODUCTION_TEXT.replace("\n", "\r"), ":1: has a carriage return without a line feed after it."),
        (
            PRODUCTION,
            PRODUCTION_TEXT.replace("Deploy the client", "Deploy\u2028the client"),
            ":36: has the character U+2028, which ends a line in YAML. Remove it.",
        ),
        (DATABASE, DATABASE_TEXT.replace("\n", "\r"), ":1: has a carriage return without a line feed after it."),
        (DATABASE, f"engine.pool\nx = {'-' * 200_000}1\n", ": health-check: is not Python that can be read."),
    ],
    ids=["carriage returns", "line separator", "Python with carriage returns", "deep Python"],
)
def test_a_file_with_other_line_endings_is_refused_once(
    command: Command, application: Path, path: str, data: str, said: str
) -> None:
    """Its places would differ from those of git and of an editor. Several fixes read it; one line says so."""
    (application / path).write_bytes(data.encode())
    done = fixed(command, application)
    assert done.status == 1
    assert done.err.count(f"error: {application / path}{said}") == 1
    assert done.err.count(" has ") <= 2
    assert (application / path).read_bytes() == data.encode()


def test_a_limit_that_is_no_number_counts_as_none(command: Command, application: Path) -> None:
    """`fail_under` of a configuration that coverage itself would refuse."""
    (application / ".coveragerc").write_text("[report]\nfail_under = 8.0.1\n", encoding="utf-8")
    workflow = application / STAGING
    workflow.write_text(workflow.read_text(encoding="utf-8").replace("pytest -m", "pytest --cov -m"), encoding="utf-8")
    assert fixed(command, application, "coverage-pytest").status == 0
    assert "--cov-fail-under=80" in workflow.read_text(encoding="utf-8")


def test_an_index_that_git_cannot_read(command: Command, application: Path) -> None:
    """It is not a repository without workflows."""
    (application / ".git/index").write_bytes(b"broken")
    done = fixed(command, application)
    assert done.status == 1
    assert (
        f"error: --repository: {application} has no file that git lists. Check the output of `git status`" in done.err
    )
    assert done.err.count("\n") == 1


def test_the_repository_of_a_git_hook_is_not_the_one_that_is_named(
    command: Command, tmp_path: Path, application: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git sets GIT_DIR for its hooks; the files are still those of --repository."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    done = command("fix", "--repository", str(application), "--only=health-check", "--write")
    assert done.status == 0
    assert "uncommitted changes" not in done.err


def test_the_list_needs_no_checkout(command: Command) -> None:
    """What the fixes are; which steps hide failures is in a checkout alone."""
    done = command("fix", "--list")
    assert done.status == 0
    for name in ("health-check", "honest-step:STEP", "coverage-pytest", "coverage-jest", "scan-gate", "migration-step"):
        assert any(line.startswith(name) for line in done.out.splitlines())
    assert "--repository DIR --list" in done.out
    done = command("fix")
    assert done.status == 1
    assert "error: --repository is missing: name a checkout of the application's repository." in done.err


@pytest.mark.parametrize(
    ("name", "said"), [("", "an empty name"), (" ", "an empty name"), ("x" * 5000, f"{'x' * 80}…")]
)
def test_an_unknown_name_is_shown_shortly(command: Command, application: Path, name: str, said: str) -> None:
    """An empty one is called empty, and a long one is cut."""
    done = fixed(command, application, name)
    assert done.status == 1
    assert f"error: --only: {said} is not a fix." in done.err
    assert len(done.err) < 300
