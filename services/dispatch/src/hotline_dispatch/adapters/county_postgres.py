"""Where counties and their errands are kept."""
# ruff: noqa: S608  (only names and fragments of this module are put into a statement; values are parameters)

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hotline_kernel.auth import Principal
from hotline_kernel.calendar import ZONE
from hotline_kernel.db import Connection
from hotline_kernel.names import uuid_of
from hotline_kernel.outbox import Audience
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from hotline_dispatch.adapters.line_postgres import Lines
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
_NOTE_CHANGE = """
INSERT INTO errand_change (work_order)
SELECT %(order)s WHERE EXISTS (SELECT FROM county WHERE unit = %(lead)s AND side = 'CITY')
    OR EXISTS (SELECT FROM errand WHERE work_order = %(order)s)
"""


class Counties(Lines):
    """Counties, errands and messages within one transaction."""

    def __init__(self, connection: Connection, actor: Principal, audience: Audience) -> None:
        super().__init__(connection, actor, audience)
        self._counties_read: dict[str, County | None] = {}
        self._errands_before: dict[UUID, Errand] = {}

    def find_county(self, name: str, *, for_update: bool = False) -> County | None:
        """A county; nobody else changes it until the end of the transaction if it is to be changed."""
        if for_update:
            row = self.one(f"{_COUNTIES} WHERE name = %(name)s FOR NO KEY UPDATE", {"name": name})
            return _county(row) if row else None
        if name not in self._counties_read:  # each of many messages asks for the one whose line it came by
            row = self.one(f"{_COUNTIES} WHERE name = %(name)s", {"name": name})
            self._counties_read[name] = _county(row) if row else None
        return self._counties_read[name]

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
        found = self._errands(f"id = %(id)s {lock}", {"id": errand_id})
        return found[0] if found else None

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

    def errands_since(self, county: str, *, since: datetime) -> list[Errand]:
        """A county's errands that are open, or of which the other side was told at or after a moment (real), locked."""
        return self._errands(
            "county = %(county)s AND (state = 'OPEN' OR id IN (SELECT errand FROM county_message"
            " WHERE county = %(county)s AND created_time >= %(since)s)) ORDER BY id FOR UPDATE",
            {"county": county, "since": since},
        )

    def add_errand(self, errand: Errand) -> None:
        """Keeps a new errand."""
        self.run(
            "INSERT INTO errand (id, county, work_order, appeal, state, contact, contact_time, record, version)"
            " VALUES (%(id)s, %(county)s, %(order)s, %(appeal)s, %(state)s, %(contact)s, now(), %(record)s, 1)",
            _errand_values(errand),
        )

    def save_errand(self, errand: Errand) -> None:
        """Keeps a changed errand; its version grows. One that is as it was found stays as it is."""
        if self._errands_before.get(errand.id) == errand:
            return
        self.run(
            "UPDATE errand SET state = %(state)s, contact = %(contact)s, record = %(record)s, version = version + 1"
            " WHERE id = %(id)s",
            _errand_values(errand),
        )
        errand.version += 1
        self._errands_before[errand.id] = replace(errand)

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

    def _errands(self, condition: str, params: dict[str, Any]) -> list[Errand]:
        found = [_errand(row) for row in self.all(f"{_ERRANDS} WHERE {condition}", params)]
        self._errands_before |= {errand.id: replace(errand) for errand in found}
        return found


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
