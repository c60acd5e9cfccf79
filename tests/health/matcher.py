"""Google's content matcher of an uptime check, as far as a plain JSON path goes.

What a value is compared with, its text or its JSON with the quotes, the API's description leaves open for regular
expressions: an answer counts as accepted, or as refused, only where both readings agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from readiness.live.verify.service import value_at


def passes(answer: Mapping[str, Any], *, json_path: str, json_matcher: str, content: str) -> bool:
    """Whether the check passes on `{status, body}`: a status of 2xx, and the value at the path matches."""
    if not 200 <= answer["status"] < 300:
        return False
    value = value_at(answer["body"], json_path)
    if json_matcher == "EXACT_MATCH":
        return value is not None and json.loads(content) == value
    readings = {bool(re.search(content, text)) for text in (str(value), json.dumps(value))}
    assert len(readings) == 1, f"{content} means different things for {value!r} with and without its quotes"
    return readings.pop()
