#!/bin/sh
# Runs the tests as they would run on a day to come, so that none of them depends on the day it is.
#
# Usage: tools/try_dates.sh [PYTEST ARGUMENT]...
# Every date in DATES (two by default) gets a run of its own under `faketime`, which replaces the system's clock, not
# ours: no variable of Readiness changes what day it is. Without arguments these are the tests of everything that reads
# a date, found by what they import. Where faketime is missing and cannot be installed, it says so and succeeds.
set -eu
cd "$(dirname "$0")/.."

if ! command -v faketime >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "SKIPPED: the trial of dates needs faketime, and only root on Debian can install it here" >&2
        exit 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends faketime >/dev/null
fi

if [ $# -eq 0 ]; then
    # Whatever names the clock, a date, or a certificate, in the tests and in what the tests of the same name are about.
    set -- $(grep -rlE 'clock|datetime|expire|until|certificate|cryptography|ssl' --include='test_*.py' tests | sort)
fi
for moment in ${DATES:-2027-06-01T00:00:30 2030-01-01T23:59:00}; do
    echo "== the tests on $moment"
    # Waits and deadlines keep the real, monotonic clock; files keep their real dates.
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 PYTHONPATH="$PWD/tools/faketime" \
        faketime -m "$(echo "$moment" | tr T ' ')" .venv/bin/python -m pytest -n auto -p no:cacheprovider "$@"
done
