"""What the callback and quality seats do (Art. 30)."""

from typing import Annotated

import typer
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback

from hotline_cli.client import new_request_id
from hotline_cli.commands.quality import marks_of
from hotline_cli.output import Format, Output, show
from hotline_cli.session import As, person
from hotline_cli.words import Word

app = typer.Typer(no_args_is_help=True)


Marks = Annotated[list[str], typer.Option(help="criterion=met, partly or not_met; once for each criterion")]


@app.command("next-callback")
def next_callback(*, subject: As = "", output: Output = Format.TEXT) -> None:
    """Take the next callback; nobody else asks the same citizen meanwhile (Art. 15, 30)."""
    with person("callback", subject=subject) as seat:
        show(seat.feedback.TakeNextCallback(feedback.TakeNextCallbackRequest(request_id=new_request_id())), output)


@app.command("next-review")
def next_review(*, subject: As = "", output: Output = Format.TEXT) -> None:
    """Take the next quality review, or second reading; nobody else reads it meanwhile (Art. 15, 30)."""
    with person("quality", subject=subject) as seat:
        show(seat.feedback.TakeNextReview(feedback.TakeNextReviewRequest(request_id=new_request_id())), output)


@app.command("call-back")
def call_back(
    callback: Annotated[str, typer.Argument(help="callbacks/…, as `hotline list callbacks` names it")],
    *,
    verdict: Annotated[str, typer.Option(help="satisfied, neutral or dissatisfied")] = "",
    solved: Annotated[bool, typer.Option(help="the citizen says the problem is solved")] = True,
    attempt: Annotated[str, typer.Option(help="no answer was had: no_answer, busy, wrong_number or refused")] = "",
    note: Annotated[str, typer.Option(help="what the citizen added")] = "",
    means: Annotated[str, typer.Option(help="phone, at the hours of the day, or message")] = "phone",
    subject: As = "",
    output: Output = Format.TEXT,
) -> None:
    """Record what the citizen said on a callback, or a try without an answer (Art. 30)."""
    if bool(verdict) == bool(attempt):
        raise typer.BadParameter("give exactly one of --verdict, --attempt")
    asked = Word(callback_pb2.CallbackMeans, "CALLBACK_MEANS").value(means, "--means")
    with person("callback", subject=subject) as seat:
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
    mark: Marks,
    responsibility: Annotated[str, typer.Option(help="unit, operator or none")] = "unit",
    operator: Annotated[str, typer.Option(help="who of the hotline's staff is concerned")] = "",
    subject: As = "",
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
        marks=marks_of(mark),
        request_id=new_request_id(),
    )
    with person("quality", subject=subject) as seat:
        show(seat.feedback.ConcludeReview(request), output)


@app.command("read-again")
def read_again(
    review: Annotated[str, typer.Argument(help="reviews/…, as `hotline next-review` gives it")],
    *,
    outcome: Annotated[str, typer.Option(help="reopened, upheld or explained")],
    cause: Annotated[str, typer.Option(help="why the citizen was dissatisfied")],
    mark: Marks,
    responsibility: Annotated[str, typer.Option(help="unit, operator or none")] = "unit",
    subject: As = "",
    output: Output = Format.TEXT,
) -> None:
    """Read a concluded review again, unseen, so that readers can be compared (ours, Art. 30)."""
    request = feedback.ReadReviewAgainRequest(
        name=review,
        outcome=Word(callback_pb2.ReviewOutcome, "REVIEW_OUTCOME").value(outcome, "--outcome"),
        cause=cause,
        responsibility=Word(callback_pb2.Responsibility, "RESPONSIBILITY").value(responsibility, "--responsibility"),
        marks=marks_of(mark),
        request_id=new_request_id(),
    )
    with person("quality", subject=subject) as seat:
        show(seat.feedback.ReadReviewAgain(request), output)
