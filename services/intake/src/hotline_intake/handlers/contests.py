"""Objections to declines (Art. 6)."""

from datetime import datetime
from uuid import UUID

from hotline_kernel import codes
from hotline_kernel.reads import Reads
from uuid_utils.compat import uuid7

from hotline_intake.domain import telling
from hotline_intake.domain.citizen import CitizenErased
from hotline_intake.domain.contest import Contest, ContestState
from hotline_intake.domain.telling import Occasion
from hotline_intake.handlers.appeals import reinstate_appeal
from hotline_intake.handlers.ports import CitizenRow, Key, Store, Vault


def contest_decline(*, typed: str, reason: str, permission: str, tx: Store, vault: Vault, now: datetime) -> Contest:
    """Objects to a decline. Raises `StateNotAllowed`, `ContestedAlready`, `CitizenErased`."""
    found = tx.appeal_of_tracking_code(tracking_code=codes.read(typed=typed, field="tracking_code"))
    appeal = tx.appeal_to_change(appeal_id=found.id)
    contest = Contest.of(contest_id=uuid7(), appeal=appeal, now=now)
    citizen, _ = tx.sealed(appeal=appeal)
    tx.add_contest(
        contest=contest, sealed_reason=_key(citizen, vault).seal(plain=reason, place=_place(citizen, contest))
    )
    tx.record(action=permission, resource=contest.name, time=now, details={"appeal": appeal.name})
    return contest


def read_contest(*, contest_id: UUID, permission: str, reads: Reads, tx: Store, vault: Vault, now: datetime) -> str:
    """The citizen's objection; the read is put on record (Art. 36(4)). Raises `CitizenErased`."""
    contest, sealed = tx.contest(contest_id=contest_id)
    citizen, _ = tx.sealed(appeal=tx.appeal(appeal_id=contest.appeal_id))
    text = _key(citizen, vault).open(sealed=sealed, place=_place(citizen, contest))
    reads.record(tx=tx, action=permission, resource=contest.name, time=now)
    return text


def decide_contest(
    *, contest_id: UUID, upheld: bool, decision: str, permission: str, tx: Store, now: datetime
) -> Contest:
    """Lets the decline stand, and tells the citizen why, or takes the appeal up again (Art. 6, 21).

    Raises `DecidedByDecliner`, `StateNotAllowed`.
    """
    before, _ = tx.contest(contest_id=contest_id)
    appeal = tx.appeal_to_change(appeal_id=before.appeal_id)  # whoever decides at the same time waits here
    before, _ = tx.contest(contest_id=contest_id)
    contest = before.decided(upheld=upheld, decision=decision, reviewer=tx.actor.subject, now=now)
    tx.save_contest(contest=contest)
    tx.record(action=permission, resource=contest.name, time=now, purpose=decision, details={"state": contest.state})
    if upheld:
        tx.tell(appeal=appeal, occasion=Occasion.UPHELD, text=telling.upheld(appeal=appeal, reason=decision), now=now)
    else:
        reinstate_appeal(appeal_id=appeal.id, etag="", reason=decision, permission=permission, tx=tx, now=now)
    return contest


def list_contests(*, state: ContestState | None, before: UUID | None, limit: int, tx: Store) -> list[Contest]:
    """Contests, newest first."""
    return tx.contests(state=state, before=before, limit=limit)


def _key(citizen: CitizenRow, vault: Vault) -> Key:
    if citizen.wrapped_key is None:
        raise CitizenErased(resource=f"citizens/{citizen.id}")
    return vault.unlock(wrapped_key=citizen.wrapped_key)


def _place(citizen: CitizenRow, contest: Contest) -> str:
    return f"citizens/{citizen.id}/{contest.name}/reason"
