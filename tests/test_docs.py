"""The documentation is true: programs run and print the promised output, commands and link targets exist."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.programs import Program, problem, programs_of

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FOLLOWED = ROOT / "docs" / "contributing.md"
"""Its walkthroughs add the commands that it mentions; `test_contributing.py` follows them."""
GUIDE = sorted(ROOT.glob("docs/guide/*.md"))
SECONDS = 60


def name(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()


def shell_blocks(page: str) -> Iterator[str]:
    """The shell blocks of a page."""
    yield from re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def commands(program: str) -> set[str]:
    """Every `program <word>` in the shell blocks and inline code of every page."""
    found: set[str] = set()
    for page in PAGES:
        if page == FOLLOWED:
            continue
        text = page.read_text(encoding="utf-8")
        inline = re.findall(r"`([^`\n]+)`", text)
        for line in [*inline, *(line for block in shell_blocks(text) for line in block.splitlines())]:
            found |= set(re.findall(rf"^(?:\$ )?{program} ([a-z][a-z-]*)", line.strip()))
    return found


def run(program: Program, folder: Path) -> str:
    """Run a program as if a reader had copied it into a file; return its output."""
    (folder / program.file).write_text(program.code, encoding="utf-8")
    command = [sys.executable, "-W", "error", program.file]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, cwd=folder, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{program.place}\n{done.stdout}{done.stderr}"
    return done.stdout


WITH_PROGRAMS = [page for page in PAGES if page != FOLLOWED and programs_of(page)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", WITH_PROGRAMS, ids=name)
def test_the_programs_of_a_page_print_the_promised_output(page: Path, tmp_path: Path) -> None:
    """They run in one folder, in order: a later one may use files of an earlier one."""
    for program in programs_of(page):
        printed = run(program, tmp_path)
        if program.prints is not None:
            assert problem(program.prints, printed) is None, f"{program.place}: {problem(program.prints, printed)}"


@pytest.mark.parametrize("page", GUIDE, ids=name)
def test_every_program_of_the_guide_shows_its_output(page: Path) -> None:
    silent = [program.place for program in programs_of(page) if program.prints is None and not program.is_module]
    assert silent == []


def test_every_documented_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert commands("make") - targets == set()


def test_every_documented_command_exists() -> None:
    for command in sorted(commands("routilux")):
        called = [str(Path(sys.executable).with_name("routilux")), command, "--help"]
        done = subprocess.run(called, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"routilux {command}: {done.stderr}"


def test_every_relative_link_leads_to_an_existing_file_and_heading() -> None:
    for page in PAGES:
        text = re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" not in link:
                path, _, anchor = link.partition("#")
                target = page.parent / path if path else page
                assert target.exists(), f"{name(page)}: {link}"
                assert not anchor or anchor in anchors(target), f"{name(page)}: {link}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = re.findall(r'<a id="([^"]+)">', text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(named)


# -- and the comparison can fail --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promised", "printed", "says"),
    [
        ("a\nb\n", "a\nb\n", None),
        ("job …\n", "job 1f2e\n", None),
        ("a … c … e\n", "a b c d e\n", None),
        ("job …\n", "job \n", "line 1: 'job …' is promised, 'job ' is printed"),
        ("a\nb\n", "a\nc\n", "line 2: 'b' is promised, 'c' is printed"),
        ("a …\n", "a b\nc\n", "line 2: nothing is promised, 'c' is printed"),
        ("a\nb\n", "a\n", "line 2: 'b' is promised, nothing is printed"),
        ("1.5\n", "105\n", "line 1: '1.5' is promised, '105' is printed"),
    ],
)
def test_output_is_compared_line_by_line_with_gaps_for_ids_and_times(
    promised: str, printed: str, says: str | None
) -> None:
    assert problem(promised, printed) == says


def test_the_programs_of_a_page_are_found_with_their_files_and_outputs(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python\n# shop.py\nprice = 3\n```\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\n"
        "```python\nprint(2)\n```\n\nIt prints:\n\n```text\n2\n```\n"
    )
    found = [(program.file, program.is_module, program.prints, program.line) for program in programs_of(page)]
    assert found == [("shop.py", True, None, 3), ("program_2.py", False, "1\n", 8), ("program_3.py", False, None, 16)]
