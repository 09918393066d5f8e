"""What is issued on paper, looked up (Art. 28, 29)."""

from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of

from hotline_sla.domain.assessment import NotOwnUnit
from hotline_sla.domain.letter import Letter, circular_letter, notice_letter
from hotline_sla.handlers.books import Books
from hotline_sla.handlers.circulars import get_circular


def letter_of(*, name: str, visible_to: str | None, tx: Books) -> Letter:
    """The letter of a resource. visible_to -- the one unit whose letters may be read; None for the office.

    Raises ResourceNotFound, NotOwnUnit, NoticeNotWritten.
    """
    if name.startswith("circulars/"):
        return circular_letter(get_circular(name=name, visible_to=visible_to, tx=tx))
    supervision = tx.supervision(uuid_of(name))
    if supervision is None:
        raise ResourceNotFound(resource=name)
    if visible_to is not None and supervision.unit != visible_to:
        raise NotOwnUnit
    order = tx.orders([supervision.work_order])[supervision.work_order]
    return notice_letter(supervision, order_number=order.number)
