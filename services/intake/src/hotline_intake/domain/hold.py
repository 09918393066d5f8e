"""Legal holds: what somebody may have to answer for is not erased (Art. 36)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed


class HoldReleased(StateNotAllowed):
    """{resource} was released already."""

    article = "Art. 36"
    zh = "{resource} 已解除，不能重复解除（第三十六条）。"


class CitizenHeld(Refused):
    """{resource} is on legal hold and cannot be erased."""

    reason = "CITIZEN_HELD"
    article = "Art. 36"
    zh = "该群众的信息处于依法保全状态，暂不能删除。"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A hold on what is kept of a citizen."""

    id: UUID
    citizen_id: UUID
    reason: str
    actor: str
    create_time: datetime
    release_actor: str = ""
    release_reason: str = ""
    release_time: datetime | None = None

    @property
    def name(self) -> str:
        """Resource name."""
        return f"holds/{self.id}"

    def released(self, *, actor: str, reason: str, now: datetime) -> "Hold":
        """Ends it. Raises `HoldReleased`."""
        if self.release_time is not None:
            raise HoldReleased(resource=self.name)
        return replace(self, release_actor=actor, release_reason=reason, release_time=now)
