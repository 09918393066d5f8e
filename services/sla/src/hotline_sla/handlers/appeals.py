"""Appeals: the hour of Art. 21."""

from datetime import datetime

from hotline.intake.events.v1 import appeal_events_pb2 as intake_events

from hotline_sla.domain.deadline import Kind, Law
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.clocks import announce_opened, hotline_clock, save, time_of


def start_answer_clock(*, event: intake_events.AppealRegistered, tx: Books, law: Law) -> None:
    """Start the hour in which an appeal is answered or referred (Art. 21)."""
    _open_answer(tx, law, event.appeal, start_time=time_of(event.register_time), number=1)


def start_answer_clock_again(*, event: intake_events.AppealReinstated, tx: Books, law: Law) -> None:
    """A declined appeal was taken up again: a new hour begins."""
    rounds = [deadline.round for deadline in tx.deadlines(event.appeal)]
    _open_answer(tx, law, event.appeal, start_time=time_of(event.reinstate_time), number=max(rounds, default=0) + 1)


def settle_declined(*, event: intake_events.AppealDeclined, tx: Books, law: Law) -> None:
    """Declining with a referral settles the hour (Art. 6, 21)."""
    _settle_answer(tx, law, event.appeal, time_of(event.decline_time), "不予受理并已告知 / declined")


def settle_answered(*, event: intake_events.AppealAnswered, tx: Books, law: Law) -> None:
    """A direct answer settles the hour (Art. 21)."""
    _settle_answer(tx, law, event.appeal, time_of(event.answer_time), "已直接答复 / answered")


def settle_referred(*, event: intake_events.AppealReferred, tx: Books, law: Law) -> None:
    """Referring settles the hour (Art. 21)."""
    _settle_answer(tx, law, event.appeal, time_of(event.refer_time), "已转派 / referred")


def _settle_answer(tx: Books, law: Law, appeal: str, time: datetime, deed: str) -> None:
    settled = [deadline.settle(time=time, deed=deed) for deadline in tx.deadlines(appeal) if deadline.is_open]
    save(tx, law, settled, after=time)


def _open_answer(tx: Books, law: Law, appeal: str, *, start_time: datetime, number: int) -> None:
    deadline = hotline_clock(law, appeal, Kind.ANSWER, start_time=start_time, number=number)
    save(tx, law, [deadline], after=start_time)
    announce_opened(tx, law, [deadline], time=start_time)
