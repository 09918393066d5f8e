"""What the callback and quality seats do (Art. 30)."""

from typing import Annotated

import typer
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)


@app.command("call-back")
def call_back(
    callback: Annotated[str, typer.Argument(help="callbacks/…, as `hotline list callbacks` names it")],
    *,
    verdict: Annotated[str, typer.Option(help="satisfied, neutral or dissatisfied")] = "",
    solved: Annotated[bool, typer.Option(help="the citizen says the problem is solved")] = True,
    attempt: Annotated[str, typer.Option(help="no answer was had: no_answer, busy, wrong_number or refused")] = "",
    note: Annotated[str, typer.Option(help="what the citizen added")] = "",
    means: Annotated[str, typer.Option(help="phone, at the hours of the day, or message")] = "phone",
    output: Output = Format.TEXT,
) -> None:
    """Record what the citizen said on a callback, or a try without an answer (Art. 30)."""
    if bool(verdict) == bool(attempt):
        raise typer.BadParameter("give exactly one of --verdict, --attempt")
    asked = Word(callback_pb2.CallbackMeans, "CALLBACK_MEANS").value(means, "--means")
    with person("callback") as seat:
        if attempt:
            outcome = Word(callback_pb2.AttemptOutcome, "ATTEMPT_OUTCOME").value(attempt, "--attempt")
            tried = feedback.RecordAttemptRequest(
                name=callback, outcome=outcome, means=asked, request_id=new_request_id()
            )
            show(seat.feedback.RecordAttempt(tried), output)
        else:
            said = feedback.CompleteCallbackRequest(
                name=callback,
                verdict=Word(callback_pb2.Verdict, "VERDICT").value(verdict, "--verdict"),
                solved=solved,
                note=note,
                means=asked,
                request_id=new_request_id(),
            )
            show(seat.feedback.CompleteCallback(said), output)


@app.command()
def evaluate(
    appeal: Annotated[str, typer.Argument(help="appeals/…, answered directly")],
    *,
    verdict: Annotated[str, typer.Option(help="satisfied, neutral or dissatisfied")] = "",
    key: Annotated[str, typer.Option(help="or the digit pressed or texted: 1, 2 or 3")] = "",
    means: Annotated[str, typer.Option(help="spoken, phone_key, sms, link or wechat")] = "spoken",
    output: Output = Format.TEXT,
) -> None:
    """Record what the citizen thinks of a direct answer (Art. 30)."""
    if bool(verdict) == bool(key):
        raise typer.BadParameter("give exactly one of --verdict, --key")
    request = feedback.EvaluateAnswerRequest(
        appeal=appeal,
        verdict=Word(callback_pb2.Verdict, "VERDICT").value(verdict or "unspecified", "--verdict"),
        key=key,
        means=Word(callback_pb2.EvaluationMeans, "EVALUATION_MEANS").value(means, "--means"),
        request_id=new_request_id(),
    )
    with person("operator") as operator:
        show(operator.feedback.EvaluateAnswer(request), output)


@app.command()
def conclude(
    review: Annotated[str, typer.Argument(help="reviews/…, as `hotline list reviews` names it")],
    *,
    outcome: Annotated[str, typer.Option(help="reopened, upheld or explained")],
    cause: Annotated[str, typer.Option(help="why the citizen was dissatisfied")],
    remedy: Annotated[str, typer.Option(help="what is done about it")],
    responsibility: Annotated[str, typer.Option(help="unit, operator or none")] = "unit",
    operator: Annotated[str, typer.Option(help="who of the hotline's staff is concerned")] = "",
    output: Output = Format.TEXT,
) -> None:
    """End a quality review; a confirmed problem reopens the order (Art. 28(3), 30)."""
    request = feedback.ConcludeReviewRequest(
        name=review,
        outcome=Word(callback_pb2.ReviewOutcome, "REVIEW_OUTCOME").value(outcome, "--outcome"),
        cause=cause,
        responsibility=Word(callback_pb2.Responsibility, "RESPONSIBILITY").value(responsibility, "--responsibility"),
        operator=operator,
        remedy=remedy,
        request_id=new_request_id(),
    )
    with person("quality") as seat:
        show(seat.feedback.ConcludeReview(request), output)
