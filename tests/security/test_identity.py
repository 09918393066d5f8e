"""Who brought an appeal stays with intake, sealed: no event, row, log, metric or trace ever says it (Art. 36(4))."""

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import quote

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import feedback_service_pb2 as feedback
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet
from hotline_kernel.errors import Denied, HotlineError, Invalid, Refused

from tests.security.books import Books
from tests.support.lives import UNIT, registration, result_of, satisfied, unlike

NAME, PHONE, ADDRESS = "欧阳锦瑟鹿鸣", "13971504826", "翠微巷四十七号丙单元"
WORDS = "橘猫在暖气管上打盹的第三个冬夜"
_NUMBERS = count(1)
_SENTINELS = [
    form
    for text in (NAME, PHONE, ADDRESS, WORDS)
    for form in (
        text.encode(),
        text.encode("utf-16-le"),
        text.encode("unicode_escape"),  # as JSON and repr may write it
        text.encode().hex().encode(),
        quote(text).encode(),
        repr(text.encode())[2:-1].encode(),
    )
]


@dataclass(frozen=True)
class Lived:
    """What the citizen with the sentinels brought, and how it ended."""

    open_order: str
    confidential_order: str
    appeals: list[str]
    citizen: str
    open: str
    confidential: str


def appeal_of_the_citizen(*, confidential: bool = False, draft: bool = True) -> intake.RegisterAppealRequest:
    """An appeal whose name, number, address and words nobody else has."""
    request = registration(4, draft=draft)
    request.text, request.confidential = f"{WORDS},请处理。{unlike(next(_NUMBERS))}", confidential
    request.citizen.CopyFrom(appeal_pb2.Citizen(full_name=NAME, phone=PHONE, address=ADDRESS))
    return request


@pytest.fixture(scope="module")
def lived(hotline: Hotline, quiet: Quiet) -> Lived:
    """Every way an appeal can go, for one citizen, with the mistakes that could make a careless program talk."""
    operator, reviewer = hotline.person("operator").intake, hotline.person("reviewer").intake
    opened = operator.RegisterAppeal(appeal_of_the_citizen())
    confidential = operator.RegisterAppeal(appeal_of_the_citizen(confidential=True))
    declined = operator.RegisterAppeal(appeal_of_the_citizen(draft=False))
    answered = operator.RegisterAppeal(appeal_of_the_citizen(draft=False))
    operator.DeclineAppeal(
        intake.DeclineAppealRequest(
            name=declined.name,
            ground=appeal_pb2.DECLINE_GROUND_MILITARY,
            referral="请向有关部门反映",
            request_id=new_request_id(),
        )
    )
    operator.AnswerAppeal(
        intake.AnswerAppealRequest(name=answered.name, text="供暖期至三月十五日", request_id=new_request_id())
    )
    for broken in (
        intake.RegisterAppealRequest(text=WORDS, citizen=appeal_pb2.Citizen(full_name=NAME, phone=f"{PHONE}号")),
        intake.RegisterAppealRequest(text=WORDS * 1000, citizen=appeal_pb2.Citizen(full_name=NAME * 20)),
    ):
        with pytest.raises(HotlineError) as refused:
            operator.RegisterAppeal(broken)
        assert not any(secret in str(refused.value) for secret in (NAME, PHONE, ADDRESS, WORDS))
    reused = appeal_of_the_citizen()
    reused.request_id = str(new_request_id())
    operator.RegisterAppeal(reused)
    reused.citizen.full_name += "二"
    with pytest.raises(HotlineError):
        operator.RegisterAppeal(reused)
    for appeal in (opened, confidential):
        reviewer.ReleaseDraft(intake.ReleaseDraftRequest(name=appeal.name, request_id=new_request_id()))
    quiet.wait()
    return Lived(
        open_order=order_of(hotline, opened.name),
        confidential_order=order_of(hotline, confidential.name),
        appeals=[appeal.name for appeal in (opened, confidential, declined, answered)],
        citizen=opened.citizen,
        open=opened.name,
        confidential=confidential.name,
    )


def order_of(hotline: Hotline, appeal: str) -> str:
    """Name of the order that carries an appeal."""
    office = hotline.person("office").dispatch
    return office.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=appeal)).work_orders[0].name


def reveal(appeal: str, purpose: str = "回访核实") -> intake.RevealContactRequest:
    """Asks who brought it."""
    return intake.RevealContactRequest(name=appeal, purpose=purpose)


def test_the_lead_unit_learns_who_asks_unless_it_is_confidential(hotline: Hotline, lived: Lived) -> None:
    unit = hotline.person("unit", unit=UNIT).intake
    assert unit.RevealContact(reveal(lived.open)).full_name == NAME
    with pytest.raises(Denied):
        unit.RevealContact(reveal(lived.confidential))


@pytest.mark.parametrize("unit", ["units/water-group", "", "units/nobody"])
def test_another_unit_learns_nothing(unit: str, hotline: Hotline, lived: Lived) -> None:
    stranger = hotline.person("unit", unit=unit).intake
    for appeal in lived.appeals:
        with pytest.raises(Denied):
            stranger.RevealContact(reveal(appeal))


def test_every_reveal_and_read_is_on_record_with_its_purpose(hotline: Hotline, books: Books, lived: Lived) -> None:
    purpose = f"核对楼栋号 {new_request_id()}"
    hotline.person("callback", subject="seat-7").intake.RevealContact(reveal(lived.confidential, purpose))
    (entry,) = books.rows("intake", "audit_entry", "purpose", purpose)
    assert (entry["action"], entry["resource"]) == ("intake.contacts.reveal", lived.confidential)
    assert (entry["actor"], entry["roles"]) == ("seat-7", "callback")
    before = reads_of(books, lived.confidential)
    text = hotline.person("quality", subject="checker-3").intake.ReadAppealText(
        intake.ReadAppealTextRequest(name=lived.confidential)
    )
    assert WORDS in text.text
    (read,) = [row for row in reads_of(books, lived.confidential) if row not in before]
    assert (read["actor"], read["roles"]) == ("checker-3", "quality")


def reads_of(books: Books, appeal: str) -> list[dict[str, object]]:
    """Entries that say that somebody read the citizen's words."""
    keep = ("position", "actor", "roles")
    rows = books.rows("intake", "audit_entry", "resource", appeal)
    return [{name: row[name] for name in keep} for row in rows if row["action"] == "intake.texts.read"]


@pytest.mark.parametrize("secret", [NAME, PHONE])
def test_what_staff_write_for_others_may_not_name_the_citizen(secret: str, hotline: Hotline) -> None:
    operator = hotline.person("operator").intake
    titled, drafted = appeal_of_the_citizen(), appeal_of_the_citizen()
    titled.title, drafted.draft.text = f"{secret}反映暖气不热", f"请联系{secret}"
    for request, field in ((titled, "title"), (drafted, "draft.text")):
        with pytest.raises(Invalid) as refused:
            operator.RegisterAppeal(request)
        assert [named for named, _ in refused.value.violations] == [field]
        assert secret not in str(refused.value)


def test_a_refused_reveal_tells_nothing(hotline: Hotline, lived: Lived) -> None:
    for role in ("reviewer", "quality", "auditor", "engineer", "editor", "channel"):
        with pytest.raises(Denied) as refused:
            hotline.person(role).intake.RevealContact(reveal(lived.open))
        assert not any(secret in str(refused.value) for secret in (NAME, PHONE, ADDRESS))


def test_no_trace_of_the_citizen_anywhere_before_and_after_erasure(
    platform: Instance, hotline: Hotline, books: Books, quiet: Quiet, lived: Lived
) -> None:
    office, seat = hotline.person("office"), hotline.person("callback").feedback
    found = office.intake.ListAppeals(intake.ListAppealsRequest(phone=PHONE)).appeals
    assert set(lived.appeals) <= {appeal.name for appeal in found}
    for order in (lived.open_order, lived.confidential_order):
        result = result_of(order)
        if order == lived.confidential_order:  # its reply goes through the hotline (Art. 24(1))
            result.reply_means = work_order_pb2.REPLY_MEANS_RELAYED
        hotline.person("unit", unit=UNIT).dispatch.ReportResult(result)
        quiet.wait()
        (callback,) = seat.ListCallbacks(feedback.ListCallbacksRequest(work_order=order)).callbacks
        seat.CompleteCallback(satisfied(callback.name))
    quiet.wait()
    assert traces_of(platform, books) == []

    office.intake.EraseCitizen(
        intake.EraseCitizenRequest(name=lived.citizen, reason="本人申请", request_id=new_request_id())
    )
    operator = hotline.person("operator").intake
    for appeal in lived.appeals:
        with pytest.raises(Refused, match=r"(?i)eras|forg"):
            operator.RevealContact(reveal(appeal))
        with pytest.raises(Refused, match=r"(?i)eras|forg"):
            operator.ReadAppealText(intake.ReadAppealTextRequest(name=appeal))
    assert not office.intake.ListAppeals(intake.ListAppealsRequest(phone=PHONE)).appeals
    (row,) = books.rows("intake", "citizen", "id", lived.citizen.removeprefix("citizens/"))
    assert row["wrapped_key"] is None
    assert row["phone_hash"] is None
    quiet.wait()
    assert traces_of(platform, books) == []


def test_the_search_would_find_something(platform: Instance, books: Books, hotline: Hotline) -> None:
    """A title is no secret: it must show in the dump, the events and the inbox, else the search sees nothing."""
    request = registration(5)
    request.title = marker = f"检索自检{new_request_id()}"
    appeal = hotline.person("operator").intake.RegisterAppeal(request)
    dump = books.dump()
    assert marker.encode() in dump["intake", "appeal"]
    assert appeal.name.encode() in dump["intake", "outbox"]
    places = dict(telemetry_of(platform))
    assert all(places.values()), [place for place, text in places.items() if not text]
    assert any(b"IntakeService" in text for place, text in places.items() if "traces" in place)


def traces_of(platform: Instance, books: Books) -> list[str]:
    """Where a sentinel is found: rows of all databases, logs, metrics, spans."""
    rows = [(f"{service}.{table}", content) for (service, table), content in books.dump().items()]
    return sorted(
        f"{place}: {sentinel!r}"
        for place, content in [*rows, *telemetry_of(platform)]
        for sentinel in _SENTINELS
        if sentinel in content
    )


def telemetry_of(platform: Instance) -> Iterator[tuple[str, bytes]]:
    """Every log, the metrics of every process, the spans."""
    for path in sorted((platform.directory / "logs").iterdir()):
        yield f"log {path.name}", path.read_bytes() + b"\n"
    for name in platform.processes:
        port = platform.environment(*name.split("."))["HOTLINE_METRICS_PORT"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            yield f"metrics {name}", answer.read()
    yield "traces", (platform.directory / "traces.jsonl").read_bytes()
