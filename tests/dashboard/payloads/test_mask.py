"""Masked values are hidden everywhere."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import Flow
from routilux_dashboard.jobs.job_table import JobTable
from routilux_dashboard.payloads.encoder import is_plain
from routilux_dashboard.payloads.mask import NO_MASK, Mask
from routilux_dashboard.sources.local_source import LocalSource
from tests.engine.parts import Node

_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(["password", "MyPassWord"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def keys(value: Any) -> list[tuple[str, Any]]:
    """All pairs of all dicts within."""
    if isinstance(value, dict):
        return [*value.items(), *(pair for inner in value.values() for pair in keys(inner))]
    return [pair for inner in value for pair in keys(inner)] if isinstance(value, list) else []


@given(_plain)
def test_a_masked_copy_differs_only_in_the_hidden_values(value: Any) -> None:
    masked = Mask(["password"]).apply(value)
    assert all(inner == "•••" for key, inner in keys(masked) if "password" in key.casefold())
    if not any("password" in key.casefold() for key, _ in keys(value)):
        assert masked == value
        assert is_plain([value], Mask(["password"]), 1_000)
    else:
        assert not is_plain([value], Mask(["password"]), 1_000)


def test_names_match_parts_of_keys_in_upper_and_lower_case() -> None:
    mask = Mask(["pass word", "Straße", " key "])
    assert mask.apply({"PASS WORDS": 1, "STRASSE": 2, "monkeys": 3, "pass_word": 4}) == {
        "PASS WORDS": "•••",
        "STRASSE": "•••",
        "monkeys": "•••",
        "pass_word": 4,
    }


def test_without_names_nothing_is_copied() -> None:
    value = {"password": [1]}
    assert NO_MASK.apply(value) is value
    assert not NO_MASK
    assert Mask(["x"])


def test_a_name_that_hides_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="is empty"):
        Mask(["password", "  "])


def trap(*_: object, **__: object) -> NoReturn:
    raise AssertionError("code of a payload was run")


class Key(str):
    __str__ = __eq__ = __len__ = __iter__ = trap
    __hash__ = str.__hash__


class Trap:
    __hash__ = __eq__ = __repr__ = __getattribute__ = trap


@dataclass
class Account:
    user: str
    password: Any


def test_containers_of_all_kinds_are_searched_without_running_code() -> None:
    mask = Mask(["password"])
    trapped = Trap()
    shown = mask.apply(
        {
            "list": [OrderedDict(password=1)],
            "tuple": ({"password": 2},),
            "deque": deque([{"password": 3}]),
            "account": Account("ann", trapped),
            Key("a password"): 4,
            7: {"password": 5},
        }
    )
    assert shown == {
        "list": [{"password": "•••"}],
        "tuple": ({"password": "•••"},),
        "deque": [{"password": "•••"}],
        "account": {"user": "ann", "password": "•••"},
        "a password": "•••",
        7: {"password": "•••"},
    }


def test_cyclic_and_endless_values_are_masked() -> None:
    mine: dict[str, Any] = {"password": 1}
    mine["me"] = mine
    masked = Mask(["password"]).apply(mine)
    assert masked["me"] is masked
    deep: Any = {"password": 1}
    for _ in range(5_000):
        deep = [deep]
    assert "1" not in repr(Mask(["password"]).apply(deep))


def test_neither_the_live_page_nor_rest_shows_masked_values() -> None:
    flow = Flow("secrets")

    class Entry(Node):
        def run(self, password: str = "hunter2", **data: Any) -> None:
            super().run(**data)

    def work(node: Node, data: dict[str, Any]) -> None:
        job = node.ctx.job_state
        node.emit("out", db_password="hunter2", account=Account("ann", "hunter2"))
        node.send_output("login", password="hunter2")
        job.append_to_shared_log({"password": "hunter2"})
        job.update_routine_state("a", {"password": ["hunter2"]})
        job.update_shared_data("password", "hunter2")

    flow.add_routine(Entry(work), "a")
    job_table = JobTable(mask=Mask(["password"]))
    job_table.watch(flow)
    job_state = flow.execute("a", {"password": "hunter2"})
    job = job_table.job(job_state.job_id)
    first, frames = job.keyframe(), job_table.tick().frames
    assert isinstance(job, LocalSource)
    ranges = [job.history(), job.log(), job.outputs(), job.states(), job.data(), job.view(), job.actions()]
    shown = msgspec.json.encode([first, frames, job.keyframe(), job_table.jobs_full(), ranges]).decode()
    assert "hunter2" not in shown
    assert shown.count("•••") > 10


def test_previews_hide_masked_values() -> None:
    assert Mask(["password"]).preview([Account("ann", 1), {Key("password"): 2}]) == (
        [{"user": "ann", "password": "•••"}, {"password": "•••"}],
        False,
    )
