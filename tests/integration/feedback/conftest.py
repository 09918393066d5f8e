"""feedback on a real PostgreSQL: its servicer as the api server calls it, its inbox as the pump empties it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hotline.feedback.v1 import feedback_service_pb2
from hotline_feedback import bootstrap
from hotline_feedback.entrypoints.grpc_server import FeedbackServicer
from hotline_feedback.settings import Settings
from hotline_kernel import migrate, sealing
from hotline_kernel.clock import VirtualClock
from hotline_kernel.process import Application

START = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path) -> VirtualClock:
    """Legal time, Friday 2026-05-08 at 9 in the morning."""
    return VirtualClock.create(tmp_path / "clock", START)


@pytest.fixture
def feedback(database_url: str, clock: VirtualClock, tmp_path: Path) -> Iterator[Application[Any]]:
    """The service, wired, on a migrated database."""
    (tmp_path / "keys").write_text(sealing.new_key_line(key_id="keys"))
    (tmp_path / "keys").chmod(0o600)
    environ = {
        "HOTLINE_ENVIRONMENT": "local",
        "HOTLINE_DATABASE_URL": database_url,
        "HOTLINE_BROKER_URL": "amqp://nowhere",
        "HOTLINE_CLOCK": f"virtual:{tmp_path / 'clock'}",
        "HOTLINE_VAULT_KEY": str(tmp_path / "keys"),
    }
    settings = Settings.load(service="feedback", environ=environ)
    migrate.run(settings=settings, package="hotline_feedback", phase="pre")
    application = bootstrap.build(settings)
    application.database.open()
    yield application
    application.database.close()


@pytest.fixture
def rpc(feedback: Application[Any]) -> FeedbackServicer:
    """The service's servicer."""
    servicer = feedback.servicers[feedback_service_pb2.DESCRIPTOR.services_by_name["FeedbackService"]]
    assert isinstance(servicer, FeedbackServicer)
    return servicer


@pytest.fixture
def hears(feedback: Application[Any], delivery: Callable[..., Any]) -> Callable[..., None]:
    """Delivers events about an order or appeal: `hears(event, event, copies=2)`."""
    deliver = delivery(feedback)

    def hear(*events: Message, copies: int = 1) -> None:
        for event in events:
            fields = ("work_order", "subject", "appeal")
            aggregate = next(getattr(event, field) for field in fields if hasattr(event, field))
            deliver(event, aggregate=aggregate, copies=copies)

    return hear
