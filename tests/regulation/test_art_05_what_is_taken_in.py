"""第五条: the five kinds of matters that are taken in."""

import pytest
from hotline.intake.v1 import appeal_pb2

from tests.regulation.city import City, refused

DUTIES = ("intake:5",)


class TestTheFiveKinds:
    """受理范围包括… (Art. 5)."""

    @pytest.mark.parametrize("kind", [name for name, value in appeal_pb2.AppealKind.items() if value])
    def test_are_all_taken_in(self, city: City, kind: str) -> None:
        """咨询, 突发性问题, 热点难点, 市场主体, 城市建设与管理 (Art. 5(1)-(5))."""
        appeal = city.register(kind=appeal_pb2.AppealKind.Value(kind))
        kept = city.appeal(appeal.name)
        assert appeal_pb2.AppealKind.Name(kept.kind) == kind
        assert kept.state == appeal_pb2.APPEAL_STATE_REGISTERED

    def test_leave_no_appeal_without_a_kind(self, city: City) -> None:
        """Every matter is of one of the five kinds (Art. 5)."""
        with refused("FIELD_INVALID", field="kind"):
            city.register(kind=appeal_pb2.APPEAL_KIND_UNSPECIFIED)


class TestWhoAsks:
    """企业、个体工商户等各类市场主体 (Art. 5(4))."""

    @pytest.mark.parametrize("asker", [appeal_pb2.ASKER_PERSON, appeal_pb2.ASKER_BUSINESS])
    def test_is_kept_apart(self, city: City, asker: appeal_pb2.Asker.ValueType) -> None:
        """A business is told from a person (Art. 5(4))."""
        assert city.appeal(city.register(asker=asker).name).asker == asker

    def test_need_not_say_who_they_are(self, city: City) -> None:
        """求助群众 may stay unknown: nothing in Art. 5 asks for a name."""
        assert city.register(citizen=None).anonymous
