"""What swallows a failure, held against bash: every case runs with a command that fails, in GitHub's own shell."""

from __future__ import annotations

import subprocess

import pytest

from tests.ci.scripts import can_fail, found

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
    "check || (echo $(date))",
    'check || { echo "$(date)"; (echo found); }',
    "check || >&2 echo found",
    "check || echo>&2 found",
    "check || command true",
    "check || 'true'",
    "check || sleep 0",
    "check || { exit 0; }",
    "check || (exit 0)",
    "check || failed=1\necho $failed",
    "check || # found\n  true",
    "warn() {\n  echo found\n}\ncheck || warn",
    "for each in 1 2; do check || continue; done",
    "if ! check; then echo '::warning::found'; fi",
    "if check\nthen\n  echo fine\nelse\n  echo found\nfi",
    "if check; then echo fine; fi",
    "failed=0\nif ! check; then failed=1; fi\necho $failed",
    "check && echo fine\necho done",
    "[[ -n x ]] && check && echo fine; echo done",
    "! check",
    'set +e\ncheck\necho "status $?"',
    "set +e\ncheck\nstatus=$?\necho $status",
    "set -x +e\ncheck\necho done",
    "shopt -uo errexit\ncheck\necho done",
    "trap 'exit 0' EXIT\ncheck",
    "exit 0\ncheck",
    "check | head -5",
    "check |\n  (cat)",
    "check | xargs echo",
    "eval 'check || true'",
    "check || { echo found || make; }",
    "check || { echo found && echo more; }",
    "check || echo `date`",
    "export -f check; bash -c 'check || true'",
    # In the background, without a look at the status.
    "check &",
    "check & wait",
    "check &\nwait\necho done",
    "check & true & wait",
    "( check & wait )",
    "{ echo started; check; } & wait",
    "check & first=$!; sleep 0 & second=$!; wait $first $second",
    "check & pid=$!; wait; echo $pid",
    "eval 'check & wait'",
    "check || rm -f /tmp/readiness-no-such-file",
    "check || { echo found; ls; }",
    "check || timeout 5 true",
    # Never reached.
    "for each in 1; do exit 0; done\ncheck",
    "while :; do exit; done; check",
    "{ echo; exit 0; } || check",
    "exit; check",
    "exit $?\ncheck",
    "exit 256\ncheck",
    "{ echo found; exit 0; }\ncheck",
    "true && exit; check",
    "if true; then exit 0; fi; check",
    "leave() { exit 0; }\nleave\ncheck",
    "run() { return; check; }\nrun",
    "exec true; check",
    "exec -a name true\ncheck",
    "for each in; do check; done",
    'for each in "$@"; do check; done',
    "for each; do check; done",
    "for each in a; do continue; check; done",
    "while false; do check; done",
    "until true; do check; done",
    "if false; then check; fi",
    "if true; then echo; else check; fi",
    "true || check",
    "echo found || check",
    "( exit; check ) | cat",
    "{ if false; then check; fi; } | cat",
    "set -n; check",
    "set -o noexec\ncheck",
    # `exit` with the status of a command that succeeded.
    "check || { echo found; exit; }",
    "check || { echo found >&2; exit $?; }",
    "if ! check; then exit $?; fi",
    "if ! check; then echo found; exit; fi",
    "set +e\ncheck\nstatus=$?\necho $status\nexit",
    # Where -e has no effect.
    "run() { check; echo done; }\nrun || exit 1",
    "run() { check; echo done; }\nif ! run; then exit 1; fi",
    "( check; echo done ) || exit 1",
    "if { check; true; }; then echo; else exit 1; fi",
    "text=$(check; echo done)",
    "export -f check; bash -c 'check; echo done'",
    "export -f check; bash <<'EOF'\ncheck\necho done\nEOF",
    "first=$(check) second=$(true)",
    # Traps.
    "trap -- 'exit 0' EXIT\ncheck",
    "trap 'exit 0' exit\ncheck",
    "trap 'echo found; exit' ERR\ncheck",
    "trap 'echo bye; exit $?' EXIT\ncheck",
    "trap 'exec true' EXIT\ncheck",
    "clean() { echo bye; exit 0; }\ntrap clean EXIT\ncheck",
    # Another meaning.
    "action='exit 0'; trap \"$action\" EXIT\ncheck",
    "letter=e; set +$letter; check; echo",
    "shopt -s expand_aliases\nalias check=true\ncheck",
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
    "check && echo fine",
    "[ -f x ] && echo there\ncheck",
    "failed=0\ncheck || failed=1\nif [ $failed = 1 ]; then exit 1; fi",
    "failed=0\ncheck || failed=1\n(( failed )) && exit 1",
    "if [ -f x ]; then echo there; fi\ncheck",
    "if ! check; then echo found; exit 1; fi",
    "if command -v npm; then echo there; fi; check",
    "fail() { echo found; exit 1; }\ncheck || fail",
    "set +e\ncheck\n[ $? -eq 0 ]",
    "trap 'echo bye' EXIT\ncheck",
    "( check && echo fine )\necho done",
    "case x in\n  y) echo ;;\n  (*) check ;;\nesac",
    "for each in 1; do check; done < /dev/null",
    'echo "${{ github.ref }}"; x=(a b); check',
    "echo one | head -1\ngit log | head -1\ncheck",
    "cat > /dev/null <<-'EOF'\n\tit's || true\n\tEOF\ncheck",
    "while read -r each; do check; done <<< word",
    "< /dev/null || exit 1\nsub() (\n  check\n)\nsub > /dev/null",
    "[[ x == *([[:space:]])x ]] || exit 1; check",
    "function run { check; } 2>&1\nrun",
    "check || { echo found && exit 1; }",
    "if echo x | grep -q y; then echo there; fi; check",
    "if [[ $x != refs/tags/* ]]; then echo there; fi; check",
    "if x=1; [ -f x ]; then echo there; fi; check",
    "if [ -f x ] && [ -f y ]; then echo there; fi; check",
    "check \\\n  `echo \\`date\\``",
    "text=$(# it's\n  echo)\ncheck",
    "text=$(cat <<EOF\nit's )\nEOF\n)\ncheck",
    "echo \"$(cat <<'EOF' | tr a ')'\nit's\n\"EOF\"\nEOF\n)\"\ncheck",
    "echo $(( (1 << 2) ))\ncheck",
    "sleep 0 & check",
    "server & check",
    "server > /dev/null & pid=$!; check; kill $pid",
    "sleep 0 & wait; check",
    "check & wait $!",
    'check & pid=$!\nwait "$pid"',
    "check & wait -n",
    "check & wait -p name $!",
    "check & if ! wait $!; then exit 1; fi",
    "check & first=$!; sleep 0 & second=$!; wait $first; wait $second",
    'check & pids=($!); sleep 0 & pids+=($!); for pid in "${pids[@]}"; do wait "$pid"; done',
    '[ -n "$unset" ] && exit 0; check',
    "exit 3; check",
    "( exit ); check",
    "check; exit",
    "check\nexit $?",
    "check || exit",
    "check || exit $?",
    "exec 3>&1; check",
    "exec > /dev/null 2>&1\ncheck",
    "exec bash -c 'exit 3'",
    "exec false; check",
    'usage() { exit 0; }\nif [ -n "$unset" ]; then usage; fi\ncheck',
    "for each in a; do check; done",
    'for each in "$@"; do echo $each; done; check',
    'main() { for each in "$@"; do check; done; }\nmain a',
    "set -- a; for each; do check; done",
    "while true; do check; break; done",
    "if true; then check; fi",
    "true && check",
    "set -eu; check",
    "if check; then echo fine; else exit $?; fi",
    "set +e; check; exit",
    "{ check && echo done; } || exit 1",
    "( cd / && check ) || exit 1",
    "{ echo started; check; } || exit 1",
    "run() { check || return 1; echo done; }\nrun || exit 1",
    "run() { check; status=$?; echo done; return $status; }\nrun || exit 1",
    "text=$(echo started; check)",
    "export -f check; bash -ec 'check; echo done'",
    "export -f check; bash -c 'set -e; check; echo done'",
    "export -f check; bash -e <<'EOF'\ncheck\necho done\nEOF",
    "export -f check; bash <<'EOF'\ncheck\nEOF",
    "first=$(true) second=$(check)",
    "trap 'exit' EXIT\ncheck",
    "trap 'echo bye; exit' EXIT\ncheck",
    "trap 'status=$?; echo bye; exit $status' EXIT\ncheck",
    "trap 'echo found' ERR\ncheck",
    "clean() { echo bye; }\ntrap clean EXIT\ncheck",
    "alias other=true\ncheck",
    "check || { ls; exit 1; }",
    "check || timeout 5 false",
    "ls /no-such-folder || touch /dev/null; check",
    "for each in $unset; do exit 0; done\ncheck",
    'while [ -n "$unset" ]; do exit 0; done; check',
    "set -- -$unset; check",
]


def status(shell: tuple[str, ...], script: str) -> int:
    """How the script ends where `check` fails."""
    return subprocess.run([*shell, FAILS + script], capture_output=True, check=False).returncode


@pytest.mark.parametrize("script", SWALLOWS)
def test_what_is_said_to_swallow_does_so_in_bash(script: str) -> None:
    """Found by its text, and bash ends with 0 though the check failed."""
    assert found(script), "not found"
    assert status(DEFAULT, script) == 0, "bash does fail"


@pytest.mark.parametrize("script", HONEST)
def test_what_is_let_pass_fails_in_bash(script: str) -> None:
    """Nothing is found, and bash fails."""
    assert [finding.message for finding in found(script)] == []
    assert status(DEFAULT, script) != 0, "bash does not fail"


def test_with_pipefail_a_pipe_swallows_nothing() -> None:
    """What `shell: bash` is for."""
    assert not found("check | tee /dev/null", pipefail=True)
    assert status(PIPEFAIL, "check | tee /dev/null") == 3


@pytest.mark.parametrize("flag", ["--passWithNoTests", "--exit-zero", "--pass-on-no-patterns", "--if-present"])
def test_options_that_pass_whatever_is_found_are_named(flag: str) -> None:
    """Of the program itself: as an option of its own, and not as a part of another."""
    (finding,) = found(f"npm run test -- {flag}")
    assert f"`{flag}`" in finding.message
    assert not found(f"tool --no{flag}")


def test_the_line_is_that_inside_the_script() -> None:
    """Counted from 1, also below quotes over several lines and here-documents."""
    script = "cat <<EOF\none || true\nEOF\necho 'a\n|| true\nb'\ncheck || true\nmore\nexit 0\n"
    assert [(finding.line, finding.message.split("`")[1]) for finding in found(script)] == [
        (7, "|| true"),
        (9, "exit 0"),
    ]


@pytest.mark.parametrize(
    ("script", "option"),
    [
        ('npm test -- "--passWithNoTests"', "--passWithNoTests"),
        ("make -i test", "-i"),
        ("trivy fs --exit-code 0 .", "--exit-code 0"),
        ("mvn verify -Dmaven.test.failure.ignore=true", "-Dmaven.test.failure.ignore=true"),
    ],
)
def test_such_options_are_found_in_quotes_and_with_their_value(script: str, option: str) -> None:
    """The shell takes the quotes away; `=false` is none."""
    (finding,) = found(script)
    assert f"`{option}`" in finding.message
    assert not found("npm test -- --passWithNoTests=false")


@pytest.mark.parametrize("script", ["echo 'no end", "if check; then", "check )", "for x", "case x", "$(" * 5_000])
def test_a_script_that_cannot_be_read_is_no_honest_one(script: str) -> None:
    """Nor does it end in a traceback."""
    (finding,) = found(script)
    assert "read" in finding.message
    assert can_fail(script)


@pytest.mark.parametrize(
    ("script", "can"),
    [
        ("", False),
        ("echo all is well", False),
        ("# make test", False),
        ("if [ -f x ]; then echo there; fi", False),
        ("warn() { echo found; }\nwarn", False),
        ("make test || true", True),
        ("make test", True),
        ("exit 1", True),
        ("x=$(make test)", True),
        ("npm start &", False),
        ("make test & wait $!", True),
        ("run() { make test; }", False),
        ("run() { make test; }\nrun", True),
        ("exit", False),
    ],
)
def test_a_script_that_only_prints_cannot_fail(script: str, can: bool) -> None:
    """A step of it is no check."""
    assert can_fail(script) is can
