"""The office's tree of categories (Art. 5): read, and changed one version at a time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hotline_kernel.errors import EtagMismatch
from uuid_utils.compat import uuid7

from hotline_intake.domain.category import Category, Tree
from hotline_intake.handlers.ports import Store, Trees


def create_category(
    *, parent_id: UUID | None, label: str, permission: str, tx: Store, trees: Trees, now: datetime
) -> Category:
    """Adds a category to the tree; from now on appeals can be registered under it."""
    tree = _to_change(tx, trees)
    return _changed(tree, tree.created(category_id=uuid7(), parent_id=parent_id, label=label), permission, tx, now)


def rename_category(
    *, category_id: UUID, etag: str, label: str, permission: str, tx: Store, trees: Trees, now: datetime
) -> Category:
    """Words a category anew; appeals keep the wording that they have."""
    tree = _to_change(tx, trees)
    _match(tree, category_id, etag)
    return _changed(tree, tree.renamed(category_id=category_id, label=label), permission, tx, now)


def retire_category(
    *, category_id: UUID, etag: str, reason: str, permission: str, tx: Store, trees: Trees, now: datetime
) -> Category:
    """Takes a category and all below out of use; appeals keep theirs and are found by it."""
    tree = _to_change(tx, trees)
    _match(tree, category_id, etag)
    rows = tree.retired(category_id=category_id, reason=reason)
    return _changed(tree, rows, permission, tx, now, purpose=reason)


def list_categories(
    *, tree_version: int, parent_id: UUID | None, with_retired: bool, tx: Store, trees: Trees
) -> tuple[int, list[Category]]:
    """The tree now, or as it stood in a version before; 0 asks for now. Raises `FieldInvalid`."""
    tree = trees.tree(version=tx.tree_version(), tx=tx)
    standing = tree.at(version=tree_version or tree.version)
    return tree_version or tree.version, [
        each for each in standing if (with_retired or not each.retire_reason) and parent_id in (None, each.parent_id)
    ]


def _to_change(tx: Store, trees: Trees) -> Tree:
    return trees.tree(version=tx.tree_version_to_change(), tx=tx)


def _match(tree: Tree, category_id: UUID, etag: str) -> None:
    category = tree.category(category_id=category_id)
    if etag and etag != str(category.first_version):
        raise EtagMismatch(resource=category.name)


def _changed(
    tree: Tree, rows: Sequence[Category], permission: str, tx: Store, now: datetime, *, purpose: str = ""
) -> Category:
    tx.change_tree(version=tree.version + 1, rows=rows)
    first = rows[0]
    details = {"path": first.path, "tree_version": str(tree.version + 1)}
    tx.record(action=permission, resource=first.name, time=now, purpose=purpose, details=details)
    return first
