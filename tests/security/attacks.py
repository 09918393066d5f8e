"""What an attacker puts into each field of each request, written as bytes behind a request that is in order.

In protobuf a later field wins over an earlier one, a later message is merged into it and a later element is added to
it. So every attack is the bytes of a good request and the bytes of one more field.
"""

import hashlib
import json
import re
import struct
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, nan
from typing import Literal, cast

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hotline_kernel.paging import Page

from tests.security.life import Life
from tests.support.wire import Rpc

Verdict = Literal["field", "message", "oversize", "calm"]
"""What must come back: a refusal that names the field; or the message; or its size; or any foreseen answer."""

CITY_UNIT = "units/water-group"
HOSTILE_TEXTS = (
    "'; DROP TABLE appeal; --",
    "' OR '1'='1",
    "%s%s%n%(name)s{0}{request.__class__}$(id)`id`",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "\u202e乱序\u2066文字\u200b\ufeff",
    "👨‍👩‍👧‍👦🏳️‍🌈 𠮷𪚥",
    "e\u0301\u0301\u0301 ﷽",
    '{"$ne": null}\n\tAND "a" NEAR b*',
    "\\x00\\u0000\\",
    "+-*/()[]^~:AND OR NOT",
)
_INT32, _INT64 = 2**31, 2**63
_NAMES = {
    "^appeals/": "appeal",
    "^citizens/": "citizen",
    "^workOrders/": "work_order",
    "^webhooks/": "webhook",
    "^callbacks/": "callback",
    "^categories/": "category",
    "^repeats/": "repeat",
    "^contests/": "contest",
    "^holds/": "hold",
    "^reviews/": "review",
    "^reports/": "report",
    "^deadlines/": "deadline",
    "^entries/": "entry",
    "^(entries|bulletins)/": "entry",
    "^bulletins/": "bulletin",
    "^courses/": "course",
    "^gaps/": "gap",
    "^bases/": "base",
    "^attachments/": "attachment",
    "^meetings/": "meeting",
    "^meetingActions/": "meeting_action",
    "^statisticsNotices/": "statistics_notice",
    "^workNotices/": "work_notice",
    "^(statisticsNotices|workNotices)/": "work_notice",
    "^contributions/": "contribution",
    "^(appeals|workOrders)/": "work_order",
    "^(appeals|calls)/": "appeal",
}
_SAMPLES = {
    "^[1-3]$": "1",
    "^[a-z][a-z_]{0,39}$": "courtesy",
    "^units/[a-z0-9-]{1,40}/versions/": f"{CITY_UNIT}/versions/1",
    "^units/": CITY_UNIT,
    "^trades/": "trades/heating",
    "^weights/": "weights/2017-1",
    "^seats/": "seats/intake-101",
    "^counties/": "counties/attacked",
    "^calls/": "calls/attacked-1",
    "^[0-9]{1,10}$": "8101",
    "^[0-9]{1,18}$": "10",
    "^https?://": "http://127.0.0.1:9/hotline",
    "^[0-9]{6}$": "139902",
    r"^\+?[0-9]": "13900000001",
    "^[0-9]{3,12}$": "12345",
    "^[一-龥": "信访工作条例",
    "^第": "第三十四条",
    # Of nobody: what is to be found behind them, sla's own tests say.
    "^webhookDeliveries/": "webhookDeliveries/01234567-89ab-4def-8123-456789abcdef",
    "^supervisions/": "supervisions/01234567-89ab-4def-8123-456789abcdef",
    "^(supervisions|": "supervisions/01234567-89ab-4def-8123-456789abcdef",
    "^errands/": "errands/01234567-89ab-4def-8123-456789abcdef",
    "^circulars/": "circulars/01234567-89ab-4def-8123-456789abcdef",
    "^accountabilityFiles/": "accountabilityFiles/01234567-89ab-4def-8123-456789abcdef",
}
_RESOURCES = frozenset({"Unit", "Entry"})  # which come in requests; what they must have, their services say
# Of a resource that comes back in a request: not looked at.
_SET_BY_US = frozenset({"create_time", "update_time", "state_time", "wrap_up_due_time", "close_date"})


@dataclass(frozen=True)
class Attack:
    """A whole request, what is wrong with it, and what must come back."""

    label: str
    body: bytes
    field: str
    verdict: Verdict


# --- bytes ------------------------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """Base 128, least first; a negative number in two's complement of 64 bits."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def tagged(field: FieldDescriptor, content: bytes) -> bytes:
    """The field with its length, for strings and messages."""
    return varint(field.number << 3 | 2) + varint(len(content)) + content


def numbered(field: FieldDescriptor, number: int) -> bytes:
    """The field with a number in it."""
    return varint(field.number << 3) + varint(number)


# --- good requests ----------------------------------------------------------------------------------------------------


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """Its rules in the contract."""
    return field.GetOptions().Extensions[validate_pb2.field]


def fill(message: Message, life: Life) -> Message:
    """Makes a request that breaks no rule, about things that exist."""
    is_resource = message.DESCRIPTOR.name in _RESOURCES
    for field in cast(Descriptor, message.DESCRIPTOR).fields:
        rules = rules_of(field)
        if field.name in _SET_BY_US:
            continue
        if field.is_repeated:
            _fill_list(message, field, life)
            continue
        if field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, _good_text(field, rules.string, life, is_resource))
        elif field.type == FieldDescriptor.TYPE_BYTES:
            setattr(message, field.name, b"\x00" * (rules.bytes.len or rules.bytes.min_len))
        elif field.type == FieldDescriptor.TYPE_ENUM:
            setattr(message, field.name, int(0 in rules.enum.not_in or (is_resource and field.name == "kind")))
        elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
            setattr(message, field.name, 1 if rules.int32.gte == 1 or rules.int64.HasField("gt") else 0)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            inner = getattr(message, field.name)
            if isinstance(inner, Date):
                if rules.required:
                    inner.CopyFrom(Date(year=2026, month=3, day=2))
            elif isinstance(inner, Timestamp):
                if rules.required:
                    inner.CopyFrom(Timestamp(seconds=1_772_413_200))  # 2026-03-02 09:00
            elif not isinstance(inner, FieldMask):
                inner.SetInParent()
                fill(inner, life)
    return message


def _fill_list(message: Message, field: FieldDescriptor, life: Life) -> None:
    """As many elements as the contract asks for."""
    elements = getattr(message, field.name)
    for _ in range(rules_of(field).repeated.min_items):
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            fill(elements.add(), life)
        elif field.type == FieldDescriptor.TYPE_INT32:
            elements.append(1)
        elif field.type == FieldDescriptor.TYPE_STRING:
            elements.append(_good_text(field, rules_of(field).repeated.items.string, life, is_resource=False))


def _good_element(field: FieldDescriptor, life: Life) -> bytes:
    """What goes before the attack in a new element of a list; a field that is no list merges with the good one."""
    if field.message_type is None or not field.is_repeated:
        return b""
    return fill(GetMessageClass(field.message_type)(), life).SerializeToString()


def _good_text(field: FieldDescriptor, rules: validate_pb2.StringRules, life: Life, is_resource: bool) -> str:
    if rules.uuid:
        return "00000000-0000-4000-8000-000000000000"
    if rules.pattern:
        for start, kind in _NAMES.items():
            if rules.pattern.startswith(start):
                return cast(str, getattr(life, kind))
        return next(sample for start, sample in _SAMPLES.items() if rules.pattern.startswith(start))
    if field.name == "name":
        return life.entry
    if field.name == "category":
        return "城乡建设/供热"
    return "甲" * max(rules.min_len, is_resource and field.name != "etag")


# --- attacks ----------------------------------------------------------------------------------------------------------


def attacks_on(rpc: Rpc, life: Life) -> Iterator[Attack]:
    """Everything that is tried with one method."""
    good = fill(rpc.request(), life)
    base = good.SerializeToString()
    name = rpc.method.input_type.name
    for field, path, wrapped in _fields(rpc.method.input_type, "", ()):
        for label, content, verdict in _on_field(field, good):
            body = content
            for outer in reversed(wrapped):
                body = tagged(outer, _good_element(outer, life) + body)
            named = name if verdict == "message" else path
            yield Attack(f"{path}: {label}", base + body, named, verdict)
    for label, junk in _JUNK.items():
        if base or label != "field number zero":  # which is read as nothing where it stands alone
            yield Attack(label, base + junk, name, "message")
    yield Attack(
        "larger than a mebibyte", base + varint(1999 << 3 | 2) + varint(1 << 20) + b"x" * (1 << 20), "", "oversize"
    )


# What no protobuf decoder takes: ends too early, field number 0, groups that never or wrongly end, endless numbers.
_JUNK = {
    "ends in a tag": b"\xfa\x83",
    "ends in a text": b"\x0a\x7fabc",
    "field number zero": b"\x00\x00",
    "wire type seven": b"\x0f",
    "an end without a group": b"\x0c",
    "groups without an end": b"\x0b" * 500,
    "a number without an end": b"\x08" + b"\xff" * 11,
    "a length beyond everything": b"\x0a" + b"\xff" * 9 + b"\x01",
}


def _fields(
    message: Descriptor, prefix: str, wrapped: tuple[FieldDescriptor, ...]
) -> Iterator[tuple[FieldDescriptor, str, tuple[FieldDescriptor, ...]]]:
    for field in message.fields:
        path = f"{prefix}{field.name}"
        yield field, path, wrapped
        if field.message_type is not None and field.message_type.full_name.startswith("hotline."):
            # A list does not merge: what is attacked is an element behind those of the good request.
            yield from _fields(field.message_type, f"{path}.", (*wrapped, field))


def _on_field(field: FieldDescriptor, request: Message) -> Iterator[tuple[str, bytes, Verdict]]:
    rules = rules_of(field)
    yield "wrong wire type", varint(field.number << 3 | 1) + b"\xff" * 8, "calm"
    if field.type == FieldDescriptor.TYPE_STRING:
        yield "bytes that are no UTF-8", tagged(field, b"\xff\xfe\xc0\x80"), "message"
        yield "a lone surrogate", tagged(field, b"\xed\xa0\x80"), "message"
        text_rules = rules.repeated.items.string if field.is_repeated else rules.string
        for label, text, verdict in _texts(field, text_rules, rules):
            yield label, tagged(field, text.encode()), verdict
        if field.name == "page_token":
            for label, token in _page_tokens(request):
                yield f"forged with {label}", tagged(field, token.encode()), "calm"
        if field.is_repeated:
            yield from _repeated(field, rules.repeated)
    elif field.type == FieldDescriptor.TYPE_ENUM:
        for number in (99, -1, _INT32 - 1, -_INT32):
            yield f"unknown number {number}", numbered(field, number), "field"
        if 0 in rules.enum.not_in:
            yield "unspecified", numbered(field, 0), "field"
    elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        yield from _numbers(field, rules)
    elif field.type == FieldDescriptor.TYPE_DOUBLE:
        for real in (nan, inf, -inf, -1.0, 1e308):
            bounded = rules.double.HasField("lte")
            content = varint(field.number << 3 | 1) + struct.pack("<d", real)
            yield f"the number {real}", content, "field" if bounded else "calm"
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        yield "ends too early", varint(field.number << 3 | 2) + varint(50) + b"\x0a\x01x", "message"
        yield "holds rubbish", tagged(field, b"\xff\xff\xff"), "message"
        yield from _moments(field)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        longest = rules.bytes.len or rules.bytes.max_len
        yield "too long", tagged(field, b"\xff" * (longest + 1)), "field"
        yield "empty", tagged(field, b""), "field"
        yield "rubbish", tagged(field, b"\xff" * longest), "calm"
    else:
        yield "a number for a truth", numbered(field, _INT64 - 1), "calm"


def _texts(
    field: FieldDescriptor, rules: validate_pb2.StringRules, whole: validate_pb2.FieldRules
) -> Iterator[tuple[str, str, Verdict]]:
    for control in ("\x00", "\x1b[31m", "\x7f", "\r", "\x08"):
        yield f"control character {control[0]!r}", f"ab{control}", "field"
    if rules.pattern or rules.uuid:
        sample = "00000000-0000-4000-8000-000000000000" if rules.uuid else _shape(rules.pattern)
        edges = (f"{sample}\n", f"\n{sample}", f" {sample}", f"{sample}\u200b", sample * 2, sample[:-1])
        for text in (*edges, *HOSTILE_TEXTS):
            if rules.uuid or not re.search(rules.pattern.replace("$", r"\Z"), text):
                yield f"breaks its pattern: {text[:30]!r}", text, "field"
        if "{36}" in rules.pattern:
            yield "a name without an id", f"{sample[:-36]}{'-' * 36}", "calm"
            yield "an id of nobody", f"{sample[:-36]}{'f' * 8}-ffff-4fff-8fff-{'f' * 12}", "calm"
        if whole.ignore != validate_pb2.IGNORE_IF_ZERO_VALUE:
            yield "empty", "", "field"
        return
    yield "too long", "x" * (rules.max_len + 1), "field"
    yield "too long in Chinese", "长" * (rules.max_len + 1), "field"
    yield "far too long", "x" * 300_000, "field"
    if rules.min_len:
        yield "too short", "甲" * (rules.min_len - 1), "field"
    for text in HOSTILE_TEXTS:
        if rules.min_len <= len(text) <= rules.max_len:
            is_token = field.name == "page_token"
            yield f"hostile text {text[:30]!r}", text, "field" if is_token else "calm"


def _shape(pattern: str) -> str:
    """Something that matches it."""
    for start, sample in _SAMPLES.items():
        if pattern.startswith(start):
            return sample
    return f"{pattern.split('/', maxsplit=1)[0].strip('^(').split('|')[0]}/01234567-89ab-4def-8123-456789abcdef"


def _repeated(field: FieldDescriptor, rules: validate_pb2.RepeatedRules) -> Iterator[tuple[str, bytes, Verdict]]:
    sample = "units/u{}" if rules.items.string.pattern else "词{}"
    many = (tagged(field, sample.format(number).encode()) for number in range(rules.max_items + 1))
    yield "too many", b"".join(many), "field"
    yield "a hundred thousand", tagged(field, b"x") * 100_000, "field"
    if rules.unique:
        yield "twice the same", tagged(field, sample.format(1).encode()) * 2, "field"


def _numbers(field: FieldDescriptor, rules: validate_pb2.FieldRules) -> Iterator[tuple[str, bytes, Verdict]]:
    wide = field.type == FieldDescriptor.TYPE_INT64
    bound = rules.int64 if wide else rules.int32
    ruled = bound.HasField("gte") or bound.HasField("gt")
    yield "minus one", numbered(field, -1), "field" if ruled else "calm"
    yield "the least", numbered(field, -_INT64 if wide else -_INT32), "field" if ruled else "calm"
    yield (
        "the greatest",
        numbered(field, (_INT64 if wide else _INT32) - 1),
        "field" if bound.HasField("lte") else "calm",
    )
    yield "more than fits", numbered(field, _INT64), "calm" if not (wide and ruled) else "field"
    if bound.HasField("gt") or bound.gte == 1:
        yield "zero", numbered(field, 0), "field"
    if bound.HasField("lte"):
        yield "one too many", numbered(field, bound.lte + 1), "field"


def _moments(field: FieldDescriptor) -> Iterator[tuple[str, bytes, Verdict]]:
    verdict: Verdict = "calm" if field.name in _SET_BY_US else "field"
    match field.message_type.full_name if field.message_type else "":
        case "google.protobuf.Timestamp":
            for seconds, nanos in ((10**17, 0), (-(10**17), 0), (_INT64 - 1, 0), (-_INT64, 0), (0, -1), (0, 2 * 10**9)):
                moment = Timestamp(seconds=seconds, nanos=nanos)
                yield f"no time: {seconds} s {nanos} ns", tagged(field, moment.SerializeToString()), verdict
        case "google.type.Date":
            for parts in (
                (2026, 13, 1),
                (2026, 2, 30),
                (2026, 0, 1),
                (0, 1, 1),
                (-1, 1, 1),
                (10_000, 1, 1),
                (2026, 1, -1),
            ):
                day = Date(year=parts[0], month=parts[1], day=parts[2])
                # Before it an empty one: a part left out would else be that of the good request.
                yield f"no day: {parts}", tagged(field, _all_parts(day)), verdict
        case "google.protobuf.FieldMask":
            for paths in (
                ["no_such_field"],
                [""],
                ["a.b.c.d"],
                ["'; DROP TABLE unit; --"],
                ["../name"],
                ["display_name", "no"],
            ):
                yield f"no fields of it: {paths}", tagged(field, FieldMask(paths=paths).SerializeToString()), verdict
            for paths in (["name"], ["etag"], ["*"]):
                yield (
                    f"fields that may not change: {paths}",
                    tagged(field, FieldMask(paths=paths).SerializeToString()),
                    "calm",
                )


def _all_parts(day: Date) -> bytes:
    numbers = {field.name: field for field in Date.DESCRIPTOR.fields}
    return b"".join(numbered(numbers[part], getattr(day, part)) for part in ("year", "month", "day"))


def _page_tokens(request: Message) -> Iterator[tuple[str, str]]:
    """Tokens whose checksum is right: it keeps out accidents, not attackers."""
    filters = Page.read(request).filters
    for position in ("", "x", "-1", "1e3", "9" * 40, "\x00", "\ud800", "2026-99-99T00:00:00+00:00", "٣"):
        yield f"position {position!r:.20}", _signed(json.dumps([filters, position]))
        yield f"two positions {position!r:.20}", _signed(json.dumps([filters, position, position]))
    lists: list[object] = [[filters], [filters, None, {}], [[filters]], []]
    documents: list[object] = [*lists, {"0": filters}, {}, None, 5, filters]
    for document in documents:
        yield f"document {document!r:.30}", _signed(json.dumps(document))
    yield "deep nesting", _signed("[" * 1200)
    yield "NaN", _signed(f'["{filters}", NaN, Infinity]')


def _signed(position: str) -> str:
    return (
        urlsafe_b64encode(f"{hashlib.sha256(position.encode()).hexdigest()[:8]}{position}".encode())
        .decode()
        .rstrip("=")
    )
