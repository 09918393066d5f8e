"""SlaService: translates, nothing more."""

from hotline.sla.v1 import accountability_pb2, circular_pb2, deadline_pb2, document_pb2
from hotline.sla.v1 import sla_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page
from hotline_kernel.timestamps import timestamp

from hotline_sla import handlers
from hotline_sla.adapters import accountability_messages, messages, pdf, xlsx
from hotline_sla.adapters.postgres import KeyFilter, Store
from hotline_sla.domain.assessment import NotOwnUnit, score
from hotline_sla.domain.deadline import Law
from hotline_sla.domain.supervision import Ground
from hotline_sla.entrypoints.visibility import is_restricted, visible_unit


class SlaServicer:
    """One method for each RPC. Clocks are moved by events and by time alone."""

    def __init__(self, *, database: Database[Store], clock: Clock, law: Law, issuer: str, watermark: str = "") -> None:
        self._database = database
        self._commands = Commands(database)
        self._issuer, self._watermark = issuer, watermark
        self._clock = clock
        self._law = law

    def GetDeadline(self, request: service_pb2.GetDeadlineRequest, call: Call) -> deadline_pb2.Deadline:
        with self._database.transaction(actor=call.principal) as tx:
            deadline = tx.deadline(uuid_of(request.name))
        if deadline is None:
            raise ResourceNotFound(resource=request.name)
        if is_restricted(call) and deadline.unit != call.principal.unit:
            raise NotOwnUnit
        return messages.deadline_message(deadline, law=self._law)

    def ListDeadlines(self, request: service_pb2.ListDeadlinesRequest, call: Call) -> service_pb2.ListDeadlinesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_deadlines(
                matching=messages.deadline_filter(request, unit=visible_unit(call, request.unit)),
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
                unit=visible_unit(call, request.unit),
                step=messages.step_of(request.step),
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda supervision: [supervision.id])
        return service_pb2.ListSupervisionsResponse(
            supervisions=[messages.supervision_message(supervision) for supervision in kept], next_page_token=token
        )

    def AcknowledgeNotice(self, request: service_pb2.AcknowledgeNoticeRequest, call: Call) -> deadline_pb2.Supervision:
        def work(tx: Store) -> deadline_pb2.Supervision:
            now = self._clock.now()
            acknowledged = handlers.acknowledge_notice(
                name=request.name,
                note=request.note,
                by=call.principal,
                tx=tx,
                now=now,
            )
            tx.record(action=call.permission, resource=request.name, time=now, details={"notice": acknowledged.notice})
            return messages.supervision_message(acknowledged)

        return self._commands.run(request, call, deadline_pb2.Supervision, work)

    def StartKeySupervision(
        self, request: service_pb2.StartKeySupervisionRequest, call: Call
    ) -> deadline_pb2.KeySupervision:
        ground = messages.ground_of(request.ground) or Ground.IMPORTANT  # the contract lets no other through

        def work(tx: Store) -> deadline_pb2.KeySupervision:
            now = self._clock.now()
            handlers.start_key_supervision(
                work_order=request.work_order, ground=ground, reason=request.reason, tx=tx, now=now, law=self._law
            )
            tx.record(action=call.permission, resource=request.work_order, time=now, details={"ground": ground})
            wanted = KeyFilter(work_order=request.work_order, ground=ground)
            [found] = tx.list_key_supervisions(matching=wanted, after=None, limit=1)
            return messages.key_supervision_message(found)

        return self._commands.run(request, call, deadline_pb2.KeySupervision, work)

    def ListKeySupervisions(
        self, request: service_pb2.ListKeySupervisionsRequest, call: Call
    ) -> service_pb2.ListKeySupervisionsResponse:
        page = Page.read(request)
        wanted = messages.key_filter(request, unit=visible_unit(call, request.unit))
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_key_supervisions(matching=wanted, after=page.after_uuid(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda row: [row.key.id])
        return service_pb2.ListKeySupervisionsResponse(
            key_supervisions=[messages.key_supervision_message(row) for row in kept], next_page_token=token
        )

    def ListUndoneOrders(
        self, request: service_pb2.ListUndoneOrdersRequest, call: Call
    ) -> service_pb2.ListUndoneOrdersResponse:
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.undone_orders(unit=request.unit, tx=tx, now=self._clock.now(), law=self._law)
        return service_pb2.ListUndoneOrdersResponse(orders=[messages.undone_message(order) for order in found])

    def PublishCircular(self, request: service_pb2.PublishCircularRequest, call: Call) -> circular_pb2.Circular:
        def work(tx: Store) -> circular_pb2.Circular:
            now = self._clock.now()
            circular = handlers.publish_circular(
                unit=request.unit,
                work_orders=request.work_orders,
                text=request.text,
                grave=request.grave,
                tx=tx,
                now=now,
                law=self._law,
            )
            details = {"unit": circular.unit, "number": circular.number, "grave": str(circular.grave).lower()}
            tx.record(action=call.permission, resource=circular.name, time=now, details=details)
            return messages.circular_message(circular)

        return self._commands.run(request, call, circular_pb2.Circular, work)

    def GetCircular(self, request: service_pb2.GetCircularRequest, call: Call) -> circular_pb2.Circular:
        with self._database.transaction(actor=call.principal) as tx:
            circular = handlers.get_circular(name=request.name, visible_to=visible_unit(call, ""), tx=tx)
        return messages.circular_message(circular)

    def ListCirculars(self, request: service_pb2.ListCircularsRequest, call: Call) -> service_pb2.ListCircularsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_circulars(
                unit=visible_unit(call, request.unit), after=page.after_uuid(), limit=page.size + 1
            )
        kept, token = page.cut(found, key=lambda circular: [circular.id])
        return service_pb2.ListCircularsResponse(
            circulars=[messages.circular_message(circular) for circular in kept], next_page_token=token
        )

    def GetDocument(self, request: service_pb2.GetDocumentRequest, call: Call) -> document_pb2.Document:
        with self._database.transaction(actor=call.principal) as tx:
            notice = handlers.workbook_of(name=request.name, tx=tx) if request.format == messages.XLSX else None
            letter = handlers.letter_of(name=request.name, visible_to=visible_unit(call, ""), tx=tx)
        if notice is None:
            content, suffix = pdf.render(letter, issuer=self._issuer, watermark=self._watermark), "pdf"
        else:
            content, suffix = xlsx.render(notice, issuer=f"{self._watermark} {self._issuer}".strip()), "xlsx"
        return messages.document_message(request.name, letter, suffix=suffix, content=content)

    def OpenAccountabilityFile(
        self, request: service_pb2.OpenAccountabilityFileRequest, call: Call
    ) -> accountability_pb2.AccountabilityFile:
        def work(tx: Store) -> accountability_pb2.AccountabilityFile:
            now = self._clock.now()
            file = handlers.open_accountability_file(
                unit=request.unit,
                ground=accountability_messages.ground_of(request.ground),
                work_orders=request.work_orders,
                reason=request.reason,
                effect=request.effect,
                circular=request.circular,
                tx=tx,
                now=now,
                law=self._law,
            )
            details = {"unit": file.unit, "number": file.number, "evidence": file.evidence_digest}
            tx.record(action=call.permission, resource=file.name, time=now, details=details)
            return accountability_messages.file_message(file)

        return self._commands.run(request, call, accountability_pb2.AccountabilityFile, work)

    def StateAccountabilityCase(
        self, request: service_pb2.StateAccountabilityCaseRequest, call: Call
    ) -> accountability_pb2.AccountabilityFile:
        def work(tx: Store) -> accountability_pb2.AccountabilityFile:
            now = self._clock.now()
            file = handlers.state_accountability_case(
                name=request.name,
                statement=request.statement,
                visible_to=visible_unit(call, ""),
                tx=tx,
                now=now,
            )
            tx.record(action=call.permission, resource=file.name, time=now, details={"number": file.number})
            return accountability_messages.file_message(file)

        return self._commands.run(request, call, accountability_pb2.AccountabilityFile, work)

    def ReferAccountabilityFile(
        self, request: service_pb2.ReferAccountabilityFileRequest, call: Call
    ) -> accountability_pb2.AccountabilityFile:
        def work(tx: Store) -> accountability_pb2.AccountabilityFile:
            now = self._clock.now()
            file = handlers.refer_accountability_file(name=request.name, authority=request.authority, tx=tx, now=now)
            details = {"number": file.number, "authority": file.authority}
            tx.record(action=call.permission, resource=file.name, time=now, details=details)
            return accountability_messages.file_message(file)

        return self._commands.run(request, call, accountability_pb2.AccountabilityFile, work)

    def ConcludeAccountabilityFile(
        self, request: service_pb2.ConcludeAccountabilityFileRequest, call: Call
    ) -> accountability_pb2.AccountabilityFile:
        def work(tx: Store) -> accountability_pb2.AccountabilityFile:
            now = self._clock.now()
            file = handlers.conclude_accountability_file(
                name=request.name,
                outcome=accountability_messages.outcome_of(request.outcome),
                decision=request.decision,
                tx=tx,
                now=now,
            )
            details = {"number": file.number, "outcome": file.outcome}
            tx.record(action=call.permission, resource=file.name, time=now, details=details)
            return accountability_messages.file_message(file)

        return self._commands.run(request, call, accountability_pb2.AccountabilityFile, work)

    def GetAccountabilityFile(
        self, request: service_pb2.GetAccountabilityFileRequest, call: Call
    ) -> accountability_pb2.AccountabilityFile:
        with self._database.transaction(actor=call.principal) as tx:
            file = handlers.get_accountability_file(name=request.name, visible_to=visible_unit(call, ""), tx=tx)
            tx.record(action=call.permission, resource=file.name, time=self._clock.now())
        return accountability_messages.file_message(file)

    def ListAccountabilityFiles(
        self, request: service_pb2.ListAccountabilityFilesRequest, call: Call
    ) -> service_pb2.ListAccountabilityFilesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_accountability_files(
                unit=visible_unit(call, request.unit),
                state=accountability_messages.state_of(request.state),
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda file: [file.id])
        return service_pb2.ListAccountabilityFilesResponse(
            accountability_files=[accountability_messages.file_message(file) for file in kept], next_page_token=token
        )

    def ListUnitScores(
        self, request: service_pb2.ListUnitScoresRequest, call: Call
    ) -> service_pb2.ListUnitScoresResponse:
        page = Page.read(request)
        start, end = messages.period_of(request)
        with self._database.transaction(actor=call.principal) as tx:
            weights = handlers.weights_of(start=start, tx=tx)
            found = tx.counts_by_unit(
                start=start,
                end=end,
                unit=visible_unit(call, request.unit),
                after=page.after_text(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda row: [row[0]])
        return service_pb2.ListUnitScoresResponse(
            scores=[
                messages.score_message(unit, counts, score=score(counts, weights=weights), version=weights.version)
                for unit, counts in kept
            ],
            next_page_token=token,
        )

    def GetSchedule(self, request: service_pb2.GetScheduleRequest, call: Call) -> service_pb2.Schedule:  # noqa: ARG002
        now = self._clock.now()
        with self._database.transaction(actor=call.principal) as tx:
            next_due_time, lagging = tx.schedule(now=now)
        return service_pb2.Schedule(next_due_time=timestamp(next_due_time), lagging=lagging, now=timestamp(now))
