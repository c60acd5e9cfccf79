"""The recorded answers of the health endpoint, and how an answer is made comparable."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.projects import ROOT

RECORDED_FILE = ROOT / "tests" / "health" / "recorded.json"
# `(variant of the service, whether its database is up)`, in the order of the page.
CASES = {
    "before the change, database up": ("before", True),
    "before the change, database down": ("before", False),
    "after the change, database up": ("after", True),
    "after the change, database down": ("after", False),
    "with the second change, database down": ("after-503", False),
}


def recorded() -> dict[str, dict[str, Any]]:
    """`{case: {status, body}}`."""
    return json.loads(RECORDED_FILE.read_text(encoding="utf-8"))


def comparable(status: int, body: Any) -> dict[str, Any]:
    """Without what differs from run to run: the moment and the port."""
    text = json.dumps(body)
    text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.+]+", "2026-01-01T00:00:00+00:00", text)
    text = re.sub(r"(port |127\.0\.0\.1:)\d{4,5}", r"\g<1>5432", text)
    return {"status": status, "body": json.loads(text)}
