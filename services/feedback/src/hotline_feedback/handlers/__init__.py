"""What feedback does, one function per use case: load, ask the domain, save, publish."""

from collections.abc import Callable, Mapping

from google.protobuf.message import Message
from hotline.dispatch.events.v1.work_order_events_pb2 import ResultReported, WorkOrderDispatched
from hotline.intake.events.v1.appeal_events_pb2 import AppealAnswered
from hotline.sla.events.v1.deadline_events_pb2 import DeadlineMissed, DeadlinesOpened

from hotline_feedback.handlers import callbacks, evaluations, subjects

ON_EVENT: Mapping[type[Message], Callable[..., None]] = {
    WorkOrderDispatched: subjects.keep_subject,
    ResultReported: callbacks.open_callback,
    DeadlinesOpened: callbacks.carry_due_time,
    DeadlineMissed: callbacks.mark_overdue,
    AppealAnswered: evaluations.open_evaluation,
}
