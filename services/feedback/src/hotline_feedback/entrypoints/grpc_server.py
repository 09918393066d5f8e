"""FeedbackService: translates, nothing more."""

from collections.abc import Sequence
from datetime import timedelta

from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_feedback.adapters import messages, scorecard_messages
from hotline_feedback.adapters.postgres import Store
from hotline_feedback.domain.callback import Callback, CallRules
from hotline_feedback.domain.rates import RankRules, rated
from hotline_feedback.domain.review import QualityReview
from hotline_feedback.domain.scorecard import Reading, agreements, operator_scores
from hotline_feedback.handlers import callbacks, evaluations, reviews, scorecards

_LAST = 2**31 - 1  # more than any version


class FeedbackServicer:
    """One method for each RPC."""

    def __init__(
        self,
        *,
        database: Database[Store],
        clock: Clock,
        call_rules: CallRules,
        rank_rules: RankRules,
        double_review_share: float,
        hold: timedelta,
    ) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._call_rules = call_rules
        self._rank_rules = rank_rules
        self._double_review_share = double_review_share
        self._hold = hold

    def GetCallback(self, request: service_pb2.GetCallbackRequest, call: Call) -> callback_pb2.Callback:
        with self._database.transaction(actor=call.principal) as tx:
            callback = tx.callback(uuid_of(request.name))
        if callback is None:
            raise ResourceNotFound(resource=request.name)
        return self._callback_message(callback)

    def ListCallbacks(self, request: service_pb2.ListCallbacksRequest, call: Call) -> service_pb2.ListCallbacksResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.callbacks(
                state=messages.state_of(request.state),
                unit=request.unit,
                work_order=uuid_of(request.work_order, field="work_order") if request.work_order else None,
                overdue=request.overdue,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda callback: [callback.id])
        return service_pb2.ListCallbacksResponse(
            callbacks=[self._callback_message(callback) for callback in kept], next_page_token=token
        )

    def TakeNextCallback(self, request: service_pb2.TakeNextCallbackRequest, call: Call) -> service_pb2.TakenCallback:
        def take(tx: Store) -> service_pb2.TakenCallback:
            taken = callbacks.take_next_callback(rules=self._call_rules, hold=self._hold, tx=tx, now=self._clock.now())
            return service_pb2.TakenCallback(callback=self._callback_message(taken) if taken else None)

        return self._commands.run(request, call, service_pb2.TakenCallback, take)

    def RecordAttempt(self, request: service_pb2.RecordAttemptRequest, call: Call) -> callback_pb2.Callback:
        return self._commands.run(
            request,
            call,
            callback_pb2.Callback,
            lambda tx: self._callback_message(
                callbacks.record_attempt(
                    callback_id=uuid_of(request.name),
                    outcome=messages.attempt_outcome_of(request.outcome),
                    means=messages.means_of(request.means),
                    etag=request.etag,
                    rules=self._call_rules,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def CompleteCallback(self, request: service_pb2.CompleteCallbackRequest, call: Call) -> callback_pb2.Callback:
        return self._commands.run(
            request,
            call,
            callback_pb2.Callback,
            lambda tx: self._callback_message(
                callbacks.complete_callback(
                    callback_id=uuid_of(request.name),
                    verdict=messages.verdict_of(request.verdict),
                    solved=request.solved,
                    note=request.note,
                    means=messages.means_of(request.means),
                    etag=request.etag,
                    rules=self._call_rules,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def EvaluateAnswer(self, request: service_pb2.EvaluateAnswerRequest, call: Call) -> callback_pb2.Evaluation:
        return self._commands.run(
            request,
            call,
            callback_pb2.Evaluation,
            lambda tx: messages.evaluation_message(
                evaluations.evaluate_answer(
                    appeal_id=uuid_of(request.appeal, field="appeal"),
                    verdict=messages.verdict_said(request.verdict, request.key),
                    means=messages.evaluation_means_of(request.means),
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def ListEvaluations(
        self, request: service_pb2.ListEvaluationsRequest, call: Call
    ) -> service_pb2.ListEvaluationsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.evaluations(
                appeal=uuid_of(request.appeal, field="appeal") if request.appeal else None,
                verdict=messages.verdict_of(request.verdict) if request.verdict else None,
                is_open=request.open,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda evaluation: [evaluation.id])
        return service_pb2.ListEvaluationsResponse(
            evaluations=[messages.evaluation_message(evaluation) for evaluation in kept], next_page_token=token
        )

    def GetReview(self, request: service_pb2.GetReviewRequest, call: Call) -> callback_pb2.QualityReview:
        with self._database.transaction(actor=call.principal) as tx:
            review = tx.review(uuid_of(request.name))
        if review is None:
            raise ResourceNotFound(resource=request.name)
        return self._review_message(review, call)

    def ListReviews(self, request: service_pb2.ListReviewsRequest, call: Call) -> service_pb2.ListReviewsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.reviews(
                is_open=request.open,
                second_wanted=request.second_wanted,
                unit=request.unit,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda review: [review.id])
        return service_pb2.ListReviewsResponse(
            reviews=[self._review_message(review, call) for review in kept], next_page_token=token
        )

    def TakeNextReview(self, request: service_pb2.TakeNextReviewRequest, call: Call) -> service_pb2.TakenReview:
        def take(tx: Store) -> service_pb2.TakenReview:
            taken = reviews.take_next_review(hold=self._hold, tx=tx, now=self._clock.now())
            return service_pb2.TakenReview(review=self._review_message(taken, call) if taken else None)

        return self._commands.run(request, call, service_pb2.TakenReview, take)

    def ReadReviewAgain(self, request: service_pb2.ReadReviewAgainRequest, call: Call) -> callback_pb2.QualityReview:
        return self._commands.run(
            request,
            call,
            callback_pb2.QualityReview,
            lambda tx: self._review_message(
                reviews.read_review_again(
                    review_id=uuid_of(request.name),
                    outcome=messages.review_outcome_of(request.outcome),
                    cause=request.cause,
                    responsibility=messages.responsibility_of(request.responsibility),
                    marks=scorecard_messages.marks_of(request.marks),
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                ),
                call,
            ),
        )

    def ConcludeReview(self, request: service_pb2.ConcludeReviewRequest, call: Call) -> callback_pb2.QualityReview:
        return self._commands.run(
            request,
            call,
            callback_pb2.QualityReview,
            lambda tx: self._review_message(
                reviews.conclude_review(
                    review_id=uuid_of(request.name),
                    outcome=messages.review_outcome_of(request.outcome),
                    cause=request.cause,
                    responsibility=messages.responsibility_of(request.responsibility),
                    operator=request.operator,
                    remedy=request.remedy,
                    marks=scorecard_messages.marks_of(request.marks),
                    share=self._double_review_share,
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                ),
                call,
            ),
        )

    def ListSatisfactionRates(
        self, request: service_pb2.ListSatisfactionRatesRequest, call: Call
    ) -> service_pb2.ListSatisfactionRatesResponse:
        page = Page.read(request)
        period = messages.period_of(request)
        with self._database.transaction(actor=call.principal) as tx:
            tallies = tx.tallies(grouping=messages.grouping_of(request.grouping), period=period)
        # Every group has a part in the places, so all are counted for each page; there are some hundreds.
        found = [rate for rate in rated(tallies, rules=self._rank_rules) if rate.tally.group > page.after_text()]
        kept, token = page.cut(found[: page.size + 1], key=lambda rate: [rate.tally.group])
        return service_pb2.ListSatisfactionRatesResponse(
            rates=[messages.rate_message(rate) for rate in kept],
            next_page_token=token,
            least_asked=self._rank_rules.least_asked,
            confidence=self._rank_rules.confidence,
        )

    def ListRatedCallbacks(
        self, request: service_pb2.ListRatedCallbacksRequest, call: Call
    ) -> service_pb2.ListRatedCallbacksResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.ended_callbacks(
                grouping=messages.grouping_of(request.grouping),
                group=request.group,
                period=messages.period_of(request),
                verdict=messages.verdict_of(request.verdict) if request.verdict else None,
                after=messages.moment_position(page.after),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda callback: [callback.complete_time, callback.id])
        return service_pb2.ListRatedCallbacksResponse(
            callbacks=[self._callback_message(callback) for callback in kept], next_page_token=token
        )

    def PublishCriteria(self, request: service_pb2.PublishCriteriaRequest, call: Call) -> scorecard_pb2.Criteria:
        return self._commands.run(
            request,
            call,
            scorecard_pb2.Criteria,
            lambda tx: scorecard_messages.criteria_message(
                scorecards.publish_criteria(
                    scope=scorecard_messages.scope_of(request.scope),
                    criteria=scorecard_messages.criteria_of(request.criteria),
                    note=request.note,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def ListCriteria(self, request: service_pb2.ListCriteriaRequest, call: Call) -> service_pb2.ListCriteriaResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.criteria(
                scope=scorecard_messages.scope_of(request.scope),
                before=min(page.after_number() or _LAST, _LAST),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda criteria: [criteria.version])
        return service_pb2.ListCriteriaResponse(
            criteria=[scorecard_messages.criteria_message(criteria) for criteria in kept], next_page_token=token
        )

    def ScoreOperator(self, request: service_pb2.ScoreOperatorRequest, call: Call) -> scorecard_pb2.Scorecard:
        return self._commands.run(
            request,
            call,
            scorecard_pb2.Scorecard,
            lambda tx: scorecard_messages.card_message(
                scorecards.score_operator(
                    subject=request.subject,
                    operator=request.operator,
                    marks=scorecard_messages.marks_of(request.marks),
                    note=request.note,
                    share=self._double_review_share,
                    tx=tx,
                    now=self._clock.now(),
                ),
                reader=call.principal,
            ),
        )

    def ListScorecards(
        self, request: service_pb2.ListScorecardsRequest, call: Call
    ) -> service_pb2.ListScorecardsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.cards(
                operator=request.operator,
                second_wanted=request.second_wanted,
                after=page.after_uuid(),
                limit=page.size + 1,
            )
        kept, token = page.cut(found, key=lambda card: [card.id])
        return service_pb2.ListScorecardsResponse(
            scorecards=[scorecard_messages.card_message(card, reader=call.principal) for card in kept],
            next_page_token=token,
        )

    def ListOperatorScores(
        self, request: service_pb2.ListOperatorScoresRequest, call: Call
    ) -> service_pb2.ListOperatorScoresResponse:
        page = Page.read(request)
        period = messages.period_of(request)
        with self._database.transaction(actor=call.principal) as tx:
            cards, reviews = tx.cards_in(period), tx.answerable_reviews(period)
        found = [score for score in operator_scores(cards) if score.operator > page.after_text()]
        kept, token = page.cut(found[: page.size + 1], key=lambda score: [score.operator])
        return service_pb2.ListOperatorScoresResponse(
            scores=[scorecard_messages.operator_score_message(score, reviews=reviews) for score in kept],
            next_page_token=token,
        )

    def ListAgreements(
        self, request: service_pb2.ListAgreementsRequest, call: Call
    ) -> service_pb2.ListAgreementsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            period = messages.period_of(request)
            pairs: Sequence[tuple[Reading, Reading]] = (
                tx.review_pairs_in(period)
                if request.twice_read == scorecard_pb2.TWICE_READ_REVIEW
                else tx.pairs_in(period)
            )
        after = tuple(page.after or ())
        found = [agreement for agreement in agreements(pairs) if agreement.key > after]
        kept, token = page.cut(found[: page.size + 1], key=lambda agreement: agreement.key)
        return service_pb2.ListAgreementsResponse(
            agreements=[scorecard_messages.agreement_message(agreement) for agreement in kept], next_page_token=token
        )

    def _callback_message(self, callback: Callback) -> callback_pb2.Callback:
        return messages.callback_message(callback, now=self._clock.now(), rules=self._call_rules)

    def _review_message(self, review: QualityReview, call: Call) -> callback_pb2.QualityReview:
        return messages.review_message(review, reader=call.principal, now=self._clock.now())
