"""feedback's resources as messages, and the enums of its requests as the domain's."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from hotline.feedback.v1 import callback_pb2

from hotline_feedback.domain import (
    AttemptOutcome,
    Callback,
    CallbackState,
    Evaluation,
    QualityReview,
    Responsibility,
    ReviewOutcome,
    Verdict,
)


def callback_message(callback: Callback) -> callback_pb2.Callback:
    """A callback as it goes out."""
    return callback_pb2.Callback(
        name=callback.name,
        work_order=callback.work_order,
        appeal=callback.appeal,
        number=callback.number,
        unit=callback.unit,
        state=callback_pb2.CallbackState.Value(f"CALLBACK_STATE_{callback.state}"),
        due_time=_timestamp(callback.due_time),
        attempts=[
            callback_pb2.Attempt(
                attempt_time=_timestamp(attempt.time),
                outcome=callback_pb2.AttemptOutcome.Value(f"ATTEMPT_OUTCOME_{attempt.outcome}"),
                actor=attempt.actor,
            )
            for attempt in callback.attempts
        ],
        verdict=_verdict_value(callback.verdict),
        solved=callback.solved,
        note=callback.note,
        round=callback.round,
        create_time=_timestamp(callback.create_time),
        complete_time=_timestamp(callback.complete_time),
        overdue=callback.overdue,
        etag=str(callback.version),
    )


def evaluation_message(evaluation: Evaluation) -> callback_pb2.Evaluation:
    """An evaluation as it goes out."""
    return callback_pb2.Evaluation(
        name=evaluation.name,
        appeal=evaluation.appeal,
        operator=evaluation.operator,
        verdict=_verdict_value(evaluation.verdict),
        create_time=_timestamp(evaluation.create_time),
        evaluate_time=_timestamp(evaluation.evaluate_time),
    )


def review_message(review: QualityReview) -> callback_pb2.QualityReview:
    """A quality review as it goes out."""
    message = callback_pb2.QualityReview(
        name=review.name,
        work_order=review.work_order,
        appeal=review.appeal,
        unit=review.unit,
        cause=review.cause,
        remedy=review.remedy,
        create_time=_timestamp(review.create_time),
        conclude_time=_timestamp(review.conclude_time),
        etag=str(review.version),
    )
    if review.outcome is not None:
        message.outcome = callback_pb2.ReviewOutcome.Value(f"REVIEW_OUTCOME_{review.outcome}")
    if review.responsibility is not None:
        message.responsibility = callback_pb2.Responsibility.Value(f"RESPONSIBILITY_{review.responsibility}")
    return message


def state_of(value: callback_pb2.CallbackState.ValueType) -> CallbackState | None:
    """The state a list is asked for; None for any."""
    return CallbackState(callback_pb2.CallbackState.Name(value).removeprefix("CALLBACK_STATE_")) if value else None


def verdict_of(value: callback_pb2.Verdict.ValueType) -> Verdict:
    """What the citizen said; the contract does not let an unset one through."""
    return Verdict(callback_pb2.Verdict.Name(value).removeprefix("VERDICT_"))


def attempt_outcome_of(value: callback_pb2.AttemptOutcome.ValueType) -> AttemptOutcome:
    """What happened on a try."""
    return AttemptOutcome(callback_pb2.AttemptOutcome.Name(value).removeprefix("ATTEMPT_OUTCOME_"))


def review_outcome_of(value: callback_pb2.ReviewOutcome.ValueType) -> ReviewOutcome:
    """How a review ends."""
    return ReviewOutcome(callback_pb2.ReviewOutcome.Name(value).removeprefix("REVIEW_OUTCOME_"))


def responsibility_of(value: callback_pb2.Responsibility.ValueType) -> Responsibility:
    """Who answers for it."""
    return Responsibility(callback_pb2.Responsibility.Name(value).removeprefix("RESPONSIBILITY_"))


def _verdict_value(verdict: Verdict | None) -> callback_pb2.Verdict.ValueType:
    return callback_pb2.Verdict.Value(f"VERDICT_{verdict or 'UNSPECIFIED'}")


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
