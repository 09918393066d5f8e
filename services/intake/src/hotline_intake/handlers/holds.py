"""Legal holds (Art. 36)."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from hotline_intake.domain.hold import Hold
from hotline_intake.handlers.ports import Store


def place_hold(*, citizen_id: UUID, reason: str, permission: str, tx: Store, now: datetime) -> Hold:
    """Puts a citizen on hold. Raises `ResourceNotFound`, `CitizenErased`: what is gone cannot be held."""
    tx.require_citizen(citizen_id=citizen_id)
    hold = Hold(id=uuid7(), citizen_id=citizen_id, reason=reason, actor=tx.actor.subject, create_time=now)
    tx.add_hold(hold=hold)
    tx.record(
        action=permission, resource=f"citizens/{citizen_id}", time=now, purpose=reason, details={"hold": hold.name}
    )
    return hold


def release_hold(*, hold_id: UUID, reason: str, permission: str, tx: Store, now: datetime) -> Hold:
    """Ends a hold. Raises `StateNotAllowed`."""
    hold = tx.hold_to_change(hold_id=hold_id).released(actor=tx.actor.subject, reason=reason, now=now)
    tx.save_hold(hold=hold)
    resource = f"citizens/{hold.citizen_id}"
    tx.record(action=permission, resource=resource, time=now, purpose=reason, details={"hold": hold.name})
    return hold


def list_holds(
    *, citizen_id: UUID | None, with_released: bool, before: UUID | None, limit: int, tx: Store
) -> list[Hold]:
    """Holds, newest first."""
    return tx.holds(citizen_id=citizen_id, with_released=with_released, before=before, limit=limit)
