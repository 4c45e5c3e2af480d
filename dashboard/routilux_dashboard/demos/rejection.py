"""Why a file of the census could not be parsed."""

from __future__ import annotations


def explain_rejection(path: str, error: str, error_type: str) -> str:
    """The kind of a rejected file: "undecodable", "python 2", "broken on purpose" or "unexplained".

    >>> explain_rejection("lib2to3/tests/data/bom.py", "Missing parentheses in call to 'print'.", "SyntaxError")
    'python 2'
    >>> explain_rejection("test/tokenizedata/badsyntax_3131.py", "invalid character '€' (U+20AC)", "SyntaxError")
    'broken on purpose'
    """
    if error_type == "Undecodable":
        return "undecodable"
    if error.startswith(("Missing parentheses in call to", "leading zeros in decimal integer")):
        return "python 2"
    return "broken on purpose" if path.rpartition("/")[2].startswith("bad") else "unexplained"
