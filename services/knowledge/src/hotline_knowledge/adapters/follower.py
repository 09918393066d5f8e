"""Keeps a search index like the tables of entries and bulletins."""

import threading
from uuid import UUID

import psycopg
import structlog
from hotline_kernel.db import Database
from hotline_kernel.errors import Unavailable

from hotline_knowledge.adapters.changes import CHANGE_CHANNEL
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.adapters.search import Document, SearchIndex, of_bulletin, of_entry
from hotline_knowledge.domain.bulletin import BulletinState

_BATCH = 500
_POLL_SECONDS = 0.25
_RETRY_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Follower:
    """Reads every change of what is served into an index: all of them at its start, later ones as they come.

    A notification wakes it; should one be lost, it looks by itself four times a second.
    """

    def __init__(self, *, conninfo: str, database: Database[Store], index: SearchIndex) -> None:
        self._conninfo = conninfo
        self._database = database
        self._index = index
        self._seen = 0
        self._catching_up = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="search-follower", daemon=True)

    def start(self) -> None:
        """Returns when everything that is served can be found."""
        self._index.warm_up()
        self.catch_up()
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def catch_up(self) -> None:
        """Returns when every change committed before is in the index. Raises `Unavailable`."""
        with self._catching_up:
            while not self._stopped.is_set():
                with self._database.transaction() as tx:
                    changed = _changed(tx, after=self._seen)
                if not changed:
                    return
                self._index.apply((id_, document) for _, id_, document in changed)
                self._seen = changed[-1][0]

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANGE_CHANNEL}")
                    while not self._stopped.is_set():
                        self.catch_up()
                        for _ in connection.notifies(timeout=_POLL_SECONDS, stop_after=1):
                            pass
            except (Unavailable, psycopg.OperationalError) as error:
                _log.warning("search_index_stale", error=str(error))
                self._stopped.wait(_RETRY_SECONDS)


def _changed(tx: Store, *, after: int) -> list[tuple[int, UUID, Document | None]]:
    """The next changes of entries and bulletins, which are numbered together, in order."""
    entries = tx.changed_entries(after=after, limit=_BATCH)
    bulletins = tx.changed_bulletins(after=after, limit=_BATCH)
    changed = [
        (change, entry.id, of_entry(entry.served.content) if entry.served else None) for change, entry in entries
    ]
    changed += [
        (change, bulletin.id, of_bulletin(bulletin.content) if bulletin.state is BulletinState.ISSUED else None)
        for change, bulletin in bulletins
    ]
    return sorted(changed, key=lambda row: row[0])[:_BATCH]
