"""Which modules matter most: PageRank over the imports, weighed with complexity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def resolve(name: str, known: Iterable[str] | Mapping[str, Any]) -> str | None:
    """The longest beginning of a dotted name that is a known module, or `None`.

    >>> resolve("os.path.join", {"os", "sys"})
    'os'
    """
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def link(imports: Mapping[str, Iterable[str]], known: Mapping[str, Any]) -> dict[str, list[str]]:
    """For every known module the other known modules that it imports, sorted."""
    links: dict[str, list[str]] = {}
    for module in sorted(known):
        targets = {resolve(name, known) for name in imports.get(module, ())}
        links[module] = sorted(target for target in targets if target and target != module)
    return links


def page_rank(links: Mapping[str, list[str]], damping: float = 0.85, rounds: int = 60) -> dict[str, float]:
    """PageRank of every module; the sum is 1. Summed in a fixed order, so that the result is always the same.

    >>> {name: round(share, 3) for name, share in page_rank({"a": ["b"], "b": []}).items()}
    {'a': 0.351, 'b': 0.649}
    """
    count = len(links)
    shares = dict.fromkeys(links, 1 / count) if count else {}
    for _ in range(rounds):
        loose = sum(share for module, share in shares.items() if not links[module])
        following = dict.fromkeys(links, (1 - damping + damping * loose) / count)
        for module, targets in links.items():
            for target in targets:
                following[target] += damping * shares[module] / len(targets)
        shares = following
    return shares


def rank(scores: Mapping[str, Mapping[str, Any]], imports: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """All modules, the weightiest first: weight is PageRank × complexity, scaled so that the first has 100.

    Args:
        scores: module → its figures, with `complexity` among them.
        imports: module → the dotted names that it imports.

    Returns:
        rows `{"rank", "module", "weight", "fan_in", **figures}`.
    """
    links = link(imports, scores)
    shares = page_rank(links)
    fan_in = dict.fromkeys(links, 0)
    for targets in links.values():
        for target in targets:
            fan_in[target] += 1
    weights = {module: shares[module] * scores[module]["complexity"] for module in links}
    heaviest = max(weights.values(), default=0.0) or 1.0
    order = sorted(weights, key=lambda module: (-weights[module], module))
    return [
        {
            "rank": place,
            "module": module,
            "weight": round(100 * weights[module] / heaviest, 3),
            "fan_in": fan_in[module],
            **scores[module],
        }
        for place, module in enumerate(order, start=1)
    ]
