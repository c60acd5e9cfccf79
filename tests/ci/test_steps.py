"""A job whose steps cannot fail is no check."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.workflows import CONTEXT, FIXTURES, TRIGGER, judged, messages


def job(step: str, more: str = "") -> str:
    """A workflow whose job has this step at line 7."""
    return f"{TRIGGER}jobs:\n  test:\n{more}    steps:\n      - {step}\n"


SWALLOWS = [
    (job("run: make test", "    continue-on-error: true\n"), "5: passes whatever its steps do"),
    (job("run: make\n        continue-on-error: true"), "7: step 'a step without a name': continue-on-error"),
    (job("run: make\n        continue-on-error: ${{ vars.X }}"), "7: step 'a step without a name'"),
    (job("name: Lint\n        run: |\n          make lint\n          make test || true"), "9: step 'Lint': `|| true`"),
    (job("run: make | tee log"), "6: step 'a step without a name': the failure before `| tee`"),
    (job("run: make\n        shell: bash {0}"), "6: step 'a step without a name': its shell runs without -e"),
    (job("run: make", "    defaults: {run: {shell: 'sh {0}'}}\n"), "7: step 'a step without a name': its shell"),
    (job("uses: actions/setup-python@v5"), "4: has no step that checks something"),
    (job("run: make\n        if: github.ref == 'x'"), "4: has no step that checks something"),
    (job("run: echo all is well"), "4: has no step that checks something"),
    (job("run: ''"), "4: has no step that checks something"),
    (job("run: [make]"), "4: has no step that checks something"),
    (job("name: nothing to run"), "4: has no step that checks something"),
    (f"{TRIGGER}jobs:\n  test:\n    runs-on: x\n", "4: has no step that checks something"),
    (f"{TRIGGER}jobs:\n  test:\n", "4: has no step that checks something"),
    (f"{TRIGGER}jobs:\n  test:\n    steps: {{run: make}}\n", "4: has no step that checks something"),
    (job("run: make || true\n        shell: /bin/bash -e {0}"), "6: step 'a step without a name': `|| true`"),
    (job("run: make || true\n        shell: ${{ matrix.shell }}"), "6: step 'a step without a name': it is not known"),
    (job("run: make\n        shell: bash -e +e {0}"), "6: step 'a step without a name': its shell"),
    (job("run: make\n        shell: bash -e +o errexit {0}"), "6: step 'a step without a name': its shell"),
    (job("run: make\n        shell: xvfb-run -e bash {0}"), "6: step 'a step without a name': its shell"),
    (job("run: make\n        shell: bash -o {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: make || exit 0\n        shell: pwsh"), "6: step 'a step without a name': `|| exit 0`"),
    (
        job("run: |\n          make\n          exit /b 0\n        shell: cmd"),
        "8: step 'a step without a name': ends with",
    ),
    (job("run: make || echo found", "    runs-on: windows-2025\n"), "7: step 'a step without a name': `|| echo`"),
    (job("run: npm test\n        env: {ARGS: --ci --passWithNoTests}"), "7: step 'a step without a name': `--passWith"),
    (job("uses: a/b@v1\n        with: {args: --exit-zero}"), "7: step 'a/b@v1': `--exit-zero`"),
    (
        job("run: make\n        id: x\n        continue-on-error: true\n      - run: echo ${{ steps.x.outcome }}"),
        "8: step 'x': continue-on-error",
    ),
    (
        job("run: make\n        id: x\n        name: steps.x.outcome\n        continue-on-error: true"),
        "9: step 'steps.x.outcome': continue-on-error",
    ),
    (job("run: pytest ${{ '|| true' }}"), "6: step 'a step without a name': `${{ '|| true' }}` may put '|| true'"),
    (job("run: \"pytest ${{ github.ref == 'x' && '; true' }}\""), "6: step 'a step without a name': `${{"),
    (job("run: ${{ vars.X && 'pytest' || 'true' }}"), "6: step 'a step without a name': `${{"),
    (job("run: npm test -- ${{ '--passWithNoTests' }}"), "6: step 'a step without a name': `${{"),
    (job("run: make ${{ format('test{0}', ' || true') }}"), "6: step 'a step without a name': `${{"),
    (job("run: pytest ${{ env.MORE }}\n        env: {MORE: '|| true'}"), "6: step 'a step without a name': `${{"),
    (job("run: pytest ${{ env['MORE'] }}", "    env: {MORE: '& wait'}\n"), "7: step 'a step without a name': `${{"),
    (job("run: pytest\n        shell: python {0} || true"), "6: step 'a step without a name': it is not known"),
    (job('run: pytest\n        shell: bash -ec "{0} || true"'), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: bash -ec {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: bash -en {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: bash -e -o noexec {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: ./tools/bash -e {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: always-green -e {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: print()\n        shell: python -c pass {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: sudo true bash -e {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        shell: env BASH_ENV=x bash -e {0}"), "6: step 'a step without a name': it is not kn"),
    (
        job("run: ${{ env.RUN }}\n        env: {RUN: ''}"),
        "6: step 'a step without a name': `${{ env.RUN }}` may run ''",
    ),
    (job("run: pytest\n        shell: sudo true -e {0}"), "6: step 'a step without a name': it is not known"),
    (job("run: pytest\n        env: {BASH_ENV: setup.sh}"), "7: step 'a step without a name': BASH_ENV changes"),
    (job("run: pytest", "    env: {SHELLOPTS: noexec}\n"), "5: the job: SHELLOPTS changes"),
    (job("run: pytest", "    container: {image: x, env: {BASH_ENV: x}}\n"), "5: the job's container: BASH_ENV changes"),
    (f"env: {{BASH_FUNC_pytest%%: '() {{ true; }}'}}\n{job('run: pytest')}", "1: the workflow: BASH_FUNC_pytest%%"),
    (
        job("run: |\n          pytest\n          echo BASH_ENV=x >> $GITHUB_ENV"),
        "8: step 'a step without a name': BASH_E",
    ),
    (job("run: pytest\n        env: {PYTEST_ADDOPTS: -q --collect-only}"), "7: step 'a step without a name': `--coll"),
    (job("run: make\n        env: {MAKEFLAGS: ki}"), "7: step 'a step without a name': `ki`"),
    (job("run: make\n        env: {MAKEFLAGS: -j2 --dry-run}"), "7: step 'a step without a name': `--dry-run`"),
    (job("run: npm test", "    env: {ARGS: --passWithNoTests}\n"), "5: the job: `--passWithNoTests`"),
    (job("run: make\n      - run: npm start &"), "7: step 'a step without a name': the script does not look at"),
    (job("uses: ./.github/actions/test"), "6: step './.github/actions/test': the repository's own action"),
]
HONEST = [
    job("run: make test"),
    job("run: make\n        continue-on-error: false"),
    job("run: make | tee log\n        shell: bash"),
    f"defaults: {{run: {{shell: bash}}}}\n{job('run: make | tee log')}",
    job("run: make || true; raise SystemExit(1)\n        shell: python"),
    job("run: make test\n      - if: failure()\n        run: docker logs app || true"),
    job("run: make test\n      - if: cancelled()\n        run: stop\n        continue-on-error: true"),
    job("run: make test\n        if: ${{ !cancelled() }}"),
    job("uses: golangci/golangci-lint-action@v8"),
    job("run: make\n        shell: bash -o errexit {0}"),
    job("run: if ($x) { make }\n        shell: pwsh"),
    job("run: pytest -k ${{ github.ref == 'a|b' && 'unit' || 'smoke' }}"),
    job("run: pytest ${{ contains(github.ref, '&') }} ${{ hashFiles('**/a;b') }}"),
    job("run: \"docker inspect -f '${{ '{{.State}}' }}' x; make\""),
    job('run: pytest ${{ env.MORE }}\n        env: {MORE: -m "not slow"}'),
    job("run: pytest ${{ vars.MORE }} ${{ matrix.more }}", "    env: {MORE: '|| true'}\n"),
    job('run: pytest "$MORE"\n        env: {MORE: "|| true"}'),
    job("run: |\n          # ${{ 'a; b' }}\n          pytest"),
    job("run: pytest\n        shell: bash -el {0}"),
    job("run: pytest\n        shell: bash --noprofile --norc -eo pipefail {0}"),
    job("run: pytest\n        shell: /usr/bin/bash -e {0}"),
    job("run: pytest\n        shell: sudo -E bash -e {0}"),
    job("run: pytest\n        shell: dbus-run-session -- bash -eo pipefail {0}"),
    job('run: pytest ${{ env.MORE }}\n        env: {MORE: "${{ fromJSON(needs.x.outputs.y) }}"}'),
    job("run: ${{ env.WITH }} pytest\n        env: {WITH: ''}"),
    job("run: pytest\n        shell: 'nix develop .#ci --command bash -e {0}'"),
    job("run: print()\n        shell: python3.12 -u {0}"),
    job("run: print()\n        shell: Rscript --vanilla {0}"),
    job("run: pytest\n        env: {PYTEST_ADDOPTS: -q -m unit, MAKEFLAGS: -j2 -k, BASH: x}"),
    job("run: npm start & npx wait-on http://localhost && npm run e2e"),
    job("run: if ($x) { make }", "    runs-on: windows-2025\n"),
    job(
        "run: make lint\n        id: lint\n        continue-on-error: true\n"
        "      - run: test '${{ steps.lint.outcome }}' = success"
    ),
]


@pytest.mark.parametrize(("workflow", "said"), SWALLOWS)
def test_a_job_that_cannot_fail_is_refused_at_the_line(tmp_path: Path, workflow: str, said: str) -> None:
    """Each way by itself."""
    (message,) = messages(tmp_path, workflow)
    assert message.startswith(said)


@pytest.mark.parametrize("workflow", HONEST)
def test_a_job_that_can_fail_is_let_pass(tmp_path: Path, workflow: str) -> None:
    """What runs only after a failure may swallow its own."""
    assert messages(tmp_path, workflow) == []


@pytest.mark.parametrize(("value", "found"), [("'|| true'", 1), ("-m unit", 0)])
def test_the_values_of_a_matrix_are_a_part_of_the_script(tmp_path: Path, value: str, found: int) -> None:
    """GitHub puts them in before the shell sees it."""
    workflow = job("run: pytest ${{ matrix.more }}", f"    strategy: {{matrix: {{more: [{value}]}}}}\n")
    assert len(messages(tmp_path, workflow, f"test ({value.strip(chr(39))})")) == found


@pytest.mark.parametrize("condition", ["always()", "'!cancelled()'", "success() || failure()"])
def test_what_runs_although_something_failed_must_not_swallow(tmp_path: Path, condition: str) -> None:
    """It may be the test itself."""
    (message,) = messages(tmp_path, job(f"if: {condition}\n        run: make || true"))
    assert "`|| true`" in message


def test_everything_is_said_at_once(tmp_path: Path) -> None:
    """Eleven lines of the first customer's shape, each with its step, in the order of the file."""
    found = judged(tmp_path, (FIXTURES / "swallowing" / "ci.yml").read_text(encoding="utf-8"), CONTEXT)
    assert [finding.line for finding in found] == [23, 24, 26, 26, 27, 29, 30, 32, 33, 35, 36]
    assert all(finding.hint for finding in found)


def test_the_mended_form_is_let_pass(tmp_path: Path) -> None:
    """The one that the document recommends."""
    assert messages(tmp_path, (FIXTURES / "mended" / "ci.yml").read_text(encoding="utf-8"), CONTEXT) == []


def steps_that_fail(workflow: str, tools: Path) -> list[str]:
    """The steps that fail where every tool fails, run as GitHub runs them."""
    body: dict[str, Any] = yaml.safe_load((FIXTURES / workflow / "ci.yml").read_text(encoding="utf-8"))
    return [
        step["name"]
        for step in body["jobs"]["test"]["steps"]
        if "run" in step
        and subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
            capture_output=True,
            check=False,
        ).returncode
        and not step.get("continue-on-error")
    ]


def test_run_with_tools_that_fail_the_one_stays_green_and_the_other_goes_red(tmp_path: Path) -> None:
    """The same five tools in both."""
    for tool in ("npm", "black", "flake8", "pytest"):
        (tmp_path / tool).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (tmp_path / tool).chmod(0o755)
    assert steps_that_fail("swallowing", tmp_path) == []
    assert len(steps_that_fail("mended", tmp_path)) == 5
