"""What an appeal is about: the office's tree of categories, at most three levels deep (Art. 5).

The tree has versions. A change makes the next version and takes nothing back: how a category was worded in any version
can be read, an appeal keeps the wording it was registered under, and what is retired is not chosen any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from uuid import UUID

from hotline_kernel.errors import AlreadyExists, FieldInvalid, Invalid, Refused, ResourceNotFound, StateNotAllowed

DEPTH = 3
_SUGGESTIONS = 3
_LIKENESS = 0.3


class CategoryUnknown(Invalid):
    """There is no category {category}. Near: {near}."""

    reason = "CATEGORY_UNKNOWN"
    article = "Art. 5"
    zh = "没有“{category}”这一诉求类别。相近的有：{near}。"


class CategoryRetired(Invalid):
    """The category {category} is retired. Near: {near}."""

    reason = "CATEGORY_RETIRED"
    article = "Art. 5"
    zh = "诉求类别“{category}”已停用。可改用：{near}。"


class CategoryTooDeep(Invalid):
    """The tree has three levels; nothing can stand below {category}."""

    reason = "CATEGORY_TOO_DEEP"
    article = "Art. 5"
    zh = "诉求类别最多三级，“{category}”下不能再设类别。"


class RetiredAlready(StateNotAllowed):
    """{resource} was retired and changes no more."""

    article = "Art. 5"
    zh = "{resource} 已停用，不能再更改（第五条）。"


class LastCategory(Refused):
    """{category} is the last category in use; without one no appeal could be taken in."""

    reason = "LAST_CATEGORY"
    article = "Art. 5"
    zh = "“{category}”是最后一个在用类别，停用后将无法受理诉求。"


@dataclass(frozen=True, kw_only=True)
class Category:
    """A category as it was worded and stood from one version of the tree to another.

    path -- its label behind those above it, parted by `/`;  last_version -- None: it stands so now.
    """

    id: UUID
    parent_id: UUID | None
    path: str
    first_version: int
    last_version: int | None = None
    retire_reason: str = ""
    """Why it is not chosen any more; empty while it is in use."""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"categories/{self.id}"

    @property
    def label(self) -> str:
        """Its own words."""
        return self.path.rpartition("/")[2]

    @property
    def level(self) -> int:
        """1, 2 or 3."""
        return self.path.count("/") + 1


class Tree:
    """Every category in every wording. A move answers with the rows of the next version, and changes nothing itself."""

    def __init__(self, *, version: int, wordings: Iterable[Category]) -> None:
        self.version = version
        self._wordings = tuple(wordings)
        self._now = {each.id: each for each in self._wordings if each.last_version is None}
        self._in_use = {each.path: each for each in self._now.values() if not each.retire_reason}
        self._known = {each.path for each in self._wordings}

    def require_usable(self, *, path: str) -> None:
        """Sees to it that an appeal can be registered under it. Raises `CategoryUnknown`, `CategoryRetired`."""
        if path not in self._in_use:
            error = CategoryRetired if path in self._known else CategoryUnknown
            near = "、".join(self.near(path=path))
            raise error(
                violations=[("category", f"must be a category in use, such as {near}")], category=path, near=near
            )

    def near(self, *, path: str) -> list[str]:
        """Categories in use that somebody may have meant: those that share the last word, then those spelt alike."""
        word = path.rpartition("/")[2].strip()
        sharing = [each for each in self._in_use if word and word in each.rpartition("/")[2]]
        alike = get_close_matches(path, self._in_use, n=_SUGGESTIONS, cutoff=_LIKENESS)
        found = list(dict.fromkeys(sorted(sharing, key=len) + alike))[:_SUGGESTIONS]
        return found or sorted(self._in_use, key=lambda each: (each.count("/"), each))[:_SUGGESTIONS]

    def category(self, *, category_id: UUID) -> Category:
        """As it stands now. Raises `ResourceNotFound`."""
        try:
            return self._now[category_id]
        except KeyError:
            raise ResourceNotFound(resource=f"categories/{category_id}") from None

    def at(self, *, version: int) -> list[Category]:
        """The tree of a version, by path. Raises `FieldInvalid` for one that there was not."""
        if not 1 <= version <= self.version:
            raise FieldInvalid(violations=[("tree_version", f"must be from 1 to {self.version}")])
        standing = [
            each
            for each in self._wordings
            if each.first_version <= version and (each.last_version is None or version <= each.last_version)
        ]
        return sorted(standing, key=lambda each: f"{each.path} {each.id}")

    def wordings_below(self, *, path: str) -> list[str]:
        """Every wording, past and retired ones too, of what was ever worded so and of what ever stood below it."""
        wanted = {each.id for each in self._wordings if each.path == path}
        for _ in range(DEPTH):
            wanted |= {each.id for each in self._wordings if each.parent_id in wanted}
        return sorted({each.path for each in self._wordings if each.id in wanted})

    def created(self, *, category_id: UUID, parent_id: UUID | None, label: str) -> list[Category]:
        """A new category. Raises `CategoryTooDeep`, `AlreadyExists`, `RetiredAlready` below a retired one."""
        parent = self._to_change(parent_id) if parent_id else None
        if parent and parent.level == DEPTH:
            raise CategoryTooDeep(violations=[("parent", "must be of the first or second level")], category=parent.path)
        new = Category(
            id=category_id,
            parent_id=parent_id,
            path=self._free_path(parent, label),
            first_version=self.version + 1,
        )
        return [new]

    def renamed(self, *, category_id: UUID, label: str) -> list[Category]:
        """Worded anew, and with it the paths of all below. Raises `AlreadyExists`, `RetiredAlready`."""
        before = self._to_change(category_id)
        parent = self._now[before.parent_id] if before.parent_id else None
        path = self._free_path(parent, label)
        return [
            replace(each, path=path + each.path.removeprefix(before.path), first_version=self.version + 1)
            for each in self._with_all_below(before)
        ]

    def retired(self, *, category_id: UUID, reason: str) -> list[Category]:
        """Not chosen any more, nor what stands below it. Raises `LastCategory`, `RetiredAlready`."""
        going = [each for each in self._with_all_below(self._to_change(category_id)) if not each.retire_reason]
        if len(going) == len(self._in_use):
            raise LastCategory(category=going[0].path)
        return [replace(each, retire_reason=reason, first_version=self.version + 1) for each in going]

    def _to_change(self, category_id: UUID) -> Category:
        category = self.category(category_id=category_id)
        if category.retire_reason:
            raise RetiredAlready(resource=category.name)
        return category

    def _free_path(self, parent: Category | None, label: str) -> str:
        if label != label.strip() or "/" in label:
            raise FieldInvalid(violations=[("label", "must have no blank at its ends and no `/`")])
        path = f"{parent.path}/{label}" if parent else label
        if path in self._in_use:
            raise AlreadyExists(resource=path)
        return path

    def _with_all_below(self, top: Category) -> list[Category]:
        return [top, *(each for each in self._now.values() if self._stands_below(each, top.id))]

    def _stands_below(self, each: Category, top: UUID) -> bool:
        while each.parent_id:
            if each.parent_id == top:
                return True
            each = self._now[each.parent_id]
        return False
