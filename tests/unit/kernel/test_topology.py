"""Who listens to whom. A queue whose name changes is orphaned with all that is in it, so the names are pinned."""

import pytest
from hotline_kernel import outbox, topology

CITY = {
    "evt-dispatch-#--feedback.on_event",
    "evt-dispatch-#--intake.on_event",
    "evt-dispatch-#--sla.on_event",
    "evt-feedback-#--dispatch.on_event",
    "evt-feedback-#--sla.on_event",
    "evt-intake-#--dispatch.on_event",
    "evt-intake-#--feedback.on_event",
    "evt-intake-#--knowledge.on_event",
    "evt-intake-#--sla.on_event",
    "evt-knowledge-#--intake.on_event",
    "evt-sla-#--dispatch.on_event",
    "evt-sla-#--feedback.on_event",
    "evt-sla-#--intake.on_event",
}
COUNTY = {"evt-dispatch-#--sla.on_event", "evt-sla-#--dispatch.on_event"}


@pytest.mark.parametrize(("profile", "names"), [("city", CITY), ("small", CITY), ("county", COUNTY)])
class TestQueues:
    def test_are_these_and_no_others(self, profile: str, names: set[str]) -> None:
        assert {queue.name for queue in topology.queues(profile=profile)} == names

    def test_are_durable_quorum_queues_bound_to_what_is_heard(self, profile: str, names: set[str]) -> None:
        for queue in topology.queues(profile=profile):
            assert vars(queue)["queue_arguments"] == {"x-queue-type": "quorum"}
            assert queue.durable
            for bound in queue.bindings:
                assert bound.exchange.type == "topic"
                assert bound.exchange.durable
        [order_news] = [q for q in topology.queues(profile=profile) if q.name == "evt-sla-#--dispatch.on_event"]
        assert {bound.routing_key for bound in order_news.bindings} == {
            "operations.events.v1.AuditSealed",
            "sla.events.v1.DeadlineMissed",
            "sla.events.v1.DeadlineMissed.HANDLING",
            "sla.events.v1.DeadlineMissed.PART",
            "sla.events.v1.DeadlineMoved",
            "sla.events.v1.DeadlineMoved.HANDLING",
            "sla.events.v1.DeadlinesOpened",
            "sla.events.v1.DeadlinesOpened.HANDLING",
            "sla.events.v1.KeySupervisionStarted",
            "sla.events.v1.SupervisionIssued",
        }


class TestAudience:
    def test_is_who_hears_an_event_and_nobody_of_others(self) -> None:
        audience = topology.audience("intake", profile="city")
        assert audience["hotline.intake.events.v1.AppealReferred"] == ["dispatch", "sla"]
        assert audience["hotline.operations.events.v1.AuditSealed"] == ["dispatch", "sla", "feedback", "knowledge"]
        assert "hotline.intake.events.v1.AppealClosed" not in audience

    def test_of_a_topic_is_who_asked_for_it_and_without_one_who_asked_for_any(self) -> None:
        audience = topology.audience("sla", profile="city")
        opened = "hotline.sla.events.v1.DeadlinesOpened"
        assert audience[outbox.heard_as(opened, "CALLBACK")] == ["feedback"]
        assert audience[outbox.heard_as(opened, "HANDLING")] == ["intake", "dispatch"]
        assert audience[outbox.heard_as(opened, None)] == ["intake", "dispatch", "feedback"]
        assert outbox.heard_as(opened, "PART") not in audience


class TestNeighbours:
    def test_consumers_and_sources_are_the_same_pairs(self) -> None:
        assert topology.consumers_of("dispatch", profile="city") == ["intake", "sla", "feedback"]
        assert topology.sources_of("sla", profile="city") == ["dispatch", "feedback", "intake"]

    def test_a_service_that_is_not_part_of_a_profile_has_none(self) -> None:
        assert topology.consumers_of("intake", profile="county") == []
        assert topology.sources_of("intake", profile="county") == []


class TestWire:
    def test_a_lane_is_the_same_for_ever(self) -> None:
        assert [outbox.lane_of(f"appeals/{n}") for n in range(4)] == [5, 3, 9, 15]

    def test_a_routing_key_is_the_type_without_the_prefix_that_all_share(self) -> None:
        assert outbox.routing_key("hotline.sla.events.v1.DeadlineMissed") == "sla.events.v1.DeadlineMissed"
