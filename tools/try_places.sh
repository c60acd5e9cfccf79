#!/usr/bin/env bash
# Runs tests in places that differ from a developer's machine, and fails if they fail in one of them.
# Usage: tools/try_places.sh [PYTEST ARGUMENT...]   Default: the tests that the place can affect. `tests` runs all.
#   1. Another user than root, a path with spaces and non-ASCII letters, umask 077, HOME unset: a clone of HEAD that is
#      set up from nothing with `make`, previewed and tested.
#   2. TZ=Asia/Kolkata, LC_ALL=C, PYTHONHASHSEED=1, no network: this checkout, whose .venv is already set up.
set -euo pipefail
cd "$(dirname "$0")/.."

# Processes, files, paths, text, dates and plans: what else is in the suite computes and asks the machine for nothing.
AFFECTED=(
    tests/test_cli_process.py tests/test_files.py tests/test_golden.py tests/test_finding.py
    tests/documents tests/docs tests/delivered tests/ci tests/settings/mistakes
    tests/delivered/test_http_client.py tests/test_connections.py tests/live/init/test_answers.py tests/live/test_preview.py tests/live/deliver
    tests/plan/test_diff_command.py tests/plan/test_offline_plan.py tests/plan/test_recorder.py tests/tools
)
OTHER_USER=65534 # Debian's `nobody`; owns nothing and has no home

tests=("$@")
[ $# -gt 0 ] || tests=("${AFFECTED[@]}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
failures=0

skip() {
    echo "place: $1: skipped: $2"
}

# try LABEL COMMAND...: one line with the result and the duration; the end of the output if the command fails.
try() {
    local label=$1 began=$SECONDS
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "place: $label: ok, $((SECONDS - began)) s ($(tail -n 1 "$work/log"))"
    else
        echo "place: $label: FAILED after $((SECONDS - began)) s"
        tail -n 60 "$work/log"
        failures=$((failures + 1))
    fi
}

# Another user than root ---------------------------------------------------------------------------------------------
copy="$work/Über uns/readiness ü"
as_other=()
label="another user"
if [ "$(id -u)" != 0 ]; then
    label="user $(id -un)" # not root already
elif ! command -v setpriv >/dev/null; then
    skip "$label" "setpriv (util-linux) is not installed"
    label="root"
else
    as_other=(setpriv --reuid "$OTHER_USER" --regid "$OTHER_USER" --clear-groups)
    # What PATH names below root's home is not for that user.
    readable=""
    IFS=: read -ra folders <<<"$PATH"
    for folder in "${folders[@]}"; do
        # shellcheck disable=SC2016 # the inner shell's own variable
        if "${as_other[@]}" sh -c '[ -r "$1" ] && [ -x "$1" ]' sh "$folder"; then
            readable="$readable${readable:+:}$folder"
        fi
    done
    as_other+=(env "PATH=$readable")
    if ! "${as_other[@]}" python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        skip "$label" "that user finds no Python 3.11 or later on PATH"
        as_other=()
        label="root"
    fi
fi
mkdir "$work/Über uns"
git clone --quiet . "$copy" 2>/dev/null
mkdir "$copy/.tools"
for tool in promtool actionlint; do
    # Built once with Go, which needs a cache below HOME.
    [ ! -e ".tools/$tool" ] || cp -r ".tools/$tool" "$copy/.tools/"
done
[ ${#as_other[@]} = 0 ] || chown -R "$OTHER_USER:$OTHER_USER" "$work/Über uns"
# shellcheck disable=SC2016 # the inner shell's own variables
try "$label, path with spaces and non-ASCII letters, umask 077, HOME unset" \
    "${as_other[@]}" env -u HOME -u PYTHON -u VIRTUAL_ENV PIP_NO_CACHE_DIR=1 UV_CACHE_DIR="$copy/.venv-cache" TMPDIR=/tmp sh -ec '
        umask 077
        cd "$1"
        shift
        make .venv/.ready-dev
        make preview STACK=staging
        .venv/bin/readiness check
        .venv/bin/python -m pytest -n auto "$@"
    ' sh "$copy" "${tests[@]}"

# Time zone, locale, hash seed, no network ---------------------------------------------------------------------------
offline=(unshare --map-root-user --net)
label="TZ=Asia/Kolkata, LC_ALL=C, PYTHONHASHSEED=1"
if "${offline[@]}" true 2>/dev/null; then
    label="$label, no network"
else
    skip "no network" "unshare --map-root-user --net is refused here"
    offline=()
fi
# A new network namespace has its loopback down, and tests serve on it: SIOCSIFFLAGS sets IFF_UP | IFF_LOOPBACK |
# IFF_RUNNING (linux/sockios.h, linux/if.h). Where the network is the machine's own, loopback is up.
# shellcheck disable=SC2016 # the inner shell's own variables
try "$label" "${offline[@]}" env TZ=Asia/Kolkata LC_ALL=C PYTHONHASHSEED=1 ISOLATED="${#offline[@]}" sh -ec '
        [ "$ISOLATED" = 0 ] || .venv/bin/python -c "
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh\", b\"lo\", 0x1 | 0x8 | 0x40))"
        .venv/bin/python -m pytest -n auto "$@"
    ' sh "${tests[@]}"

exit $((failures > 0))
