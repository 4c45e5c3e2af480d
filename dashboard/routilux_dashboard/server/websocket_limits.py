"""Limits on a websocket: the rate and size of messages, and how a connection that exceeds them is closed.

`GuardedFrames` is a mixin for the websocket class of the server's thread, which reads frames with `_recv_frame`,
unmasks them with `_apply_mask` and packs them with `_pack_message`. `GuardedUpgrade` is a mixin for the class that
upgrades an HTTP request to such a websocket.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

from .guard import MAX_MESSAGE, MESSAGE_BURST, MESSAGES_A_SECOND, TokenBucket

log = logging.getLogger("routilux_dashboard")

WEBSOCKET = "routilux.websocket"
"""The key of the websocket in the WSGI environment, for `cut`."""
MAX_FRAGMENTS = 16
MESSAGES_BETWEEN_TURNS = 8
POLICY_VIOLATION = 1008
TOO_BIG = 1009
_READ_SIZE = 16 * 1024
_LARGEST_READ = 256 * 1024
_RESET = struct.pack("ii", 1, 0)


class BufferedSocket:
    """Reads a socket in large pieces: under load, every read waits for the GIL, and a small message would take four
    reads."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._buffer = b""

    def recv(self, size: int) -> bytes:
        if not self._buffer:
            self._buffer = self._sock.recv(min(max(size, _READ_SIZE), _LARGEST_READ))
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class GuardedFrames:
    """A websocket that closes, with a reason, if its peer sends too much; see the module docstring."""

    socket: Any
    websocket_closed: bool
    max_frame_length: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bucket = TokenBucket(MESSAGES_A_SECOND, MESSAGE_BURST)
        self._largest = MAX_MESSAGE
        self._received = 0

    # -- provided by the server's thread

    def take_turns(self) -> None:
        """Yield to other connections, even if this peer's next message is ready."""
        raise NotImplementedError

    def fail(self, status: int, reason: str) -> None:
        """Raise the exception that ends reading."""
        raise NotImplementedError

    def drain(self) -> None:
        """Discard input briefly, so that a peer that is still sending gets to read why it was disconnected."""
        raise NotImplementedError

    # -- reading

    def _recv_frame(self, message: Any = None) -> Any:
        frame = super()._recv_frame(message)  # type: ignore[misc]
        self._received += 1
        if self._received % MESSAGES_BETWEEN_TURNS == 0:
            self.take_turns()
        if not self._bucket.take():
            self._refuse(POLICY_VIOLATION, f"more than {MESSAGES_A_SECOND} messages a second")
        if len(frame.data) > MAX_FRAGMENTS or sum(map(len, frame.data)) > self._largest:
            self._refuse(TOO_BIG, f"a message of more than {self._largest} bytes or {MAX_FRAGMENTS} fragments")
        return frame

    @staticmethod
    def _apply_mask(data: bytes, mask: tuple[int, ...], length: int | None = None, offset: int = 0) -> bytes:
        # XOR two large integers: byte by byte, 64 KB take 10 ms, during which no other client is served.
        size = len(data) if length is None else length
        turn = offset % 4
        key = (bytes(mask[turn:]) + bytes(mask[:turn])) * (size // 4 + 1)
        return (int.from_bytes(data[:size], "little") ^ int.from_bytes(key[:size], "little")).to_bytes(size, "little")

    def allow(self, size: int) -> None:
        """Accept messages of up to `size` bytes from this peer from now on."""
        self._largest = self.max_frame_length = size

    # -- ending

    def cut(self, reason: str) -> None:
        """Close the connection immediately, whatever the peer does."""
        if not self._say_goodbye(POLICY_VIOLATION, reason):
            # The peer does not read: drop the data that the kernel still buffers for it, too.
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._shut_down()

    def close(self, close_data: tuple[int, str] | None = None) -> None:
        """Close the connection without waiting for the peer."""
        self._say_goodbye(*(close_data or (1000, "")))
        self._shut_down()

    def _refuse(self, status: int, reason: str) -> None:
        self._say_goodbye(status, reason)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            self.drain()
        self.fail(status, reason)

    def _say_goodbye(self, status: int, reason: str) -> bool:
        """Send the close frame if that is possible without blocking; return whether it has been sent, now or before."""
        if self.websocket_closed:
            return True
        self.websocket_closed = True
        if self._sendlock.locked():  # type: ignore[attr-defined]  # a frame is half sent: the peer is not reading
            return False
        data = struct.pack("!H", status) + reason.encode()[:120]
        try:
            self.socket.fd.send(self._pack_message(data, control_code=8))  # type: ignore[attr-defined]
        except OSError:
            return False
        return True

    def _shut_down(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class GuardedUpgrade:
    """Upgrades HTTP to a websocket without compression; python-engineio's socket always ends with it."""

    def __init__(self, handler: Callable[..., object], server: Any) -> None:
        super().__init__(handler, server)  # type: ignore[call-arg]
        self.support_legacy_versions = False
        self._engineio_socket: Any = handler.__self__  # type: ignore[attr-defined]

    # -- provided by the server's thread

    def already_answered(self) -> None:
        """Mark the response as sent, so that nothing more is written to the connection."""
        raise NotImplementedError

    def websocket(self, environ: dict[str, Any]) -> GuardedFrames:
        """Create the websocket on the connection of `environ`, after the handshake."""
        raise NotImplementedError

    # -- upgrading

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return super().__call__(environ, start_response)  # type: ignore[misc]
        except Exception as error:
            log.debug("Websocket of %s: %r", environ.get("REMOTE_ADDR"), error)
            self.already_answered()
            return []
        finally:
            self._engineio_socket.queue.put(None)
            self._engineio_socket.close(wait=False, abort=True)

    def _negotiate_permessage_deflate(self, _: object) -> None:
        """Don't offer compression: it costs nine times the encoding time, and twice the memory per client."""

    def _handle_hybi_request(self, environ: dict[str, Any]) -> GuardedFrames:
        super()._handle_hybi_request(environ)  # type: ignore[misc]  # sends the response; the websocket it creates is not used
        environ[WEBSOCKET] = websocket = self.websocket(environ)
        return websocket
