"""The complete programs of the seed documents run as they stand and print what is said there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.seeds.blocks import Block, blocks
from tests.engine.seeds.deviations import DEVIATIONS, decided
from tests.engine.seeds.printed import assert_prints

COUNTS = {"000": (0, 6), "001": (5, 6), "002": (1, 15), "003": (0, 16), "004": (5, 6)}
"""For each document: programs, and fragments."""

PROGRAMS = [block for document in COUNTS for block in blocks(document) if block.is_program]


@pytest.mark.parametrize("document", COUNTS)
def test_every_piece_of_code_of_a_document_is_found(document: str) -> None:
    found = blocks(document)
    programs = sum(block.is_program for block in found)
    assert (programs, len(found) - programs) == COUNTS[document]
    for block in found:
        compile(block.code, block.name, "exec")


def test_every_deviation_is_of_a_piece_that_exists() -> None:
    names = {block.name for document in COUNTS for block in blocks(document)}
    assert {name for deviation in DEVIATIONS for name in deviation.pieces} <= names


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.name)
def test_a_program_prints_what_its_document_says(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(block.code, encoding="utf-8")
    command = [sys.executable, "-X", "dev", "-X", "utf8", str(program)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    assert_prints(done.stdout, decided(block))
    warnings = [line for line in done.stderr.splitlines() if "Warning" in line]
    assert len(warnings) == block.code.count("flow.wait_for_completion"), done.stderr
    assert all("DeprecationWarning: Flow.wait_for_completion is deprecated" in line for line in warnings)


@pytest.mark.parametrize("number", range(1, 6))
def test_the_web_page_has_the_same_programs_as_its_source_but_for_how_they_wait(number: int) -> None:
    """So the two extractions check each other: line numbers and indentation are gone from both."""
    source, page = blocks("001")[number - 1], blocks("004")[number - 1]

    def essence(code: str) -> list[str]:
        lines = [line.rstrip() for line in code.splitlines()]
        return [line for line in lines if line and "wait_for_completion" not in line and "import JobState" not in line]

    assert essence(source.code) == essence(page.code)
    assert source.prints == page.prints
