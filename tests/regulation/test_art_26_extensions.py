"""第二十六条: a later deadline is asked for in time, with a reason, and the citizen is told."""

from datetime import timedelta

from hotline.dispatch.v1 import work_order_pb2
from hotline_cli.local.servers import wait_until

from tests.regulation.city import HANDLING, LEAD, OTHER, City, day, moment, refused

DUTIES = ("dispatch:26", "sla:21,24,26,30")

State = work_order_pb2.ExtensionState


class TestAskingForAnExtension:
    """应当在规定时限到期前1个工作日向热线工作机构申请延期办结,并说明具体原因 (Art. 26)."""

    def test_ends_one_working_day_before_the_deadline(self, city: City) -> None:
        """到期前1个工作日: at the close of office of that day, and not a minute later (Art. 26)."""
        city.next_morning()
        order, late = city.dispatched(), city.dispatched()
        order = city.order(order.name)
        cutoff = moment(order.extension_cutoff_time)
        assert cutoff == city.close_of_office(city.calendar.previous_working_day(day(order.due_date)))
        city.move_to(cutoff)
        assert city.ask_extension(order.name).extension.state == State.EXTENSION_STATE_REQUESTED
        city.move_to(cutoff + timedelta(minutes=1))
        with refused("EXTENSION_ASKED_LATE", article="Art. 26"):
            city.ask_extension(late.name)

    def test_needs_a_reason(self, city: City) -> None:
        """并说明具体原因 (Art. 26)."""
        order = city.dispatched()
        with refused("EXTENSION_WITHOUT_REASON", article="Art. 26"):
            city.ask_extension(order.name, reason="  ")

    def test_is_done_once_a_round(self, city: City) -> None:
        """One extension a round (ours), granted or not (Art. 26)."""
        order = city.dispatched()
        city.ask_extension(order.name)
        with refused("EXTENSION_ASKED_ALREADY", article="Art. 26"):
            city.ask_extension(order.name)
        city.decide_extension(order.name, granted=False)
        with refused("EXTENSION_ASKED_ALREADY", article="Art. 26"):
            city.ask_extension(order.name)

    def test_is_the_lead_units_own_affair(self, city: City) -> None:
        """承办单位应当…申请 (Art. 26)."""
        order = city.dispatched(supporting=[OTHER])
        with refused("NOT_OWN_UNIT"):
            city.ask_extension(order.name, unit=OTHER)

    def test_is_decided_by_the_office(self, city: City) -> None:
        """向热线工作机构申请 (Art. 26); without a request there is nothing to decide."""
        order = city.dispatched()
        with refused("EXTENSION_NOT_REQUESTED", article="Art. 26"):
            city.decide_extension(order.name, granted=True)


class TestAGrantedExtension:
    """热线工作机构应当及时将延期办结时限和原因告知求助群众 (Art. 26)."""

    def test_moves_the_date_everywhere_and_tells_the_citizen(self, city: City) -> None:
        """延期办结时限和原因: the new day and why (Art. 26)."""
        city.next_morning()
        appeal = city.refer()
        city.settle()
        order = city.order_of(appeal.name)
        before, expected = day(order.due_date), city.working_day(5)
        city.ask_extension(order.name, days=3)
        city.decide_extension(order.name, granted=True, note="管道改造量大")
        city.settle()
        moved = city.order(order.name)
        clock = city.clock(order.name, HANDLING)
        dates = [moved.due_date, clock.due_date, city.appeal(appeal.name).due_date]
        assert [day(each) for each in dates] == [expected] * 3
        assert before < expected
        told = city.told(appeal.name)["extended"].text
        assert f"{expected.year}年{expected.month}月{expected.day}日" in told
        assert "管道改造量大" in told
        assert [change.change for change in clock.history] == ["opened", "moved"]

    def test_puts_the_end_off(self, city: City) -> None:
        """What is done by the new day is in time, and nobody is reminded on the old one (Art. 26, 28)."""
        city.next_morning()
        order = city.dispatched()
        old = moment(order.due_time) if order.HasField("due_time") else moment(city.order(order.name).due_time)
        city.ask_extension(order.name, days=2)
        city.decide_extension(order.name, granted=True)
        city.move_to(old + timedelta(hours=1))
        assert not city.order(order.name).overdue
        city.report(order.name)
        city.settle()
        assert city.state(order.name, HANDLING) == "MET"
        assert city.clock(order.name, HANDLING).unit == LEAD


class TestARefusedExtension:
    """Refused, the old day stands (Art. 26)."""

    def test_moves_nothing_and_tells_nobody(self, city: City) -> None:
        """The citizen reads of new deadlines only (Art. 26)."""
        appeal = city.refer()
        city.settle()
        order = city.order_of(appeal.name)
        city.ask_extension(order.name)
        city.decide_extension(order.name, granted=False, note="应按期办结")
        city.settle()
        kept = city.order(order.name)
        assert kept.extension.state == State.EXTENSION_STATE_REFUSED
        assert kept.due_date == order.due_date
        assert "extended" not in city.told(appeal.name)


class TestTheOfficesDecision:
    """热线工作机构应当及时将延期办结时限和原因告知求助群众 (Art. 26): so it decides in time."""

    def test_is_asked_for_after_four_hours(self, city: City) -> None:
        """及时: 4 hours (ours), then the office is asked again, until it decided."""
        city.next_morning()
        order = city.dispatched()
        asked = city.ask_extension(order.name)
        assert asked.office_duty == work_order_pb2.OFFICE_DUTY_EXTENSION
        assert moment(asked.office_ask_time) == city.now + timedelta(hours=4)
        city.pass_by(hours=4, minutes=1)
        wait_until(lambda: city.order(order.name).office_asks == 1, seconds=30, failure="the office was not asked")
        assert not city.decide_extension(order.name, granted=True).office_duty

    def test_does_not_undo_a_deadline_that_has_passed(self, city: City) -> None:
        """A grant comes before the end; after it the office can but refuse, and what was missed stays missed."""
        city.next_morning()
        order = city.dispatched()
        city.ask_extension(order.name)
        city.move_to(moment(city.order(order.name).due_time) + timedelta(minutes=1))
        with refused("EXTENSION_DECIDED_LATE", article="Art. 26"):
            city.decide_extension(order.name, granted=True)
        assert city.order(order.name).extension.state == State.EXTENSION_STATE_REQUESTED
        city.decide_extension(order.name, granted=False)
        city.settle()
        assert city.order(order.name).overdue
        assert city.state(order.name, HANDLING) == "OVERDUE"
