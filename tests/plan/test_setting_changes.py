"""Which settings a change edits, where each is, and beside which resource it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.plan.setting_changes import SettingChange, causes, over_stacks, setting_changes
from readiness.settings.stack_files import StackConfig, read_stack

PROJECT = """name: readiness
runtime: python
config:
  readiness:alerts:
    default:
      high_error_rate:
        error_ratio: 0.05
"""
STACK = """config:
  readiness:channels:
    emails:
      - ops@firm.com
  readiness:slack_auth_token: abcdef
  github:owner: acme
"""


def config(folder: Path, project: str = PROJECT, stack: str = STACK) -> StackConfig:
    """The configuration of a stack with these files."""
    folder.mkdir(exist_ok=True)
    (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
    (folder / "Pulumi.prod.yaml").write_text(stack, encoding="utf-8")
    return read_stack(folder, "prod")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("error_ratio: 0.05", "error_ratio: 0.2", "Pulumi.yaml:7 alerts.high_error_rate.error_ratio 0.05 → 0.2"),
        ("- ops@firm.com", "- dev@firm.com", "Pulumi.prod.yaml:4 channels.emails[0] ops@firm.com → dev@firm.com"),
        ("owner: acme", "owner: evil", "Pulumi.prod.yaml:6 github:owner acme → evil"),
        ("abcdef", "ghijkl", "Pulumi.prod.yaml:5 slack_auth_token [secret] → [secret]"),
        (
            "- ops@firm.com",
            "- ops@firm.com\n      - dev@firm.com",
            "Pulumi.prod.yaml:3 channels.emails ops@firm.com → ops@firm.com, dev@firm.com",
        ),
        (
            "  github:owner: acme\n",
            "",
            "Pulumi.prod.yaml:6 github:owner acme → (absent)",
        ),
        (
            "  github:owner: acme\n",
            "  github:owner: acme\n  readiness:runbook:\n    url: https://a.b/c\n",
            "Pulumi.prod.yaml:8 runbook.url (absent) → https://a.b/c",
        ),
    ],
)
def test_an_edited_setting_is_named_with_file_line_and_both_values(
    tmp_path: Path, old: str, new: str, text: str
) -> None:
    """A secret is not shown; what is removed has its old line."""
    before = config(tmp_path / "old")
    after = config(tmp_path / "new", PROJECT.replace(old, new), STACK.replace(old, new))
    assert [change.text for change in setting_changes("prod", before, after)] == [text]


def test_without_an_edit_there_is_none(tmp_path: Path) -> None:
    """A comment or a line that moves is no edit."""
    before, after = config(tmp_path / "old"), config(tmp_path / "new", stack=f"# Comment\n{STACK}")
    assert setting_changes("prod", before, after) == ()


def _setting(key: str, old: str, new: str, stack: str = "prod") -> SettingChange:
    return SettingChange(place="Pulumi.yaml:7", key=key, old=old, new=new, stacks=(stack,))


def test_a_setting_that_stacks_share_is_there_once() -> None:
    """It names them both."""
    both = over_stacks([[_setting("a.b", "1", "2")], [_setting("a.b", "1", "2", "staging"), _setting("c", "1", "3")]])
    assert [(change.key, change.stacks) for change in both] == [("a.b", ("prod", "staging")), ("c", ("prod",))]


@pytest.mark.parametrize(
    ("key", "old", "new", "name", "lines", "is_cause"),
    [
        ("alerts.high_error_rate.error_ratio", "0.05", "0.2", "alerts-high-error-rate", [], True),
        ("alerts.high_error_rate.error_ratio", "0.05", "0.2", "alerts-high-latency", ["- 0.051", "+ 0.2"], False),
        ("channels.emails[0]", "a@b.com", "c@b.com", "it", ["- email: a@b.com", "+ email: c@b.com"], True),
        ("channels.emails[0]", "a@b.com", "c@b.com", "it", ["- email: a@b.com", "+ email: d@b.com"], False),
        ("services[0].max_instances", "1", "0", "it", ["- x: 1", "+ x: 0"], False),
    ],
)
def test_a_setting_is_shown_beside_what_it_changes(
    key: str, old: str, new: str, name: str, lines: list[str], *, is_cause: bool
) -> None:
    """By the resource's name, or by both values in its lines; a value that is everywhere shows nothing."""
    setting = _setting(key, old, new)
    assert causes([setting], name, lines) == ([setting] if is_cause else [])
