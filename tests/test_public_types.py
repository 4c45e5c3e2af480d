"""What counts as a complete type; `make check` looks at all of them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.public_types import PUBLIC, PyrightFailed, incomplete, public_names, report, symbols


def symbol(name: str, *, known: bool = True, ambiguous: bool = False) -> dict[str, Any]:
    said = [] if known and not ambiguous else [{"message": "Type of parameter\n  is unknown"}]
    return {"name": name, "isTypeKnown": known, "isTypeAmbiguous": ambiguous, "diagnostics": said}


def test_unknown_and_inferred_types_are_reported() -> None:
    rows = [symbol("a"), symbol("b", known=False), symbol("c", ambiguous=True)]
    assert [line.partition(":")[0] for line in incomplete(rows)] == ["b", "c"]
    assert next(incomplete(rows)) == "b: Type of parameter;  is unknown"


def test_members_of_a_name_belong_to_it_and_similar_names_do_not() -> None:
    found = {"symbols": [symbol("p.C"), symbol("p.C.m"), symbol("p.Cut"), symbol("p")]}
    assert [row["name"] for row in symbols(found, ["p.C"])] == ["p.C", "p.C.m"]


def test_the_public_names_are_looked_up_where_they_are_defined() -> None:
    names = public_names(PUBLIC)
    assert "routilux_dashboard.Dashboard" in names
    assert "routilux_dashboard.app.Dashboard" in names


def test_a_package_that_is_not_there_is_no_complete_one() -> None:
    with pytest.raises(PyrightFailed, match=r"no_such_package has no py\.typed"):
        report("no_such_package")
