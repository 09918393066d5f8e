"""knowledge on a real PostgreSQL: its servicer as the api server calls it, its inbox as the pump empties it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hotline.knowledge.v1 import knowledge_service_pb2
from hotline_kernel import migrate
from hotline_kernel.clock import VirtualClock
from hotline_kernel.process import Application
from hotline_knowledge import bootstrap
from hotline_knowledge.entrypoints.grpc_server import KnowledgeServicer
from hotline_knowledge.settings import Settings

START = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path) -> VirtualClock:
    """Legal time, Friday 2026-05-08 at 9 in the morning."""
    return VirtualClock.create(tmp_path / "clock", START)


@pytest.fixture
def settings(database_url: str, clock: VirtualClock, tmp_path: Path) -> Settings:
    """Settings of a service with a migrated database."""
    environ = {
        "HOTLINE_ENVIRONMENT": "local",
        "HOTLINE_DATABASE_URL": database_url,
        "HOTLINE_BROKER_URL": "amqp://nowhere",
        "HOTLINE_CLOCK": f"virtual:{tmp_path / 'clock'}",
    }
    settings = Settings.load(service="knowledge", environ=environ)
    migrate.run(settings=settings, package="hotline_knowledge", phase="pre")
    return settings


@contextmanager
def _running(settings: Settings) -> Iterator[Application[Any]]:
    application = bootstrap.build(settings)
    application.database.open()
    for companion in application.background:
        companion.start()
    yield application
    for companion in application.background:
        companion.stop()
    application.database.close()


@pytest.fixture
def knowledge(settings: Settings) -> Iterator[Application[Any]]:
    """The service as serve runs it."""
    with _running(settings) as application:
        yield application


@pytest.fixture
def rpc(knowledge: Application[Any]) -> KnowledgeServicer:
    """The service's servicer."""
    return _servicer(knowledge)


@pytest.fixture
def other_rpc(knowledge: Application[Any], settings: Settings) -> Iterator[KnowledgeServicer]:
    """The servicer of another server on the same database, with an index of its own."""
    with _running(settings) as application:
        yield _servicer(application)


@pytest.fixture
def hears(knowledge: Application[Any], delivery: Callable[..., Any]) -> Callable[..., None]:
    """Delivers events about an appeal: `hears(event, aggregate=…, copies=2)`."""
    deliver: Callable[..., None] = delivery(knowledge)
    return deliver


def _servicer(application: Application[Any]) -> KnowledgeServicer:
    servicer = application.servicers[knowledge_service_pb2.DESCRIPTOR.services_by_name["KnowledgeService"]]
    assert isinstance(servicer, KnowledgeServicer)
    return servicer
