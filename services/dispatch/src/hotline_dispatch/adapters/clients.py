"""What dispatch asks other services."""

from hotline.intake.v1.intake_service_pb2 import GetReferralRequest, SealContactRequest, SealedContact
from hotline.intake.v1.intake_service_pb2 import Referral as ReferralMessage
from hotline_kernel.errors import Denied, HotlineError, NotYet, Unavailable
from hotline_kernel.rpc_client import Client

from hotline_dispatch.handlers.ports import Referral


class IntakeReferrals:
    """The reviewed texts, asked of intake."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def referral(self, appeal: str) -> Referral:
        """The text of an appeal. Raises `Unavailable` while intake cannot be reached."""
        answer = self._client.call("GetReferral", GetReferralRequest(name=appeal))
        if not isinstance(answer, ReferralMessage):
            raise TypeError(type(answer).__name__)
        return Referral(title=answer.title, text=answer.text, about_unit=answer.about_unit)


class IntakeContacts:
    """Contacts, sealed by intake: who brought an appeal is never read here."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def sealed(self, *, appeal: str, unit: str, public_keys: bytes, place: str) -> bytes | None:
        """The contact, sealed; None if there is none to give, for the citizen was erased.

        Raises `Unavailable`, and `NotYet` while intake has not heard that the unit leads the order.
        """
        request = SealContactRequest(name=appeal, unit=unit, public_keys=public_keys, place=place)
        try:
            answer = self._client.call("SealContact", request)
        except Unavailable:
            raise
        except Denied as refusal:
            raise NotYet from refusal
        except HotlineError:
            return None
        if not isinstance(answer, SealedContact):
            raise TypeError(type(answer).__name__)
        return answer.sealed
