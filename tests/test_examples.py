"""The programs in examples/ run as they stand and print what they promise."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def start(name: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output_of(name: str) -> str:
    with start(name) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out


def test_first_flow_counts_words_and_shows_it_until_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("three little words")
    (tmp_path / "two.txt").write_text("two more")
    with start("first_flow.py", str(tmp_path)) as process:
        assert process.stdout is not None
        assert re.fullmatch(r"Dashboard: http://127\.0\.0\.1:\d+/jobs/[0-9a-f-]{36}\n", process.stdout.readline())
        assert process.stdout.readline() == "completed: {'files': 2, 'words': 5}\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def retries_and_errors(out: str) -> None:
    lines = out.splitlines()
    assert lines[0] == "The job completed."
    assert sorted(line.split(":")[0] for line in lines[1:-1]) == [
        "parser error_continued",
        "receipts error_continued",
        "sender retry",
        "sender retry",
    ]
    assert lines[-1] == "order 1: one of 25 for 100"


def pause_and_resume(out: str) -> None:
    paused, completed = out.splitlines()
    assert re.fullmatch(r"paused: [\d,]+ numbers wait, [\d,]+ primes so far", paused)
    assert completed == "completed: 3,245 primes"


@pytest.mark.parametrize("check", [retries_and_errors, pause_and_resume])
def test_what_an_example_prints(check: Callable[[str], None]) -> None:
    check(output_of(f"{check.__name__}.py"))


def test_every_example_is_run() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [file.stem for file in EXAMPLES.glob("*.py") if file.stem not in source] == []
