"""A problem as text and as an annotation: one line, no secret, nothing that a log could mistake for a command."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from readiness.finding import Finding, RefusedError, Severity, errors_only, text_line
from readiness.finding_formats import annotation, findings_json, findings_markdown, findings_sarif
from readiness.secret_shapes import looks_like_a_secret, mask_secrets, secrets_in
from tests.projects import ROOT
from tests.sarif_structure import SARIF

BOT_TOKEN = "xoxb-" + "1111-2222-madeUpToken"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nmadeUpToken\nmore\n-----END RSA PRIVATE KEY-----"


def problem(**fields: object) -> Finding:
    """A problem with these fields."""
    given = {
        "rule_id": "settings-x",
        "message": "is wrong",
        "hint": "Mend it",
        "file": "Pulumi.prod.yaml",
        "line": 7,
        "key": "readiness:x",
    }
    return Finding(**{**given, **fields})  # type: ignore[arg-type]


def test_the_text_names_file_line_key_what_is_wrong_and_how_to_mend_it() -> None:
    """In that order, as compilers do, so that editors can jump there."""
    assert text_line(problem()) == "Pulumi.prod.yaml:7: readiness:x: is wrong. Mend it."
    assert text_line(problem(line=None, key="")) == "Pulumi.prod.yaml: is wrong. Mend it."
    assert (
        text_line(problem(hint="Did you mean `y`?")) == "Pulumi.prod.yaml:7: readiness:x: is wrong. Did you mean `y`?"
    )


def test_the_annotation_is_a_workflow_command_of_its_severity() -> None:
    """GitHub shows it on the line of the file."""
    assert annotation(problem()) == "::error file=Pulumi.prod.yaml,line=7::readiness:x: is wrong. Mend it."
    warning = problem(severity=Severity.WARNING, line=None, key="")
    assert annotation(warning) == "::warning file=Pulumi.prod.yaml::is wrong. Mend it."


def test_an_annotation_is_escaped_as_github_unescapes_it() -> None:
    """A property also without `:` and `,`, or the rest of a file's name would be read as further properties."""
    written = annotation(problem(file="a:b,line=1%.yaml", message="is 80 %: too much, really"))
    assert written == ("::error file=a%3Ab%2Cline=1%25.yaml,line=7::readiness:x: is 80 %25: too much, really. Mend it.")


@pytest.mark.parametrize("field", ["file", "key", "message", "hint"])
@pytest.mark.parametrize(
    "forged", ["a\n::error file=x::forged", "a\r::stop-commands::x", "\x1b[2Ja", "a\u2028b", "a\u202eb"]
)
def test_no_name_in_a_file_can_forge_a_line_or_steer_the_terminal(field: str, forged: str) -> None:
    """Keys come from files that anybody may propose a change to."""
    for text in (text_line(problem(**{field: forged})), annotation(problem(**{field: forged}))):
        assert text.isprintable()
        assert len(text.splitlines()) == 1


def test_json_and_markdown_and_sarif_hold_no_forged_line_and_no_credential() -> None:
    """Whatever the form, and no text of a file is read as markup."""
    finding = problem(key=f"`a`\n``` {BOT_TOKEN}", file="a b#c.yaml")
    for text in (findings_json([finding]), findings_markdown([finding]), findings_sarif([finding], tool="x")):
        assert "madeUpToken" not in text
        assert "[secret]" in text
    assert findings_markdown([finding]).splitlines()[0] == "````"
    (row,) = json.loads(findings_json([finding]))["findings"]
    assert row["key"] == "`a` ``` [secret]"
    report = json.loads(findings_sarif([finding, problem(line=None, severity=Severity.WARNING)], tool="x"))
    jsonschema.validate(report, SARIF)
    (run,) = report["runs"]
    assert len(run["tool"]["driver"]["rules"]) == 1
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert locations[0]["artifactLocation"]["uri"] == "a%20b%23c.yaml"
    assert "region" not in locations[1]


def test_without_findings_every_document_is_whole() -> None:
    """An empty list is no empty document."""
    assert json.loads(findings_json([])) == {"findings": []}
    jsonschema.validate(json.loads(findings_sarif([], tool="x")), SARIF)


def test_a_key_of_endless_length_is_cut() -> None:
    """The message stays readable."""
    assert text_line(problem(key="k" * 10_000)) == f"Pulumi.prod.yaml:7: {'k' * 120}…: is wrong. Mend it."


@pytest.mark.parametrize("field", ["file", "key", "message", "hint"])
@pytest.mark.parametrize(
    "secret",
    [
        BOT_TOKEN,
        "xapp-" + "1-A-madeUpToken",
        "https://hooks.slack.com/" + "services/T0/B0/madeUpToken",
        "ghs_" + "madeUpToken0123456789",
        "github_pat_" + "madeUpToken0123456789",
        "ya29." + "madeUpToken",
        "AIza" + "madeUpToken0123456789abcdefghijklmno",
        "GOCSPX-" + "madeUpToken",
        "pul-" + "0123456789abcdef" * 2,
        "sk-" + "proj-madeUpToken0123456789",
        "sk-" + "madeUpToken0123456789abcdefghijkl",
        "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiJ4In0.madeUpToken",
        "postgres://admin:" + "madeUpToken@db/x",
        '{"private_key": "madeUpToken"}',
        PEM,
    ],
)
def test_nothing_of_a_credentials_shape_is_printed(field: str, secret: str) -> None:
    """Whatever part of a problem it got into."""
    assert looks_like_a_secret(secret)
    for text in (text_line(problem(**{field: secret})), annotation(problem(**{field: secret}))):
        assert "[secret]" in text
        assert secret not in text
        assert "madeUpToken" not in text


def test_a_key_of_32_digits_is_masked_where_it_stands_alone_in_a_text() -> None:
    """PagerDuty's integration keys. A longer digest, as of a commit, is none."""
    key = "0123456789abcdef" * 2
    assert looks_like_a_secret(key)
    assert mask_secrets(f"readiness:x.{key}.y") == "readiness:x.[secret].y"
    assert not looks_like_a_secret(f"https://gist.github.com/shop/{key}")
    assert mask_secrets(key + "01234567") == key + "01234567"


@pytest.mark.parametrize(
    "text",
    ["task-madeUpName0123456789abcdefghijklmnopq", "sk-short", "eyJ.a.b", "risk-of-a-very-long-name-of-a-service"],
)
def test_a_name_that_only_begins_like_a_credential_is_none(text: str) -> None:
    """A false alarm would refuse a good file."""
    assert not looks_like_a_secret(text)


def test_every_credential_of_a_text_is_found_with_its_line() -> None:
    """Line 1 is the first."""
    assert list(secrets_in(f"a\n# {BOT_TOKEN}\n\nb: {BOT_TOKEN}x y")) == [(2, BOT_TOKEN), (4, f"{BOT_TOKEN}x")]


def test_a_refusal_carries_every_problem_and_reads_as_all_of_them() -> None:
    """One line each."""
    refusal = RefusedError([problem(), problem(line=8)])
    assert str(refusal).splitlines() == [text_line(problem()), text_line(problem(line=8))]
    assert refusal.problems == (problem(), problem(line=8))


def test_warnings_are_left_out_of_what_stops_a_command() -> None:
    """In the given order."""
    warning = problem(severity=Severity.WARNING)
    assert errors_only([problem(), warning, problem(line=8)]) == (problem(), problem(line=8))


def test_every_rule_id_is_in_kebab_case() -> None:
    """Programs compare them, so they are written like the ids of the audit and of the policy pack."""
    written = r'(?:rule_id=|config\.(?:error|warning|error_at_key)\()\s*"([^"]*)"'
    ids = [
        rule_id
        for path in (ROOT / "readiness").rglob("*.py")
        for rule_id in re.findall(written, path.read_text(encoding="utf-8"))
    ]
    assert len(ids) > 100
    assert [rule_id for rule_id in ids if not re.fullmatch(r"[a-z]+(-[a-z]+)+", rule_id)] == []
