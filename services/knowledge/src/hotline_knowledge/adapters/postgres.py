"""The tables of knowledge."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hotline_knowledge.adapters.attachments import AttachmentStore
from hotline_knowledge.adapters.bases import BaseStore
from hotline_knowledge.adapters.bulletins import BulletinStore
from hotline_knowledge.adapters.contributions import ContributionStore
from hotline_knowledge.adapters.gaps import GapStore
from hotline_knowledge.adapters.rows import ENTRY, Version, entry_params, to_content, to_entry
from hotline_knowledge.adapters.training import TrainingStore
from hotline_knowledge.domain.entry import (
    Action,
    Content,
    Entry,
    EntryKind,
    EntryState,
    Origin,
    UpkeepGround,
)

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


class Store(BulletinStore, TrainingStore, ContributionStore, GapStore, BaseStore, AttachmentStore):
    """A transaction of knowledge."""

    def add(self, entry: Entry) -> None:
        """Adds a new entry."""
        self.run(
            """INSERT INTO entry (id, title, text, kind, unit, region, keywords, valid_from, valid_until, origin,
                 review_date, sources, credit, state, version, served, writers, answer_count, create_time, update_time)
               VALUES (%(id)s, %(title)s, %(text)s, %(kind)s, %(unit)s, %(region)s, %(keywords)s, %(valid_from)s,
                 %(valid_until)s, %(origin)s, %(review_date)s, %(sources)s, %(credit)s, %(state)s, %(version)s,
                 %(served)s, %(writers)s, 0, %(create_time)s, %(update_time)s)""",
            entry_params(entry),
        )

    def save(self, entry: Entry) -> None:
        """Saves what it says and where it stands; what is served of it stays."""
        self.run(
            """UPDATE entry SET title = %(title)s, text = %(text)s, kind = %(kind)s, unit = %(unit)s,
                 region = %(region)s, keywords = %(keywords)s, valid_from = %(valid_from)s,
                 valid_until = %(valid_until)s, origin = %(origin)s, review_date = %(review_date)s,
                 sources = %(sources)s, attachments = %(attachments)s, state = %(state)s,
                 version = %(version)s, writers = %(writers)s, update_time = %(update_time)s
               WHERE id = %(id)s""",
            entry_params(entry),
        )

    def save_served(self, entry: Entry) -> None:
        """Saves where it stands and what is served of it, and tells the search indexes."""
        self.tell_indexes()
        self.run(
            """UPDATE entry SET state = %(state)s, version = %(version)s, served = %(served)s,
                 review_date = %(review_date)s, writers = %(writers)s, upkeep_date = %(upkeep_date)s, told_date = NULL,
                 told_count = 0, update_time = %(update_time)s, change = nextval('entry_change')
               WHERE id = %(id)s""",
            entry_params(entry),
        )

    def save_told(self, entry: Entry) -> None:
        """Saves that its owner was told what is due."""
        self.run(
            "UPDATE entry SET told_date = %(told_date)s, told_count = %(told_count)s WHERE id = %(id)s",
            entry_params(entry),
        )

    def keep_version(self, entry: Entry, *, action: Action) -> None:
        """Keeps what this change left for good (Art. 18)."""
        self.run(
            """INSERT INTO entry_version (entry_id, version, action, actor, time, state, content)
               VALUES (%(id)s, %(version)s, %(action)s, %(actor)s, %(update_time)s, %(state)s, %(content)s)""",
            entry_params(entry) | {"action": action, "actor": self.actor.subject},
        )

    def versions(self, entry_id: UUID, *, after: int, limit: int) -> list[Version]:
        """What each change left, oldest first."""
        rows = self.all(
            """SELECT version, action, actor, time, state, content FROM entry_version
                WHERE entry_id = %(id)s AND version > %(after)s ORDER BY version LIMIT %(limit)s""",
            {"id": entry_id, "after": after, "limit": limit},
        )
        return [
            Version(
                version=row["version"],
                action=Action(row["action"]),
                actor=row["actor"],
                time=row["time"],
                state=EntryState(row["state"]),
                content=to_content(row["content"]),
            )
            for row in rows
        ]

    def content_of_version(self, entry_id: UUID, version: int) -> Content | None:
        """What it said in that version."""
        row = self.one(
            "SELECT content FROM entry_version WHERE entry_id = %(id)s AND version = %(version)s",
            {"id": entry_id, "version": version},
        )
        return to_content(row["content"]) if row else None

    def entries_to_chase(self, *, due_until: date, told_until: date, limit: int) -> list[Entry]:
        """Served entries that are due until then and whose owner was not told since, locked; first due first."""
        rows = self.all(
            f"""{ENTRY} WHERE upkeep_date <= %(due_until)s AND (told_date IS NULL OR told_date <= %(told_until)s)
                ORDER BY upkeep_date, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED""",
            {"due_until": due_until, "told_until": told_until, "limit": limit},
        )
        return [to_entry(row) for row in rows]

    def upkeep(self, *, due_until: date, unit: str, after: tuple[date, UUID] | None, limit: int) -> list[Entry]:
        """Served entries that are due until then, first due first.

        unit -- only of this one; empty: of every one.
        """
        rows = self.all(
            upkeep_statement(unit=unit),
            {
                "due_until": due_until,
                "unit": unit,
                "day": after[0] if after else date.min,
                "id": after[1] if after else _FIRST,
                "limit": limit,
            },
        )
        return [to_entry(row) for row in rows]

    def counts(self, *, unit: str) -> list[tuple[EntryKind, Origin, EntryState, int]]:
        """How many entries there are of each kind, origin and state (Art. 9(4), 17)."""
        rows = self.all(
            """SELECT kind, origin, state, count(*) AS n FROM entry WHERE %(unit)s IN ('', unit)
                GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
            {"unit": unit},
        )
        return [(EntryKind(r["kind"]), Origin(r["origin"]), EntryState(r["state"]), r["n"]) for r in rows]

    def upkeep_counts(self, *, due_until: date) -> dict[UpkeepGround, int]:
        """How many served entries are due until then, by what is due first."""
        rows = self.all(
            """SELECT (served->>'valid_until')::date IS NOT DISTINCT FROM upkeep_date AS expires, count(*) AS n
                 FROM entry WHERE upkeep_date <= %(due_until)s GROUP BY 1""",
            {"due_until": due_until},
        )
        return {UpkeepGround.EXPIRY if row["expires"] else UpkeepGround.REVIEW: row["n"] for row in rows}

    def entry(self, entry_id: UUID) -> Entry | None:
        """As it stands."""
        row = self.one(f"{ENTRY} WHERE id = %(id)s", {"id": entry_id})
        return to_entry(row) if row else None

    def entry_to_change(self, entry_id: UUID) -> Entry | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{ENTRY} WHERE id = %(id)s FOR UPDATE", {"id": entry_id})
        return to_entry(row) if row else None

    def entries_of(self, ids: Sequence[UUID]) -> dict[UUID, Entry]:
        """Those of these ids that there are, but for those of a base that is not served."""
        rows = self.all(
            f"""{ENTRY} WHERE id = ANY(%(ids)s)
                AND (base = '' OR EXISTS (SELECT FROM base b WHERE b.name = entry.base AND b.state = 'APPROVED'))""",
            {"ids": list(ids)},
        )
        return {row["id"]: to_entry(row) for row in rows}

    def entries(
        self,
        *,
        state: EntryState | None,
        kind: EntryKind | None,
        origin: Origin | None,
        unit: str,
        region: str,
        base: str,
        after: UUID | None,
        limit: int,
    ) -> list[Entry]:
        """Those that fit every filter that is set, newest first."""
        rows = self.all(
            entries_statement(state=state, kind=kind, origin=origin, unit=unit, region=region, base=base),
            {
                "state": state,
                "kind": kind,
                "origin": origin,
                "unit": unit,
                "region": region,
                "base": base,
                "after": after or _LAST,
                "limit": limit,
            },
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


def entries_statement(
    *, state: EntryState | None, kind: EntryKind | None, origin: Origin | None, unit: str, region: str, base: str
) -> str:
    """The statement of `Store.entries`; each filter has an index that ends in the keyset."""
    filters = {
        "state = %(state)s": state is not None,
        "kind = %(kind)s": kind is not None,
        "origin = %(origin)s": origin is not None,
        "unit = %(unit)s": bool(unit),
        "region = %(region)s": bool(region),
        "base = %(base)s": bool(base),
    }
    wanted = [condition for condition, is_set in filters.items() if is_set]
    return f"{ENTRY} WHERE {' AND '.join([*wanted, 'id < %(after)s'])} ORDER BY id DESC LIMIT %(limit)s"


def upkeep_statement(*, unit: str) -> str:
    """The statement of `Store.upkeep`; with and without a unit an index has its order."""
    of_unit = "unit = %(unit)s AND " if unit else ""
    return (
        f"{ENTRY} WHERE {of_unit}upkeep_date <= %(due_until)s AND (upkeep_date, id) > (%(day)s, %(id)s)"
        " ORDER BY upkeep_date, id LIMIT %(limit)s"
    )
