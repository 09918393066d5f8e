"""The tables of bulletins."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from hotline_knowledge.adapters.changes import IndexTeller
from hotline_knowledge.domain.bulletin import Bulletin, BulletinAction, BulletinContent, BulletinState, Change, Topic
from hotline_knowledge.domain.entry import places_around

_BULLETIN = """
    SELECT b.id, b.topic, b.title, b.text, b.region, b.unit, b.start_time, b.end_time, b.state, b.version, b.change,
           b.answer_count, b.create_time, c.action, c.note, c.time
      FROM bulletin b JOIN bulletin_change c ON c.bulletin_id = b.id AND c.version = b.version"""
_LAST = UUID(int=2**128 - 1)


class BulletinStore(IndexTeller):
    """What a transaction does with bulletins."""

    def add_bulletin(self, bulletin: Bulletin) -> None:
        """Adds a new one."""
        self.tell_indexes()
        self.run(
            """INSERT INTO bulletin (id, topic, title, text, region, unit, start_time, end_time, state, version, change,
                 create_time)
               VALUES (%(id)s, %(topic)s, %(title)s, %(text)s, %(region)s, %(unit)s, %(start)s, %(end)s, %(state)s,
                 %(version)s, nextval('entry_change'), %(create_time)s)""",
            _params(bulletin),
        )
        self._keep_change(bulletin)

    def save_bulletin(self, bulletin: Bulletin) -> None:
        """Saves what it says and where it stands."""
        self.tell_indexes()
        self.run(
            """UPDATE bulletin SET topic = %(topic)s, title = %(title)s, text = %(text)s, region = %(region)s,
                 unit = %(unit)s, start_time = %(start)s, end_time = %(end)s, state = %(state)s, version = %(version)s,
                 change = nextval('entry_change')
               WHERE id = %(id)s""",
            _params(bulletin),
        )
        self._keep_change(bulletin)

    def bulletin(self, bulletin_id: UUID) -> Bulletin | None:
        """As it stands."""
        row = self.one(f"{_BULLETIN} WHERE b.id = %(id)s", {"id": bulletin_id})
        return _to_bulletin(row) if row else None

    def bulletin_to_change(self, bulletin_id: UUID) -> Bulletin | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_BULLETIN} WHERE b.id = %(id)s FOR UPDATE OF b", {"id": bulletin_id})
        return _to_bulletin(row) if row else None

    def bulletins_of(self, ids: Sequence[UUID]) -> dict[UUID, Bulletin]:
        """Those of these ids that there are."""
        rows = self.all(f"{_BULLETIN} WHERE b.id = ANY(%(ids)s)", {"ids": list(ids)}) if ids else []
        return {row["id"]: _to_bulletin(row) for row in rows}

    def bulletins(
        self,
        *,
        state: BulletinState,
        topic: Topic | None,
        region: str,
        shown_at: datetime | None,
        after: UUID | None,
        limit: int,
    ) -> list[Bulletin]:
        """Those that fit, newest first.

        region -- for this place, what it lies in and the whole city;  shown_at -- not over then; None: over or not.
        """
        filters = {
            "b.topic = %(topic)s": topic is not None,
            "b.region = ANY(%(places)s)": bool(region),
            "(b.end_time IS NULL OR b.end_time > %(shown_at)s)": shown_at is not None,
        }
        wanted = ["b.state = %(state)s", "b.id < %(after)s", *(text for text, is_set in filters.items() if is_set)]
        rows = self.all(
            f"{_BULLETIN} WHERE {' AND '.join(wanted)} ORDER BY b.id DESC LIMIT %(limit)s",
            {
                "state": state,
                "topic": topic.name if topic else None,
                "places": ["", *places_around(region)],
                "shown_at": shown_at,
                "after": after or _LAST,
                "limit": limit,
            },
        )
        return [_to_bulletin(row) for row in rows]

    def bulletin_changes(self, bulletin_id: UUID) -> list[Change]:
        """Its changes, oldest first."""
        rows = self.all(
            "SELECT version, action, note, time FROM bulletin_change WHERE bulletin_id = %(id)s ORDER BY version",
            {"id": bulletin_id},
        )
        return [_to_change(row) for row in rows]

    def changed_bulletins(self, *, after: int, limit: int) -> list[tuple[int, Bulletin]]:
        """Bulletins that changed after that change, with their change, in order."""
        rows = self.all(
            f"{_BULLETIN} WHERE b.change > %(after)s ORDER BY b.change LIMIT %(limit)s",
            {"after": after, "limit": limit},
        )
        return [(row["change"], _to_bulletin(row)) for row in rows]

    def count_bulletin_answer(self, bulletin_id: UUID) -> None:
        """One more appeal was answered with it."""
        self.run("UPDATE bulletin SET answer_count = answer_count + 1 WHERE id = %(id)s", {"id": bulletin_id})

    def _keep_change(self, bulletin: Bulletin) -> None:
        content = asdict(bulletin.content) | {"topic": bulletin.content.topic.name}
        self.run(
            """INSERT INTO bulletin_change (bulletin_id, version, action, note, actor, time, content)
               VALUES (%(id)s, %(version)s, %(action)s, %(note)s, %(actor)s, %(time)s, %(content)s)""",
            {
                **vars(bulletin.latest),
                "id": bulletin.id,
                "actor": self.actor.subject,
                "content": Jsonb(
                    {key: value.isoformat() if isinstance(value, datetime) else value for key, value in content.items()}
                ),
            },
        )


def _params(bulletin: Bulletin) -> dict[str, Any]:
    return {
        **vars(bulletin.content),
        "topic": bulletin.content.topic.name,
        "id": bulletin.id,
        "state": bulletin.state,
        "version": bulletin.version,
        "create_time": bulletin.create_time,
    }


def _to_bulletin(row: DictRow) -> Bulletin:
    return Bulletin(
        id=row["id"],
        content=BulletinContent(
            topic=Topic[row["topic"]],
            title=row["title"],
            text=row["text"],
            region=row["region"],
            unit=row["unit"],
            start=row["start_time"],
            end=row["end_time"],
        ),
        state=BulletinState(row["state"]),
        latest=_to_change(row),
        create_time=row["create_time"],
        answer_count=row["answer_count"],
    )


def _to_change(row: DictRow) -> Change:
    return Change(version=row["version"], action=BulletinAction(row["action"]), note=row["note"], time=row["time"])
