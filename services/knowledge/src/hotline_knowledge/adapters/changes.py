"""Changes of what is served, which the search indexes follow."""

from hotline_kernel.db import Transaction

CHANGE_CHANNEL = "hotline_knowledge"
"""Notified when what is served has changed."""


class IndexTeller(Transaction):
    """A transaction that changes what is served."""

    def tell_indexes(self) -> None:
        """Makes the order of changes that of the commits: who reads on from the last change misses none."""
        self.run("SELECT pg_advisory_xact_lock(hashtextextended('entry_change', 0))")
        self.run("SELECT pg_notify(%(channel)s, '')", {"channel": CHANGE_CHANNEL})
