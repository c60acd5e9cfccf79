"""What swallows a failure, held against bash: every case runs with a command that fails, in GitHub's own shell."""

from __future__ import annotations

import subprocess

import pytest

from readiness.required_checks.shell_script import blanked, swallows

DEFAULT = ("bash", "-e", "-c")
PIPEFAIL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
FAILS = "check() { return 3; }\n"

SWALLOWS = [
    "check || true",
    "check || :",
    "check || echo '::warning::found'",
    'check ||\n  printf "%s" found',
    "check || /bin/true",
    "check || exit 0",
    "check \\\n  || true",
    "check || { echo found; }",
    "check || ( echo found )",
    "set +e\ncheck\necho done",
    "set +ex; check; true",
    "set +o errexit\ncheck\nset -e",
    "check && echo fine; exit 0",
    "if ! check; then echo found; fi\nexit 0",
    "check && echo fine; true",
    "check && echo fine\n:",
    "check | tee /dev/null",
    "check |& cat",
    'out="$(check || true)"; echo "$out"',
    'echo "$(check || true) done"',
    "cat <<EOF || true\n$(check)\nEOF\ncheck || true",
]
HONEST = [
    "check",
    "check # || true",
    "echo '|| true'; check",
    'echo "say || true"; check',
    "check || exit 1",
    "check || { echo found; exit 1; }",
    "check || (echo found; false)",
    'set +e\ncheck\nstatus=$?\nset -e\nexit "$status"',
    "status=0\ncheck || status=$?\nexit $status",
    "set -o pipefail\ncheck | tee /dev/null",
    'check | tee /dev/null; test "${PIPESTATUS[0]}" = 0',
    "cat <<'EOF' > /dev/null\nit's || true\nEOF\ncheck",
    "echo 1 | cat > /dev/null; check | grep x",
    "true\ncheck",
    "echo exit 0; check",
    "x=$((1 << 2)); check",
    "cat <<< word; check",
    "# don't || true\ncheck",
    "[ -z \"$(echo '|| true')\" ] || check",
]


def status(shell: tuple[str, ...], script: str) -> int:
    """How the script ends where `check` fails."""
    return subprocess.run([*shell, FAILS + script], capture_output=True, check=False).returncode


@pytest.mark.parametrize("script", SWALLOWS)
def test_what_is_said_to_swallow_does_so_in_bash(script: str) -> None:
    """Found by its text, and bash ends with 0 though the check failed."""
    assert list(swallows(script, pipefail=False)), "not found"
    assert status(DEFAULT, script) == 0, "bash does fail"


@pytest.mark.parametrize("script", HONEST)
def test_what_is_let_pass_fails_in_bash(script: str) -> None:
    """Nothing is found, and bash fails."""
    assert [each.message for each in swallows(script, pipefail=False)] == []
    assert status(DEFAULT, script) != 0, "bash does not fail"


def test_with_pipefail_a_pipe_swallows_nothing() -> None:
    """What `shell: bash` is for."""
    assert not list(swallows("check | tee /dev/null", pipefail=True))
    assert status(PIPEFAIL, "check | tee /dev/null") == 3


@pytest.mark.parametrize("flag", ["--passWithNoTests", "--exit-zero", "--pass-on-no-patterns"])
def test_options_that_pass_whatever_is_found_are_named(flag: str) -> None:
    """Of the program itself: as an option of its own, and not as a part of another."""
    (found,) = swallows(f"npm run test -- {flag}", pipefail=False)
    assert f"`{flag}`" in found.message
    assert not list(swallows(f"tool --no{flag}", pipefail=False))


def test_the_line_inside_the_script_is_told() -> None:
    """Counted from 0, also below quotes over several lines and here-documents."""
    script = "cat <<EOF\none || true\nEOF\necho 'a\n|| true\nb'\ncheck || true\nmore\nexit 0\n"
    assert [(each.line, each.message.split("`")[1]) for each in swallows(script, pipefail=False)] == [
        (6, "|| true"),
        (8, "exit 0"),
    ]


def test_blanking_keeps_every_line_where_it_is() -> None:
    """Quotes inside substitutions inside quotes included; an end that is missing hides nothing before it."""
    script = "a 'x\ny' \"b $(c \"d\" 'e') f\" # g\n\\'h\ncat <<EOF\n"
    assert blanked(script).count("\n") == script.count("\n")
    assert "$(c" in blanked(script)
    assert not {"x", "y", "d", "e", "f", "g"} & set(blanked(script).split())
    assert "check" in blanked("cat <<EOF\ncheck"), "no line ends the here-document"
