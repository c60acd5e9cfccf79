"""A small application of our own, of the shape that `readiness fix` edits: FastAPI, pytest, Jest, two workflows.

The workflows have the file names and job names of the fixture project's settings. Both build and deploy in one job.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from readiness.delivered.declared_files import declared_files
from tests.projects import plan_of_stack

STAGING = ".github/workflows/staging.yml"
PRODUCTION = ".github/workflows/production.yml"
DATABASE = "shop/database.py"

STAGING_TEXT = """\
# Tests, then staging.
name: CI and Deploy to Staging

on:
  push:
    branches: [main]
  pull_request:
    branches: [main]

env:
  REGION: europe-west1
  IMAGES: europe-west1-docker.pkg.dev/shop/images

jobs:
  # Looks at every change
  test:
    name: Run Tests and Linting
    runs-on: ubuntu-latest

    steps:
      - uses: actions/checkout@v4

      # The web client
      - name: Lint the client
        working-directory: client
        run: npm run lint || echo "::warning::lint"   # for now
        continue-on-error: true

      - name: Test the client
        working-directory: client
        run: npm test -- --passWithNoTests || echo "::warning::tests"
        continue-on-error: true

      - name: Install
        run: |
          python -m pip install --upgrade pip
          pip install -r requirements.txt
          pip install black flake8 pytest

      - name: Format
        run: black --check shop || true
      - name: Lint
        run: "flake8 shop --exit-zero"
        continue-on-error: true   # see the board
      - name: Test
        run: |
          # || true is only in this comment
          pytest -m 'not slow' || echo "failed"

  build-and-deploy:
    name: Build and Deploy to Staging
    needs: test
    if: github.event_name == 'push'
    runs-on: ubuntu-latest

    permissions:
      contents: read
      id-token: write   # keyless

    steps:
      - name: Check out
        uses: actions/checkout@v4

      - name: Sign in
        uses: google-github-actions/auth@v2
        with:
          workload_identity_provider: 'projects/1/locations/global/workloadIdentityPools/github/providers/github'
          service_account: 'deployer@shop.iam.gserviceaccount.com'

      - uses: google-github-actions/setup-gcloud@v2

      - name: Build and push
        run: |
          docker build -t ${{ env.IMAGES }}/backend:${{ github.sha }} .
          docker push ${{ env.IMAGES }}/backend:${{ github.sha }}
          docker push ${{ env.IMAGES }}/client:${{ github.sha }}-staging

      # The backend, by the script
      - name: Deploy the backend
        run: |
          scripts/deploy.sh \\
            --environment=staging \\
            --backend-image=${{ env.IMAGES }}/backend:${{ github.sha }} \\
            --skip-tests

      - name: Deploy the client
        run: |
          gcloud run deploy shop-client-staging \\
            --image=${{ env.IMAGES }}/client:${{ github.sha }}-staging \\
            --region=${{ env.REGION }}

      - name: Say that it failed
        if: failure()
        run: echo failed
"""

PRODUCTION_TEXT = """\
name: Deploy to Production

on:
  workflow_dispatch:
    inputs:
      backend_tag:
        description: Tag of the backend
        required: true
        default: 'staging-latest'

env:
  IMAGES: europe-west1-docker.pkg.dev/shop/images

jobs:
  deploy-production:
    name: Deploy to Production
    runs-on: ubuntu-latest
    environment:
      name: production
      url: https://shop.example.org
    permissions:
      contents: read
      id-token: write
    steps:
      - name: Check out
        uses: actions/checkout@v4
      - name: Sign in
        uses: google-github-actions/auth@v2
        with:
          workload_identity_provider: projects/1/locations/global/workloadIdentityPools/github/providers/github
          service_account: deployer@shop.iam.gserviceaccount.com
      - name: Push the client
        run: docker push ${{ env.IMAGES }}/client:${{ github.sha }}-production
      - name: Deploy the backend
        run: scripts/deploy.sh --backend-image=${{ env.IMAGES }}/backend:${{ inputs.backend_tag }}
      - name: Deploy the client
        run: |
          TAG="${{ github.sha }}-production"
          gcloud run deploy shop-client-prod --image=${{ env.IMAGES }}/client:$TAG --region=europe-west1
      - name: Tell the team
        if: failure()
        run: curl --fail -d failed "${{ secrets.HOOK }}"
"""

DATABASE_TEXT = '''\
"""The database, and what the health check says about it."""

from sqlalchemy import create_engine

engine = create_engine("postgresql://shop@localhost/shop")


def pool_figures() -> dict[str, int]:
    """The figures of the pool."""
    pool = engine.pool
    return {
        "size": pool.size(),
        "in_use": pool.checked_out(),  # a misspelt name
        "invalid": pool.invalid(),
        "overflow": pool.overflow(),
    }
'''

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@shop.dev")
FILES = {
    STAGING: STAGING_TEXT,
    PRODUCTION: PRODUCTION_TEXT,
    DATABASE: DATABASE_TEXT,
    "shop/__init__.py": "",
    "tests/test_shop.py": "def test_shop() -> None:\n    assert True\n",
    "requirements.txt": "fastapi==0.110.0\nsqlalchemy==2.0.23\n",
    "client/package.json": '{"scripts": {"test": "jest", "lint": "eslint ."}}\n',
}


@functools.cache
def _delivered() -> dict[str, str]:
    return declared_files(plan_of_stack("prod").resources)


@functools.cache
def _repository() -> tempfile.TemporaryDirectory[str]:
    """A repository with one commit of the application and the delivered files, to be copied."""
    made = tempfile.TemporaryDirectory()
    _write(Path(made.name), FILES | _delivered())
    commit(Path(made.name))
    return made


def made_application(folder: Path, *, delivered: bool = True, **changed: str) -> Path:
    """Writes the application into `folder`, which becomes a repository with one commit, and returns it.

    `changed` replaces texts by the last part of their path without its ending. With `delivered`, the files that
    `readiness deliver prod` brings are there.
    """
    new = {path: changed[Path(path).stem] for path in FILES if Path(path).stem in changed}
    if not delivered:
        _write(folder, FILES | new)
        commit(folder)
        return folder
    shutil.copytree(_repository().name, folder, dirs_exist_ok=True)
    if new:
        _write(folder, new)
        git(folder, *AUTHOR, "commit", "--quiet", "--all", "--amend", "-m", "x")
    return folder


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def commit(folder: Path) -> None:
    """Commits everything in the folder."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, *AUTHOR, "commit", "--quiet", "--allow-empty", "-m", "x")


def git(folder: Path, *arguments: str) -> str:
    """What git prints."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout
