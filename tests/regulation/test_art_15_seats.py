"""第十五条: the seats — intake, review, callback, quality — each do their own work."""

from collections.abc import Callable

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Person

from tests.regulation.city import City, refused

DUTIES = ("intake:15",)

NOBODY = "00000000-0000-7000-8000-000000000000"

WORK: dict[str, tuple[set[str], Callable[[Person], object]]] = {
    "受理 registering": (
        {"operator"},
        lambda p: p.intake.RegisterAppeal(intake.RegisterAppealRequest()),
    ),
    "审核 releasing": (
        {"reviewer"},
        lambda p: p.intake.ReleaseDraft(intake.ReleaseDraftRequest(name=f"appeals/{NOBODY}")),
    ),
    "回访 calling back": (
        {"callback"},
        lambda p: p.feedback.CompleteCallback(feedback.CompleteCallbackRequest(name=f"callbacks/{NOBODY}")),
    ),
    "质检 concluding a review": (
        {"quality"},
        lambda p: p.feedback.ConcludeReview(feedback.ConcludeReviewRequest(name=f"reviews/{NOBODY}")),
    ),
    "确定主办 naming the lead": (
        {"office"},
        lambda p: p.dispatch.DispatchWorkOrder(dispatch.DispatchWorkOrderRequest(name=f"workOrders/{NOBODY}")),
    ),
    "承办 reporting": (
        {"unit"},
        lambda p: p.dispatch.ReportResult(dispatch.ReportResultRequest(name=f"workOrders/{NOBODY}")),
    ),
}
SEATS = ("operator", "reviewer", "callback", "quality", "office", "unit", "auditor", "engineer")


class TestTheSeats:
    """根据需要合理设置受理、审核、回访、质检等座席 (Art. 15)."""

    @pytest.mark.parametrize("seat", SEATS)
    @pytest.mark.parametrize("work", WORK)
    def test_do_their_own_work_and_nobody_elses(self, city: City, work: str, seat: str) -> None:
        """Whoever holds the work is refused for the empty form of this call, anybody else for the seat (Art. 15)."""
        holders, call = WORK[work]
        with refused("FIELD_INVALID" if seat in holders else "PERMISSION_DENIED"):
            call(city.hotline.person(seat))

    @pytest.mark.parametrize("work", WORK)
    def test_are_not_open_to_the_street(self, city: City, work: str) -> None:
        """Without a token nobody works at a seat (Art. 15)."""
        with refused("UNAUTHENTICATED"):
            WORK[work][1](city.hotline.person())
