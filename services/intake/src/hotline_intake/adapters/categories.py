"""The tree of categories in PostgreSQL, and in the memory of a process."""

from collections.abc import Sequence

from hotline_kernel.db import Transaction

from hotline_intake.domain.category import Category, Tree
from hotline_intake.handlers.ports import Store

_WORDINGS = "SELECT id, parent_id, path, first_version, last_version, retire_reason FROM category"
_END = """
UPDATE category SET last_version = %(version)s - 1 WHERE id = ANY(%(ids)s) AND last_version IS NULL
"""
_BEGIN = """
INSERT INTO category (id, parent_id, path, first_version, retire_reason)
VALUES (%(id)s, %(parent_id)s, %(path)s, %(first_version)s, %(retire_reason)s)
"""


class CategoryTransaction(Transaction):
    """The categories' part of `hotline_intake.handlers.ports.Store`."""

    def tree_version(self) -> int:
        return self._version("SELECT version FROM category_tree")

    def tree_version_to_change(self) -> int:
        return self._version("SELECT version FROM category_tree FOR UPDATE")

    def wordings(self) -> list[Category]:
        return [Category(**row) for row in self.all(_WORDINGS)]

    def change_tree(self, *, version: int, rows: Sequence[Category]) -> None:
        self.run(_END, {"version": version, "ids": [row.id for row in rows]})
        for row in rows:
            self.run(_BEGIN, vars(row))
        self.run("UPDATE category_tree SET version = %(version)s", {"version": version})

    def _version(self, statement: str) -> int:
        row = self.one(statement)
        assert row
        return int(row["version"])


class TreeCache:
    """The newest tree that this process has seen.

    Whoever asks has read the version in their own transaction, together with something else, so that looking up a
    category costs no statement and a change is seen by the next one who asks.
    """

    def __init__(self) -> None:
        self._tree: Tree | None = None

    def tree(self, *, version: int, tx: Store) -> Tree:
        """The tree of that version; read from the database if it is not the one at hand."""
        tree = self._tree
        if tree is None or tree.version != version:
            tree = Tree(version=version, wordings=tx.wordings())
            self._tree = tree
        return tree
