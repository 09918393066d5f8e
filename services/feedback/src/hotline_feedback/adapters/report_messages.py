"""Reports as messages, and what requests say of them."""

from hotline.feedback.v1 import report_service_pb2 as service_pb2
from hotline_kernel.timestamps import timestamp

from hotline_feedback.domain.report import Contents, Report, ReportKind, ReportState


def report_message(report: Report) -> service_pb2.Report:
    """What is known of a report without opening it."""
    return service_pb2.Report(
        name=report.name,
        kind=service_pb2.ReportKind.Value(f"REPORT_KIND_{report.kind}"),
        state=service_pb2.ReportState.Value(f"REPORT_STATE_{report.state}"),
        receive_time=timestamp(report.receive_time),
        examiner=report.examiner,
        examine_time=timestamp(report.examine_time),
        conclude_time=timestamp(report.conclude_time),
        etag=str(report.version),
    )


def progress_message(report: Report, *, answer: str) -> service_pb2.ReportProgress:
    """What whoever has the code is told; not who examines."""
    return service_pb2.ReportProgress(
        state=service_pb2.ReportState.Value(f"REPORT_STATE_{report.state}"),
        receive_time=timestamp(report.receive_time),
        conclude_time=timestamp(report.conclude_time),
        answer=answer,
    )


def examined_message(
    report: Report, *, contents: Contents, unit_found: str, findings: str
) -> service_pb2.ExaminedReport:
    """An open report."""
    return service_pb2.ExaminedReport(
        report=report_message(report),
        contents=service_pb2.ReportContents(
            text=contents.text, about=contents.about, unit=contents.unit, contact=contents.contact
        ),
        findings=findings,
        unit_concerned=unit_found,
    )


def contents_of(wire: service_pb2.ReportContents) -> Contents:
    """What a request says."""
    return Contents(text=wire.text, about=wire.about, unit=wire.unit, contact=wire.contact)


def kind_of(wire: "service_pb2.ReportKind.ValueType") -> ReportKind:
    """The kind of a request."""
    return ReportKind(service_pb2.ReportKind.Name(wire).removeprefix("REPORT_KIND_"))


def state_of(wire: "service_pb2.ReportState.ValueType") -> ReportState | None:
    """The state that a list is asked for; None: every one."""
    return ReportState(service_pb2.ReportState.Name(wire).removeprefix("REPORT_STATE_")) if wire else None
