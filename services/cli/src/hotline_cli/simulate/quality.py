"""How the quality seat scores operators (Art. 21, 30)."""

from random import Random

from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.feedback.v1 import scorecard_pb2
from hotline.intake.v1 import intake_service_pb2 as intake

from hotline_cli.client import Hotline, new_request_id

_READERS = ("quality-401", "quality-402")
_CRITERIA = ("courtesy", "attitude", "language", "registration", "handling")
_GRADES = (scorecard_pb2.GRADE_MET, scorecard_pb2.GRADE_PARTLY, scorecard_pb2.GRADE_NOT_MET)


def score(hotline: Hotline, appeal: str, random: Random) -> None:
    """One reader scores who answered an appeal; what is in the sample, another one too."""
    operator = hotline.person("office").intake.GetAppeal(intake.GetAppealRequest(name=appeal)).answer.actor
    # Drawn for both, because who is read twice hangs on names, which are not of the seed.
    drawn = [random.choices(_GRADES, (85, 12, 3), k=len(_CRITERIA)) for _ in _READERS]
    for reader, grades in zip(_READERS, drawn, strict=True):
        marks = [
            scorecard_pb2.Mark(criterion=criterion, grade=grade)
            for criterion, grade in zip(_CRITERIA, grades, strict=True)
        ]
        request = feedback.ScoreOperatorRequest(
            subject=appeal, operator=operator, marks=marks, request_id=new_request_id()
        )
        if not hotline.person("quality", subject=reader).feedback.ScoreOperator(request).second_wanted:
            return
