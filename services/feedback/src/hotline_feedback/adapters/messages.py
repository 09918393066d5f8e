"""feedback's resources as messages, and the enums of its requests as the domain's."""

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from google.type.date_pb2 import Date
from hotline.feedback.v1 import callback_pb2, rate_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.errors import FieldInvalid, PageTokenInvalid
from hotline_kernel.timestamps import timestamp

from hotline_feedback.adapters.scorecard_messages import is_blind, mark_messages
from hotline_feedback.domain.callback import AttemptOutcome, Callback, CallbackState, CallRules, Means, Verdict
from hotline_feedback.domain.evaluation import VERDICT_BY_KEY, Evaluation, EvaluationMeans
from hotline_feedback.domain.hand import Hand
from hotline_feedback.domain.rates import Grouping, Period, Rate, Share
from hotline_feedback.domain.review import QualityReview, Responsibility, ReviewOutcome, ReviewReading


def callback_message(callback: Callback, *, now: datetime, rules: CallRules) -> callback_pb2.Callback:
    """A callback as it goes out."""
    hand = _holding(callback.hand, now)
    return callback_pb2.Callback(
        name=callback.name,
        work_order=callback.work_order,
        appeal=callback.appeal,
        number=callback.number,
        unit=callback.unit,
        category=callback.category,
        region=callback.region,
        state=callback_pb2.CallbackState.Value(f"CALLBACK_STATE_{callback.state}"),
        due_time=timestamp(callback.due_time),
        attempts=[
            callback_pb2.Attempt(
                attempt_time=timestamp(attempt.time),
                outcome=callback_pb2.AttemptOutcome.Value(f"ATTEMPT_OUTCOME_{attempt.outcome}"),
                actor=attempt.actor,
                means=_means_value(attempt.means),
            )
            for attempt in callback.attempts
        ],
        verdict=_verdict_value(callback.verdict),
        solved=callback.solved,
        note=callback.note,
        round=callback.round,
        create_time=timestamp(callback.create_time),
        complete_time=timestamp(callback.complete_time),
        overdue=callback.overdue,
        means=_means_value(callback.means),
        declined=callback.declined,
        do_not_call=callback.do_not_call,
        next_call_time=timestamp(callback.next_call_time(now=now, rules=rules)),
        taken_by=hand.person if hand else "",
        hold_until_time=timestamp(hand.until_time) if hand else None,
        etag=str(callback.version),
    )


def evaluation_message(evaluation: Evaluation) -> callback_pb2.Evaluation:
    """An evaluation as it goes out."""
    return callback_pb2.Evaluation(
        name=evaluation.name,
        appeal=evaluation.appeal,
        operator=evaluation.operator,
        verdict=_verdict_value(evaluation.verdict),
        means=callback_pb2.EvaluationMeans.Value(f"EVALUATION_MEANS_{evaluation.means or 'UNSPECIFIED'}"),
        create_time=timestamp(evaluation.create_time),
        evaluate_time=timestamp(evaluation.evaluate_time),
    )


def review_message(review: QualityReview, *, reader: Principal, now: datetime) -> callback_pb2.QualityReview:
    """A quality review as it goes out; what was found is kept from another reader while a second reading is wanted."""
    hand = _holding(review.hand, now)
    message = callback_pb2.QualityReview(
        name=review.name,
        work_order=review.work_order,
        appeal=review.appeal,
        unit=review.unit,
        create_time=timestamp(review.create_time),
        conclude_time=timestamp(review.conclude_time),
        second_wanted=review.second_wanted,
        taken_by=hand.person if hand else "",
        hold_until_time=timestamp(hand.until_time) if hand else None,
        etag=str(review.version),
    )
    if review.second_wanted and is_blind(review.readings[0].reviewer, reader=reader):
        return message
    message.operator, message.cause, message.remedy = review.operator, review.cause, review.remedy
    message.readings.extend(_reading_message(reading) for reading in review.readings)
    if review.outcome is not None:
        message.outcome = callback_pb2.ReviewOutcome.Value(f"REVIEW_OUTCOME_{review.outcome}")
    if review.responsibility is not None:
        message.responsibility = callback_pb2.Responsibility.Value(f"RESPONSIBILITY_{review.responsibility}")
    return message


def _reading_message(reading: ReviewReading) -> callback_pb2.ReviewReading:
    return callback_pb2.ReviewReading(
        reviewer=reading.reviewer,
        criteria_version=reading.version,
        marks=mark_messages(reading.marks),
        score=reading.score,
        outcome=callback_pb2.ReviewOutcome.Value(f"REVIEW_OUTCOME_{reading.outcome}"),
        responsibility=callback_pb2.Responsibility.Value(f"RESPONSIBILITY_{reading.responsibility}"),
        cause=reading.cause,
        read_time=timestamp(reading.read_time),
    )


def rate_message(rate: Rate) -> rate_pb2.SatisfactionRate:
    """The rates of a group as they go out."""
    tally = rate.tally
    return rate_pb2.SatisfactionRate(
        group=tally.group,
        asked=tally.asked,
        satisfied=tally.satisfied,
        neutral=tally.neutral,
        dissatisfied=tally.dissatisfied,
        solved=tally.solved,
        unreachable=tally.unreachable,
        declined=tally.declined,
        satisfied_share=share_message(rate.satisfied),
        solved_share=share_message(rate.solved),
        place=rate.place,
    )


def share_message(share: Share | None) -> rate_pb2.Share | None:
    """A share with its interval; unset where nobody was asked."""
    return None if share is None else rate_pb2.Share(value=share.value, low=share.low, high=share.high)


class _OfPeriod(Protocol):
    """A request about a period."""

    @property
    def start_date(self) -> Date: ...
    @property
    def end_date(self) -> Date: ...


def period_of(request: _OfPeriod) -> Period:
    """The days asked for. Raises `FieldInvalid` for what is no day, `PeriodInvalid`."""
    return Period(start=_day(request.start_date, field="start_date"), end=_day(request.end_date, field="end_date"))


def grouping_of(value: rate_pb2.RateGrouping.ValueType) -> Grouping:
    """By what rates are told apart; the contract does not let an unset one through."""
    return Grouping(rate_pb2.RateGrouping.Name(value).removeprefix("RATE_GROUPING_"))


def moment_position(after: list[str] | None) -> tuple[datetime, UUID] | None:
    """Where a page that is ordered by moment and id starts. Raises `PageTokenInvalid`."""
    if after is None:
        return None
    try:
        moment, last = after
        return datetime.fromisoformat(moment), UUID(last)
    except ValueError as error:
        raise PageTokenInvalid(violations=[("page_token", "must be taken from the answer before")]) from error


def state_of(value: callback_pb2.CallbackState.ValueType) -> CallbackState | None:
    """The state a list is asked for; None for any."""
    return CallbackState(callback_pb2.CallbackState.Name(value).removeprefix("CALLBACK_STATE_")) if value else None


def verdict_of(value: callback_pb2.Verdict.ValueType) -> Verdict:
    """What the citizen said; the contract does not let an unset one through."""
    return Verdict(callback_pb2.Verdict.Name(value).removeprefix("VERDICT_"))


def verdict_said(verdict: callback_pb2.Verdict.ValueType, key: str) -> Verdict:
    """What the citizen said, or meant by the digit. Raises `FieldInvalid` unless exactly one was given."""
    if bool(verdict) == bool(key):
        raise FieldInvalid(violations=[(field, "give either verdict or key") for field in ("verdict", "key")])
    return VERDICT_BY_KEY[key] if key else verdict_of(verdict)


def means_of(value: callback_pb2.CallbackMeans.ValueType) -> Means:
    """How the citizen was asked; by telephone where a caller does not say."""
    return Means(callback_pb2.CallbackMeans.Name(value).removeprefix("CALLBACK_MEANS_")) if value else Means.PHONE


def evaluation_means_of(value: callback_pb2.EvaluationMeans.ValueType) -> EvaluationMeans:
    """How the citizen evaluated; to the operator where a caller does not say."""
    name = callback_pb2.EvaluationMeans.Name(value).removeprefix("EVALUATION_MEANS_")
    return EvaluationMeans(name) if value else EvaluationMeans.SPOKEN


def attempt_outcome_of(value: callback_pb2.AttemptOutcome.ValueType) -> AttemptOutcome:
    """What happened on a try."""
    return AttemptOutcome(callback_pb2.AttemptOutcome.Name(value).removeprefix("ATTEMPT_OUTCOME_"))


def review_outcome_of(value: callback_pb2.ReviewOutcome.ValueType) -> ReviewOutcome:
    """How a review ends."""
    return ReviewOutcome(callback_pb2.ReviewOutcome.Name(value).removeprefix("REVIEW_OUTCOME_"))


def responsibility_of(value: callback_pb2.Responsibility.ValueType) -> Responsibility:
    """Who answers for it."""
    return Responsibility(callback_pb2.Responsibility.Name(value).removeprefix("RESPONSIBILITY_"))


def _holding(hand: Hand | None, now: datetime) -> Hand | None:
    return hand if hand and hand.holds(now) else None


def _day(wire: Date, *, field: str) -> date:
    try:
        return date(wire.year, wire.month, wire.day)
    except ValueError as error:
        raise FieldInvalid(violations=[(field, "must be a whole civil date")]) from error


def _verdict_value(verdict: Verdict | None) -> callback_pb2.Verdict.ValueType:
    return callback_pb2.Verdict.Value(f"VERDICT_{verdict or 'UNSPECIFIED'}")


def _means_value(means: Means | None) -> callback_pb2.CallbackMeans.ValueType:
    return callback_pb2.CallbackMeans.Value(f"CALLBACK_MEANS_{means or 'UNSPECIFIED'}")
