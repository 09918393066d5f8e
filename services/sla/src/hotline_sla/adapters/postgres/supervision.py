"""Steps of supervision, and orders under key supervision."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from hotline_kernel import telemetry

from hotline_sla.adapters.postgres.tables import SERVICE, Tables
from hotline_sla.domain.deadline import State
from hotline_sla.domain.supervision import Ground, KeySupervision, Step, Supervision

_SUPERVISION = (
    "id, work_order, unit, step, notice, text, issue_time, round, acknowledge_time, acknowledged_by, acknowledge_note"
)
_KEY = "k.id, k.work_order, k.ground, k.reason, k.start_time"


@dataclass(frozen=True, kw_only=True)
class KeyFilter:
    """Which orders under key supervision; None is no filter."""

    work_order: str | None = None
    unit: str | None = None
    ground: Ground | None = None
    open: bool = False
    overdue: bool = False


@dataclass(frozen=True, kw_only=True)
class KeySupervised:
    """An order under key supervision, as it stands."""

    key: KeySupervision
    number: str
    unit: str
    handling: State


class Supervisions(Tables):
    """Reads and writes steps of supervision and key supervision."""

    def issued_steps(self, work_orders: Sequence[str]) -> set[tuple[str, int, Step, str]]:
        """Which steps of supervision were issued: order, round, step, unit."""
        rows = self.all(
            "SELECT work_order, round, step, unit FROM supervision WHERE work_order = ANY (%(names)s)",
            {"names": list(work_orders)},
        )
        return {(row["work_order"], row["round"], Step(row["step"]), row["unit"]) for row in rows}

    def save_supervisions(self, supervisions: Sequence[Supervision]) -> None:
        """Store steps of supervision."""
        self._many(
            "INSERT INTO supervision (id, work_order, unit, step, notice, text, issue_time, round) VALUES (%(id)s,"
            " %(work_order)s, %(unit)s, %(step)s, %(notice)s, %(text)s, %(issue_time)s, %(round)s)",
            [asdict(supervision) for supervision in supervisions],
        )
        for supervision in supervisions:
            telemetry.SUPERVISIONS_ISSUED.labels(SERVICE, supervision.step).inc()

    def next_notice_serial(self) -> int:
        """The next number of a written notice."""
        row = self.one("SELECT nextval('notice_serial') AS serial")
        return int(row["serial"]) if row else 0

    def list_supervisions(
        self, *, work_order: str | None, unit: str | None, step: Step | None, after: UUID | None, limit: int
    ) -> list[Supervision]:
        """Steps of supervision, newest first."""
        wanted = {"work_order": work_order, "unit": unit, "step": step}
        conditions = [f"{name} = %({name})s" for name, value in wanted.items() if value is not None]
        if after is not None:
            conditions.append("id < %(after)s")
        rows = self.all(
            f"SELECT {_SUPERVISION} FROM supervision WHERE {' AND '.join(conditions) or 'true'}"  # noqa: S608
            " ORDER BY id DESC LIMIT %(limit)s",
            wanted | {"after": after, "limit": limit},
        )
        return [_supervision(row) for row in rows]

    def supervision(self, supervision: UUID, *, for_update: bool = False) -> Supervision | None:
        """One step, locked if it is to be changed."""
        row = self.one(
            f"SELECT {_SUPERVISION} FROM supervision WHERE id = %(id)s"  # noqa: S608
            f"{' FOR UPDATE' if for_update else ''}",
            {"id": supervision},
        )
        return None if row is None else _supervision(row)

    def save_acknowledgement(self, supervision: Supervision) -> None:
        """The unit signed for a written notice."""
        self.run(
            "UPDATE supervision SET acknowledge_time = %(acknowledge_time)s, acknowledged_by = %(acknowledged_by)s,"
            " acknowledge_note = %(acknowledge_note)s WHERE id = %(id)s",
            asdict(supervision),
        )

    def key_grounds(self, work_order: str) -> set[Ground]:
        """On which grounds an order is under key supervision."""
        rows = self.all("SELECT ground FROM key_supervision WHERE work_order = %(name)s", {"name": work_order})
        return {Ground(row["ground"]) for row in rows}

    def add_key_supervision(self, key: KeySupervision) -> None:
        """Put an order under key supervision; nothing if it is on that ground already."""
        self.run(
            "INSERT INTO key_supervision (id, work_order, ground, reason, start_time)"
            " VALUES (%(id)s, %(work_order)s, %(ground)s, %(reason)s, %(start_time)s)"
            " ON CONFLICT (work_order, ground) DO NOTHING",
            asdict(key),
        )

    def list_key_supervisions(self, *, matching: KeyFilter, after: UUID | None, limit: int) -> list[KeySupervised]:
        """Orders under key supervision with how they stand, newest first; those not yet sent out are left out."""
        conditions = [
            f"{column} = %({name})s"
            for name, column in (("work_order", "k.work_order"), ("unit", "o.unit"), ("ground", "k.ground"))
            if getattr(matching, name) is not None
        ]
        if matching.open:
            conditions.append("o.handling IN ('RUNNING', 'OVERDUE')")
        if matching.overdue:
            conditions.append("o.handling = 'OVERDUE'")
        if after is not None:
            conditions.append("k.id < %(after)s")
        rows = self.all(
            f"SELECT {_KEY}, o.number, o.unit, o.handling"  # noqa: S608
            "  FROM key_supervision k JOIN work_order o ON o.work_order = k.work_order"
            f" WHERE {' AND '.join(conditions) or 'true'} ORDER BY k.id DESC LIMIT %(limit)s",
            asdict(matching) | {"after": after, "limit": limit},
        )
        return [_key_supervised(row) for row in rows]


def _supervision(row: Mapping[str, Any]) -> Supervision:
    return Supervision(**{**row, "step": Step(row["step"])})


def _key_supervised(row: Mapping[str, Any]) -> KeySupervised:
    key = KeySupervision(
        id=row["id"],
        work_order=row["work_order"],
        ground=Ground(row["ground"]),
        reason=row["reason"],
        start_time=row["start_time"],
    )
    return KeySupervised(key=key, number=row["number"], unit=row["unit"], handling=State(row["handling"]))
