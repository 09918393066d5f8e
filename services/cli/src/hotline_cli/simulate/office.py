"""How the hotline office goes through what was left undone, once a week before the offices open (Art. 28, 29)."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_kernel.calendar import ZONE

from hotline_cli.client import Hotline, new_request_id, pages
from hotline_cli.simulate.clockwork import Due

_HOUR = time(7)  # when no case changes what the office looks at, so that the same seed gives the same books
_WEEK = timedelta(days=7)


class Office:
    """Units sign for what reached them in writing; those that leave their orders undone nevertheless are named."""

    def __init__(self, hotline: Hotline, units: list[str]) -> None:
        self._hotline = hotline
        self._units = sorted(units)

    def first_review(self, start: datetime) -> Due:
        """The one a week after a start at midnight."""
        return Due(datetime.combine((start + _WEEK).date(), _HOUR, tzinfo=ZONE), 0, 0, self.reviews)

    def reviews(self, now: datetime) -> Iterator[Due]:
        """Every unit in its turn."""
        for unit in self._units:
            self._sign(unit)
            self._name(unit)
        yield Due(now + _WEEK, 0, 0, self.reviews)

    def _sign(self, unit: str) -> None:
        handler = self._hotline.person("unit", unit=unit).sla
        request = sla.ListSupervisionsRequest(unit=unit, step=deadline_pb2.SUPERVISION_STEP_WRITTEN, page_size=1000)
        for page in pages(handler.ListSupervisions, request):
            for notice in page.supervisions:
                if not notice.HasField("acknowledge_time"):
                    handler.AcknowledgeNotice(
                        sla.AcknowledgeNoticeRequest(
                            name=notice.name, note="已收悉,正在办理。", request_id=new_request_id()
                        )
                    )

    def _name(self, unit: str) -> None:
        office = self._hotline.person("office").sla
        undone = office.ListUndoneOrders(sla.ListUndoneOrdersRequest(unit=unit)).orders
        if undone:
            office.PublishCircular(
                sla.PublishCircularRequest(unit=unit, text="请立即整改并报告。", request_id=new_request_id())
            )
