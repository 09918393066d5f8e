"""What an operator makes on a broker for a county's line, by its management API (ADR 0033)."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

_TIMEOUT_SECONDS = 20
DIRECTIONS = ("county.down", "county.up")
"""An exchange and a queue each, by the same names at both ends."""
LONGEST_QUEUE = 1_000_000
"""Messages of a county that its city has not taken; more are refused and wait in the county."""
CONNECTIONS = 8
_WITH_DELIVERY_LIMIT = 4
"""The first major version of RabbitMQ that drops what was redelivered often, unless told not to."""


class BrokerError(Exception):
    """The broker refused, or is not there; says what was asked."""


def line_vhost(city_vhost: str, county: str) -> str:
    """The virtual host of a county on the city's broker; `counties/{id}`."""
    return f"{city_vhost}.county.{county.removeprefix('counties/')}"


@dataclass(frozen=True)
class Broker:
    """A broker's management API, `http(s)://user:secret@host:port`."""

    management: str

    @property
    def user(self) -> str:
        """Who we are there."""
        return unquote(urlsplit(self.management).username or "")

    def make_ends(self, vhost: str) -> None:
        """Both directions' exchange and queue, one bound to the other; safe to repeat."""
        arguments: dict[str, Any] = {
            "x-queue-type": "quorum",
            "x-max-length": LONGEST_QUEUE,
            "x-overflow": "reject-publish",
        }
        if self._version() >= _WITH_DELIVERY_LIMIT:
            arguments["x-delivery-limit"] = -1  # a line that is cut again and again loses nothing
        for direction in DIRECTIONS:
            at = f"{_safe(vhost)}/{direction}"
            self._ask("PUT", f"exchanges/{at}", {"type": "fanout", "durable": True})
            self._ask("PUT", f"queues/{at}", {"durable": True, "arguments": arguments})
            self._ask("POST", f"bindings/{_safe(vhost)}/e/{direction}/q/{direction}", {"routing_key": ""})

    def make_line(self, *, vhost: str, user: str, password: str, service_user: str) -> None:
        """City: a county's virtual host and its user, who reads one queue and writes one exchange; safe to repeat."""
        self._ask("PUT", f"vhosts/{_safe(vhost)}", {})
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        for name in {self.user, service_user}:
            self._ask("PUT", f"permissions/{_safe(vhost)}/{_safe(name)}", everything)
        self.make_ends(vhost)
        self._ask("PUT", f"users/{_safe(user)}", {"password": password, "tags": ""})
        self._ask("PUT", f"user-limits/{_safe(user)}/max-connections", {"value": CONNECTIONS})
        self.open_line(vhost=vhost, user=user)
        self.close_connections(user)  # those of the password before

    def open_line(self, *, vhost: str, user: str) -> None:
        """City: the county may read its queue and write its exchange, and nothing else."""
        own = {"configure": "^$", "write": "^county\\.up$", "read": "^county\\.down$"}
        self._ask("PUT", f"permissions/{_safe(vhost)}/{_safe(user)}", own)

    def shut_line(self, *, vhost: str, user: str) -> None:
        """City: the county may do nothing, and is not connected any more."""
        self._ask("PUT", f"permissions/{_safe(vhost)}/{_safe(user)}", {"configure": "^$", "write": "^$", "read": "^$"})
        self.close_connections(user)

    def close_connections(self, user: str) -> None:
        """Ends every connection of a user."""
        try:
            self._ask("DELETE", f"connections/username/{_safe(user)}")
        except BrokerError as error:
            if "404" not in str(error):
                raise

    def make_shovels(self, *, vhost: str, city: str) -> None:
        """County: both shovels, acknowledged on confirm, to the city's end of the line; safe to repeat.

        city -- the AMQP address of the city's end with the county's credentials.
        """
        home = f"amqp:///{_safe(vhost)}"
        down, up = DIRECTIONS
        for direction, source, target in ((down, city, home), (up, home, city)):
            shovel = {
                "src-protocol": "amqp091",
                "src-uri": source,
                "src-queue": direction,
                "src-prefetch-count": 500,
                "dest-protocol": "amqp091",
                "dest-uri": target,
                "dest-exchange": direction,
                "dest-exchange-key": "",
                "ack-mode": "on-confirm",
                "reconnect-delay": 2,
            }
            self._ask("PUT", f"parameters/shovel/{_safe(vhost)}/{direction}", {"value": shovel})

    def _version(self) -> int:
        overview: Any = self._ask("GET", "overview")
        return int(overview["rabbitmq_version"].partition(".")[0])

    def _ask(self, method: str, path: str, body: object = None) -> object:
        parts = urlsplit(self.management)
        account = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        request = urllib.request.Request(  # noqa: S310 -- the operator's own broker
            f"{parts.scheme}://{host}/api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Basic {base64.b64encode(account.encode()).decode()}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
                answer = response.read()
        except urllib.error.HTTPError as error:
            raise BrokerError(f"the broker answers {error.code} to {method} {path}") from error
        except OSError as error:
            raise BrokerError(f"the broker's management API at {host} does not answer") from error
        return json.loads(answer) if answer else None


def _safe(name: str) -> str:
    return quote(name, safe="")
