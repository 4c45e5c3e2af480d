"""Make untrusted text safe for a terminal, which must not interpret any of it as a command."""

from __future__ import annotations


def plain(text: object) -> str:
    """Return `text` on one line, with every unprintable character escaped: controls, escapes, bidirectional overrides
    and lone surrogates.

    >>> plain("red\\x1b[31m\\n\\u202e")
    'red\\\\x1b[31m\\\\n\\\\u202e'
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(char if char.isprintable() else _written_out(char) for char in shown)


def plain_lines(text: str) -> str:
    """Escape a text of several lines, keeping the line breaks."""
    return "\n".join(plain(line.expandtabs()) for line in text.splitlines())


def _written_out(char: str) -> str:
    return repr(char)[1:-1]
