"""The table of knowledge."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from hotline_kernel.db import Transaction
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_knowledge.domain import Content, Entry, EntryKind, EntryState, Served

CHANGE_CHANNEL = "hotline_knowledge"
"""Notified when what is served has changed."""

ENTRY = """
    SELECT id, title, text, kind, unit, region, keywords, valid_from, valid_until, state, version, served, change,
           answer_count, create_time, update_time
      FROM entry"""
_LAST = UUID(int=2**128 - 1)


class Store(Transaction):
    """A transaction of knowledge."""

    def add(self, entry: Entry) -> None:
        """Adds a new entry."""
        self.run(
            """INSERT INTO entry (id, title, text, kind, unit, region, keywords, valid_from, valid_until, state,
                 version, served, answer_count, create_time, update_time)
               VALUES (%(id)s, %(title)s, %(text)s, %(kind)s, %(unit)s, %(region)s, %(keywords)s, %(valid_from)s,
                 %(valid_until)s, %(state)s, %(version)s, %(served)s, 0, %(create_time)s, %(update_time)s)""",
            _params(entry),
        )

    def save(self, entry: Entry) -> None:
        """Saves what it says and where it stands; what is served of it stays."""
        self.run(
            """UPDATE entry SET title = %(title)s, text = %(text)s, kind = %(kind)s, unit = %(unit)s,
                 region = %(region)s, keywords = %(keywords)s, valid_from = %(valid_from)s,
                 valid_until = %(valid_until)s, state = %(state)s, version = %(version)s,
                 update_time = %(update_time)s
               WHERE id = %(id)s""",
            _params(entry),
        )

    def save_served(self, entry: Entry) -> None:
        """Saves where it stands and what is served of it, and tells the search indexes."""
        # The lock makes the order of changes that of the commits: who reads on from the last change misses none.
        self.run("SELECT pg_advisory_xact_lock(hashtextextended('entry_change', 0))")
        self.run(
            """UPDATE entry SET state = %(state)s, version = %(version)s, served = %(served)s,
                 update_time = %(update_time)s, change = nextval('entry_change')
               WHERE id = %(id)s""",
            _params(entry),
        )
        self.run("SELECT pg_notify(%(channel)s, '')", {"channel": CHANGE_CHANNEL})

    def entry(self, entry_id: UUID) -> Entry | None:
        """As it stands."""
        row = self.one(f"{ENTRY} WHERE id = %(id)s", {"id": entry_id})
        return to_entry(row) if row else None

    def entry_to_change(self, entry_id: UUID) -> Entry | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{ENTRY} WHERE id = %(id)s FOR UPDATE", {"id": entry_id})
        return to_entry(row) if row else None

    def entries_of(self, ids: Sequence[UUID]) -> dict[UUID, Entry]:
        """Those of these ids that there are."""
        rows = self.all(f"{ENTRY} WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
        return {row["id"]: to_entry(row) for row in rows}

    def entries(
        self,
        *,
        state: EntryState | None,
        kind: EntryKind | None,
        unit: str,
        region: str,
        after: UUID | None,
        limit: int,
    ) -> list[Entry]:
        """Those that fit every filter that is set, newest first."""
        rows = self.all(
            entries_statement(state=state, kind=kind, unit=unit, region=region),
            {"state": state, "kind": kind, "unit": unit, "region": region, "after": after or _LAST, "limit": limit},
        )
        return [to_entry(row) for row in rows]

    def changed_entries(self, *, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Entries whose served content changed after that change, with their change, in order."""
        rows = self.all(
            f"{ENTRY} WHERE change > %(after)s ORDER BY change LIMIT %(limit)s", {"after": after, "limit": limit}
        )
        return [(row["change"], to_entry(row)) for row in rows]

    def count_answer(self, entry_id: UUID) -> None:
        """One more appeal was answered with it."""
        self.run("UPDATE entry SET answer_count = answer_count + 1 WHERE id = %(id)s", {"id": entry_id})


def entries_statement(*, state: EntryState | None, kind: EntryKind | None, unit: str, region: str) -> str:
    """The statement of `Store.entries`; each filter has an index that ends in the keyset."""
    filters = {
        "state = %(state)s": state is not None,
        "kind = %(kind)s": kind is not None,
        "unit = %(unit)s": bool(unit),
        "region = %(region)s": bool(region),
    }
    wanted = [condition for condition, is_set in filters.items() if is_set]
    return f"{ENTRY} WHERE {' AND '.join([*wanted, 'id < %(after)s'])} ORDER BY id DESC LIMIT %(limit)s"


def to_entry(row: DictRow) -> Entry:
    """An entry from its row."""
    served = row["served"]
    return Entry(
        id=row["id"],
        content=_to_content(row),
        create_time=row["create_time"],
        update_time=row["update_time"],
        state=EntryState(row["state"]),
        version=row["version"],
        served=Served(content=_to_content(served), version=served["version"]) if served else None,
        answer_count=row["answer_count"],
    )


def _params(entry: Entry) -> dict[str, Any]:
    return {
        **vars(entry.content),
        "keywords": list(entry.content.keywords),
        "id": entry.id,
        "state": entry.state,
        "version": entry.version,
        "served": Jsonb(_served_json(entry.served)) if entry.served else None,
        "create_time": entry.create_time,
        "update_time": entry.update_time,
    }


def _served_json(served: Served) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in (asdict(served.content) | {"version": served.version}).items()
    }


def _to_content(row: DictRow) -> Content:
    return Content(
        title=row["title"],
        text=row["text"],
        kind=EntryKind(row["kind"]),
        unit=row["unit"],
        region=row["region"],
        keywords=tuple(row["keywords"]),
        valid_from=_to_date(row["valid_from"]),
        valid_until=_to_date(row["valid_until"]),
    )


def _to_date(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
