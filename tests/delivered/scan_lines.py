"""The lines that put the gate into a workflow that people maintain by hand, for the tests of docs/scanning.md.

Their workflows are never written over: a person adds these lines, and docs/scanning.md shows them. The text is changed
here, not its meaning, so that what people wrote around it stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from readiness.delivered.image_files import FOLDER

PERMISSION = "      security-events: write"
_STEP = """\
      - name: Stop on a critical vulnerability in the {part}
        uses: ./{folder}/scan-image
        with:
          image: {image}
          category: {part}

"""


def gate_step(part: str, image: str) -> str:
    """A step that scans `image`, as it stands in a job; `part` is what people call it: `backend`."""
    return _STEP.format(folder=FOLDER, part=part, image=image)


def with_gate(workflow: str, *, job: str, before: str, images: Sequence[tuple[str, str]]) -> str:
    """The workflow with a step for each `(part, image)` before the step named `before` of `job`, and the right to show.

    Raises ValueError where the job, its permissions or the step is not written as expected: nothing is guessed.
    """
    lines = workflow.splitlines(keepends=True)
    start = _index(lines, f"  {job}:", 0)
    end = next((at for at in range(start + 1, len(lines)) if _begins_a_job(lines[at])), len(lines))
    right = _index(lines[:end], "      id-token: write", start)
    step = _index(lines[:end], f"      - name: {before}", right)
    # A comment that stands above the step belongs to it.
    while lines[step - 1].lstrip().startswith("#"):
        step -= 1
    steps = "".join(gate_step(part, image) for part, image in images)
    return "".join([*lines[: right + 1], f"{PERMISSION}\n", *lines[right + 1 : step], steps, *lines[step:]])


def _begins_a_job(line: str) -> bool:
    return line.startswith("  ") and not line.startswith(("   ", "  #")) and line.rstrip().endswith(":")


def _index(lines: Sequence[str], wanted: str, start: int) -> int:
    found = next((at for at in range(start, len(lines)) if lines[at].rstrip() == wanted), None)
    if found is None:
        raise ValueError(f"there is no line {wanted.strip()!r} where it is expected")
    return found
