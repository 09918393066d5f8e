"""The tree of categories: whatever the office does to it, nothing that was is lost (Art. 5)."""

import json
from importlib import resources
from uuid import UUID

import pytest
from hotline_intake.domain.category import (
    DEPTH,
    Category,
    CategoryRetired,
    CategoryTooDeep,
    CategoryUnknown,
    LastCategory,
    Tree,
)
from hotline_kernel.errors import AlreadyExists, FieldInvalid, HotlineError, ResourceNotFound, StateNotAllowed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

CITY, HEAT, COLD = UUID(int=1), UUID(int=2), UUID(int=3)


def tree(*more: Category) -> Tree:
    return Tree(
        version=1,
        wordings=[
            Category(id=CITY, parent_id=None, path="城乡建设", first_version=1),
            Category(id=HEAT, parent_id=CITY, path="城乡建设/供热", first_version=1),
            Category(id=COLD, parent_id=HEAT, path="城乡建设/供热/室温不够", first_version=1),
            *more,
        ],
    )


def after(before: Tree, rows: list[Category]) -> Tree:
    """The next version, as the database keeps it."""
    changed = {row.id for row in rows}
    ended = [
        Category(**vars(each) | {"last_version": before.version})
        if each.id in changed and each.last_version is None
        else each
        for each in before._wordings
    ]
    return Tree(version=before.version + 1, wordings=[*ended, *rows])


class TestAPath:
    @pytest.mark.parametrize("path", ["城乡建设", "城乡建设/供热", "城乡建设/供热/室温不够"])
    def test_is_usable_on_every_level(self, path: str) -> None:
        tree().require_usable(path=path)

    @pytest.mark.parametrize("path", ["", "供热", "城乡建设/", "城乡建设/供热/", " 城乡建设", "城乡建设／供热"])
    def test_is_taken_to_the_letter(self, path: str) -> None:
        with pytest.raises(CategoryUnknown):
            tree().require_usable(path=path)

    def test_that_is_unknown_is_answered_with_near_ones(self) -> None:
        with pytest.raises(CategoryUnknown) as refused:
            tree().require_usable(path="供热")
        assert refused.value.facts["near"].split("、")[0] == "城乡建设/供热"
        assert [field for field, _ in refused.value.violations] == ["category"]

    def test_that_is_like_nothing_is_answered_with_the_top_of_the_tree(self) -> None:
        assert tree().near(path="xyz")[0] == "城乡建设"


class TestAMove:
    def test_goes_no_deeper_than_three_levels(self) -> None:
        with pytest.raises(CategoryTooDeep):
            tree().created(category_id=UUID(int=9), parent_id=COLD, label="很冷")

    @pytest.mark.parametrize("label", ["供/热", " 供热", "供热\n"])
    def test_takes_no_words_that_break_a_path(self, label: str) -> None:
        with pytest.raises(FieldInvalid):
            tree().created(category_id=UUID(int=9), parent_id=CITY, label=label)

    def test_names_nothing_twice(self) -> None:
        with pytest.raises(AlreadyExists):
            tree().created(category_id=UUID(int=9), parent_id=CITY, label="供热")

    def test_carries_all_below_into_the_new_wording(self) -> None:
        renamed = after(tree(), tree().renamed(category_id=CITY, label="城市建设"))
        assert [each.path for each in renamed.at(version=2)] == ["城市建设", "城市建设/供热", "城市建设/供热/室温不够"]
        assert renamed.wordings_below(path="城市建设/供热") == [
            "城乡建设/供热",
            "城乡建设/供热/室温不够",
            "城市建设/供热",
            "城市建设/供热/室温不够",
        ]

    def test_that_retires_takes_all_below_along(self) -> None:
        other = Category(id=UUID(int=8), parent_id=None, path="综合", first_version=1)
        retired = after(tree(other), tree(other).retired(category_id=CITY, reason="合并"))
        with pytest.raises(CategoryRetired):
            retired.require_usable(path="城乡建设/供热/室温不够")
        with pytest.raises(StateNotAllowed):
            retired.created(category_id=UUID(int=9), parent_id=CITY, label="供水")

    def test_leaves_at_least_one_category(self) -> None:
        with pytest.raises(LastCategory):
            tree().retired(category_id=CITY, reason="全部停用")

    def test_of_nobody_is_refused(self) -> None:
        with pytest.raises(ResourceNotFound):
            tree().renamed(category_id=UUID(int=77), label="无")


class TheOfficeAtWork(RuleBasedStateMachine):
    """Random edits, sensible or not; every version is kept beside, as a plain list of paths."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = tree()
        self.seen = {1: sorted(each.path for each in self.tree.at(version=1))}
        self.registered: set[str] = set()
        self.ids = 100

    def attempt(self, act: str, **arguments: object) -> None:
        try:
            rows: list[Category] = getattr(self.tree, act)(**arguments)
        except HotlineError:
            return
        self.tree = after(self.tree, rows)
        self.seen[self.tree.version] = [each.path for each in self.tree.at(version=self.tree.version)]

    def some(self, which: int) -> UUID:
        standing = self.tree.at(version=self.tree.version)
        return standing[which % len(standing)].id

    @rule(which=st.none() | st.integers(0, 99), label=st.sampled_from("甲乙丙丁"))
    def create(self, which: int | None, label: str) -> None:
        self.ids += 1
        parent = None if which is None else self.some(which)
        self.attempt("created", category_id=UUID(int=self.ids), parent_id=parent, label=label)

    @rule(which=st.integers(0, 99), label=st.sampled_from("甲乙丙丁"))
    def rename(self, which: int, label: str) -> None:
        self.attempt("renamed", category_id=self.some(which), label=label)

    @rule(which=st.integers(0, 99))
    def retire(self, which: int) -> None:
        self.attempt("retired", category_id=self.some(which), reason="不用了")

    @rule(which=st.integers(0, 99))
    def register(self, which: int) -> None:
        path = self.tree.category(category_id=self.some(which)).path
        try:
            self.tree.require_usable(path=path)
        except CategoryRetired:
            return
        self.registered.add(path)

    @invariant()
    def every_version_reads_as_it_did(self) -> None:
        for version, paths in self.seen.items():
            assert [each.path for each in self.tree.at(version=version)] == paths

    @invariant()
    def nothing_in_use_has_a_double_or_a_retired_parent(self) -> None:
        standing = {each.id: each for each in self.tree.at(version=self.tree.version)}
        in_use = [each for each in standing.values() if not each.retire_reason]
        assert in_use
        assert len({each.path for each in in_use}) == len(in_use)
        for each in in_use:
            assert each.level <= DEPTH
            if each.parent_id:
                parent = standing[each.parent_id]
                assert not parent.retire_reason
                assert each.path == f"{parent.path}/{each.label}"

    @invariant()
    def every_appeal_is_found_by_its_category(self) -> None:
        for path in self.registered:
            assert path in self.tree.wordings_below(path=path)
            assert path in self.tree.wordings_below(path=path.partition("/")[0])


TestTheOfficeAtWork = TheOfficeAtWork.TestCase


def test_the_default_is_wide_and_clean() -> None:
    default = json.loads(resources.files("hotline_intake").joinpath("categories.json").read_text("utf-8"))
    labels = [
        label
        for first, seconds in default.items()
        for label in (first, *seconds, *(third for thirds in seconds.values() for third in thirds))
    ]
    assert all(label == label.strip() and "/" not in label and len(label) <= 20 for label in labels)
    for seconds in default.values():
        assert all(len(set(thirds)) == len(thirds) for thirds in seconds.values())
    assert default["综合"]["其他"]
