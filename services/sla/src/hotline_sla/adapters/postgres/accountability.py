"""Accountability files and their evidence."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from hotline_sla.adapters.postgres.tables import Tables
from hotline_sla.domain.accountability import AccountabilityFile, Evidence, FileState, Ground, Outcome
from hotline_sla.domain.deadline import State

_FILE = (
    "id, number, unit, ground, state, reason, effect, circular, evidence_digest, open_time, hearing_end_time,"
    " statement, state_case_time, authority, refer_time, outcome, decision, conclude_time"
)
_FILE_COLUMNS = _FILE.split(", ")
_EVIDENCE = "work_order, number, round, due_time, handling, account, notices"


class AccountabilityFiles(Tables):
    """Reads and writes accountability files."""

    def written_notices(self, work_order: str, unit: str) -> tuple[str, ...]:
        """Numbers of the written notices about an order to a unit, the oldest first."""
        rows = self.all(
            "SELECT notice FROM supervision WHERE work_order = %(work_order)s AND unit = %(unit)s"
            " AND step IN ('WRITTEN', 'PART_WRITTEN') ORDER BY id",
            {"work_order": work_order, "unit": unit},
        )
        return tuple(row["notice"] for row in rows)

    def next_file_serial(self) -> int:
        """The next number of an accountability file."""
        row = self.one("SELECT nextval('accountability_serial') AS serial")
        return int(row["serial"]) if row else 0

    def add_accountability_file(self, file: AccountabilityFile) -> None:
        """Keep a file with its evidence."""
        self.run(
            f"INSERT INTO accountability_file ({_FILE})"  # noqa: S608
            f" VALUES ({', '.join(f'%({name})s' for name in _FILE_COLUMNS)})",
            {name: getattr(file, name) for name in _FILE_COLUMNS},
        )
        self._many(
            f"INSERT INTO accountability_evidence (file, {_EVIDENCE}) VALUES (%(file)s, %(work_order)s,"  # noqa: S608
            " %(number)s, %(round)s, %(due_time)s, %(handling)s, %(account)s, %(notices)s)",
            [{"file": file.id} | asdict(shown) | {"notices": list(shown.notices)} for shown in file.evidence],
        )

    def accountability_file(self, file: UUID, *, for_update: bool = False) -> AccountabilityFile | None:
        """One file with its evidence, locked if it is to be changed."""
        row = self.one(
            f"SELECT {_FILE} FROM accountability_file WHERE id = %(id)s"  # noqa: S608
            f"{' FOR UPDATE' if for_update else ''}",
            {"id": file},
        )
        if row is None:
            return None
        evidence = self.all(
            f"SELECT {_EVIDENCE} FROM accountability_evidence WHERE file = %(id)s ORDER BY work_order",  # noqa: S608
            {"id": file},
        )
        return _file(row, evidence=tuple(_evidence(shown) for shown in evidence))

    def save_accountability_file(self, file: AccountabilityFile) -> None:
        """It was heard, referred or concluded; its opening and its evidence never change."""
        self.run(
            "UPDATE accountability_file SET state = %(state)s, statement = %(statement)s,"
            " state_case_time = %(state_case_time)s, authority = %(authority)s, refer_time = %(refer_time)s,"
            " outcome = %(outcome)s, decision = %(decision)s, conclude_time = %(conclude_time)s WHERE id = %(id)s",
            {name: getattr(file, name) for name in _FILE_COLUMNS},
        )

    def list_accountability_files(
        self, *, unit: str | None, state: FileState | None, after: UUID | None, limit: int
    ) -> list[AccountabilityFile]:
        """Files without their evidence, newest first."""
        wanted = {"unit": unit, "state": state}
        conditions = [f"{name} = %({name})s" for name, value in wanted.items() if value is not None]
        if after is not None:
            conditions.append("id < %(after)s")
        rows = self.all(
            f"SELECT {_FILE} FROM accountability_file WHERE {' AND '.join(conditions) or 'true'}"  # noqa: S608
            " ORDER BY id DESC LIMIT %(limit)s",
            wanted | {"after": after, "limit": limit},
        )
        return [_file(row) for row in rows]


def _file(row: Mapping[str, Any], *, evidence: tuple[Evidence, ...] = ()) -> AccountabilityFile:
    enums = {
        "ground": Ground(row["ground"]),
        "state": FileState(row["state"]),
        "outcome": Outcome(row["outcome"]),
    }
    return AccountabilityFile(**{**row, **enums}, evidence=evidence)


def _evidence(row: Mapping[str, Any]) -> Evidence:
    return Evidence(**{**row, "handling": State(row["handling"]), "notices": tuple(row["notices"])})
