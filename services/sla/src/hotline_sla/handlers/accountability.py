"""Accountability files: the office gathers, the unit is heard, the authority decides (Art. 29, 36)."""

from collections.abc import Sequence
from datetime import datetime

from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_sla.domain.accountability import (
    AccountabilityFile,
    CircularNotGrave,
    Evidence,
    Ground,
    GroundNotShown,
    Outcome,
    check_ground,
    digest_of,
    file_number,
    hearing_end,
)
from hotline_sla.domain.assessment import NotOwnUnit, Order
from hotline_sla.domain.deadline import Kind, Law
from hotline_sla.domain.explanation import tell
from hotline_sla.handlers.books import Books


def open_accountability_file(
    *,
    unit: str,
    ground: Ground,
    work_orders: Sequence[str],
    reason: str,
    effect: str,
    circular: str,
    tx: Books,
    now: datetime,
    law: Law,
) -> AccountabilityFile:
    """Open a file with what is known of the orders now.

    Raises ResourceNotFound, GroundNotShown, EffectNotTold, CircularNotGrave.
    """
    if circular:
        named = tx.circular(uuid_of(circular))
        if named is None:
            raise ResourceNotFound(resource=circular)
        if named.unit != unit or not named.grave:
            raise CircularNotGrave(circular=circular, unit=unit)
    found = [_look_up(name, unit=unit, tx=tx) for name in sorted(work_orders)]
    evidence = tuple(shown for _, shown in found)
    check_ground(ground, unit=unit, effect=effect, orders=[order for order, _ in found], evidence=evidence)
    file = AccountabilityFile(
        id=uuid7(),
        number=file_number(serial=tx.next_file_serial(), open_time=now),
        unit=unit,
        ground=ground,
        reason=reason,
        effect=effect,
        circular=circular,
        evidence_digest=digest_of(evidence),
        open_time=now,
        hearing_end_time=hearing_end(now, calendar=law.calendar),
        evidence=evidence,
    )
    tx.add_accountability_file(file)
    return file


def state_accountability_case(
    *, name: str, statement: str, visible_to: str | None, tx: Books, now: datetime
) -> AccountabilityFile:
    """The unit concerned is heard. Raises ResourceNotFound, NotOwnUnit, StateNotAllowed."""
    file = get_accountability_file(name=name, visible_to=visible_to, tx=tx, for_update=True)
    return _saved(file.heard(statement=statement, time=now), tx)


def refer_accountability_file(*, name: str, authority: str, tx: Books, now: datetime) -> AccountabilityFile:
    """To the authority that decides. Raises ResourceNotFound, StateNotAllowed, UnitNotHeard."""
    file = get_accountability_file(name=name, visible_to=None, tx=tx, for_update=True)
    return _saved(file.referred(authority=authority, time=now), tx)


def conclude_accountability_file(
    *, name: str, outcome: Outcome, decision: str, tx: Books, now: datetime
) -> AccountabilityFile:
    """Put down the decision, or drop the file. Raises ResourceNotFound, StateNotAllowed."""
    file = get_accountability_file(name=name, visible_to=None, tx=tx, for_update=True)
    return _saved(file.concluded(outcome=outcome, decision=decision, time=now), tx)


def get_accountability_file(
    *, name: str, visible_to: str | None, tx: Books, for_update: bool = False
) -> AccountabilityFile:
    """One file with its evidence. visible_to -- the one unit that may see its own; None for the office.

    Raises ResourceNotFound, NotOwnUnit.
    """
    file = tx.accountability_file(uuid_of(name), for_update=for_update)
    if file is None:
        raise ResourceNotFound(resource=name)
    if visible_to is not None and file.unit != visible_to:
        raise NotOwnUnit
    return file


def _saved(file: AccountabilityFile, tx: Books) -> AccountabilityFile:
    tx.save_accountability_file(file)
    return file


def _look_up(work_order: str, *, unit: str, tx: Books) -> tuple[Order, Evidence]:
    clocks = [deadline for deadline in tx.deadlines(work_order) if deadline.kind is Kind.HANDLING]
    handling = tx.deadline(clocks[-1].id) if clocks else None
    held = tx.orders([work_order]).get(work_order)
    if handling is None or held is None:
        raise ResourceNotFound(resource=work_order)
    order = held if held.unit == unit else tx.left_order(work_order, unit)
    if order is None:
        raise GroundNotShown(work_order=work_order, unit=unit)
    shown = Evidence(
        work_order=work_order,
        number=order.number,
        round=handling.round,
        due_time=handling.due_time,
        handling=order.handling if order.has_left else handling.state,
        account=tell(handling),
        notices=tx.written_notices(work_order, unit),
    )
    return order, shown
