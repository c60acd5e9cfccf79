"""`python -m tests.answers` records what the commands answer; `--check` shows where they answer something else.

The sections are made in two processes, as the suite is run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.answers.corpus import RECORDED, differences
from tests.answers.sections import SECTIONS, made


def main() -> int:
    """The exit status: 1 where an answer differs from the recorded one."""
    parser = argparse.ArgumentParser(prog="python -m tests.answers", description="Record or compare answers.")
    parser.add_argument("--check", action="store_true", help="write nothing; show what differs and fail")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"all by default: {', '.join(SECTIONS)}")
    given = parser.parse_args()
    unknown = sorted(set(given.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}")
    names = given.sections or list(SECTIONS)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        texts = dict(zip(names, pool.map(made, names), strict=True))
    if not given.check:
        RECORDED.mkdir(exist_ok=True)
        for name, text in texts.items():
            (RECORDED / f"{name}.txt").write_text(text, encoding="utf-8")
        return 0
    differing = [name for name, text in texts.items() if _shown(name, text)]
    return int(bool(differing))


def _shown(name: str, text: str) -> bool:
    """Prints how a section differs; whether it does."""
    path = RECORDED / f"{name}.txt"
    found = differences(path.read_text(encoding="utf-8") if path.is_file() else "", text)
    for difference in found:
        sys.stdout.write(f"{difference}\n\n")
    sys.stdout.write(f"{name}: {len(found)} answers differ\n" if found else f"ok {name}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
