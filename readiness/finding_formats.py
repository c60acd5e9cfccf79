"""Findings as GitHub annotations, JSON, Markdown and SARIF 2.1.0. No form holds a credential or a forged line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from readiness.finding import Finding, Severity, text_line, text_without_place
from readiness.markdown_text import fenced
from readiness.secret_shapes import one_line

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_MAX_MARKDOWN_LINE_CHARACTERS = 1_000


def annotation(finding: Finding) -> str:
    """The workflow command by which GitHub Actions shows the finding on the line itself.

    Escaped as actions/toolkit does it (core/src/command.ts): a property's value also without `:` and `,`.
    """
    line = "" if finding.line is None else f",line={finding.line}"
    file = one_line(finding.file).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    command = "notice" if finding.severity is Severity.NOTE else finding.severity.value
    return f"::{command} file={file}{line}::{text_without_place(finding).replace('%', '%25')}"


def finding_rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Each finding as `{"rule_id", "severity", "file", "line", "key", "message", "hint"}`; `line` may be None."""
    return [
        {
            "rule_id": finding.rule_id,
            "severity": finding.severity.value,
            "file": one_line(finding.file),
            "line": finding.line,
            "key": one_line(finding.key),
            "message": one_line(finding.message),
            "hint": one_line(finding.hint),
        }
        for finding in findings
    ]


def findings_json(findings: Iterable[Finding]) -> str:
    """`{"findings": [...]}`, with one object for each finding."""
    return _json({"findings": finding_rows(findings)})


def findings_markdown(findings: Iterable[Finding]) -> str:
    """A block of code with one line for each finding, so that nothing in it is read as markup."""
    lines = [text_line(finding)[:_MAX_MARKDOWN_LINE_CHARACTERS] for finding in findings]
    return "\n".join(fenced(lines, ""))


def findings_sarif(findings: Sequence[Finding], *, tool: str) -> str:
    """A SARIF document with one rule for each rule id, and one result of the kind `fail` for each finding."""
    rule_ids = list(dict.fromkeys(finding.rule_id for finding in findings))
    rules = [
        {
            "id": rule_id,
            "shortDescription": {"text": rule_id.replace("-", " ").capitalize()},
            "help": {"text": "The message of each result says how to fix it."},
        }
        for rule_id in rule_ids
    ]
    results = []
    for finding in findings:
        index, text = rule_ids.index(finding.rule_id), text_without_place(finding)
        level = finding.severity.value
        results.append(sarif_result(finding.rule_id, index, "fail", level, text, finding.file, finding.line))
    return sarif_document(tool, rules, results)


def sarif_document(tool: str, rules: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> str:
    """The text of a SARIF 2.1.0 document with one run: the frame of every SARIF that Readiness writes."""
    run = {"tool": {"driver": {"name": tool, "rules": rules}}, "results": results}
    return _json({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def sarif_result(
    rule_id: str, rule_index: int, kind: str, level: str, text: str, file: str, line: int | None
) -> dict[str, Any]:
    """One result; `file` becomes a relative URI. A level other than `none` needs the kind `fail` (SARIF, 3.27.10)."""
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(one_line(file))}}
    if line is not None:
        place["region"] = {"startLine": line}
    return {
        "ruleId": rule_id,
        "ruleIndex": rule_index,
        "kind": kind,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
