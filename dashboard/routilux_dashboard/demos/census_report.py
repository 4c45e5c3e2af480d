"""The report of a census. The same figures give the same report, in whatever order they came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from routilux_dashboard.demos.module_ranking import rank

TOP = 25
SUMMED = ("complexity", "functions", "lines", "code", "comment", "documentable", "documented")
SHOWN = ("rank", "module", "weight", "fan_in", "complexity", "lines", "maintainability")


def make_report(
    python: str,
    scores: Mapping[str, Mapping[str, Any]],
    imports: Mapping[str, list[str]],
    rejected: Mapping[str, str],
) -> dict[str, Any]:
    """Rank the modules and add up the rest.

    Args:
        python: the version of the Python that took the census.
        scores: module → its figures.
        imports: module → the dotted names that it imports.
        rejected: path → why the file could not be parsed.

    Returns:
        plain data: `python`, `files`, `parsed`, `rejected`, `totals`, `worst` (the most complex function), `top` (rows
        of the first 25 modules) and `digest`, a fingerprint of the whole ranking and all rejections.
    """
    rows = rank(scores, imports)
    broken = {path: rejected[path] for path in sorted(rejected)}
    worst = max(rows, key=lambda row: (row["worst_complexity"], row["module"]), default=None)
    return {
        "python": python,
        "files": len(rows) + len(broken),
        "parsed": len(rows),
        "rejected": broken,
        "totals": {name: sum(row[name] for row in rows) for name in SUMMED},
        "worst": worst and {"function": f"{worst['module']}.{worst['worst']}", "complexity": worst["worst_complexity"]},
        "top": [{name: row[name] for name in SHOWN} for row in rows[:TOP]],
        "digest": hashlib.sha256(json.dumps([rows, broken], sort_keys=True).encode()).hexdigest(),
    }


def headline(report: Mapping[str, Any]) -> str:
    """The report in one sentence."""
    text = f"{report['parsed']:,} of {report['files']:,} files parsed"
    if not report["top"]:
        return text
    first = report["top"][0]
    return f"{text}; {first['module']} carries the most: {first['fan_in']:,} modules import it"
