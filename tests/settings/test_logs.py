"""How a service logs: what is refused because it can never match, and what is warned about because nobody said it."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import Finding, Severity
from tests.edits import edit, found

# Of the backend of the fixture project.
OWN = "        connection_error_texts:\n"
TEXT = '          - "Database (connection test|health check) failed: "\n'
PYTHON_TEXT = "        language: python\n        format: text\n"
LOGS = "services[0].logs"


def refused(prod: Path) -> Finding:
    """The one thing that is wrong, which must be an error."""
    (problem,) = found(prod).values()
    assert problem.severity is Severity.ERROR
    return problem


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("pool (gone", "is no regular expression that Cloud Logging takes"),
        ("pool++ gone", "is no regular expression that Cloud Logging takes"),
        ("(?=pool) gone", "is no regular expression that Cloud Logging takes"),
        ("(?i)pool gone", "is no regular expression that Cloud Logging takes"),
        ("*pool", "is no regular expression that Cloud Logging takes"),
        ("...", "is found in lines of a service that is well, so that it would count no errors"),
        ("(pool)?.*", "is found in lines of a service that is well, so that it would count no errors"),
        ("INFO", "is found in lines of a service that is well, so that it would count no errors"),
        ("[a-z]+", "is found in lines of a service that is well, so that it would count no errors"),
        ("a|b", "is found in lines of a service that is well, so that it would count no errors"),
        (r"pool \"gone\"", "is not a pattern of a log message"),
        (r"pool\\d", "is not a pattern of a log message"),
        ("it's gone", "is not a pattern of a log message"),
        ("a{2000}", "is not a pattern of a log message"),
        ("pool$ gone", "is not a pattern of a log message"),
    ],
)
def test_a_pattern_that_logging_refuses_or_that_counts_everything_is_refused(
    prod: Path, pattern: str, message: str
) -> None:
    """At its place, with a hint, and never an exception."""
    edit(prod, TEXT, f'          - "{pattern}"\n')
    problem = refused(prod)
    assert (problem.key, problem.message) == (f"readiness:{LOGS}.connection_error_texts[0]", message)
    assert problem.hint


@pytest.mark.parametrize("pattern", ["pool (gone|asleep)", "gone.$", "[Nn]o .*database", "(?:shop|stock) db: .+?gone"])
def test_a_pattern_of_words_is_taken(prod: Path, pattern: str) -> None:
    """Groups, sets, any character, repetitions and the end."""
    edit(prod, TEXT, f'          - "{pattern}"\n')
    assert found(prod) == {}


def test_an_empty_pattern_is_refused(prod: Path) -> None:
    """It would be found everywhere."""
    edit(prod, TEXT, '          - ""\n')
    assert refused(prod).message == "is empty"


def test_fields_of_json_are_refused_where_the_service_logs_text(prod: Path) -> None:
    """They could match nothing, without a word."""
    edit(prod, OWN, f"        message_fields: [event]\n{OWN}")
    problem = refused(prod)
    assert problem.rule_id == "settings-log-pattern-unmatchable"
    assert problem.key == f"readiness:{LOGS}.message_fields"
    assert problem.message == "names fields of JSON, and the service logs text: they can match nothing"
    assert problem.hint == "Write `format: json`, or remove the fields"
    edit(prod, PYTHON_TEXT, PYTHON_TEXT.replace("text", "json"))
    assert found(prod) == {}


def test_a_language_without_ready_patterns_needs_some_of_the_team(prod: Path) -> None:
    """Else no connection error would ever count."""
    edit(prod, PYTHON_TEXT, PYTHON_TEXT.replace("python", "other"))
    assert found(prod) == {}
    edit(prod, OWN + TEXT, "")
    problem = refused(prod)
    assert problem.rule_id == "settings-log-pattern-unmatchable"
    assert problem.key == f"readiness:{LOGS}.language"
    assert problem.hint == "List what the service logs of a failed connection in `connection_error_texts`"


def test_a_language_that_is_not_known_is_refused_by_name(prod: Path) -> None:
    """With those that are."""
    edit(prod, PYTHON_TEXT, PYTHON_TEXT.replace("python", "javascript"))
    problem = refused(prod)
    assert problem.key == f"readiness:{LOGS}.language"
    assert problem.hint.endswith("Allowed: python, node, java, go, other")


@pytest.mark.parametrize("missing", ["language", "format"])
def test_language_and_format_are_both_said(prod: Path, missing: str) -> None:
    """Neither follows from the other."""
    line = next(line for line in PYTHON_TEXT.splitlines(keepends=True) if missing in line)
    edit(prod, PYTHON_TEXT, PYTHON_TEXT.replace(line, ""))
    assert refused(prod).message == "is missing"


def test_a_service_that_does_not_say_how_it_logs_is_warned_about(prod: Path) -> None:
    """With a database alone: nothing else depends on it."""
    edit(prod, "      logs:\n        language: node\n        format: text\n", "")
    (problem,) = found(prod).values()
    assert (problem.severity, problem.key) == (Severity.WARNING, "readiness:services[1]")
    assert problem.rule_id == "settings-logs-not-declared"
    assert "only found if it is Python that logs plain text" in problem.message
    assert "python|node|java|go|other" in problem.hint
