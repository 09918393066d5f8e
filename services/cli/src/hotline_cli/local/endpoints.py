"""Where a PostgreSQL and a RabbitMQ listen, and the rooms made in them: databases and virtual hosts."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

_TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Endpoints:
    """Addresses of a pair of servers, with the credentials of their administrators.

    postgres_url   -- `postgresql://user:secret@host:port`, without a database
    amqp_url       -- `amqp://user:secret@host:port`, without a virtual host
    management_url -- `http://host:port` of RabbitMQ's management plugin
    """

    postgres_url: str
    amqp_url: str
    management_url: str

    @classmethod
    def of_running(cls, *, postgres_url: str, management_url: str) -> Self:
        """Describe servers that run already; the AMQP port is asked from the management plugin.

        management_url -- `http://user:secret@host:port`
        """
        address = urlsplit(management_url)
        account = f"amqp://{address.username}:{address.password}@{address.hostname}"
        plain = f"http://{address.hostname}:{address.port}"
        asking = cls(postgres_url="", amqp_url=account, management_url=plain)
        overview = cast("dict[str, list[dict[str, object]]]", asking.manage("GET", "overview"))
        port = next(listener["port"] for listener in overview["listeners"] if listener["protocol"] == "amqp")
        return cls(postgres_url=postgres_url.rstrip("/"), amqp_url=f"{account}:{port}", management_url=plain)

    def database_url(self, name: str) -> str:
        """Return the conninfo of one database."""
        return f"{self.postgres_url}/{name}"

    def broker_url(self, vhost: str) -> str:
        """Return the AMQP address of one virtual host."""
        return f"{self.amqp_url}/{quote(vhost, safe='')}"

    @property
    def management_account(self) -> str:
        """The management API with the administrator's credentials, `http://user:secret@host:port`."""
        account = urlsplit(self.amqp_url).netloc.rpartition("@")[0]
        plain = urlsplit(self.management_url)
        return f"{plain.scheme}://{account}@{plain.netloc}"

    def create_database(self, name: str) -> None:
        """Create an empty database unless it is there."""
        with self._administer() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is connected to it; nothing happens when there is none."""
        with self._administer() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def create_vhost(self, name: str) -> None:
        """Create a virtual host that the administrator may use, unless it is there."""
        self.manage("PUT", f"vhosts/{quote(name, safe='')}")

    def drop_vhost(self, name: str) -> None:
        """Drop a virtual host with its queues; nothing happens when there is none."""
        try:
            self.manage("DELETE", f"vhosts/{quote(name, safe='')}")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise

    def manage(self, method: str, path: str) -> object:
        """Call RabbitMQ's management API and return what it answers, parsed (None when the answer is empty)."""
        account = urlsplit(self.amqp_url)
        token = base64.b64encode(f"{account.username}:{account.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 -- the address is our own server's
            f"{self.management_url}/api/{path}",
            data=b"{}" if method in {"PUT", "POST"} else None,
            method=method,
            headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            body = response.read()
        return json.loads(body) if body else None

    def _administer(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.database_url("postgres"), autocommit=True, connect_timeout=_TIMEOUT_SECONDS)
