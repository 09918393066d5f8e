"""Rows of entries as entries, and the reverse."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_knowledge.domain.entry import Action, Content, Entry, EntryKind, EntryState, Origin, Served, Told

ENTRY = """
    SELECT id, title, text, kind, unit, region, keywords, valid_from, valid_until, origin, review_date, sources,
           credit, base, attachments, state, version, served, writers, told_date, told_count, change,
           answer_count, create_time, update_time
      FROM entry"""


@dataclass(frozen=True, kw_only=True)
class Version:
    """An entry as a change left it."""

    version: int
    action: Action
    actor: str
    time: datetime
    state: EntryState
    content: Content


def to_entry(row: DictRow) -> Entry:
    """An entry from its row."""
    served = row["served"]
    return Entry(
        id=row["id"],
        content=to_content(row),
        create_time=row["create_time"],
        update_time=row["update_time"],
        state=EntryState(row["state"]),
        version=row["version"],
        served=Served(content=to_content(served), version=served["version"]) if served else None,
        writers=tuple(row["writers"]),
        told=Told(day=row["told_date"], count=row["told_count"]) if row["told_date"] else None,
        answer_count=row["answer_count"],
    )


def entry_params(entry: Entry) -> dict[str, Any]:
    """An entry as values of its columns."""
    row = entry_row(entry)
    return row | {
        "served": Jsonb(row["served"]) if row["served"] else None,
        "content": Jsonb(row["content"]),
    }


def entry_row(entry: Entry) -> dict[str, Any]:
    """An entry as values of its columns, objects as what JSON is made of."""
    return {
        **vars(entry.content),
        "keywords": list(entry.content.keywords),
        "sources": list(entry.content.sources),
        "attachments": list(entry.content.attachments),
        "content": _content_json(entry.content),
        "id": entry.id,
        "state": entry.state,
        "version": entry.version,
        "served": _content_json(entry.served.content) | {"version": entry.served.version} if entry.served else None,
        "writers": list(entry.writers),
        "upkeep_date": entry.upkeep.due if entry.upkeep else None,
        "told_date": entry.told.day if entry.told else None,
        "told_count": entry.told.count if entry.told else 0,
        "create_time": entry.create_time,
        "update_time": entry.update_time,
    }


def _content_json(content: Content) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(content).items()}


def to_content(row: Mapping[str, Any]) -> Content:
    """What it says, from the row of an entry, or from JSON that a release before may have written."""
    return Content(
        title=row["title"],
        text=row["text"],
        kind=EntryKind(row["kind"]),
        unit=row["unit"],
        region=row["region"],
        keywords=tuple(row["keywords"]),
        valid_from=_to_date(row["valid_from"]),
        valid_until=_to_date(row["valid_until"]),
        origin=Origin(row.get("origin", Origin.GOVERNMENT)),
        review_date=_to_date(row.get("review_date")),
        sources=tuple(row.get("sources", ())),
        credit=row.get("credit", ""),
        base=row.get("base", ""),
        attachments=tuple(row.get("attachments", ())),
    )


def _to_date(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
