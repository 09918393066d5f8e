"""Criteria and scorecards as messages, and what requests say of them."""

from collections.abc import Iterable, Mapping

from hotline.feedback.v1 import scorecard_pb2
from hotline_kernel.auth import Principal
from hotline_kernel.errors import FieldInvalid
from hotline_kernel.timestamps import timestamp

from hotline_feedback.domain.scorecard import Agreement, Criteria, Criterion, Grade, OperatorScore, Scope, Scorecard


def criteria_message(criteria: Criteria) -> scorecard_pb2.Criteria:
    """A version of the criteria as it goes out."""
    return scorecard_pb2.Criteria(
        version=criteria.version,
        criteria=[
            scorecard_pb2.Criterion(key=criterion.key, title=criterion.title, weight=criterion.weight)
            for criterion in criteria.criteria
        ],
        note=criteria.note,
        publisher=criteria.publisher,
        publish_time=timestamp(criteria.publish_time),
        scope=scorecard_pb2.CriteriaScope.Value(f"CRITERIA_SCOPE_{criteria.scope}"),
    )


def card_message(card: Scorecard, *, reader: Principal) -> scorecard_pb2.Scorecard:
    """A card as it goes out; blank to another reader of the quality seat as long as a second reading is wanted."""
    message = scorecard_pb2.Scorecard(
        name=card.name,
        subject=card.subject,
        operator=card.operator,
        criteria_version=card.version,
        reviewer=card.reviewer,
        create_time=timestamp(card.create_time),
        first=f"scorecards/{card.first}" if card.first else "",
        second_wanted=card.second_wanted,
    )
    if not (card.second_wanted and is_blind(card.reviewer, reader=reader)):
        message.marks.extend(mark_messages(card.marks))
        message.score = card.score
        message.note = card.note
    return message


def is_blind(reviewer: str, *, reader: Principal) -> bool:
    """Whether somebody could still read the same again, and must not know what `reviewer` found."""
    return reviewer != reader.subject and reader.roles <= {"quality"}


def mark_messages(marks: Mapping[str, Grade]) -> list[scorecard_pb2.Mark]:
    """Marks as they go out, by criterion."""
    return [
        scorecard_pb2.Mark(criterion=key, grade=scorecard_pb2.Grade.Value(f"GRADE_{grade}"))
        for key, grade in sorted(marks.items())
    ]


def operator_score_message(score: OperatorScore, *, reviews: Mapping[str, int]) -> scorecard_pb2.OperatorScore:
    """An operator's score as it goes out; reviews -- which they answer for, by operator."""
    return scorecard_pb2.OperatorScore(
        operator=score.operator,
        subjects=score.subjects,
        score=score.score,
        shares=[scorecard_pb2.CriterionShare(criterion=key, share=share) for key, share in score.shares.items()],
        answerable_reviews=reviews.get(score.operator, 0),
    )


def agreement_message(agreement: Agreement) -> scorecard_pb2.Agreement:
    """How far readers agree, as it goes out."""
    return scorecard_pb2.Agreement(
        criterion=agreement.criterion,
        first_reader=agreement.first_reader,
        second_reader=agreement.second_reader,
        pairs=agreement.pairs,
        observed=agreement.observed,
        kappa=agreement.kappa,
    )


def marks_of(marks: Iterable[scorecard_pb2.Mark]) -> dict[str, Grade]:
    """The marks of a request. Raises `FieldInvalid` for a criterion that is marked twice."""
    found: dict[str, Grade] = {}
    for mark in marks:
        if mark.criterion in found:
            raise FieldInvalid(violations=[("marks", f"must mark {mark.criterion} once")])
        found[mark.criterion] = Grade(scorecard_pb2.Grade.Name(mark.grade).removeprefix("GRADE_"))
    return found


def criteria_of(criteria: Iterable[scorecard_pb2.Criterion]) -> list[Criterion]:
    """The criteria of a request."""
    return [Criterion(key=wire.key, title=wire.title, weight=wire.weight) for wire in criteria]


def scope_of(scope: scorecard_pb2.CriteriaScope.ValueType) -> Scope:
    """Whose work criteria are about; operators' where a caller does not say."""
    return Scope(scorecard_pb2.CriteriaScope.Name(scope).removeprefix("CRITERIA_SCOPE_")) if scope else Scope.OPERATOR
