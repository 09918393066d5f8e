"""Malformed, huge, wrongly encoded and hostile input to every field of every method.

A broken rule is refused with the field named and changes nothing; hostile words that break no rule are only words.
"""

from collections.abc import Callable

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import DecodeError, Message
from hotline.common.v1 import access_pb2
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import callback_pb2, scorecard_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.knowledge.v1 import entry_pb2
from hotline.knowledge.v1 import knowledge_service_pb2 as knowledge
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet
from hotline_kernel.errors import Conflict, Invalid
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.security.attacks import (
    CITY_UNIT,
    HOSTILE_TEXTS,
    Attack,
    attacks_on,
    fill,
    numbered,
    rules_of,
    tagged,
)
from tests.security.books import Books
from tests.security.life import Life
from tests.support.lives import UNIT, registration, result_of, satisfied
from tests.support.wire import STAFF_ROLES, Reply, Rpc, Wire, all_rpcs

_ALL = all_rpcs()
every_rpc = pytest.mark.parametrize("rpc", _ALL, ids=str)


class Attacker:
    """Calls with every right that the method asks for: only the input is wrong."""

    def __init__(self, platform: Instance, wires: dict[str, Wire], internal_wires: dict[str, Wire]) -> None:
        self._running, self._wires, self._internal = platform.running, wires, internal_wires

    def send(self, rpc: Rpc, body: bytes) -> Reply:
        """One call."""
        if rpc.access.roles == [access_pb2.ROLE_SERVICE]:
            return self._internal[rpc.service].send(rpc.path, body)
        role = next((role for role in ("office", "operator", *STAFF_ROLES) if role in rpc.roles), "operator")
        unit = UNIT if role == "unit" else ""
        return self._wires[rpc.service].send(
            rpc.path, body, token=self._running.token(roles=[role], unit=unit, subject=f"mallory at {rpc}")
        )


@pytest.fixture(scope="session")
def attacker(platform: Instance, wires: dict[str, Wire], internal_wires: dict[str, Wire]) -> Attacker:
    return Attacker(platform, wires, internal_wires)


def complaint(attack: Attack, reply: Reply) -> str | None:
    """What is wrong with the answer to an attack."""
    expected = {
        "field": reply.code == "INVALID_ARGUMENT" and reply.names(attack.field),
        "message": reply.code == "INVALID_ARGUMENT" and reply.names(attack.field),
        "oversize": reply.code == "RESOURCE_EXHAUSTED",
        "calm": True,
    }[attack.verdict]
    return None if expected and reply.is_ours else f"{attack.label} -> {attack.verdict}, not {reply}"


def test_every_text_and_list_of_a_request_is_bounded() -> None:
    def unbounded(descriptor: Descriptor, prefix: str) -> list[str]:
        found = []
        for field in descriptor.fields:
            rules = rules_of(field)
            path = f"{prefix}.{field.name}"
            text = rules.repeated.items.string if field.is_repeated else rules.string
            if field.is_repeated and not rules.repeated.max_items:
                found.append(path)
            if field.type == FieldDescriptor.TYPE_STRING and not (text.max_len or text.pattern or text.uuid):
                found.append(path)
            if field.message_type is not None and field.message_type.full_name.startswith("hotline."):
                found += unbounded(field.message_type, path)
        return found

    assert not [path for rpc in _ALL for path in unbounded(rpc.method.input_type, str(rpc))]


@every_rpc
def test_a_broken_rule_is_refused_by_name_and_changes_nothing(
    rpc: Rpc, life: Life, attacker: Attacker, books: Books
) -> None:
    [before] = books.at_rest(rpc.service)
    refused = [attack for attack in attacks_on(rpc, life) if attack.verdict != "calm"]
    complaints = [said for attack in refused if (said := complaint(attack, attacker.send(rpc, attack.body)))]
    assert not complaints, "\n".join([f"{len(complaints)} of {len(refused)}", *complaints[:20]])
    assert books.state(rpc.service) == before


@every_rpc
def test_hostile_words_get_a_foreseen_answer(rpc: Rpc, life: Life, attacker: Attacker) -> None:
    calm = [attack for attack in attacks_on(rpc, life) if attack.verdict == "calm"]
    complaints = [said for attack in calm if (said := complaint(attack, attacker.send(rpc, attack.body)))]
    assert not complaints, "\n".join([f"{len(complaints)} of {len(calm)}", *complaints[:20]])


# --- what no list of attacks holds ------------------------------------------------------------------------------------

_VALUES = {
    FieldDescriptor.TYPE_STRING: st.one_of(st.text(max_size=60), st.binary(max_size=20)),
    FieldDescriptor.TYPE_MESSAGE: st.binary(max_size=40),
}
_NUMBERS = st.integers(min_value=-(2**63), max_value=2**64 - 1)


@st.composite
def _more_fields(draw: st.DrawFn, rpc: Rpc) -> bytes:
    """Some fields of a request, any values, in any order; now and then bytes that are nothing at all."""
    body = b""
    for field in draw(st.lists(st.sampled_from(list(rpc.method.input_type.fields)), max_size=4)):
        value = draw(_VALUES.get(field.type, _NUMBERS))
        if isinstance(value, int):
            body += numbered(field, value)
        else:
            body += tagged(field, value.encode() if isinstance(value, str) else value)
    return body + draw(st.one_of(st.just(b""), st.binary(max_size=12)))


@pytest.mark.parametrize("rpc", [rpc for rpc in _ALL if rpc.method.input_type.fields], ids=str)
def test_no_bytes_at_all_get_an_unforeseen_answer(rpc: Rpc, life: Life, attacker: Attacker) -> None:
    good = fill(rpc.request(), life).SerializeToString()

    @settings(max_examples=12, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
    @given(more=_more_fields(rpc), about=st.booleans())
    def attack(more: bytes, about: bool) -> None:
        body = good + more if about else more
        reply = attacker.send(rpc, body)
        assert reply.is_ours, reply
        try:
            type(rpc.request()).FromString(body)
        except DecodeError:
            assert (reply.code, reply.fields) == ("INVALID_ARGUMENT", (rpc.method.input_type.name,)), reply

    attack()


# --- requests that are good one by one --------------------------------------------------------------------------------


def test_a_request_id_with_another_body_is_refused(hotline: Hotline, life: Life, books: Books) -> None:
    operator, office, editor = hotline.person("operator"), hotline.person("office"), hotline.person("editor")
    pairs: list[tuple[str, Callable[[str], Message]]] = [
        ("intake", lambda words: operator.intake.RegisterAppeal(_registered(words))),
        ("dispatch", lambda words: office.dispatch.UpdateUnit(_updated(words))),
        ("knowledge", lambda words: editor.knowledge.CreateEntry(_created(words))),
    ]
    for service, command in pairs:
        first = command("甲")
        [before] = books.at_rest(service)
        with pytest.raises(Invalid) as refused:
            command("乙")
        assert refused.value.reason == "REQUEST_ID_REUSED"
        assert [field for field, _ in refused.value.violations] == ["request_id"]
        assert command("甲") == first
        assert books.state(service) == before


_ONCE = new_request_id()


def _registered(words: str) -> intake.RegisterAppealRequest:
    request = registration(2, draft=False)
    request.MergeFrom(intake.RegisterAppealRequest(request_id=_ONCE, title=words))
    return request


def _updated(words: str) -> dispatch.UpdateUnitRequest:
    return dispatch.UpdateUnitRequest(
        unit=work_order_pb2.Unit(name=CITY_UNIT, display_name=words),
        update_mask=FieldMask(paths=["display_name"]),
        request_id=_ONCE,
    )


def _created(words: str) -> knowledge.CreateEntryRequest:
    entry = entry_pb2.Entry(title=words, text=words, kind=entry_pb2.ENTRY_KIND_GUIDE)
    return knowledge.CreateEntryRequest(entry=entry, request_id=_ONCE)


@pytest.mark.parametrize("etag", ["999", "-1", "1.0", "x", "'; --", " 1", "\u0661"])
def test_an_etag_that_is_not_the_current_one_is_refused(etag: str, hotline: Hotline, life: Life, books: Books) -> None:
    services = ("feedback", "dispatch", "knowledge")
    before = books.at_rest(*services)
    conclude = feedback.ConcludeReviewRequest(
        name=life.review,
        outcome=callback_pb2.REVIEW_OUTCOME_UPHELD,
        cause="无",
        responsibility=callback_pb2.RESPONSIBILITY_NONE,
        remedy="无",
        marks=[scorecard_pb2.Mark(criterion="solution", grade=scorecard_pb2.GRADE_MET)],
        etag=etag,
        request_id=new_request_id(),
    )
    with pytest.raises(Conflict, match="changed since it was read"):
        hotline.person("quality").feedback.ConcludeReview(conclude)
    update = _updated("丙")
    update.unit.etag, update.request_id = etag, new_request_id()
    with pytest.raises(Conflict, match="changed since it was read"):
        hotline.person("office").dispatch.UpdateUnit(update)
    publish = knowledge.PublishEntryRequest(name=life.entry, etag=etag, request_id=new_request_id())
    with pytest.raises(Conflict, match="changed since it was read"):
        hotline.person("editor", subject="another-editor").knowledge.PublishEntry(publish)
    assert [books.state(service) for service in services] == before


@pytest.mark.parametrize("words", HOSTILE_TEXTS)
def test_hostile_words_are_no_category(words: str, hotline: Hotline, books: Books) -> None:
    operator = hotline.person("operator").intake
    [before] = books.at_rest("intake")
    request = registration(3, draft=False)
    request.category = words
    with pytest.raises(Invalid) as refused:
        operator.RegisterAppeal(request)
    assert refused.value.reason == "CATEGORY_UNKNOWN"
    assert [field for field, _ in refused.value.violations] == ["category"]
    assert books.state("intake") == before
    assert not operator.ListAppeals(intake.ListAppealsRequest(category=words)).appeals


@pytest.mark.parametrize("words", HOSTILE_TEXTS)
def test_hostile_words_live_a_whole_life_as_words(words: str, hotline: Hotline, quiet: Quiet) -> None:
    operator, reviewer = hotline.person("operator").intake, hotline.person("reviewer").intake
    request = registration(3)
    request.text = request.title = request.citizen.address = request.draft.text = words
    request.citizen.full_name = name = f"甄{words}"  # a title that held the name itself would be refused
    request.transferred_from.reference = words
    request.transferred_from.line = "12345"
    appeal = operator.RegisterAppeal(request)
    assert (appeal.title, appeal.transferred_from.reference) == (words, words)
    assert operator.ReadAppealText(intake.ReadAppealTextRequest(name=appeal.name)).text == words
    contact = operator.RevealContact(intake.RevealContactRequest(name=appeal.name, purpose=words))
    assert (contact.full_name, contact.address) == (name, words)
    found = operator.ListAppeals(intake.ListAppealsRequest(transfer_reference=words)).appeals
    assert appeal.name in {each.name for each in found}
    reviewer.ReleaseDraft(intake.ReleaseDraftRequest(name=appeal.name, request_id=new_request_id()))
    quiet.wait()
    office = hotline.person("office").dispatch
    order = office.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=appeal.name)).work_orders[0]
    assert (order.title, order.text) == (words, words)
    result = result_of(order.name)
    result.text = result.reply_text = words
    assert hotline.person("unit", unit=UNIT).dispatch.ReportResult(result).result.text == words
    quiet.wait()
    seat = hotline.person("callback").feedback
    callback = seat.ListCallbacks(feedback.ListCallbacksRequest(work_order=order.name)).callbacks[0]
    done = satisfied(callback.name)
    done.note = words
    assert seat.CompleteCallback(done).note == words
    quiet.wait()
    closed = office.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))
    assert closed.state == work_order_pb2.WORK_ORDER_STATE_CLOSED
    entry = hotline.person("editor").knowledge.CreateEntry(
        knowledge.CreateEntryRequest(
            entry=entry_pb2.Entry(title=words, text=words, kind=entry_pb2.ENTRY_KIND_GUIDE, keywords=[words[:50]]),
            request_id=new_request_id(),
        )
    )
    assert (entry.title, entry.text, list(entry.keywords)) == (words, words, [words[:50]])
    hotline.person().knowledge.SearchEntries(knowledge.SearchEntriesRequest(query=words))
