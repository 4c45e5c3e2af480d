"""Socket.IO on a real server: what watchers get, and what becomes of peers that do it wrong."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import pytest
import socketio
import websocket

from routilux import Flow, JobState
from routilux_dashboard import Dashboard
from routilux_dashboard.live import delivery as subscription
from routilux_dashboard.live import live_server as live_module
from routilux_dashboard.live import requests as desk
from routilux_dashboard.server import hub
from routilux_dashboard.server.packet import MsgspecPacket
from routilux_dashboard.sources.local_source import LocalSource
from tests.dashboard.flows import Burner, chain, gated
from tests.dashboard.peers import LiveClient, closing_words, event, get, live, raw_connection, raw_websocket
from tests.waiting import eventually


def subscribe(client: LiveClient, job: JobState) -> None:
    assert client.call("subscribe", {"job_id": job.job_id}) is None


def pictures(client: LiveClient, job: JobState) -> list[tuple[str, Any]]:
    """Keyframes and frames of a job, in the order in which they came."""
    return [(name, message) for name, message in list(client.messages) if message.get("job_id") == job.job_id]


def has_more(client: LiveClient, job: JobState, than: int, _: object) -> bool:
    return len(pictures(client, job)) > than


def counted(job: JobState) -> Counter[str]:
    """Emissions by routine, as the history has them."""
    return Counter(record.routine_id for record in job.execution_history if record.kind == "event")


# -- what watchers get


def test_a_watcher_gets_a_keyframe_and_then_each_frame_until_the_end_and_every_count_is_exact() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
        job = flow.start("emitter", {"count": 20_000})
        subscribe(client, job)
        last = client.wait_for_status(job.job_id, "completed")
        got = pictures(client, job)
        assert got[0][0] == "keyframe"
        assert [name for name, _ in got].count("keyframe") == 1
        numbers = [message["frame"] for _, message in got]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert last["seq"] == len(job.execution_history)
        assert last["job"]["counts"] == {"events": 20_000, "errors": 0, "queued": 0, "running": 0}
        edges = {key: figures["count"] for _, m in got for key, figures in m.get("connections", {}).items()}
        assert edges == {"emitter.item->collector.item": counted(job)["emitter"]}


def test_a_watcher_who_comes_late_gets_the_same_picture() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as early:
        job = flow.start("emitter", {"count": 50})
        subscribe(early, job)
        early.wait_for_status(job.job_id, "completed")
        with live(dashboard) as late:
            subscribe(late, job)
            keyframe = late.wait_for_status(job.job_id, "completed")
        assert keyframe["job"]["counts"]["events"] == 50
        assert keyframe["connections"]["emitter.item->collector.item"]["count"] == 50
        assert [record["seq"] for record in keyframe["records"]][-1] == len(job.execution_history)


def test_the_list_comes_whole_and_then_what_changed() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
        before = flow.execute("emitter", {"count": 10})
        assert client.call("subscribe", {"jobs": True}) is None
        whole = client.wait(lambda messages: client.of("jobs"))[0]
        assert whole["full"] is True
        assert [job["job_id"] for job in whole["jobs"]] == [before.job_id]
        after = flow.execute("emitter", {"count": 10})

        def completed(_: object) -> bool:
            rows = [row for message in client.of("jobs")[1:] for row in message["jobs"]]
            return any(row["job_id"] == after.job_id and row["status"] == "completed" for row in rows)

        client.wait(completed)


def test_what_is_not_watched_any_more_is_not_sent_any_more() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
        job = flow.start("emitter", {"count": 2})
        subscribe(client, job)
        client.wait_for_status(job.job_id, "running")
        assert client.call("unsubscribe", {"job_id": job.job_id}) is None
        sent = len(pictures(client, job))
        assert client.call("subscribe", {"jobs": True}) is None
        collector.gate.set()
        client.wait(lambda _: any(r["status"] == "completed" for m in client.of("jobs") for r in m["jobs"]))
        assert len(pictures(client, job)) == sent


def test_a_watcher_of_a_job_that_is_dropped_is_told_so() -> None:
    flow = chain()
    with Dashboard(flow, port=0, keep_jobs=1) as dashboard, live(dashboard) as client:
        job = flow.execute("emitter", {"count": 10})
        subscribe(client, job)
        client.wait_for_status(job.job_id, "completed")
        other = flow.execute("emitter", {"count": 10})
        (dropped,) = client.wait(lambda _: client.of("dropped"))
        assert (dropped["job_id"], dropped["status"], dropped["title"]) == (job.job_id, 404, "Unknown job")
        assert client.call("subscribe", {"job_id": job.job_id})["status"] == 404
        subscribe(client, other)


def test_a_watcher_of_a_job_that_cannot_be_shown_is_told_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
        job = flow.execute("emitter", {"count": 10})
        monkeypatch.setattr(LocalSource, "keyframe", lambda _: 1 / 0)
        subscribe(client, job)
        (dropped,) = client.wait(lambda _: client.of("dropped"))
        assert (dropped["job_id"], dropped["status"]) == (job.job_id, 500)
    assert "No keyframe of job" in caplog.text


def test_a_change_of_status_is_sent_at_once_by_an_idle_server_and_frames_are_bounded() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
        job = flow.start("emitter", {"count": 400})
        subscribe(client, job)
        client.wait_for_status(job.job_id, "running")
        first = client.messages[0][1]
        collector.gate.set()
        last = client.wait_for_status(job.job_id, "completed")
        frames = last["frame"] - first["frame"]
        assert frames <= (last["at"] - first["at"]) / 1000 * 20 + 2


def test_handlers_that_burn_processor_time_do_not_stop_the_frames() -> None:
    burning, burner = Flow("burning", execution_strategy="concurrent", max_workers=2), Burner()
    burning.add_routine(burner, "burner")
    flow, collector = gated()
    with Dashboard(flow, burning, port=0) as dashboard, live(dashboard) as client:
        burners = [burning.start("burner") for _ in range(2)]
        job = flow.start("emitter", {"count": 1})
        subscribe(client, job)
        client.wait_for_status(job.job_id, "running")
        for n in range(20):
            job.update_routine_state("collector", {"n": n})
            client.wait(lambda _: any(f["states"] for f in client.of("frame") if f.get("states")))
            client.messages.clear()
        assert [each.status for each in burners] == ["running"] * 2
        burner.stop.set()
        collector.gate.set()
        client.wait_for_status(job.job_id, "completed")


def test_one_message_is_encoded_once_for_all_its_watchers(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Any] = []
    encode = MsgspecPacket.encode

    def counting(packet: MsgspecPacket) -> bytes:
        if packet.packet_type == 2 and packet.data[0] == "frame":
            encoded.append(packet.data[1].frame)
        return encode(packet)

    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard:
        clients = [LiveClient(dashboard) for _ in range(5)]
        job = flow.start("emitter", {"count": 3})
        for client in clients:
            subscribe(client, job)
            client.wait_for_status(job.job_id, "running")
        monkeypatch.setattr(MsgspecPacket, "encode", counting)
        collector.gate.set()
        for client in clients:
            client.wait_for_status(job.job_id, "completed")
            client.close()
    assert encoded
    assert Counter(encoded) == dict.fromkeys(encoded, 1)


def test_two_watchers_see_the_same() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as one, live(dashboard) as other:
        job = flow.start("emitter", {"count": 5000})
        for client in (one, other):
            subscribe(client, job)
        ends = [client.wait_for_status(job.job_id, "completed") for client in (one, other)]
        assert ends[0]["frame"] == ends[1]["frame"]
        assert ends[0]["job"] == ends[1]["job"]


def test_a_ping_is_answered_with_the_servers_clock_and_the_pumps_though_nothing_happens() -> None:
    with Dashboard(chain(), port=0) as dashboard, live(dashboard) as client:
        before = time.time() * 1000

        def pumped_since() -> bool:
            reply = client.call("ack", {})
            assert abs(reply["at"] - time.time() * 1000) < 5000
            return bool(reply["pumped_at"] > before + 1000)

        eventually(pumped_since, what="the pump runs though there is nothing to send")


def test_a_pump_whose_ticks_fail_is_not_told_as_living(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FAULT_SECONDS", 0.05)
    flow = chain()
    dashboard = Dashboard(flow, port=0)
    with dashboard, live(dashboard) as client:
        monkeypatch.setattr(dashboard._job_table, "tick", lambda: 1 / 0)
        pumped_at = client.call("ack", {})["pumped_at"]
        time_limit = time.monotonic() + 1.5
        eventually(lambda: time.monotonic() > time_limit)
        assert client.call("ack", {})["pumped_at"] == pumped_at


# -- a client's mistakes are told


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"job_id": "nobody"}, 404),
        ({"job_id": "x", "jobs": True}, 422),
        ({}, 422),
        ({"job_id": 7}, 422),
        ({"jobs": True, "more": 1}, 422),
        ("text", 422),
        (None, 422),
        ([1, 2], 422),
    ],
)
def test_a_subscription_that_cannot_be_served_is_told_why(message: Any, status: int) -> None:
    with Dashboard(chain(), port=0) as dashboard, live(dashboard) as client:
        reply = client.call("subscribe", message)
        assert reply["status"] == status
        assert reply["title"]
        assert reply["detail"]
        assert client.call("subscribe", {"jobs": True}) is None, "the client is served on"


def test_an_unknown_event_is_told() -> None:
    with Dashboard(chain(), port=0) as dashboard, live(dashboard) as client:
        assert client.call("steal", {})["status"] == 404
        assert "subscribe" in client.call("steal", {})["detail"]


def test_a_client_cannot_watch_without_end() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
        jobs = [flow.execute("emitter", {"count": 10}) for _ in range(desk.MAX_SUBSCRIPTIONS + 1)]
        replies = [client.call("subscribe", {"job_id": job.job_id}) for job in jobs]
        assert replies[:-1] == [None] * desk.MAX_SUBSCRIPTIONS
        assert replies[-1]["status"] == 429


# -- peers that do not keep up


def test_a_client_that_acknowledges_slowly_is_sent_less_and_gets_a_keyframe_in_between() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard, live(dashboard, acknowledges=False) as slow, live(dashboard) as quick:
        job = flow.start("emitter", {"count": 2000})
        for client in (slow, quick):
            subscribe(client, job)
            client.wait_for_status(job.job_id, "running")
        for n in range(1, 20):  # more frames than may be under way
            job.update_shared_data("n", n)
            job.append_to_shared_log({"n": n})
            seen = partial(has_more, quick, job, len(pictures(quick, job)))
            quick.wait(seen)
        got = pictures(slow, job)
        assert len(got) == subscription.WINDOW
        slow.acknowledge(got[-1][1])
        slow.wait(lambda _: len(pictures(slow, job)) > subscription.WINDOW)
        name, message = pictures(slow, job)[subscription.WINDOW]
        assert name == "keyframe"
        assert message["log"]["total"] == 19
        slow.acknowledges = True
        slow.acknowledge(message)
        collector.gate.set()
        slow.wait_for_status(job.job_id, "completed")
        assert [name for name, _ in pictures(quick, job)].count("keyframe") == 1


def test_a_client_that_acknowledges_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "ACK_SECONDS", 0.2)
    with Dashboard(chain(), port=0) as dashboard, live(dashboard, acknowledges=False) as mute, live(dashboard) as other:
        for client in (mute, other):
            assert client.call("subscribe", {"jobs": True}) is None
        assert mute.lost.wait(10)
        assert not other.lost.is_set()


def test_a_client_that_does_not_read_is_cut_and_another_beside_it_does_not_notice(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subscription, "BACKLOG_SECONDS", 0.3)
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard, live(dashboard) as other:
        job = flow.start("emitter", {"count": 100, "text": "x" * 500})
        subscribe(other, job)
        clients, stop = dashboard_clients(dashboard), threading.Event()
        with raw_websocket(dashboard) as deaf, caplog.at_level("ERROR", "routilux_dashboard.live.live_server"):

            def ask_without_reading() -> None:
                with suppress(OSError, websocket.WebSocketException):
                    while not stop.is_set():
                        deaf.send_binary(event("subscribe", {"job_id": job.job_id}, 1))
                        stop.wait(1 / 150)  # below the rate at which a flood is cut

            asking = threading.Thread(target=ask_without_reading)
            asking.start()
            delays = []

            def gone() -> bool:
                began = time.monotonic()
                other.call("ack", {})
                delays.append(time.monotonic() - began)
                return len(clients) == 1

            eventually(gone, within=30, what="the deaf client is cut")
            stop.set()
            asking.join()
        assert sorted(delays)[len(delays) // 2] < 0.25
        collector.gate.set()
        other.wait_for_status(job.job_id, "completed")
        assert [name for name, _ in pictures(other, job)].count("keyframe") == 1


def dashboard_clients(dashboard: Dashboard) -> Any:
    """The server's table of clients."""
    wake = dashboard._job_table.wake
    assert wake is not None
    return wake.__self__._clients  # type: ignore[attr-defined]


@pytest.mark.parametrize("join", [True, False])
def test_a_client_that_floods_is_cut_with_a_reason_and_others_are_served(join: bool) -> None:
    with (
        Dashboard(chain(), port=0) as dashboard,
        live(dashboard) as other,
        raw_websocket(dashboard, join=join) as flood,
    ):
        message = event("ack", {}) if join else "3"

        def send() -> None:
            for _ in range(20_000):
                try:
                    flood.send_binary(message) if isinstance(message, bytes) else flood.send(message)
                except (OSError, websocket.WebSocketException):
                    return

        thread = threading.Thread(target=send)
        thread.start()
        began = time.monotonic()
        assert get(dashboard, "/jobs")["jobs"] == []
        assert other.call("ack", {})["at"]
        assert time.monotonic() - began < 2
        assert closing_words(flood) == (1008, "more than 200 messages a second")
        thread.join()
        assert not other.lost.is_set()


def test_a_message_that_is_too_large_cuts_its_sender() -> None:
    with Dashboard(chain(), port=0) as dashboard, raw_websocket(dashboard) as large:
        large.send_binary(b"x" * 70_000)
        assert closing_words(large)[0] == 1009


def test_a_message_in_endless_pieces_cuts_its_sender() -> None:
    with Dashboard(chain(), port=0) as dashboard, raw_websocket(dashboard) as endless:
        for number in range(30):
            opcode = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_BINARY
            endless.send_frame(websocket.ABNF.create_frame(b"x" * 10, opcode, 0))
        assert closing_words(endless)[0] == 1009


def packet(**members: Any) -> bytes:
    return msgspec.msgpack.encode(members)


MALFORMED = [
    b"",
    b"\xc1",
    b"\x81",
    packet(type=2, nsp="/live"),
    packet(type=2, nsp="/live", data=[]),
    packet(type=2, nsp="/live", data=[{}]),
    packet(type=2, nsp="/live", data=["disconnect"]),
    packet(type=2, nsp="/live", data=["connect", {}]),
    packet(type=2, nsp="/live", data="subscribe"),
    packet(type=2, nsp="/other", data=["subscribe"]),
    packet(type=2, nsp="/live", data=["subscribe"], id="x"),
    packet(type=3, nsp="/live", data=[], id=1),
    packet(type=5, nsp="/live", data=["a"]),
    packet(type=99, nsp="/live"),
    packet(type=-1, nsp=None),
    packet(nsp="/live"),
    packet(type=[], nsp={}),
    msgspec.msgpack.encode([1, 2, 3]),
    "4{}",
    "4",
    "x",
    "0",
    "b!!!",
    "\u20ac",
]


@pytest.mark.parametrize("message", MALFORMED, ids=repr)
def test_a_malformed_packet_ends_at_most_its_sender(message: bytes | str, caplog: pytest.LogCaptureFixture) -> None:
    with Dashboard(chain(), port=0) as dashboard, live(dashboard) as other:
        with raw_websocket(dashboard) as odd, suppress(OSError, websocket.WebSocketException):
            odd.send_binary(message) if isinstance(message, bytes) else odd.send(message)
            odd.send_binary(event("ack", {}, 1))
            assert odd.recv_data(control_frame=True)
        assert other.call("ack", {})["at"]
        assert [record.message for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def test_who_sends_what_is_meant_for_others_is_not_worth_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with Dashboard(chain(), port=0) as dashboard, raw_websocket(dashboard, join=False) as cut:
        cut.send_binary(event("ack", {}))  # as one who was cut, and does not know it
        cut.send_binary(msgspec.msgpack.encode({"type": 0, "nsp": "/live"}))
        assert msgspec.msgpack.decode(cut.recv_data()[1])["type"] == 0
        assert caplog.messages == []


def test_a_socket_that_joins_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "CONNECT_SECONDS", 0.1)
    with Dashboard(chain(), port=0) as dashboard, raw_websocket(dashboard, join=False) as idle:
        assert closing_words(idle) == (1008, "it has not joined /live")


def test_a_socket_that_leaves_the_namespace_and_stays_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "CONNECT_SECONDS", 0.1)
    with Dashboard(chain(), port=0) as dashboard, raw_websocket(dashboard) as leaving:
        leaving.send_binary(packet(type=1, nsp="/live"))
        assert closing_words(leaving)[0] == 1008


def test_a_peer_that_is_dead_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "PING_SECONDS", 0.2)
    monkeypatch.setattr(live_module, "PING_TIMEOUT", 0.3)
    with Dashboard(chain(), port=0) as dashboard, raw_websocket(dashboard):
        clients = dashboard_clients(dashboard)
        assert len(clients) == 1
        eventually(lambda: not clients, what="the silent peer is gone")


def test_compression_is_not_agreed_to_and_polling_is_not_served() -> None:
    extension = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    with Dashboard(chain(), port=0) as dashboard:
        with raw_websocket(dashboard, header=extension) as peer:
            assert "sec-websocket-extensions" not in (peer.headers or {})
        request = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with raw_connection(dashboard, request) as polling:
            assert b"400" in polling.recv(65536).split(b"\r\n")[0]


def test_a_thousand_clients_that_come_and_go_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(live_module, "PING_SECONDS", 0.5)
    flow = chain()
    with Dashboard(flow, port=0) as dashboard:
        job = flow.execute("emitter", {"count": 10})

        def come_and_go(times: int) -> None:
            for _ in range(times):
                with raw_websocket(dashboard) as peer:
                    peer.send_binary(event("subscribe", {"job_id": job.job_id}))
                    assert msgspec.msgpack.decode(peer.recv_data()[1])["data"][0] == "keyframe"

        def objects() -> int:
            gc.collect()
            return len(gc.get_objects())

        clients = dashboard_clients(dashboard)
        come_and_go(20)
        eventually(lambda: not clients)
        greenlets = len(dashboard._serving._hub._greenlets)  # type: ignore[union-attr]
        before = objects()
        come_and_go(1000)
        eventually(lambda: not clients)
        eventually(lambda: len(dashboard._serving._hub._greenlets) <= greenlets)  # type: ignore[union-attr]
        eventually(lambda: objects() - before < 500, what="less than half an object for each client")


# -- stop and start


def test_a_client_comes_back_by_itself_after_a_restart_and_is_right() -> None:
    flow, collector = gated()
    keyframes: list[Any] = []
    client = socketio.Client(serializer="msgpack", reconnection_delay=0.1, reconnection_delay_max=0.2)
    client.on("keyframe", keyframes.append, namespace="/live")
    job = flow.start("emitter", {"count": 3})
    client.on("connect", lambda: client.emit("subscribe", {"job_id": job.job_id}, namespace="/live"), namespace="/live")
    with Dashboard(flow, port=0) as dashboard:
        client.connect(dashboard.url, transports=["websocket"], namespaces=["/live"], wait_timeout=10)
        try:
            eventually(lambda: keyframes)
            dashboard.stop()
            eventually(lambda: not client.connected)
            collector.gate.set()
            JobState.wait_for_completion(flow, job, timeout=10)
            del keyframes[:]
            dashboard.start()
            eventually(lambda: keyframes)
            assert keyframes[0]["job"]["status"] == "completed"
            assert keyframes[0]["job"]["counts"]["events"] == 3
        finally:
            client.disconnect()


def test_watchers_are_sent_the_last_that_happened_before_the_server_stops() -> None:
    flow = chain()
    for _ in range(20):
        with Dashboard(flow, port=0) as dashboard, live(dashboard) as client:
            assert client.call("subscribe", {"jobs": True}) is None
            client.wait(lambda _: client.of("jobs"))
            job = flow.execute("emitter", {"count": 1})
            dashboard.stop()
            assert client.lost.wait(5)
            rows = [row for message in client.of("jobs") for row in message["jobs"]]
            assert [row["status"] for row in rows if row["job_id"] == job.job_id][-1:] == ["completed"]


def test_stopping_is_quick_with_live_clients_and_a_flood() -> None:
    flow: Flow = chain()
    with Dashboard(flow, port=0) as dashboard:
        clients = [LiveClient(dashboard) for _ in range(5)]
        job = flow.start("emitter", {"count": 100_000})
        for client in clients:
            subscribe(client, job)
        began = time.monotonic()
        dashboard.stop()
        assert time.monotonic() - began < 2
        for client in clients:
            assert client.lost.wait(5)
            client.close()
        JobState.wait_for_completion(flow, job, timeout=60)
