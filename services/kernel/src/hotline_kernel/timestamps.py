"""Moments as the contract writes them."""

from datetime import datetime
from typing import overload

from google.protobuf.timestamp_pb2 import Timestamp


@overload
def timestamp(moment: datetime) -> Timestamp: ...
@overload
def timestamp(moment: datetime | None) -> Timestamp | None: ...
def timestamp(moment: datetime | None) -> Timestamp | None:
    """A moment, with its zone, for a message; None, which leaves the field unset, if there is none."""
    if moment is None:
        return None
    written = Timestamp()
    written.FromDatetime(moment)
    return written
