"""Runs the fragments of the seed documents: each gets what it presupposes, and says what came of it."""

from __future__ import annotations

import ast
import contextlib
import io
import threading
import time
import warnings
from typing import Any

from routilux import ErrorHandler, Flow, JobState, Routine
from tests.engine.parts import Data, Node, chain, in_turn, pass_on, raises
from tests.engine.seeds.blocks import Block, blocks

Names = dict[str, Any]


def run(block: Block, names: Names) -> str:
    """Run a fragment statement by statement in `names`; return what it prints.

    A line with the comment `# AttributeError!` must raise that, and the fragment continues after it. In seed 003,
    whose fragments are typed at a prompt, an expression's value is printed. The only warning that is allowed is
    that of `Flow.wait_for_completion`.
    """
    output = io.StringIO()
    lines = block.code.splitlines()
    with contextlib.redirect_stdout(output), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Flow\.wait_for_completion", DeprecationWarning)
        for statement in ast.parse(block.code).body:
            at_prompt = block.document == "003"
            tree = ast.Interactive([statement]) if at_prompt else ast.Module([statement], [])
            code = compile(tree, block.name, "single" if at_prompt else "exec")
            if "# AttributeError!" not in lines[statement.lineno - 1]:
                exec(code, names)
                continue
            try:
                exec(code, names)
            except AttributeError:
                continue
            raise AssertionError(f"{lines[statement.lineno - 1]!r} raises nothing")
    return output.getvalue()


# -- what the fragments presuppose


def after(document: str, *numbers: int) -> Names:
    """The names after other pieces of a document."""
    names: Names = {"__name__": f"seed_{document}"}
    for number in numbers:
        run(blocks(document)[number - 1], names)
    return names


def with_source() -> Names:
    """Seed 002: the flow and `source_id` of its first program, a job of it, and the functions that it only names."""
    names = after("002", 1)
    kept: list[Any] = []
    names |= {"JobState": JobState, "time": time, "threading": threading, "kept": kept}
    for name in ("save_to_database", "save_job_state"):
        names[name] = kept.append
    names["send_to_host_b"] = lambda *data: kept.extend(data)
    return names


def with_routines() -> Names:
    """Seed 003: a flow of routines with the names that it mentions, and a job of it that has completed."""
    flow = Flow("seed")
    store = in_turn(_store_result, pass_on)
    optional = Node(in_turn(raises(ConnectionError("Service unavailable"))))
    optional.set_as_optional()
    nodes = {"my_routine": Node(store), "processor": Node(store), "validator": Node(), "optional_routine": optional}
    chain(flow, *nodes.items())
    flow.connect("processor", "out", "optional_routine", "input")
    names: Names = {"flow": flow, "JobState": JobState, "entry_params": {"data": 1}}
    names |= {"entry_routine_id": "my_routine", "routine_id": "validator", "job_state": flow.execute("my_routine")}
    return names


def _store_result(node: Node, data: Data) -> None:
    node.ctx.job_state.update_routine_state(node.ctx.routine_id, {"status": "completed", "result": "good"})


def with_retries() -> Names:
    """Seed 003: a job whose processor needs two retries."""
    flow = Flow("seed")
    processor = Node(in_turn(raises(ConnectionError("not yet"), times=2), pass_on))
    processor.set_error_handler(ErrorHandler("retry", max_retries=3, retry_delay=0.0))
    chain(flow, ("source", Node(pass_on)), ("processor", processor))
    return {"flow": flow, "JobState": JobState, "job_state": flow.start("source")}


# -- a handler on its own


def job_with_handler(block: Block) -> JobState:
    """A job of a flow whose routine `worker` has the fragment's `process` as its handler."""
    names: Names = {"flow": Flow("other"), "job_state": JobState("other")}
    run(block, names)

    class Worker(Routine):
        def __init__(self) -> None:
            super().__init__()
            self.define_slot("trigger", handler=self.process)

        process = names["process"]

    flow = Flow("seed")
    flow.add_routine(Worker(), "worker")
    return flow.execute("worker", {"value": 1})
