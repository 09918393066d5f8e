"""Where counties, errands and what waits to cross are kept."""
# ruff: noqa: S608  (only names and fragments of this module are put into a statement; values are parameters)

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from hotline_kernel import telemetry
from hotline_kernel.calendar import ZONE
from hotline_kernel.db import Transaction
from hotline_kernel.names import uuid_of
from hotline_kernel.outbox import Announced
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter
from uuid_utils.compat import uuid7

from hotline_dispatch.adapters.statements import names, sets, values
from hotline_dispatch.domain.county import ContactState, County, CountyState, Errand, Side

_ERRAND: TypeAdapter[Errand] = TypeAdapter(Errand)
_COUNTY_COLUMNS = (
    "name",
    "unit",
    "display_name",
    "region",
    "side",
    "state",
    "broker",
    "city_keys",
    "county_keys",
    "enrol_time",
    "version",
)
_COUNTIES = "SELECT " + names(_COUNTY_COLUMNS) + " FROM county"
_ERRANDS = "SELECT record, version FROM errand"
_SEND = """
WITH numbered AS (UPDATE errand SET sent = sent + 1 WHERE id = %(errand)s RETURNING sent)
INSERT INTO county_message (event_id, county, errand, sequence, type, payload, occurred_time, traceparent)
SELECT %(event_id)s, %(county)s, %(errand)s, sent, %(type)s, %(payload)s, %(time)s, %(traceparent)s FROM numbered
"""
_NOTE_CHANGE = """
INSERT INTO errand_change (work_order)
SELECT %(order)s WHERE EXISTS (SELECT FROM county WHERE unit = %(lead)s AND side = 'CITY')
    OR EXISTS (SELECT FROM errand WHERE work_order = %(order)s)
"""


@dataclass(frozen=True)
class Line:
    """What was measured of a line, real time."""

    heard_time: datetime | None = None
    heard_ago_seconds: float | None = None
    view_age_seconds: float = 0.0
    waiting_out: int = 0
    waiting_in: int = 0
    erasures_open: int = 0


class Counties(Transaction):
    """Counties, errands and messages within one transaction."""

    def find_county(self, name: str, *, for_update: bool = False) -> County | None:
        """A county; nobody else changes it until the end of the transaction if it is to be changed."""
        lock = "FOR NO KEY UPDATE" if for_update else ""
        row = self.one(f"{_COUNTIES} WHERE name = %(name)s {lock}", {"name": name})
        return _county(row) if row else None

    def county_of(self, unit: str) -> County | None:
        """The county that a unit of the city's registry is, if it has a dispatch of its own."""
        row = self.one(f"{_COUNTIES} WHERE unit = %(unit)s AND side = 'CITY'", {"unit": unit})
        return _county(row) if row else None

    def list_counties(self, *, after: str = "", limit: int = 1000) -> list[County]:
        """Counties by name."""
        rows = self.all(
            f"{_COUNTIES} WHERE name > %(after)s ORDER BY name LIMIT %(limit)s", {"after": after, "limit": limit}
        )
        return [_county(row) for row in rows]

    def add_county(self, county: County) -> None:
        """Keeps a new county."""
        self.run(f"INSERT INTO county ({names(_COUNTY_COLUMNS)}) VALUES ({values(_COUNTY_COLUMNS)})", vars(county))

    def save_county(self, county: County) -> None:
        """Keeps a changed county; its version grows."""
        self.run(
            f"UPDATE county SET {sets(_COUNTY_COLUMNS[1:-1])}, version = version + 1 WHERE name = %(name)s",
            vars(county),
        )
        county.version += 1

    # errands

    def compare_orders_of(self, unit: str) -> None:
        """Has every open order that a unit leads compared with what it was told."""
        self.run(
            "INSERT INTO errand_change (work_order) SELECT o.id FROM work_order_unit w JOIN work_order o"
            " ON o.id = w.work_order WHERE w.unit = %(unit)s AND w.is_open AND o.lead_unit = %(unit)s",
            {"unit": unit},
        )

    def note_change(self, order: UUID, *, lead: str) -> None:
        """An order changed: if a county has to do with it, it is compared soon. Nothing is waited for."""
        self.run(_NOTE_CHANGE, {"order": order, "lead": lead})

    def take_changes(self, *, limit: int) -> list[str]:
        """Orders that changed, each once."""
        rows = self.all(
            "DELETE FROM errand_change WHERE position IN (SELECT position FROM errand_change ORDER BY position"
            " LIMIT %(limit)s FOR UPDATE SKIP LOCKED) RETURNING work_order",
            {"limit": limit},
        )
        return sorted({f"workOrders/{row['work_order']}" for row in rows})

    def find_errand(self, errand_id: UUID, *, for_update: bool = False) -> Errand | None:
        """An errand; locked until the end of the transaction if it is to be changed."""
        lock = "FOR UPDATE" if for_update else ""
        row = self.one(f"{_ERRANDS} WHERE id = %(id)s {lock}", {"id": errand_id})
        return _errand(row) if row else None

    def open_errands_of(self, work_order: str) -> list[Errand]:
        """The open errands of an order, oldest first, locked; at most one stays open."""
        return self._errands(
            "work_order = %(order)s AND state = 'OPEN' ORDER BY id FOR UPDATE", {"order": uuid_of(work_order)}
        )

    def last_errand_of(self, work_order: str) -> Errand | None:
        """The newest errand of an order, locked."""
        found = self._errands(
            "work_order = %(order)s ORDER BY id DESC LIMIT 1 FOR UPDATE", {"order": uuid_of(work_order)}
        )
        return found[0] if found else None

    def errands_of_appeal(self, appeal: str) -> list[Errand]:
        """Errands of an appeal whose contact crossed or is to, locked."""
        return self._errands(
            "appeal = %(appeal)s AND contact IN ('WANTED', 'HELD') ORDER BY id FOR UPDATE", {"appeal": uuid_of(appeal)}
        )

    def erased_errands(self, county: str) -> list[Errand]:
        """Errands whose contact a county was told to forget, locked."""
        return self._errands(
            "county = %(county)s AND contact IN ('ERASING', 'ERASED') ORDER BY id FOR UPDATE", {"county": county}
        )

    def list_errands(
        self, *, work_order: str = "", county: str = "", after: UUID | None = None, limit: int
    ) -> list[Errand]:
        """Errands, newest first."""
        conditions, params = ["TRUE"], {"limit": limit, "county": county, "after": after}
        if work_order:
            conditions.append("work_order = %(order)s")
            params["order"] = uuid_of(work_order, field="work_order")
        if county:
            conditions.append("county = %(county)s")
        if after is not None:
            conditions.append("id < %(after)s")
        return self._errands(f"{' AND '.join(conditions)} ORDER BY id DESC LIMIT %(limit)s", params)

    def add_errand(self, errand: Errand) -> None:
        """Keeps a new errand."""
        self.run(
            "INSERT INTO errand (id, county, work_order, appeal, state, contact, contact_time, record, version)"
            " VALUES (%(id)s, %(county)s, %(order)s, %(appeal)s, %(state)s, %(contact)s, now(), %(record)s, 1)",
            _errand_values(errand),
        )

    def save_errand(self, errand: Errand) -> None:
        """Keeps a changed errand; its version grows."""
        self.run(
            "UPDATE errand SET state = %(state)s, contact = %(contact)s, record = %(record)s, version = version + 1"
            " WHERE id = %(id)s",
            _errand_values(errand),
        )
        errand.version += 1

    def keep_contact(self, errand: Errand, sealed: bytes | None) -> None:
        """Keeps who brought it, as it came, or forgets it."""
        self.run("UPDATE errand SET sealed_contact = %(sealed)s WHERE id = %(id)s", {"sealed": sealed, "id": errand.id})

    def sealed_contact(self, errand: Errand) -> bytes | None:
        """Who brought it, sealed; None if that is not held."""
        row = self.one("SELECT sealed_contact FROM errand WHERE id = %(id)s", {"id": errand.id})
        return bytes(row["sealed_contact"]) if row and row["sealed_contact"] is not None else None

    def claim_wanted_contact(self) -> Errand | None:
        """An errand whose contact is to be sealed; others wait their turn."""
        found = self._errands(
            "contact = 'WANTED' AND contact_time <= now() ORDER BY contact_time LIMIT 1 FOR UPDATE SKIP LOCKED", {}
        )
        return found[0] if found else None

    def wait_for_contact(self, errand: Errand, *, pause: timedelta) -> None:
        """It cannot be had now: it is asked for again."""
        self.run(
            "UPDATE errand SET contact_time = now() + %(pause)s WHERE id = %(id)s", {"pause": pause, "id": errand.id}
        )

    def next_order_number(self, *, region: str, now: datetime) -> str:
        """A business number of this county's own; gaps are allowed."""
        row = self.one("SELECT nextval('work_order_number') AS number")
        number = row["number"] if row else 0
        return f"{region}-{now.astimezone(ZONE):%Y%m%d}-{number:06d}"

    # messages

    def send(self, errand: Errand, message: Message, *, time: datetime) -> None:
        """Has a message cross, next in its errand's order; the errand is locked."""
        self.run(
            _SEND,
            {
                "errand": errand.id,
                "event_id": uuid7(),
                "county": errand.county,
                "type": message.DESCRIPTOR.full_name,
                "payload": MessageToJson(message, indent=None),
                "time": time,
                "traceparent": telemetry.current_traceparent(),
            },
        )

    def claim_messages(self, county: str, *, limit: int) -> list[Announced]:
        """The oldest messages that wait for a line, locked; others' are left to them."""
        rows = self.all(
            "SELECT position, created_time, event_id, errand, sequence, type, payload, occurred_time, traceparent"
            " FROM county_message WHERE county = %(county)s AND published_time IS NULL"
            " ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
            {"county": county, "limit": limit},
        )
        return [Announced(aggregate=f"errands/{row.pop('errand')}", lane=0, **row) for row in rows]

    def mark_sent(self, messages: Sequence[Announced]) -> None:
        """Remembers that the broker has these."""
        self.run(
            "UPDATE county_message SET published_time = now() WHERE position = ANY(%(positions)s::bigint[])",
            {"positions": [message.position for message in messages]},
        )

    def forget_messages(self, *, older_than_days: int, limit: int) -> int:
        """Forgets what was sent long ago; tells how many."""
        return self.count(
            "DELETE FROM county_message WHERE position IN (SELECT position FROM county_message"
            " WHERE published_time < now() - make_interval(days => %(days)s) LIMIT %(limit)s)",
            {"days": older_than_days, "limit": limit},
        )

    # lines

    def count_waiting(self, county: str) -> int:
        """Messages that the broker does not have yet, counted up to 100,000."""
        row = self.one(
            "SELECT (SELECT count(*) FROM (SELECT FROM county_message WHERE county = %(county)s"
            " AND published_time IS NULL LIMIT 100000) m) AS waiting",
            {"county": county},
        )
        return int(row["waiting"]) if row else 0

    def note_waiting(self, county: str, waiting: int) -> None:
        """How many wait to cross from here."""
        self.run(
            "INSERT INTO county_line (county, waiting_out) VALUES (%(county)s, %(waiting)s)"
            " ON CONFLICT (county) DO UPDATE SET waiting_out = excluded.waiting_out",
            {"county": county, "waiting": waiting},
        )

    def note_heard(self, county: str, *, view_time: datetime | None, waiting: int | None) -> None:
        """Something came by a line; view_time -- when it was committed, waiting -- if it said how many wait."""
        self.run(
            "INSERT INTO county_line AS l (county, heard_time, view_time, waiting_in)"
            " VALUES (%(county)s, now(), %(view)s, coalesce(%(waiting)s, 0)) ON CONFLICT (county) DO UPDATE"
            " SET heard_time = now(), view_time = greatest(l.view_time, excluded.view_time),"
            " waiting_in = coalesce(%(waiting)s, l.waiting_in)",
            {"county": county, "view": view_time, "waiting": waiting},
        )

    def line(self, county: str) -> Line:
        """What was measured of a line."""
        row = self.one(
            "SELECT heard_time, extract(epoch FROM now() - heard_time)::float8 AS heard_ago_seconds,"
            " coalesce(greatest(extract(epoch FROM now() - view_time), 0), 0)::float8 AS view_age_seconds,"
            " waiting_out, waiting_in FROM county_line WHERE county = %(county)s",
            {"county": county},
        )
        open_ = self.one(
            "SELECT count(*) AS errands FROM errand WHERE county = %(county)s AND contact = 'ERASING'",
            {"county": county},
        )
        return Line(**(row or {}), erasures_open=int(open_["errands"]) if open_ else 0)

    def _errands(self, condition: str, params: dict[str, Any]) -> list[Errand]:
        return [_errand(row) for row in self.all(f"{_ERRANDS} WHERE {condition}", params)]


def _county(row: dict[str, Any]) -> County:
    county = County(**row)
    county.side, county.state = Side(row["side"]), CountyState(row["state"])
    county.city_keys, county.county_keys = bytes(row["city_keys"]), bytes(row["county_keys"])
    return county


def _errand(row: dict[str, Any]) -> Errand:
    errand = _ERRAND.validate_python(row["record"])
    errand.version = row["version"]
    return errand


def _errand_values(errand: Errand) -> dict[str, Any]:
    return {
        "id": errand.id,
        "county": errand.county,
        "order": uuid_of(errand.work_order),
        "appeal": uuid_of(errand.appeal),
        "state": errand.state.value,
        "contact": ContactState(errand.contact).value,
        "record": Jsonb(_ERRAND.dump_python(errand, mode="json")),
    }
