"""What the tokens of a source file tell: its lines by kind, and Halstead's volume."""

from __future__ import annotations

import io
import math
import tokenize
from typing import NamedTuple

LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})


class TextMeasure(NamedTuple):
    """Lines of a file by what stands on them, tokens without layout and comments, and Halstead's volume in bits."""

    lines: int
    code: int
    comment: int
    tokens: int
    volume: int


def measure_text(text: str) -> TextMeasure:
    """Count a file's lines and tokens. A line with code and a comment counts as code.

    The volume is the number of tokens times the bits needed to choose among the distinct ones (Halstead): how much
    there is to read.

    >>> measure_text("# one\\n\\nx = x + 1  # two\\n")
    TextMeasure(lines=3, code=1, comment=1, tokens=5, volume=10)
    """
    code: set[int] = set()
    comment: set[int] = set()
    vocabulary: set[str] = set()
    length = 0
    for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
        if token.type == tokenize.COMMENT:
            comment.add(token.start[0])
        elif token.type not in LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
            vocabulary.add(token.string)
            length += 1
    volume = round(length * math.log2(len(vocabulary))) if vocabulary else 0
    lines = sum(1 for _ in io.StringIO(text, newline=None))
    return TextMeasure(lines, len(code), len(comment - code), length, volume)
