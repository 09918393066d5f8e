"""第五条: what a matter is about, by the office's own tree of categories, whose past is kept."""

import json

import pytest
from hotline.intake.v1 import category_pb2
from hotline.intake.v1 import category_service_pb2 as categories
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2
from hotline_cli.client import new_request_id, pages

from tests.regulation.city import City, refused

DUTIES = ("intake:5",)


def tree(city: City, *, version: int = 0, with_retired: bool = False) -> dict[str, category_pb2.Category]:
    """The tree by path."""
    request = categories.ListCategoriesRequest(tree_version=version, with_retired=with_retired, page_size=500)
    service = city.hotline.person().categories
    return {each.path: each for page in pages(service.ListCategories, request) for each in page.categories}


def version(city: City) -> int:
    """Which version of the tree is in force."""
    return city.hotline.person().categories.ListCategories(categories.ListCategoriesRequest(page_size=1)).tree_version


def create(city: City, label: str, parent: str = "") -> category_pb2.Category:
    """The office adds one."""
    request = categories.CreateCategoryRequest(label=label, parent=parent, request_id=new_request_id())
    return city.hotline.person("office").categories.CreateCategory(request)


def rename(city: City, name: str, label: str, *, etag: str = "") -> category_pb2.Category:
    """The office words one anew."""
    request = categories.RenameCategoryRequest(name=name, label=label, etag=etag, request_id=new_request_id())
    return city.hotline.person("office").categories.RenameCategory(request)


def retire(city: City, name: str) -> category_pb2.Category:
    """The office takes one out of use."""
    request = categories.RetireCategoryRequest(name=name, reason="并入其他类别", request_id=new_request_id())
    return city.hotline.person("office").categories.RetireCategory(request)


def found(city: City, category: str) -> set[str]:
    """Appeals that are listed under it."""
    listed = city.operator.ListAppeals(intake.ListAppealsRequest(category=category, page_size=1000)).appeals
    return {each.name for each in listed}


class TestTheTree:
    """生产生活各方面诉求 (Art. 2, 5)."""

    def test_has_three_levels_that_the_public_can_read(self, city: City) -> None:
        """A default of ours for a city that has none: broad above, plain words below."""
        levels = [each.level for each in tree(city).values()]
        assert levels.count(1) >= 15
        assert levels.count(2) >= 90
        assert levels.count(3) >= 400
        assert set(levels) == {1, 2, 3}

    @pytest.mark.parametrize("path", ["能源", "能源/供电", "能源/供电/突然停电"])
    def test_takes_an_appeal_on_any_level(self, city: City, path: str) -> None:
        """What is not known more closely is not guessed."""
        appeal = city.register(category=path)
        assert city.appeal(appeal.name).category == path
        assert appeal.name in found(city, "能源")

    def test_says_what_may_be_meant_where_it_knows_no_such_category(self, city: City) -> None:
        """The operator picks, nothing is filed under a word of chance."""
        with refused("CATEGORY_UNKNOWN", article="Art. 5", field="category"):
            city.register(category="城乡建设/供暖")
        with pytest.raises(Exception, match="城乡建设/供热"):
            city.register(category="供热")


class TestAChange:
    """The office edits its tree; what was, stays readable."""

    def test_leaves_the_old_appeal_its_category(self, city: City) -> None:
        """A wording is frozen with the appeal, and finds it under the old words and the new."""
        top = create(city, "试点事项")
        create(city, "共享晾衣", parent=top.name)
        appeal = city.register(category="试点事项/共享晾衣")
        before = version(city)
        rename(city, top.name, "便民试点", etag=top.etag)
        assert city.appeal(appeal.name).category == "试点事项/共享晾衣"
        assert city.register(category="便民试点/共享晾衣").category == "便民试点/共享晾衣"
        assert appeal.name in found(city, "便民试点")
        assert appeal.name in found(city, "试点事项")
        assert "试点事项/共享晾衣" in tree(city, version=before)
        assert "试点事项/共享晾衣" not in tree(city)

    def test_takes_a_retired_category_out_of_use_and_out_of_no_appeal(self, city: City) -> None:
        """Old appeals keep it and are found by it; a new one is not taken in under it."""
        top = create(city, "临时事项")
        below = create(city, "临时类别", parent=top.name)
        appeal = city.register(category=below.path)
        retire(city, top.name)
        with refused("CATEGORY_RETIRED", field="category"):
            city.register(category=below.path)
        assert city.appeal(appeal.name).category == below.path
        assert appeal.name in found(city, top.path)
        assert below.path not in tree(city)
        assert tree(city, with_retired=True)[below.path].retire_reason == "并入其他类别"

    def test_goes_no_deeper_than_three_levels_and_names_nothing_twice(self, city: City) -> None:
        """A tree that a person can find their way in."""
        third = tree(city)["能源/供电/突然停电"]
        with refused("CATEGORY_TOO_DEEP", field="parent"):
            create(city, "更细", parent=third.name)
        with refused("ALREADY_EXISTS"):
            create(city, "能源")

    def test_is_not_made_over_somebody_elses(self, city: City) -> None:
        """Two who edit at once do not undo each other."""
        top = create(city, "并发事项")
        rename(city, top.name, "并发事项甲", etag=top.etag)
        with refused("ETAG_MISMATCH"):
            rename(city, top.name, "并发事项乙", etag=top.etag)

    def test_is_the_offices_and_on_record(self, city: City) -> None:
        """Who changed the words is known (Art. 36)."""
        with refused("PERMISSION_DENIED"):
            city.hotline.person("operator").categories.CreateCategory(
                categories.CreateCategoryRequest(label="私设", request_id=new_request_id())
            )
        made = create(city, "留痕事项")
        request = audit_service_pb2.ListAuditEntriesRequest(resource=made.name)
        [entry] = city.auditor.audit["intake"].ListAuditEntries(request).entries
        assert (entry.action, json.loads(entry.details)["path"]) == ("intake.categories.create", "留痕事项")
