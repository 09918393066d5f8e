"""ReportService: translates, nothing more."""

from dataclasses import replace

from hotline.feedback.v1 import report_service_pb2 as service_pb2
from hotline_kernel.auth import ANONYMOUS
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page
from hotline_kernel.reads import Reads
from hotline_kernel.timestamps import timestamp

from hotline_feedback.adapters import report_messages as messages
from hotline_feedback.adapters.postgres import Store
from hotline_feedback.domain.report import Conclusion
from hotline_feedback.handlers import reports


class ReportServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, envelopes: reports.Envelopes, reads: Reads) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._envelopes = envelopes
        self._reads = reads

    def FileReport(self, request: service_pb2.FileReportRequest, call: Call) -> service_pb2.FileReportResponse:
        def file(tx: Store) -> service_pb2.FileReportResponse:
            report, code = reports.file_report(
                kind=messages.kind_of(request.kind),
                contents=messages.contents_of(request.contents),
                tx=tx,
                envelopes=self._envelopes,
                now=self._clock.now(),
            )
            return service_pb2.FileReportResponse(report_code=code, receive_time=timestamp(report.receive_time))

        # Neither the record nor the kept answer may tell who of the staff reports.
        nobody = replace(call, principal=ANONYMOUS)
        return self._commands.run(request, nobody, service_pb2.FileReportResponse, file)

    def TrackReport(self, request: service_pb2.TrackReportRequest, call: Call) -> service_pb2.ReportProgress:
        del call  # whoever has the code
        with self._database.transaction(actor=ANONYMOUS) as tx:
            report, answer = reports.track_report(typed=request.report_code, tx=tx, envelopes=self._envelopes)
        return messages.progress_message(report, answer=answer)

    def ListReports(self, request: service_pb2.ListReportsRequest, call: Call) -> service_pb2.ListReportsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.reports(state=messages.state_of(request.state), after=page.after_uuid(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda report: [report.id])
        return service_pb2.ListReportsResponse(
            reports=[messages.report_message(report) for report in kept], next_page_token=token
        )

    def ExamineReport(self, request: service_pb2.ExamineReportRequest, call: Call) -> service_pb2.ExaminedReport:
        with self._database.transaction(actor=call.principal) as tx:
            report, contents, unit_found, findings = reports.examine_report(
                report_id=uuid_of(request.name),
                purpose=request.purpose,
                reads=self._reads,
                tx=tx,
                envelopes=self._envelopes,
                now=self._clock.now(),
            )
        return messages.examined_message(report, contents=contents, unit_found=unit_found, findings=findings)

    def SetUnitConcerned(self, request: service_pb2.SetUnitConcernedRequest, call: Call) -> service_pb2.Report:
        return self._commands.run(
            request,
            call,
            service_pb2.Report,
            lambda tx: messages.report_message(
                reports.set_unit_concerned(
                    report_id=uuid_of(request.name),
                    unit=request.unit,
                    etag=request.etag,
                    tx=tx,
                    envelopes=self._envelopes,
                    now=self._clock.now(),
                )
            ),
        )

    def ConcludeReport(self, request: service_pb2.ConcludeReportRequest, call: Call) -> service_pb2.Report:
        return self._commands.run(
            request,
            call,
            service_pb2.Report,
            lambda tx: messages.report_message(
                reports.conclude_report(
                    report_id=uuid_of(request.name),
                    confirmed=request.confirmed,
                    conclusion=Conclusion(findings=request.findings, answer=request.answer),
                    etag=request.etag,
                    tx=tx,
                    envelopes=self._envelopes,
                    now=self._clock.now(),
                )
            ),
        )
