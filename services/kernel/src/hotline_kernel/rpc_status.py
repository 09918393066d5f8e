"""Errors on the wire: `google.rpc.Status` with one ErrorInfo (AIP-193), made by the server, read back by the client."""

from collections.abc import Iterable
from typing import Final, cast

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from hotline_kernel import errors
from hotline_kernel.errors import HotlineError

DETAILS_KEY: Final = "grpc-status-details-bin"
_RETRY_SECONDS = 1.0  # when an Unavailable does not say
# The first match counts, so what is narrower stands before its family.
_CODES: tuple[tuple[type[HotlineError], grpc.StatusCode], ...] = (
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.Invalid, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.Refused, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.AlreadyExists, grpc.StatusCode.ALREADY_EXISTS),
    (errors.Conflict, grpc.StatusCode.ABORTED),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.Denied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.RateLimited, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.DeadlineTooShort, grpc.StatusCode.DEADLINE_EXCEEDED),
    (HotlineError, grpc.StatusCode.INTERNAL),
)


class _RemoteError(HotlineError):
    """What another service said; mixed into the family, so that callers catch it as if it were raised here."""

    def __init__(self, *, reason: str, sentence: str, sentence_zh: str, article: str, facts: dict[str, str]) -> None:
        self.reason, self.article = reason, article  # type: ignore[misc]  # known only when it arrives
        self._sentence, self._sentence_zh = sentence, sentence_zh
        self.violations: list[tuple[str, str]] = []
        self.facts = facts
        Exception.__init__(self, sentence)

    def sentence(self) -> str:
        return self._sentence

    def sentence_zh(self) -> str:
        return self._sentence_zh


def _remote(family: type[HotlineError]) -> type[_RemoteError]:
    bases = (_RemoteError,) if family is HotlineError else (_RemoteError, family)
    return cast(type[_RemoteError], type(f"Remote{family.__name__}", bases, {"reason": family.reason}))


# UNKNOWN, CANCELLED and a deadline that passed on the way say nothing about us or the request: try again.
# UNIMPLEMENTED is a server of an older release, met during a roll-out.
_FAMILIES = {code: _remote(family) for family, code in _CODES}
_AWAY = _FAMILIES[grpc.StatusCode.UNAVAILABLE]
_SPEAK_FOR_THEMSELVES = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAUTHENTICATED)


def from_error(error: HotlineError, *, domain: str) -> tuple[grpc.StatusCode, status_pb2.Status]:
    """Code and status of an error; `domain` is `<service>.hotline`, and the facts become metadata with the article."""
    code = next(code for family, code in _CODES if isinstance(error, family))
    metadata = dict(error.facts)
    if error.article:
        metadata["article"] = error.article
    details = [_packed(error_details_pb2.ErrorInfo(reason=error.reason, domain=domain, metadata=metadata))]
    violations = getattr(error, "violations", [])
    if violations:
        described = [
            error_details_pb2.BadRequest.FieldViolation(field=field, description=rule) for field, rule in violations
        ]
        details.append(_packed(error_details_pb2.BadRequest(field_violations=described)))
    if isinstance(error, errors.RateLimited | errors.Unavailable):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(float(error.facts.get("retry_seconds", _RETRY_SECONDS)) * 1000))
        details.append(_packed(retry))
    sentence_zh = error.sentence_zh()
    if sentence_zh:
        details.append(_packed(error_details_pb2.LocalizedMessage(locale="zh-CN", message=sentence_zh)))
    return code, status_pb2.Status(code=code.value[0], message=error.sentence(), details=details)


def to_error(call: grpc.RpcError) -> HotlineError:
    """The error that a failed call tells of, in its family, with the server's `reason`, `facts` and sentences."""
    code: grpc.StatusCode = call.code()
    status = _status(call)
    info = error_details_pb2.ErrorInfo()
    localized = error_details_pb2.LocalizedMessage()
    bad_request = error_details_pb2.BadRequest()
    told = False
    for detail in status.details:
        told = detail.Unpack(info) or told
        detail.Unpack(localized)
        detail.Unpack(bad_request)
    # Without ErrorInfo it was not our server that spoke, but the way to it: a proxy, the library, the network.
    family = _FAMILIES.get(code, _AWAY) if told or code in _SPEAK_FOR_THEMSELVES else _AWAY
    facts = dict(info.metadata)
    error = family(
        reason=info.reason or family.reason,
        sentence=status.message or f"{code.name}: {call.details()}",
        sentence_zh=localized.message,
        article=facts.pop("article", ""),
        facts=facts,
    )
    error.violations = [(violation.field, violation.description) for violation in bad_request.field_violations]
    return error


def _status(call: grpc.RpcError) -> status_pb2.Status:
    trailing: Iterable[tuple[str, bytes]] = call.trailing_metadata() or ()  # type: ignore[assignment]
    for key, value in trailing:
        if key == DETAILS_KEY:
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status()


def _packed(message: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
