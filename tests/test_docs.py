"""What is written down is true: programs run, commands exist, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SECONDS = 60


def blocks(page: str, language: str) -> Iterator[str]:
    """The code blocks of a page in one language."""
    yield from re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def programs() -> list[tuple[Path, int, str]]:
    """Every Python block of every page, with its number in the page."""
    found = ((page, enumerate(blocks(page.read_text(encoding="utf-8"), "python"), 1)) for page in PAGES)
    return [(page, number, code) for page, numbered in found for number, code in numbered]


def commands(program: str) -> set[str]:
    """Every `program <word>` in the shell blocks and inline code of every page."""
    found: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        inline = re.findall(r"`([^`\n]+)`", text)
        for line in [*inline, *(line for block in blocks(text, "sh") for line in block.splitlines())]:
            found |= set(re.findall(rf"^(?:\$ )?{program} ([a-z][a-z-]*)", line.strip()))
    return found


@pytest.mark.parametrize("code", [pytest.param(code, id=f"{page.name}-{number}") for page, number, code in programs()])
def test_a_program_in_the_documentation_runs(code: str, tmp_path: Path) -> None:
    """As a person would run it who copies it into a file; a server in it is stopped by its `with`."""
    path = tmp_path / "program.py"
    path.write_text(code, encoding="utf-8")
    command = [sys.executable, "-W", "error", str(path)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_make_target_that_is_written_down_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert commands("make") - targets == set()


def test_every_command_that_is_written_down_exists() -> None:
    for command in sorted(commands("routilux")):
        called = [str(Path(sys.executable).with_name("routilux")), command, "--help"]
        done = subprocess.run(called, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"routilux {command}: {done.stderr}"


def test_every_link_within_the_repository_leads_to_a_file() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"
