"""Where orders are kept."""
# ruff: noqa: S608  (only names and fragments of this module are put into a statement; values are parameters)

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.db import Connection
from hotline_kernel.names import uuid_of
from hotline_kernel.outbox import Audience
from pydantic import TypeAdapter

from hotline_dispatch.adapters.county_postgres import Counties
from hotline_dispatch.adapters.registry_postgres import Registry
from hotline_dispatch.adapters.statements import json_value, names, sets, values
from hotline_dispatch.adapters.webhook_postgres import UnitSystems
from hotline_dispatch.domain.holding import Holding
from hotline_dispatch.domain.part import Part
from hotline_dispatch.domain.record import (
    Directive,
    Due,
    Extension,
    Filing,
    FirstContact,
    OfficeDuty,
    PastRound,
    Result,
    SendBack,
    State,
    StatutoryTerm,
    Study,
    StudyGround,
    SupervisionNote,
)
from hotline_dispatch.domain.unit import Assignment
from hotline_dispatch.domain.work_order import WorkOrder

# Parts of an order that are read and written whole, as JSON.
_PARTS: dict[str, TypeAdapter[Any]] = {
    "statutory_term": TypeAdapter(StatutoryTerm | None),
    "directive": TypeAdapter(Directive | None),
    "first_contact": TypeAdapter(FirstContact | None),
    "result": TypeAdapter(Result | None),
    "extension": TypeAdapter(Extension | None),
    "study": TypeAdapter(Study | None),
    "filing": TypeAdapter(Filing | None),
    "parts": TypeAdapter(tuple[Part, ...]),
    "holdings": TypeAdapter(tuple[Holding, ...]),
    "supervisions": TypeAdapter(tuple[SupervisionNote, ...]),
    "send_backs": TypeAdapter(list[SendBack]),
    "past_rounds": TypeAdapter(list[PastRound]),
}
_PLAIN = ("number", "appeal", "title", "text", "request_type", "category", "region", "create_time")
_CHANGING = (
    "state",
    "confidential",
    "round",
    "key_supervision",
    "dispatch_time",
    "received_time",
    "close_time",
    "overdue",
    "waits_for_extension",
    "chases",
    "chase_time",
    "office_asks",
    "office_ask_time",
)
_FLAT = (
    "lead_unit",
    "supporting_units",
    "due_date",
    "due_time",
    "due_provisional",
    "extension_cutoff_time",
    "study_grounds",
    "look_date",
    "about_unit",
    "concerned",
    "joined_into",
)
_MUTABLE = (*_CHANGING, *_FLAT, *_PARTS)
_ORDER_COLUMNS = ("id", *_PLAIN, "proposed_lead", "proposed_supporting", "split_from", *_MUTABLE, "version")


_ORDER = names(_ORDER_COLUMNS, "o.")
_INSERT_ORDER = f"INSERT INTO work_order ({names(_ORDER_COLUMNS)}) VALUES ({values(_ORDER_COLUMNS)})"
_UPDATE_ORDER = f"UPDATE work_order SET {sets(_MUTABLE)}, version = version + 1 WHERE id = %(id)s"
_OPEN = "o.state IN ('HELD', 'AWAITING_LEAD', 'DISPATCHED')"


@dataclass(frozen=True)
class OrderFilter:
    """Which orders a list is of; every part that is set must hold. None and False set nothing."""

    state: State | None = None
    unit: str | None = None
    visible_to: str | None = None
    region: str | None = None
    appeal: UUID | None = None
    number: str | None = None
    overdue: bool = False
    extension_requested: bool = False
    due_by: date | None = None
    look_by: date | None = None
    joined_into: UUID | None = None

    @property
    def is_of_open_orders(self) -> bool:
        """Nothing that was reported can be among them."""
        of_open_state = self.state not in (None, State.REPORTED, State.CLOSED, State.WITHDRAWN)
        return of_open_state or self.overdue or self.extension_requested or self.due_by is not None

    @property
    def names_state_alone(self) -> bool:
        """Nothing but the state is asked for."""
        return self.state is not None and self == OrderFilter(state=self.state)


class Store(UnitSystems, Counties, Registry):
    """Orders, units, their systems and counties within one transaction."""

    def __init__(self, connection: Connection, actor: Principal, audience: Audience) -> None:
        super().__init__(connection, actor, audience)
        self._units_before: dict[UUID, dict[str, bool]] = {}
        self._told_before: dict[UUID, tuple[str, ...]] = {}

    def find_order(self, order_id: UUID, *, for_update: bool = False) -> WorkOrder | None:
        """An order; locked until the end of the transaction if it is to be changed."""
        lock = "FOR UPDATE" if for_update else ""
        row = self.one(f"SELECT {_ORDER} FROM work_order o WHERE o.id = %(id)s {lock}", {"id": order_id})
        return self._found(row) if row else None

    def has_order_of(self, appeal: str) -> bool:
        """Whether the appeal has its order already."""
        return self.one("SELECT 1 FROM work_order WHERE appeal = %(appeal)s", {"appeal": uuid_of(appeal)}) is not None

    def add_order(self, order: WorkOrder) -> None:
        """Keeps a new order."""
        self.run(_INSERT_ORDER, _order_values(order))
        self._keep_units(order)
        self._tell(order)

    def save_order(self, order: WorkOrder) -> None:
        """Keeps a changed order, found and locked before; its version grows."""
        self.run(_UPDATE_ORDER, _order_values(order))
        order.version += 1
        self._keep_units(order)
        self._tell(order)

    def list_orders(self, *, wanted: OrderFilter, after: UUID | None, limit: int) -> list[WorkOrder]:
        """Orders, newest first, older than `after`."""
        sql, params = page_of_orders(wanted=wanted, after=after, limit=limit)
        return [_order(row) for row in self.all(sql, params)]

    def joined_orders(self, into: str) -> list[WorkOrder]:
        """The orders that this one works for too and that wait for its result, locked, oldest first."""
        rows = self.all(
            f"SELECT {_ORDER} FROM work_order o WHERE o.joined_into = %(into)s AND o.state = 'JOINED'"
            " ORDER BY o.id FOR UPDATE",
            {"into": uuid_of(into)},
        )
        return [self._found(row) for row in rows]

    def count_joined(self, into: str) -> int:
        """How many those are."""
        return self._count_orders("joined_into = %(id)s AND state = 'JOINED'", into)

    def count_split(self, split_from: str) -> int:
        """How many orders were ever split from this one."""
        return self._count_orders("split_from = %(id)s", split_from)

    def _count_orders(self, condition: str, name: str) -> int:
        row = self.one(f"SELECT count(*) AS orders FROM work_order WHERE {condition}", {"id": uuid_of(name)})
        return int(row["orders"]) if row else 0

    def claim_chases(self, *, now: datetime, limit: int) -> list[WorkOrder]:
        """Orders whose directive is to be asked for again, the longest due first, locked; others' are left to them."""
        rows = self.all(
            f"SELECT {_ORDER} FROM work_order o WHERE o.chase_time <= %(now)s"
            " ORDER BY o.chase_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
            {"now": now, "limit": limit},
        )
        return [self._found(row) for row in rows]

    def claim_office_asks(self, *, now: datetime, limit: int) -> list[WorkOrder]:
        """Orders for which the office is to be asked again, the longest due first, locked; others' are left to them."""
        rows = self.all(
            f"SELECT {_ORDER} FROM work_order o WHERE o.office_ask_time <= %(now)s"
            " ORDER BY o.office_ask_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
            {"now": now, "limit": limit},
        )
        return [self._found(row) for row in rows]

    def count_asked(self) -> dict[OfficeDuty, int]:
        """Orders by what the office is late with; up to 1,000 are counted."""
        row = self.one(
            "SELECT count(*) FILTER (WHERE state = 'AWAITING_LEAD') AS lead,"
            " count(*) FILTER (WHERE state = 'HELD') AS directive,"
            " count(*) FILTER (WHERE state = 'DISPATCHED') AS extension"
            " FROM (SELECT state FROM work_order WHERE office_ask_time IS NOT NULL AND office_asks > 0 LIMIT 1000) late"
        )
        return {duty: int(row[duty.lower()]) if row else 0 for duty in OfficeDuty}

    def claim_orders_of_closed(self, *, limit: int) -> list[WorkOrder]:
        """Open orders that a closed unit leads or supports, locked; others' are left to them."""
        rows = self.all(
            f"SELECT {_ORDER} FROM work_order o WHERE o.id IN ("
            " SELECT w.work_order FROM unit u JOIN work_order_unit w ON w.unit = u.name AND w.is_open"
            "  WHERE u.close_date IS NOT NULL LIMIT %(limit)s) FOR UPDATE SKIP LOCKED",
            {"limit": limit},
        )
        return [self._found(row) for row in rows]

    def count_chased(self) -> int:
        """Urgent orders whose directive did not come in time, counted up to 1,000."""
        row = self.one(
            "SELECT count(*) AS orders FROM"
            " (SELECT FROM work_order WHERE chase_time IS NOT NULL AND chases > 0 LIMIT 1000) late"
        )
        return int(row["orders"]) if row else 0

    def _found(self, row: dict[str, Any]) -> WorkOrder:
        order = _order(row)
        self._units_before[order.id] = _units(order)
        self._told_before[order.id] = order.assignment.units if order.assignment else ()
        return order

    def _tell(self, order: WorkOrder) -> None:
        self.note_change(order.id, lead=order.lead)
        self.tell(order, before=self._told_before.get(order.id, ()))
        self._told_before[order.id] = order.assignment.units if order.assignment else ()

    def _keep_units(self, order: WorkOrder) -> None:
        units, before = _units(order), self._units_before.get(order.id, {})
        if units == before:
            return
        gone = before.keys() - units.keys()
        if gone:
            self.run(
                "DELETE FROM work_order_unit WHERE unit = ANY(%(gone)s) AND work_order = %(id)s",
                {"gone": list(gone), "id": order.id},
            )
        if units:
            self.run(
                "INSERT INTO work_order_unit (unit, work_order, region, is_open)"
                " SELECT unnest(%(units)s::text[]), %(id)s, %(region)s, %(open)s"
                " ON CONFLICT (unit, work_order) DO UPDATE SET is_open = excluded.is_open",
                {"units": list(units), "id": order.id, "region": order.region, "open": order.is_open},
            )
        self._units_before[order.id] = units


def page_of_orders(*, wanted: OrderFilter, after: UUID | None, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement that reads a page of orders, and its parameters."""
    params: dict[str, Any] = {"limit": limit, "after": after} | vars(wanted)
    source, key, conditions = "work_order o", "o.id", []
    units = [name for name in ("visible_to", "unit") if params[name] is not None]
    if units and not (wanted.appeal or wanted.number):
        # The unit's own list drives the page. OFFSET 0 keeps the planner from walking all orders beside it (a merge
        # join), which costs what lies between the unit's orders.
        one_by_one = f"SELECT {_ORDER} FROM work_order o WHERE o.id = u.work_order OFFSET 0"
        source, key = f"work_order_unit u CROSS JOIN LATERAL ({one_by_one}) o", "u.work_order"
        conditions.append(f"u.unit = %({units.pop(0)})s")
        if wanted.region:
            conditions.append("u.region = %(region)s")
        if wanted.is_of_open_orders:
            conditions.append("u.is_open")
    conditions += [
        f"EXISTS (SELECT FROM work_order_unit w WHERE w.unit = %({name})s AND w.work_order = {key})" for name in units
    ]
    conditions += [
        f"o.{name} = %({name})s" for name in ("state", "region", "appeal", "number", "joined_into") if params[name]
    ]
    if wanted.overdue:
        conditions.append("o.overdue")
    if wanted.extension_requested:
        conditions.append("o.waits_for_extension")
    if wanted.due_by is not None:
        conditions.append(f"{_OPEN} AND o.due_date <= %(due_by)s")
    if wanted.look_by is not None:
        conditions.append("o.look_date <= %(look_by)s")
    if after is not None:
        conditions.append(f"{key} < %(after)s")
    if wanted.due_by is not None and key == "o.id":
        return _page_by_days(conditions, "due_date", f"{_OPEN} AND o.due_date <= %(due_by)s"), params
    if wanted.look_by is not None and key == "o.id":
        return _page_by_days(conditions, "look_date", "o.look_date <= %(look_by)s"), params
    order = f"{key} DESC"
    if wanted.names_state_alone:
        # Compared as a pair, so that only the index by state will do: most orders are closed, and the planner would
        # look for them among the newest, which are open.
        conditions = ["(o.state, o.id) >= (%(state)s, %(first)s)", "(o.state, o.id) < (%(state)s, %(before)s)"]
        params |= {"first": UUID(int=0), "before": after or UUID(int=2**128 - 1)}
        order = "o.state DESC, o.id DESC"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_ORDER} FROM {source} {where} ORDER BY {order} LIMIT %(limit)s", params


def _page_by_days(conditions: Sequence[str], column: str, wanted: str) -> str:
    # The orders due by a day stand in their index by day, a page wants them by age, and to sort them all would cost
    # what all open orders cost. So the days are found one by one, the newest orders of each are taken, and the page is
    # merged from those: cost grows with the days that have such orders times the page, never with the orders.
    of_a_day = (
        f"SELECT o.id FROM work_order o WHERE {' AND '.join(conditions)} AND o.{column} = day.day"
        " ORDER BY o.id DESC LIMIT %(limit)s"
    )
    return f"""
WITH RECURSIVE day(day) AS (
  (SELECT o.{column} FROM work_order o WHERE {wanted} ORDER BY o.{column} DESC LIMIT 1)
  UNION ALL
  SELECT (SELECT o.{column} FROM work_order o WHERE {wanted} AND o.{column} < day.day
           ORDER BY o.{column} DESC LIMIT 1)
    FROM day WHERE day.day IS NOT NULL
), page AS (
  SELECT newest.id FROM day CROSS JOIN LATERAL ({of_a_day}) newest ORDER BY newest.id DESC LIMIT %(limit)s
)
SELECT {_ORDER} FROM page JOIN work_order o ON o.id = page.id ORDER BY page.id DESC"""


def _units(order: WorkOrder) -> dict[str, bool]:
    """The units that have the order, or are concerned by it, and whether they still have to do with it."""
    assigned = order.assignment.units if order.assignment else ()
    return dict.fromkeys((*assigned, *order.concerned), order.is_open)


def _order_values(order: WorkOrder) -> dict[str, Any]:
    due = order.due
    values = {column: getattr(order, column) for column in (*_PLAIN, *_CHANGING)}
    return values | {
        "id": order.id,
        "appeal": uuid_of(order.appeal),
        "proposed_lead": order.proposed.lead if order.proposed else "",
        "proposed_supporting": list(order.proposed.supporting) if order.proposed else [],
        "lead_unit": order.lead,
        "supporting_units": list(order.assignment.supporting) if order.assignment else [],
        "due_date": due.due_date if due else None,
        "due_time": due.due_time if due else None,
        "due_provisional": due.provisional if due else False,
        "extension_cutoff_time": due.extension_cutoff_time if due else None,
        "study_grounds": list(order.study_grounds),
        "look_date": order.filing.look_date if order.filing else None,
        "about_unit": order.about_unit,
        "concerned": list(order.concerned),
        "split_from": uuid_of(order.split_from) if order.split_from else None,
        "joined_into": uuid_of(order.joined_into) if order.joined_into else None,
        **{column: json_value(part, getattr(order, column)) for column, part in _PARTS.items()},
        "version": order.version,
    }


def _order(row: dict[str, Any]) -> WorkOrder:
    return WorkOrder(
        id=row["id"],
        number=row["number"],
        appeal=f"appeals/{row['appeal']}",
        title=row["title"],
        text=row["text"],
        request_type=row["request_type"],
        category=row["category"],
        region=row["region"],
        confidential=row["confidential"],
        create_time=row["create_time"],
        proposed=_assignment(row["proposed_lead"], row["proposed_supporting"]),
        state=State(row["state"]),
        assignment=_assignment(row["lead_unit"], row["supporting_units"]),
        due=_due(row),
        study_grounds=tuple(StudyGround(ground) for ground in row["study_grounds"]),
        concerned=tuple(row["concerned"]),
        split_from=f"workOrders/{row['split_from']}" if row["split_from"] else "",
        joined_into=f"workOrders/{row['joined_into']}" if row["joined_into"] else "",
        round=row["round"],
        key_supervision=row["key_supervision"],
        dispatch_time=row["dispatch_time"],
        received_time=row["received_time"],
        close_time=row["close_time"],
        overdue=row["overdue"],
        chases=row["chases"],
        chase_time=row["chase_time"],
        office_asks=row["office_asks"],
        office_ask_time=row["office_ask_time"],
        version=row["version"],
        **{column: part.validate_python(row[column]) for column, part in _PARTS.items()},
    )


def _assignment(lead: str, supporting: Sequence[str]) -> Assignment | None:
    return Assignment(lead, tuple(supporting)) if lead else None


def _due(row: dict[str, Any]) -> Due | None:
    if row["due_date"] is None:
        return None
    return Due(row["due_date"], row["due_time"], row["due_provisional"], row["extension_cutoff_time"])
