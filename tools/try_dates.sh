#!/bin/sh
# Runs the tests on future days, to find a test that depends on the day.
#
# Usage: tools/try_dates.sh [PYTEST ARGUMENT]...
# Every date in DATES (two by default) gets a run of its own under `datefudge`, which replaces the system's clock, not
# ours: no variable of Readiness changes what day it is. Without arguments these are the test files that have to do with
# dates, found by what they name. Where datefudge is missing and cannot be installed, it says so and succeeds.
set -eu
cd "$(dirname "$0")/.."

if ! command -v datefudge >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "SKIPPED: the trial of dates needs datefudge, and only root on Debian can install it here" >&2
        exit 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends datefudge >/dev/null
fi

if [ $# -eq 0 ]; then
    # Test files that name the clock, a date or a certificate, and those that start a process, which has its own clock.
    # shellcheck disable=SC2046 # no name of ours has a space
    set -- $(grep -rlE 'clock|datetime|expire|until|certificate|ssl|sys\.executable|import .*\breadiness\b' \
        --include='test_*.py' tests | sort)
fi
for moment in ${DATES:-2027-06-01T00:00:30 2030-01-01T23:59:00}; do
    echo "== the tests on $moment"
    # Waits and deadlines keep the monotonic clock, and files their real dates: datefudge replaces neither. (faketime
    # does: under it Python's threads end now and then with a fatal error.)
    datefudge "$(echo "$moment" | tr T ' ')" .venv/bin/python -m pytest -n auto -p no:cacheprovider "$@"
done
