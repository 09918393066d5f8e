"""第二十一条、第三十条: operators are courteous, kind, well-spoken and careful, as comparable readers see it."""

from typing import Any

import pytest
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline_cli.client import new_request_id
from uuid_utils.compat import uuid4

from tests.regulation.city import City, date_of, refused

DUTIES = ("feedback:21,30", "feedback:30-review")
MET, PARTLY, NOT_MET = scorecard_pb2.GRADE_MET, scorecard_pb2.GRADE_PARTLY, scorecard_pb2.GRADE_NOT_MET
KEYS = ("courtesy", "attitude", "language", "registration", "handling")


class Readers:
    """Two of the quality seat, and an operator whom nobody else scores."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.first = city.hotline.person("quality", subject="quality-401").feedback
        self.second = city.hotline.person("quality", subject="quality-402").feedback
        self.operator = f"seat-{uuid4()}"

    def score(
        self, subject: str, *, reader: Any = None, **grades: scorecard_pb2.Grade.ValueType
    ) -> scorecard_pb2.Scorecard:
        """A card; what is not graded is met."""
        marks = [scorecard_pb2.Mark(criterion=key, grade=grades.get(key, MET)) for key in KEYS]
        request = feedback.ScoreOperatorRequest(
            subject=subject, operator=self.operator, marks=marks, note="听录音", request_id=new_request_id()
        )
        card: scorecard_pb2.Scorecard = (reader or self.first).ScoreOperator(request)
        return card

    def subject(self, *, twice: bool, **grades: scorecard_pb2.Grade.ValueType) -> scorecard_pb2.Scorecard:
        """The first card of a call that is in the sample, or is not; what the hash does not give is left."""
        while True:
            card = self.score(f"calls/{uuid4()}", **grades)
            if card.second_wanted == twice:
                return card


@pytest.fixture
def readers(city: City) -> Readers:
    return Readers(city)


class TestTheCriteria:
    """热情周到、态度和蔼、语言文明,认真做好登记受理 (Art. 21)."""

    def test_are_those_of_the_regulation_besides_the_handling(self, city: City) -> None:
        """The first version; weighed alike (ours, Art. 21, 30)."""
        versions = city.quality.ListCriteria(feedback.ListCriteriaRequest()).criteria
        assert tuple(criterion.key for criterion in versions[-1].criteria) == KEYS
        assert versions[-1].version == 1

    def test_are_published_anew_without_rewriting_a_card(self, city: City, readers: Readers) -> None:
        """A card keeps the version by which it was scored (ours, Art. 30)."""
        before = readers.subject(twice=False, courtesy=NOT_MET)
        office = city.hotline.person("office").feedback
        [latest, *_] = city.quality.ListCriteria(feedback.ListCriteriaRequest(page_size=1)).criteria
        weighed = [scorecard_pb2.Criterion(key=c.key, title=c.title, weight=c.weight + 1) for c in latest.criteria]
        new = office.PublishCriteria(
            feedback.PublishCriteriaRequest(criteria=weighed, note="试行", request_id=new_request_id())
        )
        assert new.version == latest.version + 1
        [kept] = [card for card in self._cards(city, readers) if card.name == before.name]
        assert (kept.criteria_version, kept.score) == (before.criteria_version, before.score)
        assert readers.score(f"calls/{uuid4()}").criteria_version == new.version

    def _cards(self, city: City, readers: Readers) -> list[scorecard_pb2.Scorecard]:
        request = feedback.ListScorecardsRequest(operator=readers.operator)
        return list(city.hotline.person("office").feedback.ListScorecards(request).scorecards)


class TestAnOperator:
    """热线工作人员…的办理情况进行质量检验评定 (Art. 30)."""

    def test_is_scored_by_what_was_looked_at(self, city: City, readers: Readers) -> None:
        """Per operator, with the share of each criterion (Art. 21, 30)."""
        first = readers.subject(twice=False, language=NOT_MET)
        assert first.score == pytest.approx(80)
        day = date_of(city.now.date())
        listed = city.quality.ListOperatorScores(
            feedback.ListOperatorScoresRequest(start_date=day, end_date=day, page_size=1000)
        ).scores
        [score] = [score for score in listed if score.operator == readers.operator]
        shares = {share.criterion: share.share for share in score.shares}
        assert score.subjects >= 1
        assert score.score == pytest.approx(80)
        assert (shares["language"], shares["courtesy"]) == (0, 1)

    def test_is_marked_on_everything(self, city: City, readers: Readers) -> None:
        """A criterion left out would hide something (Art. 21)."""
        request = feedback.ScoreOperatorRequest(
            subject=f"calls/{uuid4()}",
            operator=readers.operator,
            marks=[scorecard_pb2.Mark(criterion="courtesy", grade=MET)],
            request_id=new_request_id(),
        )
        with refused("FIELD_INVALID", field="marks"):
            readers.first.ScoreOperator(request)

    def test_who_answers_for_a_dissatisfaction_is_named(self, city: City, readers: Readers) -> None:
        """界定责任: nobody is found responsible who is not named (Art. 30)."""
        order = city.dispatched()
        city.report(order.name)
        city.settle()
        city.call_back(order.name, callback_pb2.VERDICT_DISSATISFIED)
        review = city.review_of(order.appeal)
        upheld = callback_pb2.REVIEW_OUTCOME_UPHELD
        with refused("RESPONSIBLE_NOT_NAMED", article="Art. 30"):
            city.conclude(review.name, upheld, callback_pb2.RESPONSIBILITY_OPERATOR)
        readers.subject(twice=False)
        ended = city.conclude(review.name, upheld, callback_pb2.RESPONSIBILITY_OPERATOR, operator=readers.operator)
        assert ended.operator == readers.operator
        day = date_of(city.now.date())
        request = feedback.ListOperatorScoresRequest(start_date=day, end_date=day, page_size=1000)
        scores = {score.operator: score for score in city.quality.ListOperatorScores(request).scores}
        assert scores[readers.operator].answerable_reviews == 1
        city.settle()
        counted = city.scores(order_day := city.now.date(), order_day, order.lead_unit)
        assert counted.excused >= 1  # and does not count against the unit


class TestASecondReading:
    """质量检验评定: readers must be comparable (ours, Art. 30)."""

    def test_is_somebody_elses_who_has_not_seen_the_first(self, city: City, readers: Readers) -> None:
        """The first card is blank to the quality seat until it was read again (ours, Art. 30)."""
        first = readers.subject(twice=True, courtesy=NOT_MET)
        waiting = feedback.ListScorecardsRequest(operator=readers.operator, second_wanted=True)
        [seen] = readers.second.ListScorecards(waiting).scorecards
        assert (seen.name, list(seen.marks), seen.score, seen.note) == (first.name, [], 0, "")
        with refused("SECOND_READER_SAME", article="Art. 30"):
            readers.score(first.subject)
        second = readers.score(first.subject, reader=readers.second, courtesy=PARTLY)
        assert (second.first, second.second_wanted) == (first.name, False)
        assert not readers.second.ListScorecards(waiting).scorecards
        with refused("ALREADY_EXISTS"):
            readers.score(first.subject, reader=readers.second)

    def test_tells_how_far_readers_agree(self, city: City, readers: Readers) -> None:
        """Cohen's kappa by criterion, for all readers and each pair (ours, Art. 30)."""
        for grade in (MET, NOT_MET):
            first = readers.subject(twice=True, attitude=grade)
            readers.score(first.subject, reader=readers.second, attitude=grade)
        day = date_of(city.now.date())
        request = feedback.ListAgreementsRequest(start_date=day, end_date=day, page_size=1000)
        listed = city.quality.ListAgreements(request).agreements
        found = {(each.criterion, each.first_reader, each.second_reader): each for each in listed}
        pair = found["attitude", "quality-401", "quality-402"]
        assert pair.pairs >= 2
        assert pair.observed == 1
        assert pair.kappa == pytest.approx(1)
        assert found["attitude", "", ""].pairs == pair.pairs
