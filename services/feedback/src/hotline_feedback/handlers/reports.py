"""Reports of retaliation and leaks: sealed, opened by inspectors alone, every step on record (Art. 36(4))."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hotline_kernel import codes
from hotline_kernel.auth import Principal
from hotline_kernel.errors import EtagMismatch, ResourceNotFound
from hotline_kernel.reads import Reads
from uuid_utils.compat import uuid7

from hotline_feedback.domain.report import Conclusion, Contents, Report, ReportKind, ReportState


@dataclass(frozen=True, kw_only=True)
class SealedReport:
    """A report as stored; sealed_conclusion, sealed_unit -- None before there is one."""

    report: Report
    wrapped_key: bytes
    sealed_contents: bytes
    sealed_conclusion: bytes | None = None
    sealed_unit: bytes | None = None
    """The unit that an inspector found it to be about."""


class Key(Protocol):
    """A report's key, open."""

    def seal(self, *, plain: str, place: str) -> bytes: ...
    def open(self, *, sealed: bytes, place: str) -> str: ...


class Envelopes(Protocol):
    """Makes and opens reports' keys."""

    def issue(self) -> tuple[bytes, Key]: ...
    def unlock(self, *, wrapped_key: bytes) -> Key: ...


class Store(Protocol):
    """What is needed of a transaction."""

    actor: Principal

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] | None = None
    ) -> None: ...

    def reads_since(self, since: datetime, *, actor: str) -> int: ...
    def add_report(self, sealed: SealedReport, *, code_hash: bytes) -> None: ...
    def report_to_change(self, report_id: UUID) -> SealedReport | None: ...
    def report_of_code(self, code_hash: bytes) -> SealedReport | None: ...
    def save_unit_found(self, report: Report, *, sealed_unit: bytes) -> None: ...
    def save_report(self, report: Report, *, sealed_conclusion: bytes | None) -> None: ...
    def reports(self, *, state: ReportState | None, after: UUID | None, limit: int) -> Sequence[Report]: ...


def file_report(
    *, kind: ReportKind, contents: Contents, tx: Store, envelopes: Envelopes, now: datetime
) -> tuple[Report, str]:
    """Takes in a report; the code opens nothing but where it stands. The record tells no reporter (Art. 36(4))."""
    report = Report(id=uuid7(), kind=kind, receive_time=now)
    wrapped_key, key = envelopes.issue()
    code = codes.issue()
    sealed = SealedReport(
        report=report,
        wrapped_key=wrapped_key,
        sealed_contents=key.seal(plain=json.dumps(asdict(contents)), place=f"{report.name}/contents"),
    )
    tx.add_report(sealed, code_hash=_hash(code))
    tx.record(action="feedback.reports.file", resource=report.name, time=now, details={"state": report.state})
    return report, code


def track_report(*, typed: str, tx: Store, envelopes: Envelopes) -> tuple[Report, str]:
    """Where a report stands, and what whoever reported is told of the outcome. Raises `ResourceNotFound`."""
    sealed = tx.report_of_code(_hash(codes.read(typed=typed, field="report_code")))
    if sealed is None:
        raise ResourceNotFound(resource="reports/-")
    conclusion = _conclusion(sealed, envelopes)
    return sealed.report, conclusion.answer if conclusion else ""


def examine_report(
    *, report_id: UUID, purpose: str, reads: Reads, tx: Store, envelopes: Envelopes, now: datetime
) -> tuple[Report, Contents, str, str]:
    """Opens a report: what it says, the unit that an inspector found it to be about, and what was found.

    Raises `ResourceNotFound`, `UnitConcerned`.
    """
    sealed = _to_change(report_id, tx)
    contents = _outside(sealed, tx, envelopes)
    report = sealed.report.examined(examiner=tx.actor.subject, now=now)
    if report is not sealed.report:
        tx.save_report(report, sealed_conclusion=None)
    reads.record(
        tx=tx,
        action="feedback.reports.examine",
        resource=report.name,
        time=now,
        purpose=purpose,
        details={"state": report.state},
    )
    conclusion = _conclusion(sealed, envelopes)
    return report, contents, _unit_found(sealed, envelopes), conclusion.findings if conclusion else ""


def set_unit_concerned(
    *, report_id: UUID, unit: str, etag: str, tx: Store, envelopes: Envelopes, now: datetime
) -> Report:
    """Keeps, sealed, which unit a report is about; the record says that it was done, not which (Art. 36(4)).

    Whoever finds that it is about their own unit says so and is outside from then on. Raises `ResourceNotFound`,
    `EtagMismatch`, `UnitConcerned`, `ReportEnded`.
    """
    sealed = _to_change(report_id, tx)
    _outside(sealed, tx, envelopes)
    if etag and etag != str(sealed.report.version):
        raise EtagMismatch(resource=sealed.report.name)
    report = sealed.report.unit_found()
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    tx.save_unit_found(report, sealed_unit=key.seal(plain=unit, place=f"{report.name}/unit"))
    tx.record(action="feedback.reports.setUnit", resource=report.name, time=now, details={"state": report.state})
    return report


def conclude_report(
    *,
    report_id: UUID,
    confirmed: bool,
    conclusion: Conclusion,
    etag: str,
    tx: Store,
    envelopes: Envelopes,
    now: datetime,
) -> Report:
    """Ends the examination. Raises `ResourceNotFound`, `EtagMismatch`, `UnitConcerned`, `ReportEnded`."""
    sealed = _to_change(report_id, tx)
    _outside(sealed, tx, envelopes)
    if etag and etag != str(sealed.report.version):
        raise EtagMismatch(resource=sealed.report.name)
    report = sealed.report.concluded(confirmed=confirmed, now=now)
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    tx.save_report(
        report, sealed_conclusion=key.seal(plain=json.dumps(asdict(conclusion)), place=f"{report.name}/conclusion")
    )
    tx.record(action="feedback.reports.conclude", resource=report.name, time=now, details={"state": report.state})
    return report


def _to_change(report_id: UUID, tx: Store) -> SealedReport:
    sealed = tx.report_to_change(report_id)
    if sealed is None:
        raise ResourceNotFound(resource=f"reports/{report_id}")
    return sealed


def _outside(sealed: SealedReport, tx: Store, envelopes: Envelopes) -> Contents:
    """What it says, if the caller is outside the unit concerned."""
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    place = f"{sealed.report.name}/contents"
    contents = Contents(**json.loads(key.open(sealed=sealed.sealed_contents, place=place)))
    concerned = {contents.unit, _unit_found(sealed, envelopes)} - {""}
    sealed.report.require_outside(concerned=frozenset(concerned), unit=tx.actor.unit)
    return contents


def _unit_found(sealed: SealedReport, envelopes: Envelopes) -> str:
    if sealed.sealed_unit is None:
        return ""
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    return key.open(sealed=sealed.sealed_unit, place=f"{sealed.report.name}/unit")


def _conclusion(sealed: SealedReport, envelopes: Envelopes) -> Conclusion | None:
    if sealed.sealed_conclusion is None:
        return None
    key = envelopes.unlock(wrapped_key=sealed.wrapped_key)
    place = f"{sealed.report.name}/conclusion"
    return Conclusion(**json.loads(key.open(sealed=sealed.sealed_conclusion, place=place)))


def _hash(code: str) -> bytes:
    # 75 random bits cannot be tried out: no key is needed.
    return hashlib.blake2b(code.encode(), digest_size=32).digest()
