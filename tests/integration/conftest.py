"""How events reach a service in a test: through its real inbox and the pump's worker."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hotline_kernel import inbox
from hotline_kernel.process import Application
from hotline_kernel.pump import Worker

Deliver = Callable[..., None]


@pytest.fixture
def delivery() -> Callable[[Application[Any]], Deliver]:
    """For an application, a function that delivers events to it: `deliver(event, aggregate="appeals/…", copies=1)`.

    Each event is the next of its aggregate; copies are what a broker does that delivers at least once.
    """

    def delivery_to(application: Application[Any]) -> Deliver:
        worker = Worker(
            settings=application.settings,
            database=application.database,
            clock=application.clock,
            subscriptions=application.subscriptions,
        )
        sequences: dict[tuple[str, str], int] = {}

        def deliver(event: Message, *, aggregate: str, copies: int = 1) -> None:
            source = event.DESCRIPTOR.full_name.split(".")[1]
            sequence = sequences[source, aggregate] = sequences.get((source, aggregate), 0) + 1
            received = inbox.Received.read(
                source=source,
                body=json_format.MessageToJson(event),
                content_type="application/json",
                headers={
                    "id": str(uuid4()),
                    "subject": aggregate,
                    "sequence": sequence,
                    "type": event.DESCRIPTOR.full_name,
                    "time": application.clock.now().isoformat(),
                },
            )
            with application.database.transaction() as tx:
                inbox.open_lanes(tx, sources=[source])
                tx.run(inbox.STORE, inbox.store_params([received] * copies))
            while worker.handle_batch(threading.Event()):
                pass
            with application.database.transaction() as tx:
                assert not tx.all("SELECT type, error FROM inbox WHERE state <> 'done'")

        return deliver

    return delivery_to
