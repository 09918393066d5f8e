"""Calls to addresses that somebody else chose: to no place that is not allowed, to nowhere else, and not for ever."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from hotline_dispatch.domain.webhook import Address, Destinations, Outcome, OutcomeKind, WebhookUrlRefused

_BUSY = frozenset({429, 502, 503, 504})
"""Answers that speak for the whole system, which nobody reached behind them."""


class HttpCaller:
    """Posts to units' systems. Safe to use from many threads."""

    def __init__(self, *, destinations: Destinations, timeout_seconds: float, ca: Path | None) -> None:
        """timeout_seconds -- of a whole call once its name is found;  ca -- trusted besides the machine's own."""
        self._destinations = destinations
        self._timeout_seconds = timeout_seconds
        self._tls = ssl.create_default_context()
        if ca is not None:
            self._tls.load_verify_locations(ca)

    def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """One try; what goes wrong comes back as an outcome, in our words."""
        try:
            parts = self._destinations.check(url)  # what is allowed may have changed since it was entered
            connection = self._connection(parts, self._address_of(parts))
        except (WebhookUrlRefused, OSError, UnicodeError) as error:
            is_refused = isinstance(error, WebhookUrlRefused)
            return Outcome(OutcomeKind.UNREACHED, "address not allowed" if is_refused else "name not found")
        is_late = threading.Event()
        cutter = threading.Timer(self._timeout_seconds, _cut, [connection, is_late])
        cutter.daemon = True
        cutter.start()
        try:
            status = self._exchange(connection, parts, headers, body)
            if is_late.is_set():
                raise TimeoutError  # what was cut looks like a whole answer without the rest of its headers
            return _outcome(status)
        except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError) as error:
            return Outcome(OutcomeKind.UNREACHED, "no answer in time" if is_late.is_set() else _words(error))
        finally:
            cutter.cancel()
            connection.close()

    def _address_of(self, parts: SplitResult) -> Address:
        """Where the name points now; that very address is called, so that it cannot point elsewhere a moment later."""
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
        addresses = [ip_address(place[0]) for *_, place in found]
        for address in addresses:
            if self._destinations.allows(address):
                return address
        raise WebhookUrlRefused

    def _connection(self, parts: SplitResult, address: Address) -> HTTPConnection:
        if parts.scheme == "http":
            return HTTPConnection(str(address), _port(parts), timeout=self._timeout_seconds)
        return HTTPSConnection(
            str(address),
            _port(parts),
            timeout=self._timeout_seconds,
            ssl_context=self._tls,
            cert_reqs=ssl.CERT_REQUIRED,
            server_hostname=parts.hostname,
        )

    def _exchange(self, connection: HTTPConnection, parts: SplitResult, headers: Mapping[str, str], body: bytes) -> int:
        # No redirect is followed and no body is read: what they say is nobody's business here.
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Host": parts.netloc, "User-Agent": "hotline-961890", "Connection": "close", **headers}
        connection.request("POST", target, body=body, headers=sent, preload_content=False)
        return connection.getresponse().status


def _port(parts: SplitResult) -> int:
    return parts.port or {"https": 443, "http": 80}[parts.scheme]


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(OutcomeKind.ARRIVED)
    return Outcome(OutcomeKind.UNREACHED if status in _BUSY else OutcomeKind.REFUSED, f"answered {status}")


def _words(error: Exception) -> str:
    """What went wrong on the way there."""
    match error:
        case urllib3.exceptions.NewConnectionError():  # which is a time-out by its family
            return "no connection"
        case TimeoutError() | urllib3.exceptions.TimeoutError():
            return "no answer in time"
        case ssl.SSLError():
            return "no trusted TLS"
        case _:
            return "no connection"


def _cut(connection: HTTPConnection, is_late: threading.Event) -> None:
    """Ends a call whose other side sends a byte now and then: time-outs of the socket know nothing of the whole."""
    is_late.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
