"""Error strategies: orders are sent to a web service that is overloaded at first.

    python examples/retries_and_errors.py

`sender` retries after a growing delay (RETRY), `parser` continues with the next line (CONTINUE), and `receipts` is
allowed to fail (optional). An error anywhere else fails the job (STOP, the default).
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from routilux import ErrorHandler, Flow, Routine

ORDERS = """\
{"id": 1, "item": "tea", "price": 4}
{"id": 2, "item": "cup"
{"id": 3, "item": "pot", "price": 0}
"""


class Inbox(Routine):
    """Hands out the lines of a file of orders."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.read)
        self.define_event("line", ["line"])

    def read(self, text: str = ORDERS, **_: object) -> None:
        for line in text.splitlines():
            self.emit("line", line=line)


class Parser(Routine):
    """Raises for a line that is no JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("line", handler=self.parse)
        self.define_event("order", ["order"])

    def parse(self, line: str) -> None:
        self.emit("order", order=json.loads(line))


class Sender(Routine):
    """Raises what `urllib` raises while the service is overloaded."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("order", handler=self.send)
        self.define_event("sent", ["order"])

    def send(self, order: dict[str, object]) -> None:
        body = json.dumps(order).encode()
        urllib.request.urlopen(self.get_config("url"), data=body, timeout=5).close()
        self.emit("sent", order=order)


class Receipts(Routine):
    """Raises for an order that cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("order", handler=self.write)

    def write(self, order: dict[str, int]) -> None:
        share = 100 // order["price"]
        self.send_output("receipt", text=f"order {order['id']}: one of {share} for 100")


def make_flow(url: str) -> Flow:
    flow = Flow("orders")
    parser, sender, receipts = Parser(), Sender(), Receipts()
    parser.set_error_handler(ErrorHandler("continue"))
    sender.set_config(url=url)
    sender.set_error_handler(ErrorHandler("retry", retry_delay=0.1, retryable_exceptions=(urllib.error.URLError,)))
    receipts.set_as_optional()
    flow.add_routine(Inbox(), "inbox")
    flow.add_routine(parser, "parser")
    flow.add_routine(sender, "sender")
    flow.add_routine(receipts, "receipts")
    flow.connect("inbox", "line", "parser", "line")
    flow.connect("parser", "order", "sender", "order")
    flow.connect("sender", "sent", "receipts", "order")
    return flow


class OverloadedService(BaseHTTPRequestHandler):
    """Answers 503 to the first two requests."""

    too_many = 2

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        overloaded = OverloadedService.too_many > 0
        OverloadedService.too_many -= 1
        self.send_response(503 if overloaded else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing on the screen."""


def main() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), OverloadedService) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flow = make_flow(f"http://127.0.0.1:{server.server_port}/orders")
        job_state = flow.execute("inbox")
        server.shutdown()
    print(f"The job {job_state.status}.")
    for record in job_state.get_execution_history():
        if record.event_name in ("retry", "error_continued"):
            print(f"{record.routine_id} {record.event_name}: {record.data['error']}")
    for output in job_state.output_log:
        print(output["data"]["text"])


if __name__ == "__main__":
    main()
