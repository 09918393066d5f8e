"""What stands between the network and a servicer: who calls, how often they may, and for how long we wait for them.

A thread that waits for a request's body costs little, and there are as many as calls that we hold; those that work are
few, as there are few database connections. So callers who never finish what they began to say keep nobody else waiting.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc

from hotline_kernel.auth import ANONYMOUS, Authenticator, Principal, service_principal
from hotline_kernel.errors import DeadlineTooShort, RateLimited
from hotline_kernel.settings import Settings

BODY_SECONDS = 5.0
_MAX_BUCKETS = 10_000


@dataclass(slots=True)
class Incoming:
    """A call on its way in; each stage fills in what it found out."""

    bodies: Iterator[bytes]
    context: grpc.ServicerContext
    metadata: Mapping[str, str] = field(default_factory=dict)
    code: str = "OK"
    trace_id: str = ""
    deadline: float = 0.0
    principal: Principal = ANONYMOUS
    streams: bool = False
    """One message of many."""
    started: float = field(default_factory=time.perf_counter)
    ended: bool = False
    """The caller of a stream has nothing more to say."""


class Guard:
    """One for all methods of a server."""

    def __init__(self, *, settings: Settings, authenticator: Authenticator) -> None:
        self.settings = settings
        self._authenticator = authenticator
        self._identified = _Buckets(rate=settings.rate_per_second, burst=settings.rate_burst)
        self._anonymous = _Buckets(rate=settings.anonymous_rate_per_second, burst=settings.anonymous_rate_burst)
        self._patience = _Patience()
        self._seats = threading.BoundedSemaphore(settings.threads)
        self.is_closing = False
        """Streams are cut before their next message; whoever speaks goes on with another server."""

    def admit(self, incoming: Incoming) -> None:
        """Charge the call to its caller: services are free, a token that we know pays for itself, others by address.

        Raises RateLimited.
        """
        names: Sequence[bytes] = incoming.context.auth_context().get("x509_subject_alternative_name", ())  # type: ignore[assignment]
        uris = (name.decode(errors="replace") for name in names)
        service = service_principal(uris, mode=self.settings.mode) if names else None
        known = service or self._authenticator.known(_bearer(incoming))
        if known is not None:
            incoming.principal = known
        if service is not None:
            return
        if known is not None:
            wait = self._identified.take(known.subject)
        else:
            wait = self._anonymous.take(incoming.context.peer().rpartition(":")[0])
        if wait > 0:
            raise RateLimited(retry_seconds=f"{max(wait, 0.01):.2f}")

    def identify(self, incoming: Incoming) -> Principal:
        """The caller of a call that nobody is known for yet; ANONYMOUS without a token. Raises Unauthenticated."""
        if "authorization" not in incoming.metadata:
            return ANONYMOUS
        return self._authenticator.identify(_bearer(incoming))

    def body(self, incoming: Incoming) -> bytes:
        """The request, unread. Raises DeadlineTooShort when it does not come."""
        waited_since = time.monotonic()
        body = self._patience.body(incoming)
        if incoming.streams:  # the time between two messages was the caller's own
            incoming.started = time.perf_counter()
            incoming.deadline += time.monotonic() - waited_since
        return body

    @contextmanager
    def seat(self, incoming: Incoming) -> Iterator[None]:
        """One of the few places at work. Raises DeadlineTooShort when none gets free in the call's time."""
        if not self._seats.acquire(timeout=max(0.0, incoming.deadline - time.monotonic())):
            raise DeadlineTooShort
        try:
            yield
        finally:
            self._seats.release()


def _bearer(incoming: Incoming) -> str:
    scheme, _, token = str(incoming.metadata.get("authorization", "")).partition(" ")
    return token if scheme.lower() == "bearer" else ""


class _Buckets:
    """Token buckets, one a caller; the least recently seen are forgotten, so memory is bounded."""

    def __init__(self, *, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller: (tokens, when that was so)
        self._lock = threading.Lock()

    def take(self, caller: str) -> float:
        """Take one token; 0 if there was one, else the seconds until there will be."""
        now = time.monotonic()
        with self._lock:
            tokens, since = self._buckets.get(caller, (self._burst, now))
            tokens = min(self._burst, tokens + (now - since) * self._rate)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
            self._buckets[caller] = (tokens if wait else tokens - 1, now)
            self._buckets.move_to_end(caller)
            if len(self._buckets) > _MAX_BUCKETS:
                self._buckets.popitem(last=False)
        return wait


class _Patience:
    """Gives up calls whose body does not come: gRPC itself would wait as long as the caller says."""

    def __init__(self) -> None:
        self._waiting: deque[_Wait] = deque()  # in the order in which they end
        self._thread = threading.Thread(target=self._run, name="patience", daemon=True)
        self._thread.start()

    def body(self, incoming: Incoming) -> bytes:
        """The body of a call; raises DeadlineTooShort when it does not come in time, or the caller went away."""
        wait = _Wait(incoming.context, time.monotonic() + BODY_SECONDS)
        self._waiting.append(wait)
        try:
            return next(incoming.bodies)
        except StopIteration as error:
            incoming.ended = incoming.streams
            raise DeadlineTooShort from error
        except grpc.RpcError as error:
            raise DeadlineTooShort from error
        finally:
            wait.context = None

    def _run(self) -> None:
        while True:
            time.sleep(0.25)
            now = time.monotonic()
            while self._waiting and (self._waiting[0].context is None or self._waiting[0].until < now):
                context = self._waiting.popleft().context
                if context is not None:
                    context.cancel()


@dataclass(slots=True)
class _Wait:
    context: grpc.ServicerContext | None
    until: float
