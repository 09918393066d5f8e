"""The RPC about who should lead (Art. 3)."""

from hotline.dispatch.v1 import dispatch_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Database

from hotline_dispatch.adapters import messages
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.adapters.texts import EarlierTexts
from hotline_dispatch.entrypoints.base import Rpcs
from hotline_dispatch.handlers import leads
from hotline_dispatch.settings import Settings


class LeadRpcs(Rpcs):
    """Who should lead."""

    def __init__(self, *, database: Database[Store], clock: Clock, settings: Settings) -> None:
        super().__init__(database=database, clock=clock, settings=settings)
        self._texts = EarlierTexts(orders=settings.suggestion_orders)

    def SuggestLead(self, request: service_pb2.SuggestLeadRequest, call: Call) -> service_pb2.SuggestLeadResponse:
        """Units that may lead, with reasons; a person decides (Art. 3)."""
        with self._database.transaction(actor=call.principal) as tx:
            words = self._texts.words(tx=tx, now=self._clock.now()) if request.text else None
            found = leads.suggest_lead(
                region=request.region, category=request.category, text=request.text, words=words, tx=tx
            )
        return service_pb2.SuggestLeadResponse(suggestions=[messages.suggestion(each) for each in found])
