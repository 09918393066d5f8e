"""What a run left behind, counted over the public interfaces. Without ids: two runs of a seed give equal books."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from google.type.date_pb2 import Date
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla

from hotline_cli.client import Hotline, Person, pages

_PAGE = 1000


def read(hotline: Hotline, *, first: date, last: date) -> dict[str, Any]:
    """The books of a run from its first to its last day."""
    auditor = hotline.person("auditor")
    return {
        "appeals": _appeals(auditor),
        "work_orders": _orders(auditor),
        "deadlines": _deadlines(auditor),
        "supervision": _supervision(auditor),
        "key_supervision": _key_supervision(auditor),
        "circulars": _circulars(auditor),
        "feedback": _feedback(auditor),
        "scores": _scores(auditor, first, last),
    }


def _appeals(auditor: Person) -> dict[str, dict[str, int]]:
    states: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    grounds: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for page in pages(auditor.intake.ListAppeals, intake.ListAppealsRequest(page_size=_PAGE)):
        for appeal in page.appeals:
            states[_short(appeal_pb2.AppealState.Name(appeal.state))] += 1
            channels[_short(appeal_pb2.Channel.Name(appeal.channel))] += 1
            if appeal.decline.ground:
                grounds[_short(appeal_pb2.DeclineGround.Name(appeal.decline.ground))] += 1
            flags["answer_overdue"] += appeal.answer_overdue
            flags["emergency"] += appeal.emergency
            flags["confidential"] += appeal.confidential
            flags["anonymous"] += appeal.anonymous
    return {k: _sorted(v) for k, v in (("state", states), ("channel", channels), ("declined", grounds), ("is", flags))}


def _orders(auditor: Person) -> dict[str, dict[str, int]]:
    states: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for page in pages(auditor.dispatch.ListWorkOrders, dispatch.ListWorkOrdersRequest(page_size=_PAGE)):
        for order in page.work_orders:
            states[_short(work_order_pb2.WorkOrderState.Name(order.state))] += 1
            flags["sent_back"] += len(order.send_backs)
            flags["reopened"] += order.round - 1
            flags["key_supervision"] += order.key_supervision
            flags["supported"] += bool(order.supporting_units)
            flags["with_directive"] += bool(order.directive.text)
            flags["studied"] += order.HasField("study")
            flags["filed"] += order.HasField("filing")
            if order.HasField("extension"):
                flags[f"extension_{_short(work_order_pb2.ExtensionState.Name(order.extension.state)).lower()}"] += 1
            if order.HasField("due_date"):
                due[date(order.due_date.year, order.due_date.month, order.due_date.day).isoformat()] += 1
    return {"state": _sorted(states), "is": _sorted(flags), "due": _sorted(due)}


def _deadlines(auditor: Person) -> dict[str, dict[str, int]]:
    kinds: dict[str, Counter[str]] = {}
    for page in pages(auditor.sla.ListDeadlines, sla.ListDeadlinesRequest(page_size=_PAGE)):
        for deadline in page.deadlines:
            kind = _short(deadline_pb2.DeadlineKind.Name(deadline.kind))
            kinds.setdefault(kind, Counter())[_short(deadline_pb2.DeadlineState.Name(deadline.state))] += 1
    return {kind: _sorted(states) for kind, states in sorted(kinds.items())}


def _supervision(auditor: Person) -> dict[str, int]:
    steps: Counter[str] = Counter()
    for page in pages(auditor.sla.ListSupervisions, sla.ListSupervisionsRequest(page_size=_PAGE)):
        steps.update(_short(deadline_pb2.SupervisionStep.Name(s.step)) for s in page.supervisions)
    return _sorted(steps)


def _key_supervision(auditor: Person) -> dict[str, int]:
    grounds: Counter[str] = Counter()
    for page in pages(auditor.sla.ListKeySupervisions, sla.ListKeySupervisionsRequest(page_size=_PAGE)):
        grounds.update(_short(deadline_pb2.KeySupervisionGround.Name(key.ground)) for key in page.key_supervisions)
    return _sorted(grounds)


def _circulars(auditor: Person) -> dict[str, int]:
    units: Counter[str] = Counter()
    for page in pages(auditor.sla.ListCirculars, sla.ListCircularsRequest(page_size=_PAGE)):
        units.update(circular.unit for circular in page.circulars)
    return _sorted(units)


def _feedback(auditor: Person) -> dict[str, Any]:
    callbacks: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for callback_page in pages(auditor.feedback.ListCallbacks, feedback.ListCallbacksRequest(page_size=_PAGE)):
        for callback in callback_page.callbacks:
            callbacks[_short(callback_pb2.CallbackState.Name(callback.state))] += 1
            if callback.verdict:
                verdicts[_short(callback_pb2.Verdict.Name(callback.verdict))] += 1
    evaluations: Counter[str] = Counter()
    for page in pages(auditor.feedback.ListEvaluations, feedback.ListEvaluationsRequest(page_size=_PAGE)):
        evaluations.update(_short(callback_pb2.Verdict.Name(e.verdict)) for e in page.evaluations)
    reviews: Counter[str] = Counter()
    for review_page in pages(auditor.feedback.ListReviews, feedback.ListReviewsRequest(page_size=_PAGE)):
        reviews.update(_short(callback_pb2.ReviewOutcome.Name(r.outcome)) for r in review_page.reviews)
    # Appeals, not cards: which of them are read twice hangs on their names, which are not of the seed.
    scored = {
        card.subject
        for card_page in pages(auditor.feedback.ListScorecards, feedback.ListScorecardsRequest(page_size=_PAGE))
        for card in card_page.scorecards
    }
    asked = sum(verdicts.values())
    return {
        "callbacks": _sorted(callbacks),
        "verdicts": _sorted(verdicts),
        "evaluations": _sorted(evaluations),
        "reviews": _sorted(reviews),
        "scored_for_quality": len(scored),
        "asked": asked,
        "satisfied_rate": round(verdicts["SATISFIED"] / asked, 4) if asked else None,
    }


def _scores(auditor: Person, first: date, last: date) -> list[dict[str, Any]]:
    request = sla.ListUnitScoresRequest(start_date=_date(first), end_date=_date(last), page_size=_PAGE)
    return [
        {
            "unit": score.unit,
            "received": score.received,
            "handled_in_time": score.handled_in_time,
            "handled_late": score.handled_late,
            "overdue": score.overdue,
            "score": round(score.score, 2) if score.HasField("score") else None,
        }
        for page in pages(auditor.sla.ListUnitScores, request)
        for score in page.scores
    ]


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


_PREFIXES = tuple(
    f"{prefix}_"
    for prefix in (
        "APPEAL_STATE", "CHANNEL", "DECLINE_GROUND", "WORK_ORDER_STATE", "EXTENSION_STATE", "DEADLINE_KIND",
        "DEADLINE_STATE", "SUPERVISION_STEP", "KEY_SUPERVISION_GROUND", "CALLBACK_STATE", "VERDICT", "REVIEW_OUTCOME",
    )
)  # fmt: skip


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
