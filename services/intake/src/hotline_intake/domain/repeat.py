"""Repeats: the same citizen again, and one problem of many (Art. 23(3), 25(2)).

What an appeal says is sketched: of its pairs of characters, hashed under a key, 64 minima are kept (MinHash). Two
sketches agree in as many places as the texts share of their pairs, and a sketch tells nobody the words. An appeal that
is like an earlier one is linked to the earliest of its like, the head, so that a thousand who say the same make a star
and not a net. A link stands until somebody undoes it, with a reason; it is never deleted.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from struct import Struct
from uuid import UUID

from hotline_kernel.errors import Refused, StateNotAllowed

from hotline_intake.domain.appeal import DirectiveKind

PLACES = 64
# With 16 bands, texts that share half of their pairs meet in one two times in three; that share seven tenths, always.
_ROWS = 4
_DRAWN = [blake2b(f"place {place}".encode(), digest_size=8).digest() for place in range(PLACES)]
# Of all places side by side in one number, 64 bits each: so one multiplication orders a pair in each of them.
_FACTORS = sum((int.from_bytes(drawn[:4]) | 1) << 64 * place for place, drawn in enumerate(_DRAWN))
_SHIFTS = sum(int.from_bytes(drawn[4:]) << 64 * place for place, drawn in enumerate(_DRAWN))
_PLACE_BY_PLACE = Struct("<" + "I4x" * PLACES)
_LONGEST = 400  # characters: what the matter is stands at the beginning
_NUMBER = re.compile(r"[0-9]+")
_SILENT = re.compile(r"[^0-9a-z\u3400-\u9fff]")

Sketch = tuple[int, ...]
"""The least hash in each of `PLACES` orders."""


class UndoneAlready(StateNotAllowed):
    """{resource} was undone already."""

    article = "Art. 23(3), 25(2)"
    zh = "{resource} 已撤销，不能重复撤销（第二十三条第三项、第二十五条第二项）。"


class LinkedAlready(Refused):
    """{appeal} and {other} are repeats of the same matter already."""

    reason = "LINKED_ALREADY"
    article = "Art. 23(3), 25(2)"
    zh = "{appeal} 与 {other} 已关联为同一事项。"


class CommonNotDecided(Refused):
    """{people} people stand behind {resource} ({appeals} appeals): it is {directive_kind}, or say why no directive."""

    reason = "COMMON_NOT_DECIDED"
    article = "Art. 23(3)"
    zh = "{resource} 属“{directive_kind}”（{people} 人、{appeals} 件）：请呈批，或说明直接转办的理由（第二十三条）。"


class RepeatKind(StrEnum):
    """What repeats itself."""

    SAME_CITIZEN = "SAME_CITIZEN"
    SAME_PROBLEM = "SAME_PROBLEM"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """When something is a repeat, common or asked repeatedly; all of it ours."""

    similarity: float
    """Share of the pairs of characters that two people's appeals have in common."""
    own_similarity: float
    """The same for two appeals of one citizen."""
    window_days: int
    """How far back is looked."""
    common_people: int
    """From so many people a problem is common (Art. 23(3))."""
    repeated_appeals: int
    """From so many appeals something was asked many times (Art. 25(2))."""


@dataclass(frozen=True, kw_only=True)
class Sketched:
    """An appeal as repeats are sought. place -- where and what about: only within it anything is alike."""

    appeal_id: UUID
    citizen_id: UUID
    create_time: datetime
    place: str
    sketch: Sketch


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """A link from an appeal to an earlier one.

    actor -- empty: found by the system;  similarity -- None: not measured.
    """

    id: UUID
    appeal_id: UUID
    earlier_id: UUID
    kind: RepeatKind
    similarity: float | None
    reason: str
    actor: str
    create_time: datetime
    undo_actor: str = ""
    undo_reason: str = ""
    undo_time: datetime | None = None

    @property
    def name(self) -> str:
        """Resource name."""
        return f"repeats/{self.id}"

    def undone(self, *, actor: str, reason: str, now: datetime) -> "Repeat":
        """Taken back; it stays to be read. Raises `UndoneAlready`."""
        if self.undo_time is not None:
            raise UndoneAlready(resource=self.name)
        return replace(self, undo_actor=actor, undo_reason=reason, undo_time=now)


@dataclass(frozen=True, kw_only=True)
class Group:
    """All who stand behind one matter. appeals -- how many;  people -- how many different citizens, never who."""

    head_id: UUID
    appeals: int
    people: int

    def is_common(self, *, measure: Measure) -> bool:
        """Many people, one problem (Art. 23(3))."""
        return self.people >= measure.common_people

    def is_asked_repeatedly(self, *, measure: Measure) -> bool:
        """Asked many times, by many or by one (Art. 25(2))."""
        return self.appeals >= measure.repeated_appeals

    def require_decided(
        self, *, resource: str, directive_kind: DirectiveKind, no_directive_reason: str, measure: Measure
    ) -> None:
        """A common problem goes out with a directive, or somebody says why without (Art. 23(3)).

        Raises `CommonNotDecided`, which proposes the kind.
        """
        if self.is_common(measure=measure) and directive_kind is DirectiveKind.UNSPECIFIED and not no_directive_reason:
            raise CommonNotDecided(
                resource=resource,
                people=str(self.people),
                appeals=str(self.appeals),
                directive_kind=self.proposed_directive_kind(measure=measure),
            )

    def proposed_directive_kind(self, *, measure: Measure) -> DirectiveKind:
        """What is proposed for a draft; the seat decides (Art. 23(3))."""
        return DirectiveKind.COMMON if self.is_common(measure=measure) else DirectiveKind.UNSPECIFIED


def pairs(*, title: str, text: str) -> list[str]:
    """Pairs of characters, each once; width, case, punctuation and the size of numbers do not matter."""
    words = unicodedata.normalize("NFKC", f"{title}{text}"[:_LONGEST]).lower()
    plain = _SILENT.sub("", _NUMBER.sub("0", words))
    return sorted({plain[at : at + 2] for at in range(max(1, len(plain) - 1))})


def sketch_of(*, hashes: Sequence[int]) -> Sketch:
    """The sketch of a text. hashes -- of its pairs, 32 bits each, at least one."""
    size = _PLACE_BY_PLACE.size
    orders = [_PLACE_BY_PLACE.unpack((each * _FACTORS + _SHIFTS).to_bytes(size, "little")) for each in hashes]
    return tuple(map(min, orders[0], *orders))


def similarity(*, one: Sketch, other: Sketch) -> float:
    """Estimated share of pairs in common, 0 to 1; off by 0.06 on average in the middle."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / PLACES


def bands(*, place: str, sketch: Sketch) -> list[int]:
    """Where its like would be found: 16 keys of 63 bits, of which two that are alike share at least one."""
    keys = []
    for start in range(0, PLACES, _ROWS):
        content = f"{place}|{start}|{sketch[start : start + _ROWS]}".encode()
        keys.append(int.from_bytes(blake2b(content, digest_size=8).digest()) >> 1)
    return keys


def place_of(*, category: str, region: str) -> str:
    """County and the first two levels of the category: within it appeals are compared."""
    return f"{region}|{'/'.join(category.split('/')[:2])}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """That an appeal repeats an earlier one."""

    appeal_id: UUID
    earlier_id: UUID
    kind: RepeatKind
    similarity: float


def found(*, new: Sketched, own: Sequence[Sketched], heads: Sequence[Sketched], measure: Measure) -> list[Finding]:
    """What a new appeal repeats: the citizen's own latest about the same, or else the eldest head of its like.

    own -- the citizen's others;  heads -- that share a band with it. An appeal may be looked at after a later one: the
    citizen's own next one then repeats it, and heads that came without knowing of each other are gathered under the
    eldest.
    """
    alike_own = [each for each in own if each.place == new.place]
    alike_own = [each for each in alike_own if similarity(one=new.sketch, other=each.sketch) >= measure.own_similarity]
    before = max((each for each in alike_own if each.appeal_id < new.appeal_id), key=_age, default=None)
    after = min((each for each in alike_own if each.appeal_id > new.appeal_id), key=_age, default=None)
    own_links = ([_repeat(new, before)] if before else []) + ([_repeat(after, new)] if after else [])
    linked = {new.appeal_id, *(each.appeal_id for each in own_links)}
    alike = [head for head in heads if head.place == new.place and head.appeal_id not in linked]
    alike = [head for head in alike if similarity(one=new.sketch, other=head.sketch) >= measure.similarity]
    elder_first = sorted(alike if before else [new, *alike], key=_age)
    under_one = [_repeat(later, elder_first[0]) for later in elder_first[1:]]
    return own_links + [each for each in under_one if each.similarity >= measure.similarity]


def _age(sketched: Sketched) -> UUID:
    return sketched.appeal_id


def _repeat(later: Sketched, earlier: Sketched) -> Finding:
    same = later.citizen_id == earlier.citizen_id
    return Finding(
        appeal_id=later.appeal_id,
        earlier_id=earlier.appeal_id,
        kind=RepeatKind.SAME_CITIZEN if same else RepeatKind.SAME_PROBLEM,
        similarity=similarity(one=later.sketch, other=earlier.sketch),
    )
