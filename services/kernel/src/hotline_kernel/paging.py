"""Pages by keyset: no OFFSET, no count, and a token that only we can read (AIP-158)."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeGuard, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from hotline_kernel.errors import FieldInvalid, PageTokenInvalid

MAXIMUM_SIZE = 1000
_NUMBER = re.compile(r"[0-9]{1,18}")  # fits into a bigint
_NOT_OURS = ("page_token", "must be taken from the answer before")

Row = TypeVar("Row")


class ListRequest(Protocol):
    """What every List request has; every other field is a filter."""

    page_size: int
    page_token: str


@dataclass(frozen=True)
class Page:
    """Which rows are asked for."""

    size: int
    """How many to answer with; ask the database for one more, so that `cut` knows whether there is another page."""
    after: list[str] | None
    """Keyset of the last row of the page before, as `cut` was given it; None on the first page."""
    filters: str

    @classmethod
    def read(cls, request: Message, *, default: int = 50, maximum: int = MAXIMUM_SIZE) -> "Page":
        """Reads size and token of a List request.

        Raises `FieldInvalid` for a negative size, `PageTokenInvalid` for a token that is not ours or of other filters.
        """
        size: int = request.page_size  # type: ignore[attr-defined]
        token: str = request.page_token  # type: ignore[attr-defined]
        if size < 0:
            raise FieldInvalid(violations=[("page_size", "must not be negative")])
        filters = _hash_of_filters(request)
        after = _read_token(token, filters) if token else None
        return cls(size=min(size or default, maximum), after=after, filters=filters)

    def after_uuid(self) -> UUID | None:
        """The keyset of a list that is ordered by id alone; None on the first page. Raises `PageTokenInvalid`."""
        if self.after is None:
            return None
        try:
            return UUID(self.after[0])
        except ValueError as error:
            raise PageTokenInvalid(violations=[_NOT_OURS]) from error

    def after_number(self) -> int:
        """The keyset of a list that is ordered by a number from 1; 0 on the first page. Raises `PageTokenInvalid`."""
        if self.after is None:
            return 0
        if not _NUMBER.fullmatch(self.after[0]):
            raise PageTokenInvalid(violations=[_NOT_OURS])
        return int(self.after[0])

    def after_day_and_uuid(self) -> tuple[date, UUID] | None:
        """The keyset of a list that is ordered by a day and an id; None on the first page.

        Raises `PageTokenInvalid`.
        """
        if self.after is None:
            return None
        try:
            day, id_ = self.after
            return date.fromisoformat(day), UUID(id_)
        except ValueError as error:
            raise PageTokenInvalid(violations=[_NOT_OURS]) from error

    def after_number_and_uuid(self) -> tuple[int, UUID] | None:
        """The keyset of a list that is ordered by a number and an id; None on the first page.

        Raises `PageTokenInvalid`.
        """
        if self.after is None:
            return None
        try:
            number, id_ = self.after
            if not _NUMBER.fullmatch(number):
                raise PageTokenInvalid(violations=[_NOT_OURS])
            return int(number), UUID(id_)
        except ValueError as error:
            raise PageTokenInvalid(violations=[_NOT_OURS]) from error

    def after_text(self) -> str:
        """The keyset of a list that is ordered by a text alone; empty on the first page."""
        return self.after[0] if self.after else ""

    def cut(self, rows: Sequence[Row], *, key: Callable[[Row], Sequence[Any]]) -> tuple[Sequence[Row], str]:
        """The rows of this page and the token of the next; an empty token on the last page.

        rows -- at most `size` + 1 in keyset order;  key -- the keyset of a row.
        """
        if len(rows) <= self.size:
            return rows, ""
        kept = rows[: self.size]
        position = json.dumps([self.filters, *[str(part) for part in key(kept[-1])]], separators=(",", ":"))
        signed = f"{_checksum(position)}{position}"
        return kept, base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def _hash_of_filters(request: Message) -> str:
    filters = type(request)()
    filters.CopyFrom(request)
    filters.ClearField("page_size")
    filters.ClearField("page_token")
    return hashlib.sha256(filters.SerializeToString(deterministic=True)).hexdigest()[:12]


def _checksum(position: str) -> str:
    return hashlib.sha256(position.encode()).hexdigest()[:8]


def _read_token(token: str, filters: str) -> list[str]:
    try:
        signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        checksum, position = signed[:8], signed[8:]
        found = json.loads(position)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise PageTokenInvalid(violations=[_NOT_OURS]) from error
    if checksum != _checksum(position) or not _is_position(found):
        raise PageTokenInvalid(violations=[_NOT_OURS])
    if found[0] != filters:
        raise PageTokenInvalid(violations=[("page_token", "must be taken from the answer to the same filters")])
    return found[1:]


def _is_position(found: object) -> TypeGuard[list[str]]:
    """The checksum keeps out accidents; that somebody calculated it is no reason to trust what it covers."""
    return (
        isinstance(found, list)
        and len(found) > 1
        and all(isinstance(part, str) and part.isprintable() for part in found)
    )
