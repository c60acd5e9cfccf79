"""Reads the templates beside this file, fills them in, and writes TOML for the delivered programs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


def template(name: str) -> str:
    """The text of a template."""
    return files("readiness.delivered").joinpath(name).read_text(encoding="utf-8")


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """The text with the value of every name in place of that name, wherever it is a word of its own.

    Values are put in as they are: what a value holds is not taken for a name.
    """
    pattern = "|".join(rf"\b{re.escape(name)}\b" for name in values)
    return re.sub(pattern, lambda found: values[found.group()], text)


def json_text(value: Any) -> str:
    """A value as JSON, which YAML reads as the same value. TOML does too, except for `null`."""
    return json.dumps(value, ensure_ascii=False)


def toml_line(key: str, value: Any) -> str:
    """A key and its value; `value` is a text, number, truth value or a list of them."""
    return f"{key} = {json_text(value)}"
