"""Repeats: found when an appeal's hour begins to run, linked and undone by people (Art. 23(3), 25(2))."""

from datetime import datetime, timedelta
from uuid import UUID

from hotline.sla.events.v1 import deadline_events_pb2 as sla_events
from hotline.sla.v1 import deadline_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.names import uuid_of
from uuid_utils.compat import uuid7

from hotline_intake.domain import repeat
from hotline_intake.domain.repeat import Finding, Group, LinkedAlready, Measure, Repeat, RepeatKind, Sketched
from hotline_intake.handlers.ports import Store, ToSketch, Vault

_WHY_FOUND = {
    RepeatKind.SAME_CITIZEN: "同一诉求人就同类事项再次反映",
    RepeatKind.SAME_PROBLEM: "同一地区、同类事项，内容相近",
}
_FOUND_PERMISSION = "intake.repeats.find"
_OFFICE_ROLES = frozenset({"operator", "reviewer", "callback", "quality", "office", "auditor", "service"})


def seek_repeats(*, appeal_id: UUID, tx: Store, vault: Vault, measure: Measure, now: datetime) -> None:
    """Sketches an appeal, once, and links it to what it repeats."""
    row = tx.to_sketch(appeal_id=appeal_id)
    if row is None:
        return
    new = Sketched(
        appeal_id=row.appeal_id,
        citizen_id=row.citizen_id,
        create_time=row.create_time,
        place=repeat.place_of(category=row.category, region=row.region),
        sketch=repeat.sketch_of(hashes=vault.hashes(words=repeat.pairs(title=row.title, text=_text(row, vault)))),
    )
    bands = repeat.bands(place=new.place, sketch=new.sketch)
    since = new.create_time - timedelta(days=measure.window_days)
    own, heads = tx.sketches_near(citizen_id=new.citizen_id, place=new.place, bands=bands, since=since)
    findings = repeat.found(new=new, own=own, heads=heads, measure=measure)
    tx.add_sketch(sketched=new, bands=bands, is_head=all(each.appeal_id != new.appeal_id for each in findings))
    for finding in findings:
        _link_found(finding, tx, now)


def hour_began(event: sla_events.DeadlinesOpened, *, tx: Store, vault: Vault, measure: Measure, now: datetime) -> None:
    """Seeks repeats when sla has opened the hour: beside the registration, which shall not wait for it."""
    if any(deadline.kind == deadline_pb2.DEADLINE_KIND_ANSWER for deadline in event.deadlines):
        seek_repeats(appeal_id=uuid_of(event.subject), tx=tx, vault=vault, measure=measure, now=now)


def link_appeals(
    *, one: UUID, other: UUID, kind: RepeatKind, reason: str, permission: str, tx: Store, now: datetime
) -> Repeat:
    """Links two appeals, and with them all that repeat them: the later head repeats the earlier from now on.

    Raises `LinkedAlready`, `ResourceNotFound`.
    """
    for each in sorted({one, other}):
        tx.appeal_to_change(appeal_id=each)  # in one order, so that two who link the same do not wait for each other
    earlier, later = sorted((tx.head_of(appeal_id=one), tx.head_of(appeal_id=other)))
    if earlier == later:
        raise LinkedAlready(appeal=f"appeals/{one}", other=f"appeals/{other}")
    link = Repeat(
        id=uuid7(),
        appeal_id=later,
        earlier_id=earlier,
        kind=kind,
        similarity=tx.similarity(one=earlier, other=later),
        reason=reason,
        actor=tx.actor.subject,
        create_time=now,
    )
    tx.add_repeat(repeat=link)
    tx.record(action=permission, resource=link.name, time=now, purpose=reason, details=_between(link))
    return link


def unlink_appeals(*, repeat_id: UUID, reason: str, permission: str, tx: Store, now: datetime) -> Repeat:
    """Takes a link back; it stays to be read, and the system does not make it again. Raises `StateNotAllowed`."""
    link = tx.repeat_to_change(repeat_id=repeat_id).undone(actor=tx.actor.subject, reason=reason, now=now)
    tx.end_repeat(repeat=link)
    tx.record(action=permission, resource=link.name, time=now, purpose=reason, details=_between(link))
    return link


def repeat_group(*, appeal_id: UUID, tx: Store) -> Group:
    """How many stand behind an appeal, never who. A unit asks of what it leads. Raises `NotOwnUnit`."""
    _require_business_with(appeal_id, tx.actor, tx)
    return tx.group_of(appeal_id=appeal_id)


def list_repeats(*, appeal_id: UUID, with_undone: bool, after: UUID | None, limit: int, tx: Store) -> list[Repeat]:
    """The links of the group that an appeal belongs to, oldest first. Raises `ResourceNotFound`."""
    tx.appeal(appeal_id=appeal_id)
    return tx.repeats(appeal_id=appeal_id, with_undone=with_undone, after=after, limit=limit)


def _require_business_with(appeal_id: UUID, caller: Principal, tx: Store) -> None:
    appeal = tx.appeal(appeal_id=appeal_id)
    if not caller.roles & _OFFICE_ROLES:
        appeal.require_led_by(unit=caller.unit)


def _link_found(finding: Finding, tx: Store, now: datetime) -> None:
    link = Repeat(
        id=uuid7(),
        appeal_id=finding.appeal_id,
        earlier_id=finding.earlier_id,
        kind=finding.kind,
        similarity=finding.similarity,
        reason=_WHY_FOUND[finding.kind],
        actor="",
        create_time=now,
    )
    if tx.add_found_repeat(repeat=link):
        tx.record(action=_FOUND_PERMISSION, resource=link.name, time=now, details=_between(link))


def _between(link: Repeat) -> dict[str, str]:
    return {"appeal": f"appeals/{link.appeal_id}", "earlier": f"appeals/{link.earlier_id}"}


def _text(row: ToSketch, vault: Vault) -> str:
    """What the citizen said; of an erased citizen nothing."""
    if row.wrapped_key is None:
        return ""
    place = f"citizens/{row.citizen_id}/appeals/{row.appeal_id}/text"
    return vault.unlock(wrapped_key=row.wrapped_key).open(sealed=row.sealed_text, place=place)
