"""IntakeService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as service_pb2
from hotline_kernel import telemetry
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page
from hotline_kernel.reads import Reads

from hotline_intake.adapters import messages
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.appeal import Appeal
from hotline_intake.domain.repeat import Measure
from hotline_intake.handlers import appeals as handlers
from hotline_intake.handlers.ports import Trees, Vault


class IntakeServicer:
    """One method for each RPC."""

    def __init__(
        self,
        *,
        database: Database[Store],
        clock: Clock,
        vault: Vault,
        trees: Trees,
        division: str,
        reads: Reads,
        measure: Measure,
    ) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._vault = vault
        self._trees = trees
        self._division = division
        self._reads = reads
        self._measure = measure

    def RegisterAppeal(self, request: service_pb2.RegisterAppealRequest, call: Call) -> appeal_pb2.Appeal:
        registration = messages.registration_of(request)
        appeal = self._change(
            request,
            call,
            lambda tx: handlers.register_appeal(
                registration=registration,
                division=self._division,
                permission=call.permission,
                tx=tx,
                vault=self._vault,
                trees=self._trees,
                now=self._clock.now(),
            ),
        )
        telemetry.APPEALS_REGISTERED.labels("intake", registration.channel.lower()).inc()
        return appeal

    def GetAppeal(self, request: service_pb2.GetAppealRequest, call: Call) -> appeal_pb2.Appeal:
        with self._database.transaction(actor=call.principal) as tx:
            return messages.appeal_message(tx.appeal(appeal_id=uuid_of(request.name)))

    def ListAppeals(self, request: service_pb2.ListAppealsRequest, call: Call) -> service_pb2.ListAppealsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.list_appeals(
                filters=messages.filters_of(request),
                phone=request.phone,
                category=request.category,
                before=page.after_uuid(),
                limit=page.size + 1,
                permission=call.permission,
                reads=self._reads,
                tx=tx,
                vault=self._vault,
                trees=self._trees,
                now=self._clock.now(),
            )
        kept, token = page.cut(found, key=lambda appeal: [appeal.id])
        return service_pb2.ListAppealsResponse(
            appeals=[messages.appeal_message(appeal) for appeal in kept], next_page_token=token
        )

    def TrackAppeal(self, request: service_pb2.TrackAppealRequest, call: Call) -> service_pb2.AppealProgress:
        with self._database.transaction(actor=call.principal) as tx:
            return messages.progress_message(*handlers.track_appeal(typed=request.tracking_code, tx=tx))

    def DeclineAppeal(self, request: service_pb2.DeclineAppealRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.decline_appeal(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                ground=messages.ground_of(request.ground),
                referral=request.referral,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def ReinstateAppeal(self, request: service_pb2.ReinstateAppealRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.reinstate_appeal(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def AnswerAppeal(self, request: service_pb2.AnswerAppealRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.answer_appeal(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                text=request.text,
                entry=request.entry,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def DraftWorkOrder(self, request: service_pb2.DraftWorkOrderRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.draft_work_order(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                content=messages.content_of(request.draft),
                permission=call.permission,
                tx=tx,
                vault=self._vault,
                now=self._clock.now(),
            ),
        )

    def ReleaseDraft(self, request: service_pb2.ReleaseDraftRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.release_draft(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                content=messages.content_of(request.content) if request.HasField("content") else None,
                no_directive_reason=request.no_directive_reason.strip(),
                permission=call.permission,
                tx=tx,
                vault=self._vault,
                measure=self._measure,
                now=self._clock.now(),
            ),
        )

    def ReturnDraft(self, request: service_pb2.ReturnDraftRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.return_draft(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def ListDrafts(self, request: service_pb2.ListDraftsRequest, call: Call) -> service_pb2.ListDraftsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.list_drafts(
                appeal_id=uuid_of(request.parent, field="parent"),
                after=page.after_number(),
                limit=page.size + 1,
                tx=tx,
            )
        kept, token = page.cut(found, key=lambda each: [each[0]])
        return service_pb2.ListDraftsResponse(
            drafts=[messages.draft_message(draft) for _, draft in kept], next_page_token=token
        )

    def ReclassifyAppeal(self, request: service_pb2.ReclassifyAppealRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.reclassify_appeal(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                correction=messages.correction_of(request),
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                vault=self._vault,
                trees=self._trees,
                measure=self._measure,
                now=self._clock.now(),
            ),
        )

    def ListReclassifications(
        self, request: service_pb2.ListReclassificationsRequest, call: Call
    ) -> service_pb2.ListReclassificationsResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            found = handlers.list_reclassifications(
                appeal_id=uuid_of(request.parent, field="parent"),
                after=page.after_number(),
                limit=page.size + 1,
                tx=tx,
            )
        kept, token = page.cut(found, key=lambda each: [each[0]])
        return service_pb2.ListReclassificationsResponse(
            reclassifications=[messages.reclassification_message(each) for _, each in kept], next_page_token=token
        )

    def ClearEmergency(self, request: service_pb2.ClearEmergencyRequest, call: Call) -> appeal_pb2.Appeal:
        return self._change(
            request,
            call,
            lambda tx: handlers.clear_emergency(
                appeal_id=uuid_of(request.name),
                etag=request.etag,
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                now=self._clock.now(),
            ),
        )

    def ReadAppealText(self, request: service_pb2.ReadAppealTextRequest, call: Call) -> service_pb2.AppealText:
        with self._database.transaction(actor=call.principal) as tx:
            text = handlers.read_appeal_text(
                appeal_id=uuid_of(request.name),
                permission=call.permission,
                reads=self._reads,
                tx=tx,
                vault=self._vault,
                now=self._clock.now(),
            )
        return service_pb2.AppealText(text=text)

    def GetReferral(self, request: service_pb2.GetReferralRequest, call: Call) -> service_pb2.Referral:
        with self._database.transaction(actor=call.principal) as tx:
            appeal = tx.appeal(appeal_id=uuid_of(request.name))
        released = appeal.released_content()
        return service_pb2.Referral(title=appeal.title, text=released.text, about_unit=released.about_unit)

    def RevealContact(self, request: service_pb2.RevealContactRequest, call: Call) -> service_pb2.Contact:
        with self._database.transaction(actor=call.principal) as tx:
            contact = handlers.reveal_contact(
                appeal_id=uuid_of(request.name),
                purpose=request.purpose,
                permission=call.permission,
                reads=self._reads,
                tx=tx,
                vault=self._vault,
                now=self._clock.now(),
            )
        return messages.contact_message(contact)

    def SealContact(self, request: service_pb2.SealContactRequest, call: Call) -> service_pb2.SealedContact:
        with self._database.transaction(actor=call.principal) as tx:
            sealed = handlers.seal_contact(
                appeal_id=uuid_of(request.name),
                unit=request.unit,
                public_keys=request.public_keys,
                place=request.place,
                permission=call.permission,
                tx=tx,
                vault=self._vault,
                now=self._clock.now(),
            )
        return service_pb2.SealedContact(sealed=sealed)

    def EraseCitizen(self, request: service_pb2.EraseCitizenRequest, call: Call) -> service_pb2.EraseCitizenResponse:
        def erase(tx: Store) -> service_pb2.EraseCitizenResponse:
            now = self._clock.now()
            handlers.erase_citizen(
                citizen_id=uuid_of(request.name), reason=request.reason, permission=call.permission, tx=tx, now=now
            )
            return messages.erase_message(now)

        return self._commands.run(request, call, service_pb2.EraseCitizenResponse, erase)

    def ListMessages(self, request: service_pb2.ListMessagesRequest, call: Call) -> service_pb2.ListMessagesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            appeal = tx.appeal(appeal_id=uuid_of(request.parent, field="parent"))
            found = tx.messages(appeal_id=appeal.id, after=page.after_number(), limit=page.size + 1)
        kept, token = page.cut(found, key=lambda message: [message.number])
        return service_pb2.ListMessagesResponse(
            messages=[messages.citizen_message(appeal.name, message) for message in kept], next_page_token=token
        )

    def _change(self, request: Message, call: Call, work: Callable[[Store], Appeal]) -> appeal_pb2.Appeal:
        return self._commands.run(request, call, appeal_pb2.Appeal, lambda tx: messages.appeal_message(work(tx)))
