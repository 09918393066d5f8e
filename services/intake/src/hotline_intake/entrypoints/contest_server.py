"""ContestService: translates, nothing more."""

from hotline.intake.v1 import contest_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page
from hotline_kernel.reads import Reads

from hotline_intake.adapters.messages import contest_message
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.contest import ContestState
from hotline_intake.handlers import contests as handlers
from hotline_intake.handlers.ports import Vault


class ContestServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, vault: Vault, reads: Reads) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._vault = vault
        self._reads = reads

    def ContestDecline(self, request: service_pb2.ContestDeclineRequest, call: Call) -> service_pb2.Contest:
        def contest(tx: Store) -> service_pb2.Contest:
            made = contest_message(
                handlers.contest_decline(
                    typed=request.tracking_code,
                    reason=request.reason,
                    permission=call.permission,
                    tx=tx,
                    vault=self._vault,
                    now=self._clock.now(),
                )
            )
            made.ClearField("decliner")  # who sat there is nothing that a citizen needs
            return made

        return self._commands.run(request, call, service_pb2.Contest, contest)

    def ListContests(self, request: service_pb2.ListContestsRequest, call: Call) -> service_pb2.ListContestsResponse:
        page = Page.read(request)
        name = service_pb2.ContestState.Name(request.state).removeprefix("CONTEST_STATE_")
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.list_contests(
                state=ContestState(name) if request.state else None,
                before=page.after_uuid(),
                limit=page.size + 1,
                tx=tx,
            )
        kept, token = page.cut(found, key=lambda each: [each.id])
        return service_pb2.ListContestsResponse(
            contests=[contest_message(each) for each in kept], next_page_token=token
        )

    def ReadContest(self, request: service_pb2.ReadContestRequest, call: Call) -> service_pb2.ContestText:
        with self._database.transaction(actor=call.principal) as tx:
            text = handlers.read_contest(
                contest_id=uuid_of(request.name),
                permission=call.permission,
                reads=self._reads,
                tx=tx,
                vault=self._vault,
                now=self._clock.now(),
            )
        return service_pb2.ContestText(text=text)

    def DecideContest(self, request: service_pb2.DecideContestRequest, call: Call) -> service_pb2.Contest:
        def decide(tx: Store) -> service_pb2.Contest:
            return contest_message(
                handlers.decide_contest(
                    contest_id=uuid_of(request.name),
                    upheld=request.upheld,
                    decision=request.decision,
                    permission=call.permission,
                    tx=tx,
                    now=self._clock.now(),
                )
            )

        return self._commands.run(request, call, service_pb2.Contest, decide)
