"""Text of others as a terminal may show it: nothing in it is a command to the terminal."""

from __future__ import annotations


def plain(text: object) -> str:
    """`text` in one line, with each character that would not be printed (controls, escapes, turns of the direction
    of writing, lone surrogates) written out.

    >>> plain("red\\x1b[31m\\n\\u202e")
    'red\\\\x1b[31m\\\\n\\\\u202e'
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(char if char.isprintable() else _written_out(char) for char in shown)


def plain_lines(text: str) -> str:
    """The same for a text of several lines, which stay."""
    return "\n".join(plain(line.expandtabs()) for line in text.splitlines())


def _written_out(char: str) -> str:
    return repr(char)[1:-1]
