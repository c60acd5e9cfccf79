#!/bin/sh
# Creates or updates an environment from locks, with uv if it is installed and works, and otherwise with pip.
# Usage: tools/setup_venv.sh [--with-pip] [--into FOLDER] LOCK...
#   --into      another environment than .venv; the program itself is installed in .venv only
#   --with-pip  ignores uv
# A lock is complete, so it is installed without resolving: the result is the same with every version of pip and uv, and
# whatever was published since. A lock that lacks a dependency ends in an error that names the dependency.
set -eu

venv=.venv
with_pip=
while :; do
    case ${1-} in
    --into)
        venv=$2
        shift 2
        ;;
    --with-pip)
        with_pip=--with-pip
        shift
        ;;
    *) break ;;
    esac
done

fail() {
    echo "$1" >&2
    exit 1
}

# Runs a command as one step of the set-up: one line with its duration, and the command's own output if it fails.
step() {
    label=$1
    shift
    printf 'set-up: %s ... ' "$label" >&2
    began=$(date +%s)
    if said=$("$@" 2>&1); then
        echo "$(($(date +%s) - began)) s" >&2
        return 0
    fi
    echo "failed after $(($(date +%s) - began)) s" >&2
    [ -z "$said" ] || printf '%s\n' "$said" >&2
    return 1
}

stopped() {
    fail "error: set-up of $venv stopped at the step \"$label\". $1"
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Sets $python. If a Python is named, it is used or refused, and never replaced by another one.
need_python() {
    if [ -n "${PYTHON-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.15 python3.14 python3.13 python3.12 python3.11
    fi
    for python in "$@"; do
        if is_recent "$python"; then
            # Its own path: of a mere name uv makes a request for any Python that it knows.
            python=$("$python" -c 'import sys; print(sys.executable)')
            return
        fi
    done
    fail "Python 3.11 or later was not found (tried: ${PYTHON:-python3, python3.15 to python3.11}). \
Install it, or name it: make PYTHON=/path/to/python3 ..."
}

requirements=""
for file in "$@"; do
    requirements="$requirements -r $file"
done

if [ -e "$venv" ] && ! is_recent "$venv"/bin/python; then
    echo "replacing $venv, whose Python is gone or too old" >&2
    rm -rf "$venv"
fi

existed=yes
if [ ! -e "$venv" ]; then
    existed=
    need_python
fi

install_with_uv() {
    [ -z "$with_pip" ] && command -v uv >/dev/null 2>&1 || return 1
    [ -e "$venv" ] || step "$venv with $("$python" --version)" uv venv --quiet --seed --python "$python" "$venv" || return 1
    # shellcheck disable=SC2086 # a list of options
    step "$* with uv" uv pip install --quiet --python "$venv"/bin/python --no-deps --require-hashes $requirements || return 1
    [ "$venv" != .venv ] || step "the readiness command" \
        uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . || return 1
    check="uv pip check --python $venv/bin/python"
}

install_with_pip() {
    if [ -z "$with_pip" ] && command -v uv >/dev/null 2>&1; then
        echo "uv failed; going on with pip" >&2
    fi
    if ! "$venv"/bin/python -m pip --version >/dev/null 2>&1; then
        need_python
        step "$venv with $("$python" --version)" "$python" -m venv --clear "$venv" ||
            stopped "Python's venv module does not work (Debian: install python3-venv)."
    fi
    pip="$venv/bin/python -m pip --disable-pip-version-check"
    # --no-compile: byte-compiling the whole SDK takes 16 s, and few of its files are ever imported.
    # shellcheck disable=SC2086 # lists of options
    step "$* with pip" $pip install --quiet --no-compile --no-deps --require-hashes $requirements ||
        stopped "If the registry cannot be reached, run the command again once it can."
    # shellcheck disable=SC2086
    [ "$venv" != .venv ] || step "the readiness command" \
        $pip install --quiet --no-deps --no-build-isolation --editable . || stopped ""
    check="$pip check"
}

install_with_uv "$@" || install_with_pip "$@"

# shellcheck disable=SC2086 # a command with its options
if ! step "whether a dependency is missing or has the wrong version" $check; then
    # Packages of an earlier lock are still installed, and may not fit.
    [ -n "$existed" ] || stopped "The lock ($*) is not complete: add what is missing to pyproject.toml or its .in file, and run: make lock"
    echo "recreating $venv: it may contain packages of an earlier lock" >&2
    rm -rf "$venv"
    exec /bin/sh "$0" $with_pip --into "$venv" "$@"
fi

[ "$venv" = .venv ] || exit 0

# Compiles the imported modules once, even if the environment forbids Python to do so at run time.
PYTHONDONTWRITEBYTECODE=''
export PYTHONDONTWRITEBYTECODE
step "compiling the modules that the commands import" .venv/bin/python -c '
import readiness.cli.main, readiness.rules.stack, readiness.settings.schema, readiness.plan.render_plan
import components.alert_policies, components.log_metrics
' || stopped ""
