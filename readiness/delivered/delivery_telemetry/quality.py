"""Test coverage, linting and other figures that CI publishes, read from the newest run of its workflow.

A job publishes a figure with one line, `echo "::notice title=Coverage::83.4"`; GitHub keeps it as an annotation of the
job's check run (https://docs.github.com/en/rest/checks/runs#list-check-run-annotations). This module only reads.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from ..apis import ApiError, Apis
from .settings import Quality, Settings

_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)")


class NotKnownError(Exception):
    """Why a figure cannot be read."""


def quality_lines(apis: Apis, settings: Settings) -> list[str]:
    """A line for each figure of the settings, with its target; a figure that cannot be read is "not known"."""
    if not settings.quality:
        return []
    return ["*quality*", *(_line(apis, settings, figure) for figure in settings.quality)]


def _line(apis: Apis, settings: Settings, figure: Quality) -> str:
    target = f"at least {figure.at_least:g}" if figure.at_least is not None else f"at most {figure.at_most:g}"
    try:
        value = read_figure(apis, settings, figure)
    except ApiError as error:
        return f"• :warning: {figure.name}: not known, GitHub answered {error.status} (target: {target})"
    except NotKnownError as error:
        return f"• :warning: {figure.name}: not known, {error} (target: {target})"
    met = value >= figure.at_least if figure.at_least is not None else value <= (figure.at_most or 0)
    return f"• {'' if met else ':warning: '}{figure.name}: {value:g} (target: {target})"


def read_figure(apis: Apis, settings: Settings, figure: Quality) -> float:
    """The figure of the newest completed run on the default branch. Raises ApiError and NotKnownError."""
    query = f"branch={quote(settings.default_branch, safe='')}&status=completed"
    runs = apis.github_pages(f"actions/workflows/{figure.file}/runs?{query}", "workflow_runs")
    run = next(runs, None)
    if run is None:
        raise NotKnownError(f"{figure.file} has no completed run on {settings.default_branch}")
    jobs = apis.github_pages(f"actions/runs/{run['id']}/attempts/{run['run_attempt']}/jobs", "jobs")
    job = next((job for job in jobs if job["name"] == figure.job), None)
    if job is None:
        raise NotKnownError(f"the newest run of {figure.file} has no job {figure.job}")
    # A job is a check run, with the same id.
    for annotation in apis.github_pages(f"check-runs/{job['id']}/annotations"):
        if annotation.get("title") == figure.annotation:
            number = _NUMBER.match(annotation.get("message") or "")
            if number is None:
                raise NotKnownError(f"the annotation {figure.annotation} does not begin with a number")
            return float(number[1])
    raise NotKnownError(f"the newest run of {figure.file} has no annotation {figure.annotation}")
