"""The tables of bases and their items, and bases as messages."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from hotline.knowledge.v1 import base_pb2, base_service_pb2
from hotline_kernel.timestamps import timestamp
from psycopg.rows import DictRow

from hotline_knowledge.adapters.changes import IndexTeller
from hotline_knowledge.adapters.messages import date_of, kind_of
from hotline_knowledge.adapters.rows import ENTRY, entry_row, to_entry
from hotline_knowledge.domain.base import Base, BaseState, Item, Known, Run, SyncKind
from hotline_knowledge.domain.entry import Action, Content, Entry
from hotline_knowledge.handlers.bases import Batch

_BASE = """
    SELECT name, title, unit, address, state, reason, version, run, run_kind, taken, is_complete, written, unchanged,
           gone, held, snapshot, is_swept, sync_time, create_time, update_time
      FROM base"""


class BaseStore(IndexTeller):
    """What a transaction does with bases."""

    def add_base(self, base: Base) -> bool:
        """Adds a new one; False if there is one of that name."""
        added = self.one(
            """INSERT INTO base (name, title, unit, address, state, reason, version, snapshot, is_swept, create_time,
                 update_time)
               VALUES (%(name)s, %(title)s, %(unit)s, %(address)s, %(state)s, %(reason)s, %(version)s, %(snapshot)s,
                 %(is_swept)s, %(create_time)s, %(update_time)s)
               ON CONFLICT (name) DO NOTHING
               RETURNING name""",
            vars(base),
        )
        return added is not None

    def save_base(self, base: Base) -> None:
        """Saves where it stands and how far it is synchronised."""
        run = base.run
        self.run(
            """UPDATE base SET state = %(state)s, reason = %(reason)s, version = %(version)s, run = %(run_id)s,
                 run_kind = %(kind)s, taken = %(taken)s, is_complete = %(is_complete)s, written = %(written)s,
                 unchanged = %(unchanged)s, gone = %(gone)s, held = %(held)s, snapshot = %(snapshot)s,
                 is_swept = %(is_swept)s, sync_time = %(sync_time)s, update_time = %(update_time)s
               WHERE name = %(name)s""",
            {
                **vars(base),
                "run_id": run.id if run else None,
                "kind": run.kind if run else "",
                "taken": run.taken if run else 0,
                "is_complete": run.is_complete if run else False,
                "written": run.written if run else 0,
                "unchanged": run.unchanged if run else 0,
                "gone": run.gone if run else 0,
                "held": run.held if run else 0,
            },
        )

    def base(self, name: str) -> Base | None:
        """As it stands."""
        row = self.one(f"{_BASE} WHERE name = %(name)s", {"name": name})
        return _to_base(row) if row else None

    def base_to_change(self, name: str) -> Base | None:
        """Locked until the end of the transaction."""
        row = self.one(f"{_BASE} WHERE name = %(name)s FOR UPDATE", {"name": name})
        return _to_base(row) if row else None

    def base_to_sweep(self) -> Base | None:
        """One of which something is to be taken out, locked; nobody else sweeps it meanwhile."""
        row = self.one(f"{_BASE} WHERE NOT is_swept ORDER BY name LIMIT 1 FOR UPDATE SKIP LOCKED")
        return _to_base(row) if row else None

    def bases(self, *, after: str, limit: int) -> list[Base]:
        """By name."""
        rows = self.all(
            f"{_BASE} WHERE name > %(after)s ORDER BY name LIMIT %(limit)s", {"after": after, "limit": limit}
        )
        return [_to_base(row) for row in rows]

    def known_items(self, base: str, keys: Sequence[str]) -> dict[str, Known]:
        """Those that came before, with their entries, which nobody changes meanwhile."""
        rows = self.all(
            "SELECT key, digest, entry FROM base_item WHERE base = %(base)s AND key = ANY(%(keys)s)",
            {"base": base, "keys": list(keys)},
        )
        entries = self._entries_to_change([row["entry"] for row in rows])
        return {row["key"]: Known(digest=row["digest"], entry=entries[row["entry"]]) for row in rows}

    def mark_items(self, base: str, marks: Iterable[tuple[str, UUID, str]], *, mark: UUID) -> None:
        """Keeps what each key said last: its entry and digest, empty for what is gone."""
        rows = [{"key": key, "entry": str(entry), "digest": digest} for key, entry, digest in marks]
        self.run(
            """INSERT INTO base_item (base, key, entry, digest, mark)
               SELECT %(base)s, key, entry, digest, %(mark)s
                 FROM json_to_recordset(%(rows)s::json) AS i(key text, entry uuid, digest text)
               ON CONFLICT (base, key) DO UPDATE SET digest = excluded.digest, mark = excluded.mark""",
            {"base": base, "mark": mark, "rows": json.dumps(rows)},
        )

    def items_to_sweep(self, base: Base, *, limit: int) -> dict[str, Known]:
        """Items, with their entries, that neither the last snapshot nor the run that goes on has; all of a withdrawn
        base.
        """
        rows = self.all(sweep_statement(), {"base": base.name, "marks": _marks(base), "limit": limit})
        entries = self._entries_to_change([row["entry"] for row in rows])
        return {row["key"]: Known(digest=row["digest"], entry=entries[row["entry"]]) for row in rows}

    def _entries_to_change(self, ids: Sequence[UUID]) -> dict[UUID, Entry]:
        rows = self.all(f"{ENTRY} WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE", {"ids": list(ids)})
        return {row["id"]: to_entry(row) for row in rows}

    def save_many(self, changes: Sequence[tuple[Entry, Action]]) -> None:
        """Saves entries of bases as they are served, new ones too, with the version each leaves.

        They travel as one text: a batch costs two statements.
        """
        if not changes:
            return
        self.tell_indexes()
        rows = [
            entry_row(entry) | {"action": action, "ordinal": ordinal} for ordinal, (entry, action) in enumerate(changes)
        ]
        params = {"rows": json.dumps(rows, ensure_ascii=False, default=str), "actor": self.actor.subject}
        self.run(
            """INSERT INTO entry AS e (id, title, text, kind, unit, region, keywords, valid_from, valid_until, origin,
                 review_date, sources, base, state, version, served, writers, upkeep_date, answer_count, create_time,
                 update_time, change)
               SELECT r.id, r.title, r.text, r.kind, r.unit, r.region, r.keywords, r.valid_from, r.valid_until,
                 r.origin, r.review_date, r.sources, r.base, r.state, r.version, r.served, r.writers, r.upkeep_date, 0,
                 r.create_time, r.update_time, nextval('entry_change')
                 FROM json_to_recordset(%(rows)s::json) AS r(id uuid, title text, text text, kind text, unit text,
                   region text, keywords text[], valid_from date, valid_until date, origin text, review_date date,
                   sources text[], base text, state text, version integer, served jsonb, writers text[],
                   upkeep_date date, create_time timestamptz, update_time timestamptz, ordinal integer)
                ORDER BY r.ordinal
               ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text, kind = excluded.kind,
                 region = excluded.region, keywords = excluded.keywords, valid_from = excluded.valid_from,
                 valid_until = excluded.valid_until, sources = excluded.sources, state = excluded.state,
                 version = excluded.version, served = excluded.served, writers = excluded.writers,
                 upkeep_date = excluded.upkeep_date, told_date = NULL, told_count = 0,
                 update_time = excluded.update_time, change = excluded.change""",
            params,
        )
        self.run(
            """INSERT INTO entry_version (entry_id, version, action, actor, time, state, content)
               SELECT r.id, r.version, r.action, %(actor)s, r.update_time, r.state, r.content
                 FROM json_to_recordset(%(rows)s::json) AS r(id uuid, version integer, action text,
                   update_time timestamptz, state text, content jsonb)""",
            params,
        )


def sweep_statement() -> str:
    """The statement of `BaseStore.items_to_sweep`; an index has what is there, by base and mark."""
    return """
        SELECT key, digest, entry FROM base_item
         WHERE base = %(base)s AND digest <> '' AND digest <> '-' AND mark <> ALL(%(marks)s) LIMIT %(limit)s"""


def base_message(base: Base) -> base_pb2.Base:
    """A base as it travels."""
    return base_pb2.Base(
        name=base.name,
        title=base.title,
        unit=base.unit,
        address=base.address,
        state=base_pb2.BaseState.Value(f"BASE_STATE_{base.state}"),
        reason=base.reason,
        run=run_message(base.run) if base.run else None,
        sync_time=timestamp(base.sync_time),
        create_time=timestamp(base.create_time),
        update_time=timestamp(base.update_time),
        etag=str(base.version),
    )


def run_message(run: Run) -> base_pb2.SyncRun:
    """How far a synchronisation has come, as it travels."""
    return base_pb2.SyncRun(
        run=str(run.id),
        kind=base_pb2.SyncKind.Value(f"SYNC_KIND_{run.kind}"),
        taken=run.taken,
        complete=run.is_complete,
        written=run.written,
        unchanged=run.unchanged,
        gone=run.gone,
        held=run.held,
    )


def batch_of(request: base_service_pb2.SyncBaseRequest) -> Batch:
    """A batch as the handlers take it. Raises `FieldInvalid` for a day that is none."""
    return Batch(
        run=UUID(request.run),
        kind=SyncKind(base_pb2.SyncKind.Name(request.kind).removeprefix("SYNC_KIND_")),
        offset=request.offset,
        items=[_item(item, number) for number, item in enumerate(request.items)],
        gone_keys=list(request.gone_keys),
        is_last=request.last,
    )


def _item(item: base_pb2.BaseItem, number: int) -> Item:
    prefix = f"items[{number}]."
    return Item(
        key=item.key,
        content=Content(
            title=item.title,
            text=item.text,
            kind=kind_of(item.kind),
            region=item.region,
            keywords=tuple(item.keywords),
            valid_from=date_of(item, "valid_from", prefix=prefix),
            valid_until=date_of(item, "valid_until", prefix=prefix),
            sources=tuple(item.sources),
        ),
    )


def _marks(base: Base) -> list[UUID]:
    if base.state is BaseState.WITHDRAWN:
        return []
    return [base.snapshot, base.mark_of(base.run)] if base.run else [base.snapshot]


def _to_base(row: DictRow) -> Base:
    run = None
    if row["run"] is not None:
        run = Run(
            id=row["run"],
            kind=SyncKind(row["run_kind"]),
            taken=row["taken"],
            is_complete=row["is_complete"],
            written=row["written"],
            unchanged=row["unchanged"],
            gone=row["gone"],
            held=row["held"],
        )
    return Base(
        name=row["name"],
        title=row["title"],
        unit=row["unit"],
        address=row["address"],
        state=BaseState(row["state"]),
        reason=row["reason"],
        version=row["version"],
        run=run,
        snapshot=row["snapshot"],
        is_swept=row["is_swept"],
        sync_time=row["sync_time"],
        create_time=row["create_time"],
        update_time=row["update_time"],
    )
