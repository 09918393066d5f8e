"""What knowledge does, a module for each noun."""

from collections.abc import Callable, Mapping

from google.protobuf.message import Message
from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered

from hotline_knowledge.handlers.entries import count_answer

ON_EVENT: Mapping[type[Message], Callable[..., None]] = {AppealAnswered: count_answer}
