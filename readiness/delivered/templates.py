"""Reads the templates next to this file, fills them in, and writes TOML for the delivered programs."""

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
    """The text in which each name is replaced by its value, wherever the name is a whole word.

    Values are inserted unchanged: names inside a value are not replaced.
    """
    pattern = "|".join(rf"\b{re.escape(name)}\b" for name in values)
    return re.sub(pattern, lambda found: values[found.group()], text)


def json_text(value: Any) -> str:
    """A value as JSON, which is the same value in YAML. In TOML too, except for `null`."""
    return json.dumps(value, ensure_ascii=False)


def toml_line(key: str, value: Any) -> str:
    """A key and its value; `value` is a text, number, truth value or a list of them."""
    return f"{key} = {json_text(value)}"
