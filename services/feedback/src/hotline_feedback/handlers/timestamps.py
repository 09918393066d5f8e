"""Moments as the contract writes them."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(moment: datetime) -> Timestamp:
    """A moment for a message."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written
