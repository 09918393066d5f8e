"""The table of reports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from psycopg.rows import DictRow

from hotline_feedback.adapters.postgres.statements import LAST, listed
from hotline_feedback.domain.report import Report, ReportKind, ReportState
from hotline_feedback.handlers.reports import SealedReport

_REPORT = "SELECT id, kind, state, receive_time, examiner, examine_time, conclude_time, version FROM report"
_SEALED = """
    SELECT id, kind, state, receive_time, examiner, examine_time, conclude_time, version, wrapped_key,
           sealed_contents, sealed_conclusion, sealed_unit
      FROM report"""


class Reports(Transaction):
    """The part of a transaction that knows reports."""

    def reads_since(self, since: datetime, *, actor: str) -> int:
        """How many reports somebody opened since then, as the record says."""
        return self.count(
            """SELECT FROM audit_entry
                WHERE action = 'feedback.reports.examine' AND actor = %(actor)s AND time > %(since)s""",
            {"actor": actor, "since": since},
        )

    def add_report(self, sealed: SealedReport, *, code_hash: bytes) -> None:
        """Adds it; code_hash -- what it is found by for whoever reported."""
        self.run(
            """INSERT INTO report (id, kind, state, receive_time, version, code_hash, wrapped_key, sealed_contents)
               VALUES (%(id)s, %(kind)s, %(state)s, %(receive_time)s, %(version)s, %(code_hash)s, %(wrapped_key)s,
                 %(sealed_contents)s)""",
            _params(sealed.report)
            | {
                "code_hash": code_hash,
                "wrapped_key": sealed.wrapped_key,
                "sealed_contents": sealed.sealed_contents,
            },
        )

    def report_to_change(self, report_id: UUID) -> SealedReport | None:
        """A report, which nobody else changes until the end of the transaction."""
        return _sealed(self.one(f"{_SEALED} WHERE id = %(id)s FOR UPDATE", {"id": report_id}))

    def report_of_code(self, code_hash: bytes) -> SealedReport | None:
        """The report that a code was given out for."""
        return _sealed(self.one(f"{_SEALED} WHERE code_hash = %(code_hash)s", {"code_hash": code_hash}))

    def save_report(self, report: Report, *, sealed_conclusion: bytes | None) -> None:
        """Keeps a step; sealed_conclusion -- None: there is none yet."""
        self.run(
            """UPDATE report SET state = %(state)s, examiner = %(examiner)s, examine_time = %(examine_time)s,
                 conclude_time = %(conclude_time)s, version = %(version)s, sealed_conclusion = %(sealed_conclusion)s
                WHERE id = %(id)s""",
            _params(report) | {"sealed_conclusion": sealed_conclusion},
        )

    def save_unit_found(self, report: Report, *, sealed_unit: bytes) -> None:
        """Keeps which unit it is about."""
        self.run(
            "UPDATE report SET sealed_unit = %(sealed_unit)s, version = %(version)s WHERE id = %(id)s",
            _params(report) | {"sealed_unit": sealed_unit},
        )

    def reports(self, *, state: ReportState | None, after: UUID | None, limit: int) -> list[Report]:
        """Those in the state, if one is asked for, newest first."""
        rows = self.all(
            reports_statement(state=state),
            {"state": state and state.value, "after": after or LAST, "limit": limit},
        )
        return [_report(row) for row in rows]


def reports_statement(*, state: ReportState | None) -> str:
    """The statement of `Reports.reports`."""
    return listed(_REPORT, {"state = %(state)s": state is not None}, "id < %(after)s ORDER BY id DESC")


def _params(report: Report) -> dict[str, Any]:
    return vars(report) | {"kind": report.kind.value, "state": report.state.value}


def _report(row: DictRow) -> Report:
    return Report(**row | {"kind": ReportKind(row["kind"]), "state": ReportState(row["state"])})


def _sealed(row: DictRow | None) -> SealedReport | None:
    if row is None:
        return None
    sealed = {name: row.pop(name) for name in ("wrapped_key", "sealed_contents", "sealed_conclusion", "sealed_unit")}
    return SealedReport(report=_report(row), **sealed)
