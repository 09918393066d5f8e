"""第四条: the government's other lines are gathered into this one."""

from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake

from tests.regulation.city import City, refused

DUTIES = ("intake:4",)


class TestAnAppealHandedOverByAnotherLine:
    """将政府部门服务热线按照统一要求纳入群众服务热线 (Art. 4)."""

    def test_keeps_that_line_and_its_reference(self, city: City) -> None:
        """纳入: nothing of the matter is lost on the way (Art. 4)."""
        came_from = appeal_pb2.Transfer(line="12319", reference="CG-2026-0099")
        appeal = city.register(transferred_from=came_from)
        assert city.appeal(appeal.name).transferred_from == came_from

    def test_is_found_by_the_reference_of_that_line(self, city: City) -> None:
        """The citizen knows only the other line's number (Art. 4)."""
        appeal = city.register(transferred_from=appeal_pb2.Transfer(line="12319", reference="CG-2026-0100"))
        city.register(transferred_from=appeal_pb2.Transfer(line="12319", reference="CG-2026-0101"))
        found = city.operator.ListAppeals(intake.ListAppealsRequest(transfer_reference="CG-2026-0100")).appeals
        assert [each.name for each in found] == [appeal.name]

    def test_names_the_line_by_its_digits(self, city: City) -> None:
        """A line is a number (Art. 4)."""
        with refused("FIELD_INVALID", field="transferred_from.line"):
            city.register(transferred_from=appeal_pb2.Transfer(line="城管热线", reference="1"))
