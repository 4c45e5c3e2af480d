"""Connected programs: their identity, liveness and commands."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong

from ..jobs.job import StartableFlow
from ..protocol import FlowDefinition
from ..protocol.programs import SILENT_SECONDS, Command, CommandResult
from ..times import SECOND

SILENT_NS = int(SILENT_SECONDS * SECOND)
ANSWER_SECONDS = 8.0
FLOWS_KEPT = 200
"""Maximum number of flows per program."""


class ProgramUnreachable(Exception):
    """The program is not connected, or does not answer; the message says which."""


class Program:
    """A connected program. `key` is the digest of its secret; times are by the server's clock (ns since the epoch).

    The server's thread sets the attributes; any thread may read them and call `ask`.
    """

    def __init__(self, key: str, origin: str, heard_ns: int) -> None:
        self.key = key
        self.origin = origin
        self.heard_ns = heard_ns
        self.ahead_ns = 0
        """How far its clock is ahead of the server's, in ns."""
        self.joined = 0
        """The order of its last join among all joins; 0 if it has never joined this server."""
        self.lost = False
        self.flows: dict[str, FlowDefinition] = {}
        self._send: Callable[[Command], None] | None = None
        self._asked: dict[int, Future[CommandResult]] = {}
        self._started: dict[str, CommandResult] = {}
        self._numbers = itertools.count(1)

    @property
    def connected(self) -> bool:
        return self._send is not None

    def connect(self, send: Callable[[Command], None]) -> None:
        """Mark it connected; any thread may call `send`."""
        self._send = send

    def disconnect(self) -> None:
        """Mark it disconnected, and fail its pending commands."""
        self._send = None
        self.give_up_orders("is not connected any more")

    def give_up_orders(self, why: str) -> None:
        """Fail all pending commands; they will get no answer."""
        for future in list(self._asked.values()):
            if not future.done():
                future.set_exception(ProgramUnreachable(f"the program {self.origin} {why}"))

    def ask(self, order: Command) -> CommandResult:
        """Send a command under a new id and wait for its result. (Native threads.)

        Raises `ProgramUnreachable`.
        """
        send = self._send
        if send is None or self.lost:
            raise ProgramUnreachable(f"the program {self.origin} is not connected")
        order.id = next(self._numbers)
        future = self._asked[order.id] = Future[CommandResult]()
        try:
            send(order)
            return future.result(ANSWER_SECONDS)
        except TookTooLong:
            raise ProgramUnreachable(
                f"the program {self.origin} has not answered within {ANSWER_SECONDS:g} s"
            ) from None
        finally:
            del self._asked[order.id]

    def answered(self, answer: CommandResult, is_shown: Callable[[str], bool]) -> None:
        """Process an answer; ignore one to an unknown command. A start is answered only once its job is shown."""
        if not answer.job_id or answer.id not in self._asked:
            self._resolve(answer)
            return
        self._started[answer.job_id] = answer
        if is_shown(answer.job_id):
            self.shown(answer.job_id)

    def shown(self, job_id: str) -> None:
        """Answer the command that started this job: the job is shown now."""
        answer = self._started.pop(job_id, None)
        if answer is not None:
            self._resolve(answer)

    def _resolve(self, answer: CommandResult) -> None:
        future = self._asked.get(answer.id)
        if future is not None and not future.done():
            future.set_result(answer)


class RemoteFlow:
    """A flow of a connected program, as last described."""

    def __init__(self, program: Program, definition: FlowDefinition) -> None:
        self.program = program
        self._definition = definition

    @property
    def flow_id(self) -> str:
        return self._definition.flow_id

    def definition(self) -> FlowDefinition:
        return self._definition


class Programs:
    """The programs by key. `_lock` guards the table and is held only for lookups."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programs: dict[str, Program] = {}
        self._joined = itertools.count(1)
        self._looked_ns = 0

    def all(self) -> list[Program]:
        with self._lock:
            return list(self._programs.values())

    def get_or_create(self, key: str, origin: str, heard_ns: int) -> Program:
        """The program with that key, created if unknown."""
        with self._lock:
            known = self._programs.get(key)
            if known is None:
                known = self._programs[key] = Program(key, origin, heard_ns)
            return known

    def joined(self, program: Program) -> None:
        """Note that `program` has (re)joined: of flows with the same id, the last joiner's is started."""
        program.joined = next(self._joined)

    def forget(self, programs: Iterable[Program]) -> None:
        """Remove programs that have nothing left on this server."""
        with self._lock:
            for program in programs:
                self._programs.pop(program.key, None)

    def flows(self) -> dict[str, StartableFlow]:
        """The flows that can be started now; of several with the same id, that of the program that joined last."""
        found: dict[str, StartableFlow] = {}
        for program in sorted(self.all(), key=lambda program: program.joined):
            if program.connected and not program.lost:
                for flow_id, definition in program.flows.copy().items():
                    found[flow_id] = RemoteFlow(program, definition)
        return found

    def silent(self, now_ns: int) -> list[Program]:
        """Mark silent programs lost and return them. Call it about every half second.

        After a long gap between calls, this process was itself suspended and could not hear any program, so the gap
        does not count as silence.
        """
        slept = max(0, now_ns - self._looked_ns - 2 * SECOND) if self._looked_ns else 0
        self._looked_ns = now_ns
        found = []
        for program in self.all():
            program.heard_ns += slept
            if not program.lost and now_ns - program.heard_ns >= SILENT_NS:
                program.lost = True
                found.append(program)
        return found
