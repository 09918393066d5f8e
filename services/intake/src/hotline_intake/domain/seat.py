"""A seat and who sits at it (Art. 15).

::

    SIGNED_OFF ─ sign on ─▶ READY ─ assigned ─▶ ASSIGNED ─ answers ─▶ ON_CALL ─ call ends ─▶ WRAP_UP ─ wraps up ─▶ READY
                            │  ▲                   └─ does not pick up ─▶ PAUSED
                          pause └─ resume

A wrap-up whose time is over ends by itself.

A seat is a value: a move answers with the next one or raises, and changes nothing itself. What a call does to a seat
never raises: the telephone exchange tells what has happened already.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hotline_kernel.errors import Denied, Refused, StateNotAllowed
from hotline_kernel.wording import Code


class SeatKind(Code):
    """The four kinds of seats (Art. 15)."""

    INTAKE = "INTAKE", "受理"
    REVIEW = "REVIEW", "审核"
    CALLBACK = "CALLBACK", "回访"
    QUALITY = "QUALITY", "质检"

    @property
    def role(self) -> str:
        """The role of whoever works there."""
        return _ROLES[self]


_ROLES = {
    SeatKind.INTAKE: "operator",
    SeatKind.REVIEW: "reviewer",
    SeatKind.CALLBACK: "callback",
    SeatKind.QUALITY: "quality",
}
SUPERVISOR = "supervisor"


class SeatState(Code):
    """Where a seat stands."""

    SIGNED_OFF = "SIGNED_OFF", "未签入"
    READY = "READY", "就绪"
    ASSIGNED = "ASSIGNED", "已分配"
    ON_CALL = "ON_CALL", "通话中"
    WRAP_UP = "WRAP_UP", "话后整理"
    PAUSED = "PAUSED", "小休"


NOT_PICKED_UP = "来电未接听"
"""Why a seat was paused that let a call ring: the next call would be lost there, too (ours)."""


class SeatStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 15"
    zh = "{resource} 当前为“{state}”，不能进行此操作（第十五条）。"


class SeatKindNotHeld(Denied):
    """You do not hold a seat of the kind {kind}."""

    reason = "SEAT_KIND_NOT_HELD"
    article = "Art. 15"
    zh = "您不在 {kind} 类座席上，不能进行此操作。"


class SeatTaken(Refused):
    """Somebody else sits at {resource}."""

    reason = "SEAT_TAKEN"
    article = "Art. 15"
    zh = "{resource} 已有人签入，请选择其他座席。"


class SignedOnElsewhere(Refused):
    """You are signed on at {resource}: sign off there first."""

    reason = "SIGNED_ON_ELSEWHERE"
    article = "Art. 15"
    zh = "您已在 {resource} 签入，请先签出。"


class NotOwnSeat(Denied):
    """You are not signed on at {resource}."""

    reason = "NOT_OWN_SEAT"
    article = "Art. 15"
    zh = "您未在 {resource} 签入，不能进行此操作。"


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where one person works. state_time -- since when it stands as it does;  call -- reference of the call in hand."""

    id: str
    version: int
    kind: SeatKind
    extension: str
    skills: tuple[str, ...]
    state: SeatState
    state_time: datetime
    operator: str = ""
    call: str = ""
    pause_reason: str = ""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"seats/{self.id}"

    def equipped(self, *, extension: str, skills: Sequence[str]) -> "Seat":
        """With other equipment."""
        return replace(self, version=self.version + 1, extension=extension, skills=tuple(skills))

    def signed_on(self, *, operator: str, roles: Collection[str], elsewhere: "Seat | None", now: datetime) -> "Seat":
        """Somebody sits down and is ready. elsewhere -- the seat they are signed on at already.

        Raises `SeatKindNotHeld`, `SeatTaken`, `SignedOnElsewhere`.
        """
        if self.kind.role not in roles:
            raise SeatKindNotHeld(kind=self.kind)
        if elsewhere:
            raise SignedOnElsewhere(resource=elsewhere.name)
        if self.operator:
            raise SeatTaken(resource=self.name)
        return self._moved(SeatState.READY, now, operator=operator)

    def signed_off(self, *, actor: str, roles: Collection[str], now: datetime) -> "Seat":
        """Nobody sits there any more; never in the middle of a call."""
        if SUPERVISOR not in roles:
            self.require_held_by(actor)
        self._require(SeatState.READY, SeatState.PAUSED, SeatState.WRAP_UP)
        return self._moved(SeatState.SIGNED_OFF, now, operator="", call="")

    def paused(self, *, actor: str, reason: str, now: datetime) -> "Seat":
        """Gets no calls for a while."""
        self.require_held_by(actor)
        self._require(SeatState.READY)
        return self._moved(SeatState.PAUSED, now, pause_reason=reason)

    def resumed(self, *, actor: str, now: datetime) -> "Seat":
        """Ready again, at the end of the row."""
        self.require_held_by(actor)
        self._require(SeatState.PAUSED)
        return self._moved(SeatState.READY, now)

    def wrapped_up(self, *, actor: str, now: datetime) -> "Seat":
        """The papers of the last call are finished."""
        self.require_held_by(actor)
        self._require(SeatState.WRAP_UP)
        return self._moved(SeatState.READY, now, call="")

    def wrap_up_ended(self, *, now: datetime) -> "Seat":
        """The time for the papers is over: the next call comes; they can still be finished (ours)."""
        self._require(SeatState.WRAP_UP)
        return self._moved(SeatState.READY, now, call="")

    def assigned(self, *, call: str, now: datetime) -> "Seat":
        """A call rings here."""
        self._require(SeatState.READY)
        return self._moved(SeatState.ASSIGNED, now, call=call)

    def talking(self, *, call: str, now: datetime) -> "Seat":
        """The telephone was picked up, whatever we thought of the seat."""
        return self._moved(SeatState.ON_CALL, now, call=call) if self.operator else self

    def released(self, *, call: str, picked_up: bool, given_up: bool, now: datetime) -> "Seat":
        """The call is not here any more.

        picked_up -- there was a talk;  given_up -- it went away, and not because nobody picked up here.
        """
        if self.call != call or self.state not in (SeatState.ASSIGNED, SeatState.ON_CALL):
            return self
        if picked_up:
            return self._moved(SeatState.WRAP_UP, now)
        if given_up:
            return self._moved(SeatState.READY, now, call="")
        return self._moved(SeatState.PAUSED, now, call="", pause_reason=NOT_PICKED_UP)

    def wrap_up_due_time(self, *, within: timedelta) -> datetime | None:
        """When the papers should be finished; None if there are none."""
        return self.state_time + within if self.state is SeatState.WRAP_UP else None

    def require_ready(self) -> None:
        """Written work is taken at a seat that waits for work. Raises `SeatStateNotAllowed`."""
        self._require(SeatState.READY)

    def require_held_by(self, actor: str) -> None:
        """Raises `NotOwnSeat`."""
        if self.operator != actor:
            raise NotOwnSeat(resource=self.name)

    def _require(self, *states: SeatState) -> None:
        if self.state not in states:
            raise SeatStateNotAllowed(resource=self.name, state=self.state)

    def _moved(self, state: SeatState, now: datetime, **changes: object) -> "Seat":
        changes = {"pause_reason": "", **changes}
        return replace(self, state=state, state_time=now, version=self.version + 1, **changes)  # type: ignore[arg-type]
