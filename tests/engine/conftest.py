"""Fixtures of the engine's tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from routilux import Flow


@pytest.fixture(params=["sequential", "concurrent"])
def strategy(request: pytest.FixtureRequest) -> str:
    """Both execution strategies."""
    return str(request.param)


@pytest.fixture
def new_flow() -> Iterator[Callable[..., Flow]]:
    """Make flows that are shut down when the test is over."""
    flows: list[Flow] = []

    def make(flow_id: str = "flow", execution_strategy: str = "sequential", **options: Any) -> Flow:
        flows.append(Flow(flow_id, execution_strategy, **options))
        return flows[-1]

    yield make
    for flow in flows:
        flow.shutdown(wait=False)


@pytest.fixture
def flow(new_flow: Callable[..., Flow], strategy: str) -> Flow:
    """An empty flow of each strategy."""
    return new_flow("flow", strategy)


@pytest.fixture
def hasty_switches() -> Iterator[None]:
    """Threads take turns after every microsecond, so that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
