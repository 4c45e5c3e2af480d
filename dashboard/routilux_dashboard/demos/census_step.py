"""What the routines of the census have in common."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from routilux import ExecutionContext, Routine
from routilux_dashboard.demos import python_source, python_syntax


class CensusStep(Routine):
    """What all steps share: the census that they work for, and a tally in their routine state."""

    def context(self) -> ExecutionContext:
        context = self.get_execution_context()
        if context is None:
            raise RuntimeError(f"{type(self).__name__} works inside a flow only: use make_flow()")
        return context

    def census(self) -> dict[str, Any]:
        """What the walker wrote down: `python`, `base` (a folder), `pace`, `files` (pairs: path in `base`, module)."""
        census: dict[str, Any] = self.context().job_state.get_shared_data("census")
        return census

    def file(self, path: str) -> Path:
        return Path(self.census()["base"], path)

    def text(self, path: str, digest: str) -> str:
        return python_source.decode(python_source.read_again(self.file(path), digest))

    def tree(self, path: str, digest: str) -> ast.Module:
        return python_syntax.parse(self.text(path, digest), path)

    def tally(self, name: str, **amounts: int) -> dict[str, Any]:
        """Add to the counts in this step's state, and note the latest file. Several workers may call this at once."""
        context = self.context()
        with context.job_state.edit_routine_state(context.routine_id) as state:
            for key, amount in amounts.items():
                state[key] = state.get(key, 0) + amount
            state["last"] = name
        return state

    def log(self, event: str, **facts: Any) -> None:
        self.context().job_state.append_to_shared_log({"event": event, **facts})
