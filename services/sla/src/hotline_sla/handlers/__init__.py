"""What happens when: the events that start, move and settle clocks, the due moments, and what the office decides.

Every handler reads the clocks of its subject first, which locks them; the tick does the same but skips what is
locked. So neither waits for the other while holding what the other wants.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message
from hotline.dispatch.events.v1 import work_order_events_pb2 as dispatch_events
from hotline.feedback.events.v1 import callback_events_pb2 as feedback_events
from hotline.intake.events.v1 import appeal_events_pb2 as intake_events

from hotline_sla.handlers import appeals, callbacks, key_supervision, orders
from hotline_sla.handlers.accountability import (
    conclude_accountability_file,
    get_accountability_file,
    open_accountability_file,
    refer_accountability_file,
    state_accountability_case,
)
from hotline_sla.handlers.assessment import weights_of
from hotline_sla.handlers.circulars import get_circular, publish_circular, undone_orders
from hotline_sla.handlers.documents import letter_of, workbook_of
from hotline_sla.handlers.key_supervision import start_key_supervision
from hotline_sla.handlers.supervision import acknowledge_notice, act_on_due_moments, recompute_provisional

__all__ = [
    "ON_EVENT",
    "acknowledge_notice",
    "act_on_due_moments",
    "conclude_accountability_file",
    "get_accountability_file",
    "get_circular",
    "letter_of",
    "open_accountability_file",
    "publish_circular",
    "recompute_provisional",
    "refer_accountability_file",
    "start_key_supervision",
    "state_accountability_case",
    "undone_orders",
    "weights_of",
    "workbook_of",
]

ON_EVENT: dict[type[Message], Callable[..., Any]] = {
    intake_events.AppealRegistered: appeals.start_answer_clock,
    intake_events.AppealReinstated: appeals.start_answer_clock_again,
    intake_events.AppealDeclined: appeals.settle_declined,
    intake_events.AppealAnswered: appeals.settle_answered,
    intake_events.AppealReferred: appeals.settle_referred,
    dispatch_events.WorkOrderHeld: key_supervision.note_directive,
    dispatch_events.WorkOrderDispatched: orders.start_order_clocks,
    dispatch_events.WorkOrderAwaitingLead: orders.take_back,
    dispatch_events.WorkOrderSentBack: orders.return_to_office,
    dispatch_events.WorkOrderJoined: orders.hold_joined,
    dispatch_events.WorkOrderWithdrawn: orders.end_withdrawn,
    dispatch_events.PartAssigned: orders.start_part,
    dispatch_events.PartLapsed: orders.end_part,
    dispatch_events.PartReported: orders.settle_part,
    dispatch_events.FirstContactRecorded: orders.settle_first_contact,
    dispatch_events.ExtensionGranted: orders.extend_handling,
    dispatch_events.ResultReported: orders.settle_handling,
    dispatch_events.WorkOrderClosed: orders.end_order_clocks,
    feedback_events.CallbackCompleted: callbacks.settle_callback,
    feedback_events.ReviewConcluded: callbacks.excuse_unit,
}
