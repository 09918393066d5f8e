"""Errors that cross the wire.

Five families, each mapped to one gRPC status family by the api server and back by the client::

    HotlineError
    ├── NotFound      NOT_FOUND
    ├── Invalid       INVALID_ARGUMENT      the request breaks a rule of form
    ├── Refused       FAILED_PRECONDITION   a rule of law or state says no
    ├── Conflict      ABORTED, ALREADY_EXISTS
    ├── Denied        PERMISSION_DENIED, UNAUTHENTICATED
    └── Unavailable, RateLimited, DeadlineTooShort: the call may be tried again

A service's own errors are subclasses that stand beside the rule that raises them. The first line of the docstring is
the English sentence, ``zh`` the Chinese one; both may name facts in braces. ``article`` cites the regulation.
Everything that is not a `HotlineError` is a defect and reaches nobody but the log.
"""

from collections.abc import Sequence
from typing import ClassVar

from hotline_kernel.wording import in_chinese

MAX_VIOLATIONS = 10
"""How many broken rules are told at once: they travel in headers, which have room for a few thousand bytes."""


class HotlineError(Exception):
    """The request was not carried out."""

    reason: ClassVar[str] = "INTERNAL"
    """Value of `hotline.common.v1.ErrorReason`, without its prefix."""
    article: ClassVar[str] = ""
    """Article of the regulation that says no, for example ``Art. 26``; empty where it is not law."""
    zh: ClassVar[str] = ""
    """The sentence for staff and citizens."""

    def __init__(self, **facts: str | tuple[str, ...]) -> None:
        """Facts are what is dynamic in the sentence; machines read them in ``ErrorInfo.metadata``."""
        several = {name: fact if isinstance(fact, tuple) else (fact,) for name, fact in facts.items()}
        self.facts = {name: ", ".join(each) for name, each in several.items()}
        self._facts_zh = {name: "、".join(in_chinese(one) for one in each) for name, each in several.items()}
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The English sentence with its facts."""
        first_line = (type(self).__doc__ or "").strip().splitlines()[0]
        return _fill(first_line, self.facts)

    def sentence_zh(self) -> str:
        """The Chinese sentence with its facts; empty if the error has none."""
        return _fill(type(self).zh, self._facts_zh)


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _fill(text: str, facts: dict[str, str]) -> str:
    return text.format_map(_Known(facts))


class NotFound(HotlineError):
    """There is nothing of that name."""

    reason = "NOT_FOUND"


class Invalid(HotlineError):
    """The request breaks a rule of form."""

    reason = "FIELD_INVALID"

    def __init__(self, violations: Sequence[tuple[str, str]] = (), **facts: str | tuple[str, ...]) -> None:
        """Each violation is a field path, as in ``citizen.phone``, and the rule that it breaks."""
        self.violations = list(violations)[:MAX_VIOLATIONS]
        super().__init__(**facts)

    def sentence(self) -> str:
        """The sentence, and every field with its rule."""
        named = "; ".join(f"{field}: {rule}" for field, rule in self.violations)
        return f"{super().sentence()} {named}".strip()


class Refused(HotlineError):
    """A rule does not allow it now."""

    reason = "STATE_NOT_ALLOWED"


class Conflict(HotlineError):
    """Somebody else was faster."""

    reason = "ETAG_MISMATCH"


class Denied(HotlineError):
    """The caller may not do that."""

    reason = "PERMISSION_DENIED"


class ResourceNotFound(NotFound):
    """There is no {resource}."""

    zh = "没有找到 {resource}。"


class FieldInvalid(Invalid):
    """The request has a field that breaks its rule."""

    zh = "请求中有字段不符合要求，请按提示修改后重试。"


class PageTokenInvalid(Invalid):
    """The page token is not one of ours, or belongs to other filters: start again without it."""

    reason = "PAGE_TOKEN_INVALID"
    zh = "翻页标记无效或与当前筛选条件不符，请从第一页重新开始。"


class RequestIdReused(Invalid):
    """The request_id was used before with another body: use a new one for a new request."""

    reason = "REQUEST_ID_REUSED"
    zh = "该请求编号已用于另一请求，请使用新的编号。"


class EtagMismatch(Conflict):
    """{resource} changed since it was read: read it again."""

    zh = "{resource} 已被他人修改，请刷新后重试。"


class AlreadyExists(Conflict):
    """{resource} exists already."""

    reason = "ALREADY_EXISTS"
    zh = "{resource} 已存在。"


class StateNotAllowed(Refused):
    """{resource} is {state}, which does not allow it."""

    zh = "{resource} 当前状态为 {state}，不能进行此操作。"


class PermissionDenied(Denied):
    """The caller's roles do not hold the permission {permission}."""

    zh = "您的角色没有 {permission} 权限。"


class Unauthenticated(Denied):
    """No valid token or certificate came with the call."""

    reason = "UNAUTHENTICATED"
    zh = "未登录或登录已过期，请重新登录。"


class Unavailable(HotlineError):
    """The database or another service cannot be reached now; nothing was changed, try again."""

    reason = "UNAVAILABLE"
    zh = "系统暂时无法处理，未作任何更改，请稍后重试。"


class RateLimited(HotlineError):
    """Too many calls in a short time: come again in {retry_seconds} s."""

    reason = "RATE_LIMITED"
    zh = "操作过于频繁，请 {retry_seconds} 秒后再试。"


class DeadlineTooShort(HotlineError):
    """The caller's deadline leaves no time for the work."""

    reason = "DEADLINE_TOO_SHORT"
    zh = "剩余时间不足，请求未执行。"


class NotYet(Exception):
    """What an event builds on has not been heard of: it comes from another source, and sources are not ordered.

    Raised by a handler of events before it writes anything. Not a failure: the event waits a moment, holds back its own
    aggregate alone, and the batch goes on.
    """
