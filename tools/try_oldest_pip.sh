#!/bin/sh
# Sets up a copy of this checkout with the oldest pip that people have, away from .venv: pip 23.0.1 on Python 3.11 (both
# of Debian 12), and on a later Python the pip that it bundles, since 23.0.1 does not run there.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
# Only what git would keep, so that no environment and no tool comes along.
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$folder"
cd "$folder"
"${PYTHON:-python3}" -m venv .venv
if .venv/bin/python -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check pip==23.0.1
fi
.venv/bin/python -m pip --version
tools/setup_venv.sh --with-pip requirements.txt requirements-dev.txt
.venv/bin/readiness --help >/dev/null
