"""A unit's own system: a small HTTP server that hears of orders, and does as a test says."""

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "unit-systems.md"
Behaviour = Callable[[BaseHTTPRequestHandler], int | None]
"""Answers with a status, or with None when it has answered, or not answered, by itself."""


@dataclass(frozen=True)
class Received:
    """One call, as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data


class UnitSystem:
    """Listens on a port of its own, which it keeps when it is stopped and started again."""

    def __init__(self) -> None:
        self.taken: list[Received] = []
        """What was answered with 2xx."""
        self.seen: list[Received] = []
        self.behaviour: Behaviour = lambda _: 204
        self._port = 0
        self._news = threading.Condition()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hotline?v=1"

    def start(self, tls: ssl.SSLContext | None = None) -> None:
        handler = type("Handler", (_Handler,), {"system": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """The line is cut: nobody answers on the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, call: Received, *, taken: bool) -> None:
        with self._news:
            self.seen.append(call)
            if taken:
                self.taken.append(call)
            self._news.notify_all()

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Waits until what has come is so."""
        with self._news:
            assert self._news.wait_for(condition, timeout=seconds), [call.body for call in self.seen]

    def told_of(self, order: str) -> list[dict[str, Any]]:
        """What it took about an order, in the order of its coming."""
        return [call.data for call in self.taken if call.data["workOrder"] == order]


class _Handler(BaseHTTPRequestHandler):
    system: UnitSystem

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = Received({name.lower(): value for name, value in self.headers.items()}, body)
        status = self.system.behaviour(self)
        self.system.take(call, taken=status is not None and 200 <= status < 300)
        if status is not None:
            self.send_response(status)
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the library)
        """Nothing."""


def verified(call: Received, secret: str) -> bool:
    """What the how-to page tells a unit to do."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return bool(names["verified"](call.headers, call.body, secret))


def eventually(find: Callable[[], Any], *, seconds: float = 30.0) -> Any:
    """What is found in the end, when it is something."""
    give_up = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := find()):
        assert time.monotonic() < give_up, "it did not come about"
        pause.wait(0.02)
    return found
