"""The check of plain words finds given-away phrases in prose, and leaves code alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.words import findings, main


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("page.md", "Fine.\n\nThe job goes on.\n", [(3, "goes on")]),  # words: quoted
        ("page.md", "```text\nThe job goes on.\n```\nIt `goes on`.\n", []),  # words: quoted
        ("page.md", "The job goes\non.\n", [(1, "goes on")]),  # words: quoted
        ("code.py", "# The client is told.\n", [(1, "is told")]),  # words: quoted
        ("code.py", 'raise ValueError(f"{name} is told")\n', [(1, "is told")]),  # words: quoted
        ("code.py", "goes_on = anew\n", []),  # words: quoted
        ("code.py", "# It goes on.  # words: quoted\n", []),  # words: quoted
        ("code.py", "def test_a_job_goes_on() -> None: ...\n", [(1, "goes on")]),  # words: quoted
        ("code.ts", "const a = 1; // Made anew\n", [(1, "anew")]),  # words: quoted
        ("code.ts", "notice(`${name} goes on`);\n", [(1, "goes on")]),  # words: quoted
        ("code.css", "/* Made anew */\n.anew { }\n", [(1, "anew")]),  # words: quoted
    ],
)
def test_phrases_are_found_in_prose_only(tmp_path: Path, name: str, text: str, found: list[tuple[int, str]]) -> None:
    page = tmp_path / name
    page.write_text(text)
    assert sorted(findings(page)) == found


def test_the_check_fails_while_a_phrase_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("The job goes on.\n")  # words: quoted
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{page}:1: 'goes on'\n"  # words: quoted
    page.write_text("The job continues.\n")
    assert main([str(tmp_path)]) == 0
