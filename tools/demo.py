"""A demo without a customer, a cloud or an account: `make demo`.

`readiness init`, from the wheel of this checkout, writes the project of a made-up shop (examples/shop/answers.yaml)
into a temporary folder. A bad change is committed there; the demo prints the comment that its pull request gets. Then
promtool replays an incident on the alert rules before and after the change. Everything that is printed is run then.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from tools.find_tool import find_promtool

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "examples" / "shop" / "answers.yaml"
STACK = "prod"
SERVICE = "shop-api"
DATABASE_ID = "shop-prod-4711:shop-db"
# The change: somebody raises a threshold to be paged less often.
CHANGED_FILE, OLD, NEW = "Pulumi.yaml", "error_ratio: 0.05", "error_ratio: 0.5"
# Eight hours in which all is well, then twenty minutes in which one request of four fails. An alert that looks back for
# a day reads what there is: with more bad minutes it would fire here, and not after a whole good day.
GOOD_MINUTES, BAD_MINUTES = 480, 20
REQUESTS_A_MINUTE, FAILURES_A_MINUTE = 60, 15
BEGIN_OF_BAD_HOUR = 14
# The commands take a few seconds. This ends a command that hangs.
HANG_SECONDS = 300

_HEAD = "\033[1m{}\033[0m"
_COLOURS = {"!": "\033[33m{}\033[0m", "-": "\033[31m{}\033[0m", "+": "\033[32m{}\033[0m"}
# How promtool prints an alert that has fired, on several lines.
_FIRED = re.compile(r'expr: ".*# (?P<alert>\w+)", time: [^,]+,\s+exp:.*\s+got: *\{\} (?P<seconds>\S+)')


class DemoError(Exception):
    """A step did not do what the demo describes."""


@dataclass(frozen=True)
class Shop:
    """The project of the shop; `python` is the interpreter of an environment that has the wheel."""

    folder: Path
    python: Path

    def readiness(self, *arguments: str, status: int = 0) -> str:
        """The output of the command. Raises DemoError if it does not end with this status."""
        return self._run([str(self.python), "-m", "readiness", *arguments], status)

    def git(self, *arguments: str) -> str:
        """The output of git."""
        who = ("-c", "user.name=demo", "-c", "user.email=demo@shop.example.com")
        return self._run(["git", *who, *arguments], 0)

    def _run(self, command: list[str], status: int) -> str:
        left_out = ("CI", "GITHUB_", "GIT_", "PYTHON", "PULUMI_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        environment |= {"NO_COLOR": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=HANG_SECONDS
        )
        if done.returncode != status:
            shown = " ".join(["readiness", *command[3:]] if "readiness" in command else command)
            said = (done.stderr or done.stdout).strip()
            raise DemoError(f"`{shown}` ended with {done.returncode}, expected {status}:\n{said}")
        return done.stdout


def make_shop(work: Path) -> Shop:
    """Builds the wheel of this checkout, which then writes the shop's project."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False, timeout=HANG_SECONDS)
    if built.returncode:
        raise DemoError(f"the wheel was not built:\n{built.stderr.strip()}")
    environment, folder = work / "environment", work / "shop"
    venv.create(environment, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)}))
    # The locked packages of the checkout's environment. Its editable install is a `.pth` file there, and Python reads
    # none in a folder that a `.pth` file names.
    (packages / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    (wheel,) = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    folder.mkdir()
    shop = Shop(folder, environment / "bin" / "python")
    shop.readiness("init", ".", "--answers", str(ANSWERS))
    shop.git("init", "--quiet", "--initial-branch", "main")
    shop.git("add", "--all")
    shop.git("commit", "--quiet", "--message", "Declare the shop")
    return shop


def make_change(shop: Shop) -> str:
    """Commits the bad change on a branch. Returns its lines."""
    path = shop.folder / CHANGED_FILE
    text = path.read_text(encoding="utf-8")
    if text.count(OLD) != 1:
        raise DemoError(f"{CHANGED_FILE} of the shop does not hold {OLD!r} once; correct tools/demo.py")
    path.write_text(text.replace(OLD, NEW), encoding="utf-8")
    shop.git("switch", "--quiet", "--create", "fewer-pages")
    shop.git("commit", "--quiet", "--all", "--message", "Page less often")
    lines = shop.git("diff", "--unified=1", "main").splitlines()
    return "\n".join(line for line in lines if not line.startswith(("diff ", "index ", "@@")))


def pages(promtool: Path, folder: Path, rule_file: str) -> dict[str, int | None]:
    """Seconds from the first failing request's minute to the page, by alert; None where nobody is paged.

    promtool is asked for every alert of the file, with the expectation of no answer: its complaint holds the time.
    """
    rules = yaml.safe_load(rule_file)
    alerts = sorted(rule["alert"] for group in rules["groups"] for rule in group["rules"])
    (folder / "rules.yaml").write_text(rule_file, encoding="utf-8")
    (folder / "incident.yaml").write_text(yaml.safe_dump(incident(alerts)), encoding="utf-8")
    command = [str(promtool), "test", "rules", "incident.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=HANG_SECONDS)
    found = {match["alert"]: round(float(match["seconds"])) for match in _FIRED.finditer(done.stderr)}
    if done.returncode != (1 if found else 0) or done.stderr.count("expr: ") != len(found):
        raise DemoError(f"promtool did not replay the incident:\n{done.stdout}{done.stderr}"[-4000:])
    if early := sorted(alert for alert, seconds in found.items() if seconds < 0):
        raise DemoError(f"{', '.join(early)} paged before the incident began; correct the samples in tools/demo.py")
    return {alert: found.get(alert) for alert in alerts}


def incident(alerts: list[str]) -> dict[str, Any]:
    """The incident as promtool's test file. A sample a minute, as Cloud Run writes them; counters begin with a 0.

    The database runs all the time. Without its samples, DatabaseDown would fire: it counts silence as an outage.
    """
    labels = f'monitored_resource="cloud_run_revision",service_name="{SERVICE}",location="europe-west1"'
    name = "run_googleapis_com:request_count"
    end = (GOOD_MINUTES + BAD_MINUTES) * 60
    served = REQUESTS_A_MINUTE - FAILURES_A_MINUTE
    bad_begin = GOOD_MINUTES * 60

    def first(alert: str) -> str:
        firing = f'timestamp(ALERTS{{alertname="{alert}",alertstate="firing"}})'
        return f"min(min_over_time({firing}[{end + 1}s:{EVALUATION_INTERVAL_SECONDS}s])) - {bad_begin} # {alert}"

    return {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{EVALUATION_INTERVAL_SECONDS}s",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {
                        "series": f'{name}{{{labels},response_code_class="2xx",response_code="200"}}',
                        "values": f"0+{REQUESTS_A_MINUTE}x{GOOD_MINUTES} "
                        f"{REQUESTS_A_MINUTE * GOOD_MINUTES + served}+{served}x{BAD_MINUTES - 1}",
                    },
                    {
                        "series": f'{name}{{{labels},response_code_class="5xx",response_code="500"}}',
                        "values": f"_x{GOOD_MINUTES} 0+{FAILURES_A_MINUTE}x{BAD_MINUTES}",
                    },
                    {
                        "series": "cloudsql_googleapis_com:database_up"
                        f'{{monitored_resource="cloudsql_database",database_id="{DATABASE_ID}"}}',
                        "values": f"1x{GOOD_MINUTES + BAD_MINUTES}",
                    },
                ],
                "promql_expr_test": [
                    {"expr": first(alert), "eval_time": f"{end}s", "exp_samples": []} for alert in alerts
                ],
            }
        ],
    }


def rendered(markdown: str, *, colour: bool) -> Iterator[str]:
    """The lines of a comment as a terminal shows them: no tags, headings bold, lines of a diff in colour."""
    fence = ""
    for line in markdown.splitlines():
        opened = re.match(r"(`{3,}|~{3,})", line)
        if opened and (not fence or line == fence):
            fence = "" if fence else opened[1]
        elif fence:
            yield f"    {_painted(line, colour)}"
        elif not line.startswith("<!--") and line != "</details>":
            text = re.sub(r"<details><summary>(.*)</summary>", r"> \1", line)
            text = re.sub(r"</?(code|sub)>|^_|_$", "", text)
            heading = re.fullmatch(r"#+ (.*)", text)
            text = re.sub(r"\*\*(.+?)\*\*|`(.+?)`", lambda found: found[1] or found[2], heading[1] if heading else text)
            yield _HEAD.format(text) if heading and colour else text


def _painted(line: str, colour: bool) -> str:
    return _COLOURS.get(line[:1], "{}").format(line) if colour else line


def _clock(seconds: int | None) -> str:
    if seconds is None:
        return f"silent until {BEGIN_OF_BAD_HOUR}:{BAD_MINUTES}"
    minutes, rest = divmod(seconds, 60)
    return f"pages at {BEGIN_OF_BAD_HOUR}:{minutes:02}:{rest:02}"


def tell(work: Path, *, colour: bool) -> Iterator[str]:
    """The demo, line by line. Raises DemoError if a step fails, and RuntimeError without promtool."""

    def title(text: str) -> str:
        return f"\n{_HEAD.format(text) if colour else text}\n"

    yield title("1. A shop: readiness init . --answers examples/shop/answers.yaml")
    shop = make_shop(work)
    rules_before = shop.readiness("rules", STACK)
    plan = shop.readiness("plan", STACK).splitlines()
    yield from (line for line in shop.readiness("check", "--plan").splitlines() if line.startswith("ok "))
    yield f"{plan[0].partition(' (')[0]}, of them {rules_before.count('alert: ')} alert rules that promtool can run"
    yield title(f"2. A bad change: {OLD} becomes {NEW}")
    yield from (_painted(line, colour) for line in make_change(shop).splitlines())
    yield title("3. The comment on its pull request, whose job fails: readiness diff --base main --format markdown")
    comment = shop.readiness("diff", "--base", "main", "--format", "markdown", status=1)
    if "not acknowledged: " not in comment:
        raise DemoError(f"the diff names no change that nobody has acknowledged:\n{comment}")
    yield from rendered(comment, colour=colour)
    yield title(f"4. An incident: from {BEGIN_OF_BAD_HOUR}:00 on, a quarter of the requests to {SERVICE} fails")
    promtool = find_promtool(fetch=False)
    before = pages(promtool, work, rules_before)
    after = pages(promtool, work, shop.readiness("rules", STACK))
    yield f"{'alert':24}{'before the change':24}with the change"
    for alert in before:
        if before[alert] is not None or after.get(alert) is not None:
            yield f"{alert:24}{_clock(before[alert]):24}{_clock(after.get(alert))}"
    quiet = sum(before[alert] is None and after.get(alert) is None for alert in before)
    rules = f"the {len(before)} rules of `readiness rules {STACK}`"
    yield f"\npromtool ran {rules}, before and after; {quiet} of them stay silent for the {BAD_MINUTES} minutes."
    yield "In production, the delay until Monitoring shows a sample comes on top (docs/detection.md)."


def main() -> int:
    """Prints the demo. Ends with 1 if a step fails, or if promtool is missing and the incident was not replayed."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        with tempfile.TemporaryDirectory(prefix="readiness-demo-") as folder:
            for line in tell(Path(folder), colour=colour):
                print(line, flush=True)
    except (DemoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except RuntimeError as missing:
        print("The incident was not replayed, because promtool runs it.", file=sys.stderr)
        print(f"error: {missing}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
