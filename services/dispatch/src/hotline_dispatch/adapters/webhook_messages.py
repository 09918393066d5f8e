"""Webhooks and what they carry, as they travel. Pure functions."""

import json

from google.protobuf.json_format import MessageToDict
from google.type.date_pb2 import Date
from hotline.dispatch.v1 import unit_system_service_pb2 as pb
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.timestamps import timestamp

from hotline_dispatch.domain.change import Change
from hotline_dispatch.domain.webhook import Delivery, DeliveryState, Webhook


def webhook(known: Webhook) -> pb.Webhook:
    """A webhook for its readers; never its secret."""
    return pb.Webhook(
        name=known.name,
        unit=known.unit,
        url=known.url,
        state=pb.WebhookState.Value(f"WEBHOOK_STATE_{known.state}"),
        create_time=timestamp(known.create_time),
        old_secret_expire_time=timestamp(known.old_secret_until),
        failures=known.line.failures,
        error=known.line.error,
        retry_time=timestamp(known.line.retry_time),
        etag=str(known.version),
    )


def change(told: Change) -> pb.WorkOrderChange:
    """Where an order stands for a unit."""
    day = told.due_date
    return pb.WorkOrderChange(
        work_order=told.work_order,
        number=told.number,
        unit=told.unit,
        part=pb.UnitPart.Value(f"UNIT_PART_{told.part}"),
        version=told.version,
        state=work_order_pb2.WorkOrderState.Value(f"WORK_ORDER_STATE_{told.state or 'UNSPECIFIED'}"),
        round=told.round,
        due_date=Date(year=day.year, month=day.month, day=day.day) if day else None,
        due_time=timestamp(told.due_time),
        due_provisional=told.due_provisional,
        extension_state=work_order_pb2.ExtensionState.Value(f"EXTENSION_STATE_{told.extension or 'UNSPECIFIED'}"),
        overdue=told.overdue,
        key_supervision=told.key_supervision,
        supervision_step=deadline_pb2.SupervisionStep.Value(
            f"SUPERVISION_STEP_{told.supervision_step or 'UNSPECIFIED'}"
        ),
    )


def delivery(known: Delivery) -> pb.WebhookDelivery:
    """A delivery for its readers."""
    return pb.WebhookDelivery(
        name=known.name,
        webhook=f"webhooks/{known.webhook}",
        change=change(known.change),
        state=pb.WebhookDeliveryState.Value(f"WEBHOOK_DELIVERY_STATE_{known.state}"),
        attempts=known.attempts,
        error=known.error,
        create_time=timestamp(known.create_time),
        deliver_time=timestamp(known.deliver_time),
    )


def delivery_state(value: pb.WebhookDeliveryState.ValueType) -> DeliveryState | None:
    """A state to filter by; None if unset."""
    if not value:
        return None
    return DeliveryState(pb.WebhookDeliveryState.Name(value).removeprefix("WEBHOOK_DELIVERY_STATE_"))


def body(known: Delivery) -> bytes:
    """What is sent: type, timestamp and data, as Standard Webhooks recommends; the same in every try."""
    message = {
        "type": pb.WorkOrderChange.DESCRIPTOR.full_name,
        "timestamp": known.create_time.isoformat(),
        "data": MessageToDict(change(known.change)),
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
