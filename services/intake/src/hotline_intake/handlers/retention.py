"""Forgetting by itself whom the term of retention does not keep any more, and forgetting again (Art. 36(4))."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hotline_kernel.calendar import ZONE

from hotline_intake.domain.retention import Retention
from hotline_intake.handlers.appeals import announce_erasure
from hotline_intake.handlers.ports import Store

FORGET_ACTION = "intake.citizens.forget"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What an erasure list did to a restored database."""

    erased: int
    erased_before: int
    unknown: int


def forget_due(*, retention: Retention, tx: Store, now: datetime, limit: int) -> tuple[int, int]:
    """Looks at those whose day has come: forgets who is kept by nothing, and puts another day to the others.

    Whoever is on hold is not looked at. Tells how many were looked at, and how many forgotten.
    """
    today = now.astimezone(ZONE).date()
    found = tx.claim_forgettable(today=today, limit=limit)
    forgotten = 0
    for citizen_id in found:
        kept = tx.kept_by(citizen_id=citizen_id)
        day = retention.forget_date(kept, today=today)
        if day is None or day > today:
            tx.look_at_retention(citizen_id=citizen_id, on=day)
            continue
        _forget(citizen_id, action=FORGET_ACTION, reason="保存期满 / the term of retention ended", tx=tx, now=now)
        forgotten += 1
    return len(found), forgotten


def replay_erasures(*, citizens: Collection[UUID], reason: str, permission: str, tx: Store, now: datetime) -> Replayed:
    """Erases again whom a restore brought back; what is erased or unknown is counted alone. Raises `CitizenHeld`."""
    erased = before = unknown = 0
    for citizen_id in dict.fromkeys(citizens):
        match tx.is_erased(citizen_id=citizen_id):
            case None:
                unknown += 1
            case True:
                before += 1
            case False:
                tx.require_no_hold(citizen_id=citizen_id)
                _forget(citizen_id, action=permission, reason=reason, tx=tx, now=now)
                erased += 1
    return Replayed(erased=erased, erased_before=before, unknown=unknown)


def _forget(citizen_id: UUID, *, action: str, reason: str, tx: Store, now: datetime) -> None:
    tx.erase_citizen(citizen_id=citizen_id, now=now)
    tx.forget_sketches(citizen_id=citizen_id)
    announce_erasure(citizen_id=citizen_id, tx=tx, now=now)
    tx.record(action=action, resource=f"citizens/{citizen_id}", time=now, purpose=reason)
