"""Reads of what is confidential: each goes on record, and whoever reads unusually many is told of (Art. 36(4))."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from hotline_kernel import telemetry
from hotline_kernel.auth import Principal

_HOUR = timedelta(hours=1)


class Recorder(Protocol):
    """What is needed of a transaction."""

    @property
    def actor(self) -> Principal: ...

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None: ...
    def reads_since(self, since: datetime, *, actor: str) -> int:
        """How much that is confidential somebody opened since then, as the record says."""


class Reads:
    """The reads that a service counts together.

    unusual -- how many of one person within an hour are: whoever comes to that, and to each multiple, is put on record
    under `reads`, and the metric grows.
    """

    def __init__(self, *, service: str, unusual: int) -> None:
        self._service = service
        self._unusual = unusual
        telemetry.READS_UNUSUAL.labels(service)  # counted from nought, so that the first one is seen

    def record(
        self,
        *,
        tx: Recorder,
        action: str,
        resource: str,
        time: datetime,
        purpose: str = "",
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Puts a read on record. What one person reads in the same moment twice may count once."""
        read = tx.reads_since(time - _HOUR, actor=tx.actor.subject) + 1
        tx.record(action=action, resource=resource, time=time, purpose=purpose, details=details)
        if read % self._unusual == 0:
            tx.record(
                action=f"{self._service}.reads.unusual",
                resource="reads",
                time=time,
                purpose=purpose,
                details={"in_an_hour": str(read), "last": action},
            )
            telemetry.READS_UNUSUAL.labels(self._service).inc()
