"""The methods about contributions of the public: translates, nothing more."""

from hotline.knowledge.v1 import contribution_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.errors import ResourceNotFound
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_knowledge.adapters import contributions as messages
from hotline_knowledge.adapters.messages import kind_of
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.entrypoints.part import Part
from hotline_knowledge.handlers import contributions as handlers


class Contributions(Part):
    """One method for each RPC about contributions."""

    def SubmitContribution(
        self, request: service_pb2.SubmitContributionRequest, call: Call
    ) -> service_pb2.SubmitContributionResponse:
        def submit(tx: Store) -> service_pb2.SubmitContributionResponse:
            contribution = handlers.submit_contribution(
                title=request.title, text=request.text, credit=request.credit, tx=tx, now=self._clock.now()
            )
            return service_pb2.SubmitContributionResponse(
                receipt=str(contribution.receipt), state=messages.state_value(contribution.state)
            )

        return self._commands.run(request, call, service_pb2.SubmitContributionResponse, submit)

    def TrackContribution(
        self, request: service_pb2.TrackContributionRequest, call: Call
    ) -> service_pb2.TrackContributionResponse:
        with self._database.transaction(actor=call.principal) as tx:
            contribution = tx.contribution_of_receipt(uuid_of(request.receipt, field="receipt"))
        if contribution is None:
            raise ResourceNotFound(resource="contribution of that receipt")
        return service_pb2.TrackContributionResponse(
            state=messages.state_value(contribution.state), reason=contribution.reason, entry=contribution.entry
        )

    def GetContribution(self, request: service_pb2.GetContributionRequest, call: Call) -> contribution_pb2.Contribution:
        with self._database.transaction(actor=call.principal) as tx:
            contribution = tx.contribution(uuid_of(request.name))
            if contribution is None:
                raise ResourceNotFound(resource=request.name)
            tx.record(action="knowledge.contributions.get", resource=contribution.name, time=self._clock.now())
        return messages.contribution_message(contribution)

    def ListContributions(
        self, request: service_pb2.ListContributionsRequest, call: Call
    ) -> service_pb2.ListContributionsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = tx.contributions(
                state=messages.state_of(request.state), after=page.after_uuid(), limit=page.size + 1
            )
            kept, token = page.cut(found, key=lambda contribution: [contribution.id])
            for contribution in kept:
                tx.record(action="knowledge.contributions.list", resource=contribution.name, time=self._clock.now())
        return service_pb2.ListContributionsResponse(
            contributions=[messages.contribution_message(contribution) for contribution in kept], next_page_token=token
        )

    def EditContribution(
        self, request: service_pb2.EditContributionRequest, call: Call
    ) -> contribution_pb2.Contribution:
        return self._commands.run(
            request,
            call,
            contribution_pb2.Contribution,
            lambda tx: messages.contribution_message(
                handlers.edit_contribution(
                    contribution_id=uuid_of(request.name),
                    title=request.title,
                    text=request.text,
                    credit=request.credit,
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def AcceptContribution(
        self, request: service_pb2.AcceptContributionRequest, call: Call
    ) -> contribution_pb2.Contribution:
        return self._commands.run(
            request,
            call,
            contribution_pb2.Contribution,
            lambda tx: messages.contribution_message(
                handlers.accept_contribution(
                    contribution_id=uuid_of(request.name),
                    kind=kind_of(request.kind),
                    unit=request.unit,
                    region=request.region,
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )

    def RefuseContribution(
        self, request: service_pb2.RefuseContributionRequest, call: Call
    ) -> contribution_pb2.Contribution:
        return self._commands.run(
            request,
            call,
            contribution_pb2.Contribution,
            lambda tx: messages.contribution_message(
                handlers.refuse_contribution(
                    contribution_id=uuid_of(request.name),
                    reason=request.reason,
                    etag=request.etag,
                    tx=tx,
                    now=self._clock.now(),
                )
            ),
        )
