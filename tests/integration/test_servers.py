"""The private servers: started, found again, stopped and killed."""

import urllib.error
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.servers import Servers
from kombu.connection import Connection


class TestRooms:
    def test_a_database_is_empty_and_usable(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables == (0,)

    def test_a_virtual_host_carries_messages(self, broker_url: str) -> None:
        with Connection(broker_url) as connection:
            queue = connection.SimpleQueue("note")
            queue.put("你好")
            assert queue.get(timeout=10).payload == "你好"
            queue.close()

    def test_creating_and_dropping_twice_changes_nothing(self, servers: Endpoints) -> None:
        for _ in range(2):
            servers.create_database("twice")
            servers.create_vhost("twice")
        for _ in range(2):
            servers.drop_database("twice")
            servers.drop_vhost("twice")
        with pytest.raises(urllib.error.HTTPError):
            servers.manage("GET", "vhosts/twice")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A pair that no other test shares, in a folder that only its owner may enter."""
    with Servers(tmp_path_factory.mktemp("a folder with spaces")) as servers:
        yield servers
    assert not servers.is_running


class TestServers:
    def test_a_second_user_finds_them_running_and_leaves_them(self, own: Servers) -> None:
        with Servers(own.directory) as again:
            assert again.postgres.pid == own.postgres.pid
        assert own.is_running

    def test_a_killed_postgres_starts_with_its_data(self, own: Servers) -> None:
        own.create_database("kept")
        own.postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(own.database_url("kept"))
        own.postgres.start()
        psycopg.connect(own.database_url("kept")).close()

    def test_a_killed_rabbitmq_starts_with_its_data(self, own: Servers) -> None:
        own.create_vhost("kept")
        own.rabbitmq.kill()
        assert not own.rabbitmq.is_running
        own.rabbitmq.start()
        assert own.manage("GET", "vhosts/kept")

    def test_files_of_credentials_are_closed_to_others(self, own: Servers) -> None:
        assert (own.directory / "password").stat().st_mode & 0o077 == 0
        assert Path(own.directory, "postgres", "data").stat().st_mode & 0o077 == 0
