"""Whole lives of appeals, driven by clients who keep a ledger of what was acknowledged to them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random, SystemRandom
from typing import TypeVar

from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Hotline, new_request_id
from hotline_kernel.errors import DeadlineTooShort, Unavailable

Answer = TypeVar("Answer")
UNIT = "units/heating-office"
# Of all streams together, from anywhere: who comes in two of them asks again, and a third time is for the principal.
_NUMBERS = count(SystemRandom().randrange(10**7))


def unlike(number: int) -> str:
    """Words that are in no other appeal, so that it is no repeat of one, and point to nothing (Art. 6(1), 23(3))."""
    drawn = Random(number)
    return "".join(chr(drawn.randrange(0x9000, 0x9FA0)) for _ in range(90))


def registration(number: int = 0, *, draft: bool = True) -> intake.RegisterAppealRequest:
    """An invented appeal, with its draft unless told otherwise."""
    return intake.RegisterAppealRequest(
        request_id=new_request_id(),
        channel=appeal_pb2.CHANNEL_PHONE,
        kind=appeal_pb2.APPEAL_KIND_DAILY_LIFE,
        request_type=appeal_pb2.REQUEST_TYPE_HELP,
        asker=appeal_pb2.ASKER_PERSON,
        category="城乡建设/供热",
        region="139902",
        title="暖气不热",
        text=f"家里暖气一直不热,请尽快处理。第{number}件。{unlike(number)}",
        citizen=appeal_pb2.Citizen(full_name="甄好听", phone=f"139{number % 10**8:08d}"),
        draft=appeal_pb2.DraftContent(text="请入户测温并处理", lead_unit=UNIT) if draft else None,
    )


@dataclass
class Ledger:
    """What was acknowledged to the clients, by kind of command: names of what was changed."""

    registered: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)

    @property
    def commands(self) -> int:
        """How many commands were acknowledged."""
        return len(self.registered) + len(self.released) + len(self.reported) + len(self.completed)


class Stream:
    """Clients that live whole lives until told to stop; a command that got no answer is repeated until it does."""

    def __init__(
        self, hotline: Hotline, *, clients: int, give_up_seconds: float = 120.0, first_look_seconds: float = 0.1
    ) -> None:
        """first_look_seconds -- after which a client looks for an effect; doubled from look to look."""
        self.ledger = Ledger()
        self.errors: list[BaseException] = []
        self.call_ms: list[float] = []
        self._hotline = hotline
        self._give_up_seconds = give_up_seconds
        self._first_look_seconds = first_look_seconds
        self._numbers = _NUMBERS
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._live, name=f"client-{n}", daemon=True) for n in range(clients)]

    def start(self) -> None:
        """The clients begin."""
        for thread in self._threads:
            thread.start()

    def wait_for(self, commands: int, *, seconds: float) -> None:
        """Waits until so many commands were acknowledged; raises what a client ran into."""
        give_up = time.monotonic() + seconds
        while self.ledger.commands < commands:
            if self.errors:
                raise self.errors[0]
            assert time.monotonic() < give_up, f"{self.ledger.commands} of {commands} commands after {seconds:.0f} s"
            self._stop.wait(0.02)

    def finish(self) -> Ledger:
        """Every life that began is lived to its end; raises what a client ran into."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        return self.ledger

    def _live(self) -> None:
        try:
            while not self._stop.is_set():
                self.life(next(self._numbers))
        except BaseException as error:  # noqa: BLE001  (told to the test in `finish`)
            self.errors.append(error)

    def life(self, number: int) -> None:
        """Register, dispatch, result, close: four commands and the reads between them."""
        operator, reviewer = self._hotline.person("operator").intake, self._hotline.person("reviewer").intake
        office = self._hotline.person("office").dispatch
        unit = self._hotline.person("unit", unit=UNIT).dispatch
        seat = self._hotline.person("callback").feedback

        appeal = self._insist(operator.RegisterAppeal, registration(number)).name
        self.ledger.registered.append(appeal)
        self._insist(reviewer.ReleaseDraft, intake.ReleaseDraftRequest(name=appeal, request_id=new_request_id()))
        self.ledger.released.append(appeal)

        def dispatched() -> work_order_pb2.WorkOrder | None:
            found = self._insist(office.ListWorkOrders, dispatch.ListWorkOrdersRequest(appeal=appeal)).work_orders
            return found[0] if found and found[0].state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED else None

        order = self._await(dispatched, f"an order for {appeal}").name
        self._insist(unit.ReportResult, result_of(order))
        self.ledger.reported.append(order)

        def waiting() -> callback_pb2.Callback | None:
            found = self._insist(seat.ListCallbacks, feedback.ListCallbacksRequest(work_order=order)).callbacks
            return found[0] if found else None

        callback = self._await(waiting, f"a callback for {order}").name
        self._insist(seat.CompleteCallback, satisfied(callback))
        self.ledger.completed.append(callback)

    def _insist(self, call: Callable[..., Answer], request: object) -> Answer:
        begin = time.monotonic()
        give_up = begin + self._give_up_seconds
        while True:
            try:
                answer = call(request)
                self.call_ms.append((time.monotonic() - begin) * 1000)
                return answer
            except (Unavailable, DeadlineTooShort):
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)  # a client's pause before it tries again

    def _await(self, look: Callable[[], Answer | None], what: str) -> Answer:
        give_up = time.monotonic() + self._give_up_seconds
        pause = self._first_look_seconds
        while True:
            time.sleep(pause)  # a client that looks too often would be measured instead of the platform
            found = look()
            if found is not None:
                return found
            assert time.monotonic() < give_up, f"{what} did not come"
            pause = min(2 * pause, 4.0)


def result_of(order: str) -> dispatch.ReportResultRequest:
    """A result with its reply (Art. 24(2))."""
    return dispatch.ReportResultRequest(
        name=order,
        outcome=work_order_pb2.OUTCOME_SOLVED,
        text="已入户检修,室温达标。",
        reply_means=work_order_pb2.REPLY_MEANS_PHONE,
        reply_text="已电话告知处理结果。",
        request_id=new_request_id(),
    )


def satisfied(callback: str) -> feedback.CompleteCallbackRequest:
    """A citizen who is satisfied and says so by message, at whatever hour (Art. 30)."""
    return feedback.CompleteCallbackRequest(
        name=callback,
        verdict=callback_pb2.VERDICT_SATISFIED,
        solved=True,
        means=callback_pb2.CALLBACK_MEANS_MESSAGE,
        request_id=new_request_id(),
    )
