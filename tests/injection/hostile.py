"""The every-option stack with hostile values in the place of its texts, one by one or all at once."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

from readiness.finding import Finding, errors_only
from readiness.rules.stack import check_config
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath
from tests.pinned_clock import TODAY
from tests.projects import EVERY_OPTION, config_of
from tests.settings.mutations import paths_of

# What a workflow evaluates, a shell runs, YAML, TOML or Markdown reads as its own, or a reader does not see.
HOSTILE = (
    "${{ toJSON(secrets) }}",
    "${{toJSON(secrets)}}@y.io",
    "$(touch pwned)",
    "`touch pwned`",
    "x;touch${IFS}pwned;",
    "/h;touch${IFS}x;",
    "x && touch pwned",
    "x' 'y",
    'x" "y',
    "x | y",
    "<script>alert(1)</script>",
    "[x](javascript:alert)",
    "x\n::warning::forged",
    "x\r\nrun: touch pwned",
    "x\u202egnp.exe",
    "x\u2028y",
    "x\x1b[2Jy",
    "x\x00y",
    "x: y # z",
    "--option=x",
    "*anchor",
    "../../x",
)
# Written as people like, so that everything that shows them has to encode them: by key, and why.
FREE_TEXT = {
    "description": "a label's, for people",
    "name": "of a person, a label or a workflow",
    "reach": "how a person is reached",
    "reason": "why something is accepted",
    "workflow": "a workflow's own name",
    "production_workflow": "a workflow's own name",
    "job": "a job's own name",
    "context": "a check's own name",
    "healthy": "a word of the application's own answer",
    "value": "a word of the application's own answer",
    "looks": "Markdown of the team's own documents",
    "why": "Markdown of the team's own documents",
    "action": "Markdown of the team's own documents",
    "deployment": "Markdown of the team's own documents",
    "after_deployment": "Markdown of the team's own documents",
    "application_readme": "Markdown of the team's own documents",
    "because": "why an answer is harmless",
    "service_name": "PagerDuty's own name of a service",
    "team": "Slack's own name of a workspace",
    "items": "a key of the application's own answer",
    "source": "where prices are from",
    "connection_error_texts": "a pattern that Cloud Logging alone reads, of characters that no filter or shell escapes",
    "not_counted_texts": "a pattern that Cloud Logging alone reads, of characters that no filter or shell escapes",
}


def texts(config: StackConfig) -> Iterator[KeyPath]:
    """The path of every text below `readiness:` in a stack's configuration."""
    for path in paths_of(dict(config.values)):
        if str(path[0]).startswith("readiness:") and isinstance(_at(config.values, path), str):
            yield path


def _at(value: Any, path: KeyPath) -> Any:
    for step in path:
        value = value[step]
    return value


def with_values(config: StackConfig, paths: Iterable[KeyPath], value: str) -> StackConfig:
    """The configuration with another text at these places."""
    values = copy.deepcopy(dict(config.values))
    for path in paths:
        _at(values, path[:-1])[path[-1]] = value
    return dataclasses.replace(config, values=values)


@functools.cache
def every_option() -> StackConfig:
    """The stack with every setting that the model has. Read once: nobody changes it in place."""
    return config_of(EVERY_OPTION)


def problems_of(config: StackConfig) -> tuple[Finding, ...]:
    """What `check` refuses of it."""
    return errors_only(check_config(config, today=TODAY).problems)


def field_of(path: KeyPath) -> str:
    """The name of the field, of an entry in a list the list's."""
    return str(next(step for step in reversed(path) if isinstance(step, str))).removeprefix("readiness:")


def with_everywhere(value: str) -> tuple[StackConfig, list[KeyPath]]:
    """The configuration with that value in every place where it is accepted, and the places."""
    config = every_option()
    places: list[KeyPath] = []
    for path in list(texts(config)):
        changed = with_values(config, [path], value)
        if not problems_of(changed):
            config = changed
            places.append(path)
    return config, places
