"""Flow control of one client: what is under way, when it is left alone, when it gets a keyframe. Pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.live.delivery import ACK_SECONDS, BACKLOG_LIMIT, BACKLOG_SECONDS, WINDOW, Client, Subscription


def in_step(frame: int = 0) -> Subscription:
    """A subscription whose keyframe has been sent and shown."""
    subscription = Subscription()
    subscription.restart(frame, 0.0)
    subscription.acknowledge(frame)
    return subscription


def wants_keyframe(subscription: Subscription) -> bool:
    return subscription.wants_keyframe


def test_a_new_subscription_needs_a_keyframe_first() -> None:
    subscription = Subscription()
    assert not subscription.offer(1, 0.0)
    assert subscription.wants_keyframe


def test_a_client_that_acknowledges_gets_every_frame() -> None:
    subscription = in_step()
    for frame in range(1, 100):
        assert subscription.offer(frame, 0.0)
        subscription.acknowledge(frame)
    assert not subscription.behind


def test_a_client_that_holds_back_is_left_alone_and_then_gets_a_keyframe() -> None:
    subscription = in_step()
    assert [subscription.offer(frame, 0.0) for frame in range(1, 7)] == [True] * WINDOW + [False] * 2
    assert wants_keyframe(subscription) is False
    subscription.acknowledge(1)
    assert not subscription.offer(7, 0.0)
    assert wants_keyframe(subscription) is True
    subscription.restart(7, 0.0)
    assert wants_keyframe(subscription) is False
    subscription.acknowledge(7)
    assert subscription.offer(8, 0.0)


def test_a_clogged_socket_makes_a_client_fall_behind() -> None:
    subscription = in_step()
    assert not subscription.offer(1, 0.0, clogged=True)
    assert not subscription.offer(2, 0.0)
    assert subscription.wants_keyframe


def test_asking_again_counts_as_having_dropped_what_was_under_way() -> None:
    subscription = in_step()
    for frame in range(1, WINDOW + 1):
        subscription.offer(frame, 0.0)
    subscription.begin_again()
    assert subscription.wants_keyframe
    assert subscription.held_since is None


@given(st.lists(st.integers(min_value=0, max_value=3), max_size=200))
def test_whatever_a_client_acknowledges_little_is_under_way_and_no_gap_goes_unhealed(acks: list[int]) -> None:
    subscription, sent, shown = Subscription(), list[int](), 0
    for frame, ack in enumerate(acks, 1):
        if subscription.offer(frame, 0.0):
            assert sent[-1] == frame - 1, "a frame follows the one before it"
            sent.append(frame)
        elif subscription.wants_keyframe:
            subscription.restart(frame, 0.0)
            sent.append(frame)
        shown = min(shown + ack, len(sent))
        if shown:
            subscription.acknowledge(sent[shown - 1])
        assert len(sent) - shown <= WINDOW


def client(subscription: Subscription | None = None) -> Client:
    return Client("sid", "transport", None, {"job": subscription} if subscription else {})


def test_a_client_that_shows_nothing_for_long_is_at_fault() -> None:
    subscription = in_step()
    subscription.offer(1, 100.0)
    held = client(subscription)
    assert held.fault(100.0 + ACK_SECONDS, 0) is None
    assert "acknowledged nothing" in (held.fault(100.1 + ACK_SECONDS, 0) or "")


def test_a_client_that_does_not_read_is_at_fault_after_a_while() -> None:
    slow = client()
    assert slow.fault(10.0, BACKLOG_LIMIT + 1) is None
    assert slow.fault(10.0 + BACKLOG_SECONDS - 0.1, BACKLOG_LIMIT + 1) is None
    assert "does not read" in (slow.fault(10.0 + BACKLOG_SECONDS, BACKLOG_LIMIT + 1) or "")


def test_a_client_that_catches_up_in_time_is_forgiven() -> None:
    slow = client()
    assert slow.fault(10.0, BACKLOG_LIMIT + 1) is None
    assert slow.fault(11.0, BACKLOG_LIMIT) is None
    assert slow.fault(14.0, BACKLOG_LIMIT + 1) is None
