"""Where the registry of units is kept, each unit in its versions, and who led what (Art. 3, 10)."""
# ruff: noqa: S608  (only names and fragments of this module are put into a statement; values are parameters)

from collections.abc import Collection
from datetime import date
from itertools import accumulate
from typing import Any

from hotline_kernel.db import Transaction
from pydantic import TypeAdapter

from hotline_dispatch.adapters.statements import json_value, names, sets, values
from hotline_dispatch.domain.suggestion import Past
from hotline_dispatch.domain.unit import Handler, Unit, UnitKind
from hotline_dispatch.domain.unit_version import UnitVersion, UnitVersionState

_UNIT_COLUMNS = (
    "name",
    "display_name",
    "region",
    "kind",
    "principal",
    "competences",
    "superior",
    "handling_body",
    "handlers",
    "working_hours",
    "office_telephone",
    "office_address",
    "close_date",
    "successor",
    "version",
)
_HANDLERS = TypeAdapter(tuple[Handler, ...])
_CONTENT = TypeAdapter(Unit)
_VERSION_COLUMNS = (
    "unit",
    "number",
    "effective_date",
    "change_time",
    "actor",
    "reason",
    "changed_fields",
    "state",
    "content",
)
_UNIT = names(_UNIT_COLUMNS)
_INSERT_UNIT = f"INSERT INTO unit ({_UNIT}) VALUES ({values(_UNIT_COLUMNS)}) ON CONFLICT (name) DO NOTHING"
_UPDATE_UNIT = f"UPDATE unit SET {sets(_UNIT_COLUMNS[1:-1])}, version = version + 1 WHERE name = %(name)s"
_ADD_COUNTS = "DO UPDATE SET led = lead_count.led + excluded.led, sent_back = lead_count.sent_back + excluded.sent_back"
_VERSION = names(_VERSION_COLUMNS)
_INSERT_VERSION = f"INSERT INTO unit_version ({_VERSION}) VALUES ({values(_VERSION_COLUMNS)})"

_ABOVE = """above AS (
  SELECT name, superior, 0 AS step FROM unit WHERE name = %(unit)s
  UNION SELECT u.name, u.superior, above.step + 1 FROM above JOIN unit u ON u.name = above.superior AND above.step < 20
)"""
_SUPERIORS = f"WITH RECURSIVE {_ABOVE} SELECT name FROM above WHERE step > 0 GROUP BY name ORDER BY min(step)"
_LINE = f"""
WITH RECURSIVE {_ABOVE}, below AS (
  SELECT name FROM unit WHERE name = %(unit)s
  UNION SELECT u.name FROM below JOIN unit u ON u.superior = below.name
), line AS (
  (SELECT name FROM above UNION SELECT name FROM below)
  UNION SELECT u.name FROM line JOIN unit u ON u.successor = line.name AND u.close_date IS NOT NULL
)
SELECT name FROM line"""


class Registry(Transaction):
    """Units, their versions and what they led, within one transaction."""

    def find_unit(self, name: str, *, for_update: bool = False) -> Unit | None:
        """A unit of the registry; locked until the end of the transaction if it is to be changed."""
        lock = "FOR UPDATE" if for_update else ""
        row = self.one(f"SELECT {_UNIT} FROM unit WHERE name = %(name)s {lock}", {"name": name})
        return _unit(row) if row else None

    def find_units(self, names: Collection[str]) -> dict[str, Unit]:
        """Those of the names that are in the registry."""
        rows = self.all(f"SELECT {_UNIT} FROM unit WHERE name = ANY(%(names)s)", {"names": list(names)})
        return {row["name"]: _unit(row) for row in rows}

    def superiors_of(self, unit: str) -> tuple[str, ...]:
        """The units above a unit, the nearest first."""
        return tuple(row["name"] for row in self.all(_SUPERIORS, {"unit": unit}))

    def line_of(self, unit: str) -> frozenset[str]:
        """The unit, those above it, those below it, and closed ones whose place any of them took."""
        return frozenset(row["name"] for row in self.all(_LINE, {"unit": unit})) | {unit}

    def add_unit(self, unit: Unit) -> bool:
        """Keeps a new unit; False if the name is taken."""
        return self.count(_INSERT_UNIT, _unit_values(unit)) == 1

    def save_unit(self, unit: Unit) -> None:
        """Keeps a changed unit; its version grows."""
        self.run(_UPDATE_UNIT, _unit_values(unit))
        unit.version += 1

    def units_answering(self, category: str) -> dict[str, Unit]:
        """Units that are not closed and answer for a category or one above it."""
        rows = self.all(
            f"SELECT {_UNIT} FROM unit WHERE competences && %(paths)s::text[] AND close_date IS NULL",
            {"paths": [*accumulate(category.split("/"), "{}/{}".format)]},
        )
        return {row["name"]: _unit(row) for row in rows}

    def past_leads(self, *, category: str, region: str) -> dict[str, Past]:
        """What became of earlier orders of a category, by unit."""
        rows = self.all(
            "SELECT unit, coalesce(sum(led) FILTER (WHERE region = %(region)s), 0)::bigint AS here,"
            " coalesce(sum(led) FILTER (WHERE region <> %(region)s), 0)::bigint AS elsewhere,"
            " sum(sent_back)::bigint AS sent_back"
            " FROM lead_count WHERE category = %(category)s GROUP BY unit",
            {"category": category, "region": region},
        )
        return {row["unit"]: Past(row["here"], row["elsewhere"], row["sent_back"]) for row in rows}

    def count_lead(self, *, category: str, region: str, unit: str, sent_back: bool = False) -> None:
        """Counts an order that a unit led to a result, or gave back."""
        self.run(
            "INSERT INTO lead_count (category, region, unit, led, sent_back)"
            " VALUES (%(category)s, %(region)s, %(unit)s, %(led)s, %(sent_back)s)"
            f" ON CONFLICT (category, region, unit) {_ADD_COUNTS}",
            {"category": category, "region": region, "unit": unit, "led": 1 - sent_back, "sent_back": int(sent_back)},
        )

    def bequeath_leads(self, unit: str, heir: str) -> None:
        """What a closed unit led counts for its successor, or for nobody if that is empty."""
        self.run(
            "WITH gone AS (DELETE FROM lead_count WHERE unit = %(unit)s RETURNING category, region, led, sent_back)"
            " INSERT INTO lead_count (category, region, unit, led, sent_back)"
            " SELECT category, region, %(heir)s, led, sent_back FROM gone WHERE %(heir)s <> ''"
            f" ON CONFLICT (category, region, unit) {_ADD_COUNTS}",
            {"unit": unit, "heir": heir},
        )

    def forget_leads(self, unit: str, competences: Collection[str]) -> None:
        """What a unit led says nothing of duties that it lost."""
        self.run(
            "DELETE FROM lead_count USING unnest(%(lost)s::text[]) AS lost"
            " WHERE unit = %(unit)s AND starts_with(category || '/', lost || '/')",
            {"unit": unit, "lost": list(competences)},
        )

    def latest_texts(self, *, limit: int) -> list[tuple[str, str]]:
        """The leads and reviewed texts of the latest orders that were handled; of none that is confidential."""
        rows = self.all(
            "SELECT lead_unit, title, text FROM work_order WHERE state IN ('REPORTED', 'CLOSED') AND NOT confidential"
            " AND about_unit = '' ORDER BY id DESC LIMIT %(limit)s",
            {"limit": limit},
        )
        return [(row["lead_unit"], f"{row['title']} {row['text']}") for row in rows]

    def claim_changing_units(self, *, until: date, limit: int) -> list[Unit]:
        """Units with a planned change whose day has come, locked; others' are left to them."""
        rows = self.all(
            f"SELECT {_UNIT} FROM unit WHERE name IN ("
            " SELECT unit FROM unit_version WHERE state = 'PLANNED' AND effective_date <= %(until)s)"
            " ORDER BY name LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
            {"until": until, "limit": limit},
        )
        return [_unit(row) for row in rows]

    def planned_versions(self, unit: str, *, until: date) -> list[UnitVersion]:
        """Changes of a unit that are planned until a day, by day, then number."""
        rows = self.all(
            f"SELECT {_VERSION} FROM unit_version WHERE unit = %(unit)s AND state = 'PLANNED'"
            " AND effective_date <= %(until)s ORDER BY effective_date, number",
            {"unit": unit, "until": until},
        )
        return [_version(row) for row in rows]

    def closing_of(self, unit: str) -> UnitVersion | None:
        """The planned closing of a unit."""
        row = self.one(
            f"SELECT {_VERSION} FROM unit_version WHERE unit = %(unit)s AND state = 'PLANNED'"
            " AND 'close_date' = ANY(changed_fields)",
            {"unit": unit},
        )
        return _version(row) if row else None

    def unit_on(self, name: str, *, day: date) -> Unit | None:
        """The unit as it was on a day that has passed."""
        row = self.one(
            "SELECT content FROM unit_version WHERE unit = %(unit)s AND state = 'IN_EFFECT'"
            " AND effective_date <= %(day)s ORDER BY effective_date DESC, number DESC LIMIT 1",
            {"unit": name, "day": day},
        )
        return _CONTENT.validate_python(row["content"]) if row else None

    def find_version(self, unit: str, number: int) -> UnitVersion | None:
        """One change of a unit."""
        row = self.one(
            f"SELECT {_VERSION} FROM unit_version WHERE unit = %(unit)s AND number = %(number)s",
            {"unit": unit, "number": number},
        )
        return _version(row) if row else None

    def next_version_number(self, unit: str) -> int:
        """The number of a unit's next change; the unit is locked."""
        row = self.one(
            "SELECT number FROM unit_version WHERE unit = %(unit)s ORDER BY number DESC LIMIT 1", {"unit": unit}
        )
        return row["number"] + 1 if row else 1

    def add_version(self, version: UnitVersion) -> None:
        """Keeps a new change."""
        self.run(_INSERT_VERSION, _version_values(version))

    def save_version(self, version: UnitVersion) -> None:
        """Keeps a change that took effect or was withdrawn."""
        self.run(
            "UPDATE unit_version SET state = %(state)s, content = %(content)s"
            " WHERE unit = %(unit)s AND number = %(number)s",
            _version_values(version),
        )

    def list_versions(self, *, unit: str, before: int, limit: int) -> list[UnitVersion]:
        """Changes of a unit, the latest put on record first, earlier than number `before` unless that is 0."""
        rows = self.all(
            f"SELECT {_VERSION} FROM unit_version WHERE unit = %(unit)s AND (%(before)s = 0 OR number < %(before)s)"
            " ORDER BY number DESC LIMIT %(limit)s",
            {"unit": unit, "before": before, "limit": limit},
        )
        return [_version(row) for row in rows]

    def list_units(self, *, region: str, competence: str, show_closed: bool, after: str, limit: int) -> list[Unit]:
        """Units by name, beyond `after`; empty filters filter nothing."""
        conditions = ["name > %(after)s"]
        if not show_closed:
            conditions.append("close_date IS NULL")
        if region:
            conditions.append("region = %(region)s")
        if competence:
            conditions.append("competences @> ARRAY[%(competence)s::text]")
        rows = self.all(
            f"SELECT {_UNIT} FROM unit WHERE {' AND '.join(conditions)} ORDER BY name LIMIT %(limit)s",
            {"after": after, "region": region, "competence": competence, "limit": limit},
        )
        return [_unit(row) for row in rows]


def _unit(row: dict[str, Any]) -> Unit:
    return Unit(**row | {"kind": UnitKind(row["kind"]), "handlers": _HANDLERS.validate_python(row["handlers"])})


def _unit_values(unit: Unit) -> dict[str, Any]:
    return vars(unit) | {"handlers": json_value(_HANDLERS, unit.handlers)}


def _version(row: dict[str, Any]) -> UnitVersion:
    values = {column: row[column] for column in _VERSION_COLUMNS if column not in ("unit", "content")}
    return UnitVersion(
        _CONTENT.validate_python(row["content"]),
        **values | {"changed_fields": tuple(row["changed_fields"]), "state": UnitVersionState(row["state"])},
    )


def _version_values(version: UnitVersion) -> dict[str, Any]:
    values = {column: getattr(version, column) for column in _VERSION_COLUMNS if column not in ("unit", "content")}
    return values | {
        "unit": version.unit.name,
        "changed_fields": list(version.changed_fields),
        "content": json_value(_CONTENT, version.unit),
    }
