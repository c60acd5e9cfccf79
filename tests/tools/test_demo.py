"""`make demo`: what it prints is run, and what was not run is not said to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import demo
from tools.find_tool import find_promtool

RULES = """
groups:
  - name: one
    interval: 30s
    rules:
      - alert: Failing
        expr: run_googleapis_com:request_count{response_code_class="5xx"} > 0
        for: 120s
      - alert: Silent
        expr: run_googleapis_com:request_count{response_code_class="4xx"} > 0
"""


@pytest.mark.processes
def test_it_shows_the_shop_the_change_its_comment_and_the_minute_of_the_page(tmp_path: Path) -> None:
    """The alert that the change affects pages at that minute before it, and is silent with it."""
    text = "\n".join(demo.tell(tmp_path, colour=False))
    shop, change, comment, incident = parts_of(text)
    assert "ok prod\nok staging\nreadiness/prod: " in shop
    assert "-        error_ratio: 0.05\n+        error_ratio: 0.5\n" in change
    assert "The change that weakens protection is not acknowledged." in comment
    assert "! threshold > 0.05 -> > 0.5 [not acknowledged: w" in comment
    assert "<details>" not in text
    paged = [line.split() for line in incident.splitlines() if "pages at" in line or "silent until" in line]
    assert [(words[0], words[3]) for words in paged] == [("ErrorBudgetBurn", "14:17:30"), ("HighErrorRate", "14:06:30")]
    assert f"{'HighErrorRate':24}{'pages at 14:06:30':24}silent until 14:20" in incident.splitlines()
    assert "\x1b" not in text


def parts_of(text: str) -> Iterator[str]:
    """The parts, without their numbers."""
    for number in (1, 2, 3, 4):
        yield text.partition(f"\n{number}. ")[2].partition(f"\n{number + 1}. ")[0]


def test_promtool_tells_when_an_alert_pages(tmp_path: Path) -> None:
    """The first sample above 0 is that of the second bad minute; two minutes later the alert fires."""
    assert demo.pages(find_promtool(fetch=False), tmp_path, RULES) == {"Failing": 180, "Silent": None}


def test_an_alert_that_fires_before_the_incident_is_an_error_of_the_demo(tmp_path: Path) -> None:
    """Its minute would be negative."""
    with pytest.raises(demo.DemoError, match="Failing paged before the incident began"):
        demo.pages(find_promtool(fetch=False), tmp_path, RULES.replace('"5xx"', '"2xx"'))


def test_rules_that_promtool_does_not_run_are_no_answer(tmp_path: Path) -> None:
    """Neither a page nor silence."""
    with pytest.raises(demo.DemoError, match="promtool did not replay the incident"):
        demo.pages(find_promtool(fetch=False), tmp_path, RULES.replace("> 0\n        for", "> >\n        for"))


def test_without_promtool_it_says_what_was_not_run_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After everything else was shown."""

    def tell(_folder: Path, *, colour: bool) -> Iterator[str]:
        yield f"shown, {colour}"
        raise RuntimeError("promtool is not here yet. Run `make tools` once.")

    monkeypatch.setattr(demo, "tell", tell)
    assert demo.main() == 1
    out, err = capsys.readouterr()
    assert out == "shown, False\n"
    assert "The incident was not replayed" in err
    assert "Run `make tools` once." in err


def test_a_step_that_fails_ends_the_demo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With what the step said; nothing after it is shown."""

    def make_shop(_work: Path) -> demo.Shop:
        raise demo.DemoError("`readiness init` ended with 1, expected 0:\nerror: x")

    monkeypatch.setattr(demo, "make_shop", make_shop)
    assert demo.main() == 1
    assert "`readiness init` ended with 1, expected 0:\nerror: x\n" in capsys.readouterr().err


def test_a_comment_is_shown_as_a_terminal_shows_it() -> None:
    """Marks of Markdown and tags are gone outside of a fence, and are left alone inside it."""
    text = "<!-- x -->\n## Title\n**bold** `code`\n~~~~diff\n- `a`\n+ **b**\n~~~~\n<details><summary>more</summary>\n"
    assert list(demo.rendered(text, colour=False)) == ["Title", "bold code", "    - `a`", "    + **b**", "> more"]
    assert list(demo.rendered("## T\n```diff\n- a\n```", colour=True)) == ["\033[1mT\033[0m", "    \033[31m- a\033[0m"]
