"""What is issued on paper, looked up (Art. 8, 28, 29, 35)."""

from typing import Protocol

from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.names import uuid_of

from hotline_sla.domain.assessment import NotOwnUnit
from hotline_sla.domain.letter import Letter, circular_letter, notice_letter, statistics_letter, work_letter
from hotline_sla.domain.notice import StatisticsNotice
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.circulars import get_circular
from hotline_sla.handlers.notices import Archive, get_statistics_notice, get_work_notice


class Cabinet(Books, Archive, Protocol):
    """What the use case needs of a transaction."""


def letter_of(*, name: str, visible_to: str | None, tx: Cabinet) -> Letter:
    """The letter of a resource; notices of the office go to all.

    visible_to -- the one unit whose letters may be read; None for the office.

    Raises ResourceNotFound, NotOwnUnit, NoticeNotWritten.
    """
    if name.startswith("circulars/"):
        return circular_letter(get_circular(name=name, visible_to=visible_to, tx=tx))
    if name.startswith("statisticsNotices/"):
        return statistics_letter(get_statistics_notice(name=name, tx=tx))
    if name.startswith("workNotices/"):
        return work_letter(get_work_notice(name=name, tx=tx))
    supervision = tx.supervision(uuid_of(name))
    if supervision is None:
        raise ResourceNotFound(resource=name)
    if visible_to is not None and supervision.unit != visible_to:
        raise NotOwnUnit
    order = tx.orders([supervision.work_order])[supervision.work_order]
    return notice_letter(supervision, order_number=order.number)


def workbook_of(*, name: str, tx: Archive) -> StatisticsNotice:
    """What there is a workbook of. Raises FieldInvalid for anything but a statistics notice, ResourceNotFound."""
    if not name.startswith("statisticsNotices/"):
        raise FieldInvalid(violations=[("format", "must be PDF for anything but a statistics notice")])
    return get_statistics_notice(name=name, tx=tx)
