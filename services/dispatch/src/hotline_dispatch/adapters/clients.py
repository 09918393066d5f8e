"""What dispatch asks other services."""

from hotline.intake.v1.intake_service_pb2 import GetReferralRequest
from hotline.intake.v1.intake_service_pb2 import Referral as ReferralMessage
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
