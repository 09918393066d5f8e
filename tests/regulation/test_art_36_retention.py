"""第三十六条: who brought an appeal is not kept longer than it must be, and what was erased stays erased."""

from datetime import date, timedelta

from hotline.intake.v1 import hold_service_pb2 as holds
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.intake.v1 import retention_service_pb2 as retention
from hotline_cli.client import new_request_id, pages
from hotline_cli.local.servers import wait_until

from tests.regulation.city import City, date_of, day, refused

DUTIES = ("dispatch:36(4)",)

TERM = timedelta(days=1095)


def due(city: City, citizen: str, by: date) -> list[retention.RetentionDue]:
    """What the office is told beforehand about a citizen."""
    office = city.hotline.person("office").retention
    request = retention.ListRetentionDueRequest(page_size=1000, due_by=date_of(by))
    return [each for page in pages(office.ListRetentionDue, request) for each in page.due if each.citizen == citizen]


class TestATermOfRetention:
    """泄露求助人信息 (Art. 36(4)): what is not there any more cannot leak. The terms are ours."""

    def test_begins_when_the_last_appeal_ended_and_is_told_beforehand(self, city: City) -> None:
        """By kind, three years unless set otherwise; an open appeal keeps, a hold stands against it."""
        appeal = city.register()
        last = city.now.date() + TERM
        assert due(city, appeal.citizen, last) == []
        city.answer(appeal.name)
        wait_until(
            lambda: [day(each.forget_date) for each in due(city, appeal.citizen, last)] == [last],
            seconds=30,
            failure="no day was found",
        )
        assert due(city, appeal.citizen, last - timedelta(days=1)) == []
        city.hotline.person("office").holds.PlaceHold(
            holds.PlaceHoldRequest(citizen=appeal.citizen, reason="责任追究案件证据", request_id=new_request_id())
        )
        [listed] = due(city, appeal.citizen, last)
        assert listed.held

    def test_is_not_a_matter_of_units_or_seats(self, city: City) -> None:
        """Who is forgotten and when: the office's, and the auditor's to read."""
        for role in ("unit", "operator", "reviewer"):
            with refused("PERMISSION_DENIED"):
                city.hotline.person(role).retention.ListRetentionDue(retention.ListRetentionDueRequest())


class TestTheErasureList:
    """Replayed after a restore: erasure is for good (Art. 36(4))."""

    def test_names_whom_and_when_and_can_be_replayed_at_any_time(self, city: City) -> None:
        """Nobody is erased twice, and nobody is erased who is not on it."""
        gone, stays = city.register(), city.register()
        erase = intake.EraseCitizenRequest(name=gone.citizen, reason="本人申请", request_id=new_request_id())
        city.hotline.person("office").intake.EraseCitizen(erase)
        engineer = city.hotline.person("engineer").retention
        request = retention.ListErasuresRequest(page_size=1000, since=date_of(city.now.date()))
        listed = [each.citizen for page in pages(engineer.ListErasures, request) for each in page.erasures]
        assert gone.citizen in listed
        assert stays.citizen not in listed
        replayed = engineer.ReplayErasures(
            retention.ReplayErasuresRequest(citizens=listed, reason="恢复演练", request_id=new_request_id())
        )
        assert (replayed.erased, replayed.erased_before, replayed.unknown) == (0, len(listed), 0)
        reveal = intake.RevealContactRequest(name=stays.name, purpose="核实")
        assert city.hotline.person("office").intake.RevealContact(reveal).full_name
