"""第八条、第九条(八): the office meets: an agenda from the figures, decisions, and actions with owner and date."""

from datetime import timedelta
from typing import Any

import pytest
from hotline.sla.v1 import meeting_pb2
from hotline.sla.v1 import meeting_service_pb2 as meetings
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, OTHER, City, date_of, refused

DUTIES = ("all:8,9(8)",)


class Played:
    """A meeting about one day's orders, held on it; two things follow, for two units."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.day = city.next_morning()
        city.refer(lead=LEAD)
        city.settle()
        self.planned = self.plan(topics=["供暖季准备"])
        city.refer(lead=LEAD)
        city.settle()
        self.held = self.hold(
            self.planned.name,
            actions=[
                meetings.ActionDraft(text="逐户回访", owner=LEAD, due_date=date_of(self.day)),
                meetings.ActionDraft(text="公布电话", owner=OTHER, due_date=date_of(self.day + timedelta(days=30))),
            ],
        )

    def plan(self, *, days: int = 0, **fields: Any) -> meeting_pb2.Meeting:
        """A meeting in the office's plan."""
        request = meetings.PlanMeetingRequest(
            title="热线工作例会",
            plan_date=date_of(self.city.now.date() + timedelta(days=days)),
            start_date=date_of(self.day),
            end_date=date_of(self.day),
            request_id=new_request_id(),
            **fields,
        )
        planned: meeting_pb2.Meeting = self.city.hotline.person("office").meetings.PlanMeeting(request)
        return planned

    def hold(self, name: str, **fields: Any) -> meeting_pb2.Meeting:
        """Its minutes."""
        request = meetings.HoldMeetingRequest(
            name=name,
            participants=["热线办", LEAD, OTHER],
            decisions=["本周内逐户回访"],
            request_id=new_request_id(),
            **fields,
        )
        held: meeting_pb2.Meeting = self.city.hotline.person("office").meetings.HoldMeeting(request)
        return held

    def actions(self, unit: str, **filters: Any) -> list[meeting_pb2.MeetingAction]:
        """What a unit sees of what follows from this meeting."""
        request = meetings.ListMeetingActionsRequest(**filters)
        found = self.city.hotline.person("unit", unit=unit).meetings.ListMeetingActions(request).meeting_actions
        return [action for action in found if action.meeting == self.held.name]

    def finish(self, action: str, *, unit: str) -> meeting_pb2.MeetingAction:
        """A unit reports."""
        request = meetings.FinishMeetingActionRequest(name=action, report="已全部回访", request_id=new_request_id())
        done: meeting_pb2.MeetingAction = self.city.hotline.person("unit", unit=unit).meetings.FinishMeetingAction(
            request
        )
        return done


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    return Played(city)


class TestTheAgenda:
    """及时通报热线工作情况 (Art. 8)."""

    def test_begins_with_the_figures_as_they_were(self, played: Played) -> None:
        now = played.city.scores(played.day, played.day, LEAD)
        assert played.planned.figures.total.received == now.received - 1
        [lead] = [standing for standing in played.planned.figures.lowest if standing.unit == LEAD]
        assert lead.received == now.received - 1
        request = meetings.GetMeetingRequest(name=played.held.name)
        kept = played.city.auditor.meetings.GetMeeting(request)
        assert kept.figures == played.planned.figures
        assert list(kept.topics) == ["供暖季准备"]


class TestAMeeting:
    """定期召开热线工作会议 (Art. 9(8))."""

    def test_keeps_who_came_and_what_was_decided(self, played: Played) -> None:
        request = meetings.ListMeetingsRequest(state=meeting_pb2.MEETING_STATE_HELD)
        found = {each.name: each for each in played.city.auditor.meetings.ListMeetings(request).meetings}
        held = found[played.held.name]
        assert list(held.decisions) == ["本周内逐户回访"]
        assert LEAD in held.participants

    def test_has_no_minutes_before_its_day(self, played: Played) -> None:
        planned = played.plan(days=1)
        with refused("MEETING_NOT_YET_HELD", article="Art. 9(8)"):
            played.hold(planned.name)

    def test_is_not_planned_for_the_past(self, played: Played) -> None:
        with refused("MEETING_IN_THE_PAST", article="Art. 9(8)"):
            played.plan(days=-1)

    def test_that_is_cancelled_says_why_and_is_not_held(self, played: Played) -> None:
        planned = played.plan()
        request = meetings.CancelMeetingRequest(name=planned.name, reason="防汛", request_id=new_request_id())
        cancelled = played.city.hotline.person("office").meetings.CancelMeeting(request)
        assert cancelled.cancel_reason == "防汛"
        with refused("STATE_NOT_ALLOWED", article="Art. 9(8)"):
            played.hold(planned.name)


class TestWhatFollows:
    """督促各承办单位 (Art. 8)."""

    def test_is_due_on_the_meetings_day_at_the_earliest(self, played: Played) -> None:
        early = meetings.ActionDraft(text="昨天", owner=LEAD, due_date=date_of(played.day - timedelta(days=1)))
        with refused("ACTION_DUE_TOO_EARLY", article="Art. 8"):
            played.hold(played.plan().name, actions=[early])

    def test_is_seen_and_reported_by_its_owner_alone(self, played: Played) -> None:
        [mine] = played.actions(OTHER)
        assert mine.text == "公布电话"
        with refused("NOT_OWN_UNIT"):
            played.finish(mine.name, unit=LEAD)
        with refused("NOT_OWN_UNIT"):
            played.actions(LEAD, owner=OTHER)

    def test_is_overdue_after_its_day_until_it_is_done(self, played: Played) -> None:
        played.city.next_morning()
        [mine] = played.actions(LEAD, open=True)
        assert mine.overdue
        done = played.finish(mine.name, unit=LEAD)
        assert done.HasField("finish_time")
        assert not done.overdue
        assert played.actions(LEAD, open=True) == []
        with refused("ACTION_FINISHED_ALREADY", article="Art. 8"):
            played.finish(mine.name, unit=LEAD)
