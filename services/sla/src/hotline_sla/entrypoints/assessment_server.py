"""AssessmentService: translates, nothing more."""

from hotline.sla.v1 import assessment_service_pb2 as service_pb2
from hotline.sla.v1 import notice_pb2, weights_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.paging import Page

from hotline_sla.adapters import assessment_messages as messages
from hotline_sla.adapters.messages import period_of
from hotline_sla.adapters.postgres import Store
from hotline_sla.entrypoints.visibility import visible_unit
from hotline_sla.handlers import assessment, notices


class AssessmentServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock

    def PublishWeights(self, request: service_pb2.PublishWeightsRequest, call: Call) -> weights_pb2.Weights:
        draft = messages.draft_of(request)

        def work(tx: Store) -> weights_pb2.Weights:
            return messages.weights_message(assessment.publish_weights(draft=draft, tx=tx, now=self._clock.now()))

        return self._commands.run(request, call, weights_pb2.Weights, work)

    def GetWeights(self, request: service_pb2.GetWeightsRequest, call: Call) -> weights_pb2.Weights:
        with self._database.transaction(actor=call.principal) as tx:
            return messages.weights_message(assessment.get_weights(name=request.name, tx=tx))

    def ListWeights(self, request: service_pb2.ListWeightsRequest, call: Call) -> service_pb2.ListWeightsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            published = list(enumerate(tx.published_weights(), start=1))
        after = page.after_number()
        kept, token = page.cut(published[after : after + page.size + 1], key=lambda row: [row[0]])
        return service_pb2.ListWeightsResponse(
            weights=[messages.weights_message(weights) for _, weights in kept], next_page_token=token
        )

    def ListTradeScores(
        self, request: service_pb2.ListTradeScoresRequest, call: Call
    ) -> service_pb2.ListTradeScoresResponse:
        page = Page.read(request)
        start, end = messages.scored_days(request)
        with self._database.transaction(actor=call.principal) as tx:
            lines, weights = assessment.trade_scores(start=start, end=end, tx=tx)
        beyond = [line for line in lines if line.name > page.after_text()]
        kept, token = page.cut(beyond[: page.size + 1], key=lambda line: [line.name])
        return service_pb2.ListTradeScoresResponse(
            scores=[messages.line_message(line, version=weights.version) for line in kept], next_page_token=token
        )

    def IssueStatisticsNotice(
        self, request: service_pb2.IssueStatisticsNoticeRequest, call: Call
    ) -> notice_pb2.StatisticsNotice:
        period = messages.statistics_period(request)

        def work(tx: Store) -> notice_pb2.StatisticsNotice:
            notice = notices.issue_statistics_notice(period=period, remark=request.remark, tx=tx, now=self._clock.now())
            return messages.statistics_message(notice, with_lines=True)

        return self._commands.run(request, call, notice_pb2.StatisticsNotice, work)

    def CorrectStatisticsNotice(
        self, request: service_pb2.CorrectStatisticsNoticeRequest, call: Call
    ) -> notice_pb2.StatisticsNotice:
        def work(tx: Store) -> notice_pb2.StatisticsNotice:
            notice = notices.correct_statistics_notice(
                name=request.name, reason=request.reason, remark=request.remark, tx=tx, now=self._clock.now()
            )
            return messages.statistics_message(notice, with_lines=True)

        return self._commands.run(request, call, notice_pb2.StatisticsNotice, work)

    def GetStatisticsNotice(
        self, request: service_pb2.GetStatisticsNoticeRequest, call: Call
    ) -> notice_pb2.StatisticsNotice:
        with self._database.transaction(actor=call.principal) as tx:
            notice = notices.get_statistics_notice(name=request.name, tx=tx)
        return messages.statistics_message(notice, with_lines=True)

    def ListStatisticsNotices(
        self, request: service_pb2.ListStatisticsNoticesRequest, call: Call
    ) -> service_pb2.ListStatisticsNoticesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_statistics_notices(
                kind=messages.kind_of(request.kind), after=page.after_uuid(), limit=page.size + 1
            )
        kept, token = page.cut(found, key=lambda notice: [notice.id])
        return service_pb2.ListStatisticsNoticesResponse(
            statistics_notices=[messages.statistics_message(notice, with_lines=False) for notice in kept],
            next_page_token=token,
        )

    def ListNoticeOrders(
        self, request: service_pb2.ListNoticeOrdersRequest, call: Call
    ) -> service_pb2.ListNoticeOrdersResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = notices.orders_behind(
                notice=request.notice,
                unit=visible_unit(call, request.unit),
                trade=request.trade,
                figure=messages.figure_of(request.figure),
                after=page.after_text(),
                limit=page.size + 1,
                tx=tx,
            )
        kept, token = page.cut(found, key=lambda order: [order.work_order])
        return service_pb2.ListNoticeOrdersResponse(
            orders=[messages.order_message(order) for order in kept], next_page_token=token
        )

    def IssueWorkNotice(self, request: service_pb2.IssueWorkNoticeRequest, call: Call) -> notice_pb2.WorkNotice:
        start, end = period_of(request)
        calls = messages.calls_of(request)

        def work(tx: Store) -> notice_pb2.WorkNotice:
            notice = notices.issue_work_notice(
                start=start, end=end, calls=calls, text=request.text, tx=tx, now=self._clock.now()
            )
            return messages.work_message(notice)

        return self._commands.run(request, call, notice_pb2.WorkNotice, work)

    def GetWorkNotice(self, request: service_pb2.GetWorkNoticeRequest, call: Call) -> notice_pb2.WorkNotice:
        with self._database.transaction(actor=call.principal) as tx:
            return messages.work_message(notices.get_work_notice(name=request.name, tx=tx))

    def ListWorkNotices(
        self, request: service_pb2.ListWorkNoticesRequest, call: Call
    ) -> service_pb2.ListWorkNoticesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.list_work_notices(after=page.after_uuid(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda notice: [notice.id])
        return service_pb2.ListWorkNoticesResponse(
            work_notices=[messages.work_message(notice) for notice in kept], next_page_token=token
        )
