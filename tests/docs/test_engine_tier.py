"""The guide of the engine tier, compared with the tests that it names."""

from __future__ import annotations

import re

from tests.projects import ROOT


def test_the_guide_counts_the_faults_that_the_tests_name() -> None:
    """Numbered one after the other, each once."""
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "tests" / "engine").glob("test_*.py")]
    numbers = sorted(int(number) for source in sources for number in re.findall(r"def test_fault_(\d\d)_", source))
    assert numbers == list(range(1, len(numbers) + 1))
    guide = (ROOT / "docs" / "engine-tier.md").read_text(encoding="utf-8")
    assert f"**{len(numbers)} faults are survived**" in guide
