"""The call a server is answering: who asks, what for, and until when."""

from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from hotline_kernel.auth import Principal


@dataclass(frozen=True, slots=True)
class Call:
    """One remote call, as a servicer sees it.

    principal -- who calls; method -- full name, `/hotline.intake.v1.IntakeService/GetAppeal`;
    permission -- what the proto asks for this method; trace_id -- 32 hex digits, in every log line of the call;
    deadline -- monotonic seconds at which the answer must have left, None outside a server.
    """

    principal: Principal
    method: str
    permission: str
    trace_id: str
    deadline: float | None = None

    def remaining_seconds(self) -> float | None:
        """Time left for the work, at least 0; None when there is no deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - monotonic())


# Lets a client inside a handler pass on what is left of its caller's time (rpc_client).
CURRENT: ContextVar[Call | None] = ContextVar("hotline_call", default=None)
