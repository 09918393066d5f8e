"""第三十条: what a quality review finds does not depend on who made it."""

import pytest
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline_cli.client import new_request_id

from tests.regulation.city import City, date_of, refused

DUTIES = ("feedback:30", "feedback:30-review", "feedback:21,30")
EXPLAINED, UPHELD = callback_pb2.REVIEW_OUTCOME_EXPLAINED, callback_pb2.REVIEW_OUTCOME_UPHELD
BY_OPERATOR = callback_pb2.RESPONSIBILITY_OPERATOR


def dissatisfied(city: City) -> callback_pb2.QualityReview:
    """The open review of a direct answer that did not satisfy."""
    appeal = city.answer(city.register().name)
    city.settle()
    city.hotline.person("operator").feedback.EvaluateAnswer(
        feedback.EvaluateAnswerRequest(
            appeal=appeal.name, verdict=callback_pb2.VERDICT_DISSATISFIED, request_id=new_request_id()
        )
    )
    return city.review_of(appeal.name)


@pytest.fixture(scope="module")
def drawn(city: City) -> callback_pb2.QualityReview:
    """A concluded review that is in the sample; what the hash does not give is left."""
    while True:
        review = city.conclude(dissatisfied(city).name, EXPLAINED, BY_OPERATOR)
        if review.second_wanted:
            return review


def read_again(
    city: City,
    review: callback_pb2.QualityReview,
    *,
    subject: str = "quality-402",
    outcome: callback_pb2.ReviewOutcome.ValueType = UPHELD,
    **grades: scorecard_pb2.Grade.ValueType,
) -> callback_pb2.QualityReview:
    """Another reader's finding."""
    read: callback_pb2.QualityReview = city.hotline.person("quality", subject=subject).feedback.ReadReviewAgain(
        feedback.ReadReviewAgainRequest(
            name=review.name,
            outcome=outcome,
            responsibility=BY_OPERATOR,
            cause="答复不完整",
            marks=city.marks(review.name, **grades),
            request_id=new_request_id(),
        )
    )
    return read


class TestAQualityReview:
    """对热线工作人员和承办单位的办理情况进行质量检验评定 (Art. 30)."""

    def test_is_marked_on_everything_that_is_looked_at(self, city: City) -> None:
        """质量检验评定: by the criteria of units' work for an order (ours, Art. 7, 24, 27, 30)."""
        order = city.dispatched()
        city.report(order.name)
        city.settle()
        city.call_back(order.name, callback_pb2.VERDICT_DISSATISFIED)
        review = city.review_of(order.appeal)
        marks = city.marks(review.name, solution=scorecard_pb2.GRADE_NOT_MET)
        assert [mark.criterion for mark in marks] == ["contact", "timeliness", "solution", "reply", "explanation"]
        request = feedback.ConcludeReviewRequest(
            name=review.name,
            outcome=UPHELD,
            cause="室温仍不达标",
            responsibility=callback_pb2.RESPONSIBILITY_UNIT,
            remedy="已向群众说明",
            marks=marks[:2],
            request_id=new_request_id(),
        )
        with refused("FIELD_INVALID", field="marks"):
            city.quality.ConcludeReview(request)
        request.marks.extend(marks[2:])
        [reading] = city.quality.ConcludeReview(request).readings
        assert reading.score == pytest.approx(40)  # four in part, one not at all
        assert {mark.criterion: mark.grade for mark in reading.marks}["solution"] == scorecard_pb2.GRADE_NOT_MET

    def test_of_a_direct_answer_is_marked_by_what_operators_owe(self, city: City) -> None:
        """热情周到、态度和蔼、语言文明 (Art. 21, 30)."""
        review = dissatisfied(city)
        assert "courtesy" in [mark.criterion for mark in city.marks(review.name)]
        ended = city.conclude(review.name, EXPLAINED, BY_OPERATOR)
        assert len(ended.readings) == 1


class TestASecondReading:
    """质量检验评定: reviewers must be comparable (ours, Art. 30)."""

    def test_is_made_by_another_who_has_not_seen_the_first_and_changes_nothing(
        self, city: City, drawn: callback_pb2.QualityReview
    ) -> None:
        """What was found is blank to another reader until then; how it ended stays (ours, Art. 30)."""
        other = city.hotline.person("quality", subject="quality-402").feedback
        seen = other.GetReview(feedback.GetReviewRequest(name=drawn.name))
        assert (seen.second_wanted, seen.outcome, seen.cause, seen.remedy, len(seen.readings)) == (True, 0, "", "", 0)
        with refused("SECOND_READER_SAME", article="Art. 30"):
            read_again(city, drawn, subject=drawn.readings[0].reviewer)
        ended = read_again(city, drawn, outcome=UPHELD, courtesy=scorecard_pb2.GRADE_NOT_MET)
        assert (ended.outcome, ended.cause) == (drawn.outcome, drawn.cause)
        assert [reading.outcome for reading in ended.readings] == [EXPLAINED, UPHELD]
        with refused("SECOND_READING_NOT_WANTED", article="Art. 30"):
            read_again(city, drawn)
        self._agreement(city, drawn)

    def _agreement(self, city: City, drawn: callback_pb2.QualityReview) -> None:
        """Cohen's kappa of marks, outcome and responsibility, for all and each pair of readers."""
        day = date_of(city.now.date())
        request = feedback.ListAgreementsRequest(
            start_date=day, end_date=day, page_size=1000, twice_read=scorecard_pb2.TWICE_READ_REVIEW
        )
        listed = city.quality.ListAgreements(request).agreements
        readers = sorted((drawn.readings[0].reviewer, "quality-402"))
        found = {each.criterion: each for each in listed if [each.first_reader, each.second_reader] == readers}
        assert set(found) > {"outcome", "responsibility", "courtesy"}
        assert (found["outcome"].observed, found["courtesy"].observed, found["attitude"].observed) == (0, 0, 1)
        assert found["outcome"].kappa == pytest.approx(0)

    def test_is_asked_of_nothing_that_is_open(self, city: City) -> None:
        """分析原因 comes first (Art. 30)."""
        with refused("SECOND_READING_NOT_WANTED", article="Art. 30"):
            read_again(city, dissatisfied(city))


class TestTwoAtTheCallbackSeat:
    """根据需要合理设置…回访、质检等座席 (Art. 15)."""

    def test_never_ring_the_same_citizen(self, city: City) -> None:
        """What one took, nobody else asks about until it is done or its time is over (ours, Art. 15, 30)."""
        city.next_morning()
        order = city.dispatched()
        city.report(order.name)
        city.settle()
        callers = [city.hotline.person("callback", subject=f"callback-{number}").feedback for number in range(9, 12)]
        taken = [
            caller.TakeNextCallback(feedback.TakeNextCallbackRequest(request_id=new_request_id())).callback
            for caller in callers
        ]
        names = [callback.name for callback in taken if callback.name]
        assert names
        assert len(set(names)) == len(names)
        with refused("TAKEN_BY_ANOTHER", article="Art. 15"):
            city.seat.RecordAttempt(
                feedback.RecordAttemptRequest(
                    name=names[0],
                    outcome=callback_pb2.ATTEMPT_OUTCOME_NO_ANSWER,
                    means=callback_pb2.CALLBACK_MEANS_MESSAGE,
                    request_id=new_request_id(),
                )
            )
        city.pass_by(minutes=21)
        assert not city.seat.GetCallback(feedback.GetCallbackRequest(name=names[0])).taken_by
