"""Secrets, variables, files and labels of a GitHub repository.

Sources: the descriptions in GitHub's OpenAPI description, and what the provider accepts
(docs/facts/github.md#secrets-files-and-labels).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, at_most_characters, exactly_one_of, matches
from readiness.rules.violation import FieldMessage

_NAME = r"(?!(?i:GITHUB_))[A-Za-z_][A-Za-z0-9_]*"
_NAME_FORM = "a name for GitHub Actions: letters, digits and _, not starting with a digit or GITHUB_"


def _secret_value(inputs: BodyView) -> Iterator[FieldMessage]:
    """An empty value is uploaded without a word; a plain one would stand in plan and state. Never shown here."""
    value = inputs.text("value")
    if value == "":
        yield inputs.finding("value", "is empty, which GitHub stores without a word")
    elif value is not None:
        yield inputs.finding("value", "is plain text; give it as a secret")
    if inputs.text("valueEncrypted") == "":
        yield inputs.finding("valueEncrypted", "is empty")
    if inputs.has("valueEncrypted") and not inputs.has("keyId"):
        yield inputs.finding("keyId", "is required beside valueEncrypted")


def _path(inputs: BodyView) -> Iterator[FieldMessage]:
    """The path is part of the address: relative, and inside the repository."""
    path = inputs.text("file")
    if path is not None and (not path or path.startswith("/") or ".." in path.split("/")):
        yield inputs.finding("file", f"{path!r} is no path inside the repository")


def _whole_author(inputs: BodyView) -> Iterator[FieldMessage]:
    """Without name or e-mail GitHub answers 422; with one of them the provider sends neither."""
    written = inputs.written("commitAuthor", "commitEmail")
    if len(written) == 1:
        yield inputs.finding(written[0], "needs the other of commitAuthor and commitEmail")


def _colour(label: BodyView) -> Iterator[FieldMessage]:
    """`The hexadecimal color code for the label, without the leading #.`"""
    colour = label.text("color")
    if colour is not None and not re.fullmatch(r"[0-9a-fA-F]{6}", colour):
        yield label.finding("color", f"{colour!r} is not six hexadecimal digits without #")


SECRET_INPUT_RULES: tuple[Rule, ...] = (
    matches("secretName", _NAME, _NAME_FORM),
    exactly_one_of("value", "valueEncrypted"),
    _secret_value,
)
VARIABLE_RULES: tuple[Rule, ...] = (matches("name", _NAME, _NAME_FORM),)
FILE_INPUT_RULES: tuple[Rule, ...] = (_path, _whole_author)
LABEL_RULES: tuple[Rule, ...] = (_colour, at_most_characters("description", 100))
