"""SlaService: translates, nothing more."""

from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_sla.adapters import messages
from hotline_sla.adapters.postgres import Store
from hotline_sla.domain.assessment import NotOwnUnit, Weights
from hotline_sla.domain.deadline import Law


class SlaServicer:
    """One method for each RPC. Reads only: clocks are moved by events and by time."""

    def __init__(self, *, database: Database[Store], clock: Clock, law: Law, weights: Weights) -> None:
        self._database = database
        self._clock = clock
        self._law = law
        self._weights = weights

    def GetDeadline(self, request: service_pb2.GetDeadlineRequest, call: Call) -> deadline_pb2.Deadline:
        with self._database.transaction(actor=call.principal) as tx:
            deadline = tx.deadline(uuid_of(request.name))
        if deadline is None:
            raise ResourceNotFound(resource=request.name)
        if _is_restricted(call) and deadline.unit != call.principal.unit:
            raise NotOwnUnit
        return messages.deadline_message(deadline, law=self._law)

    def ListDeadlines(self, request: service_pb2.ListDeadlinesRequest, call: Call) -> service_pb2.ListDeadlinesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_deadlines(
                matching=messages.deadline_filter(request, unit=_visible_unit(call, request.unit)),
                after=messages.due_position(page.after),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda deadline: [deadline.due_time.isoformat(), deadline.id])
        return service_pb2.ListDeadlinesResponse(
            deadlines=[messages.deadline_message(deadline, law=self._law) for deadline in kept], next_page_token=token
        )

    def ListSupervisions(
        self, request: service_pb2.ListSupervisionsRequest, call: Call
    ) -> service_pb2.ListSupervisionsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_supervisions(
                work_order=request.work_order or None,
                unit=_visible_unit(call, request.unit),
                step=messages.step_of(request.step),
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda supervision: [supervision.id])
        return service_pb2.ListSupervisionsResponse(
            supervisions=[messages.supervision_message(supervision) for supervision in kept], next_page_token=token
        )

    def ListUnitScores(
        self, request: service_pb2.ListUnitScoresRequest, call: Call
    ) -> service_pb2.ListUnitScoresResponse:
        page = Page.read(request)
        start, end = messages.period_of(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.counts_by_unit(
                start=start,
                end=end,
                unit=_visible_unit(call, request.unit),
                after=page.after_text(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda row: [row[0]])
        return service_pb2.ListUnitScoresResponse(
            scores=[messages.score_message(unit, counts, weights=self._weights) for unit, counts in kept],
            next_page_token=token,
        )

    def GetSchedule(self, request: service_pb2.GetScheduleRequest, call: Call) -> service_pb2.Schedule:  # noqa: ARG002
        now = self._clock.now()
        with self._database.transaction(actor=call.principal) as tx:
            next_due_time, lagging = tx.schedule(now=now)
        return service_pb2.Schedule(
            next_due_time=messages.timestamp(next_due_time), lagging=lagging, now=messages.timestamp(now)
        )


def _is_restricted(call: Call) -> bool:
    return "unit" in call.principal.roles and "office" not in call.principal.roles


def _visible_unit(call: Call, asked: str) -> str | None:
    """The unit to filter by. Raises NotOwnUnit if a unit asks for another's."""
    if not _is_restricted(call):
        return asked or None
    if not call.principal.unit or asked not in ("", call.principal.unit):
        raise NotOwnUnit
    return call.principal.unit
