"""第三十六条: evidence is gathered about who is to be held to account, who is heard before the authority decides."""

from secrets import token_hex

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.sla.v1 import accountability_pb2 as accountability
from hotline.sla.v1 import deadline_pb2
from hotline.sla.v1 import sla_service_pb2 as sla
from hotline_cli.client import new_request_id

from tests.regulation.city import LEAD, City, refused

DUTIES = ("all:36(1)–(3)", "sla:29")


class Played:
    """A unit that never did an order, was supervised and named in a grave circular, and has a fresh order too."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.unit = city.office.CreateUnit(
            dispatch.CreateUnitRequest(
                unit=work_order_pb2.Unit(
                    name=f"units/grave-{token_hex(4)}",
                    display_name="推诿单位",
                    region="139900",
                    kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
                    principal="推一推",
                ),
                request_id=new_request_id(),
            )
        ).name
        city.next_morning()
        late = city.refer(lead=self.unit)
        city.settle()
        self.late = city.order_of(late.name).name
        city.move_to(city.close_of_office(city.working_day(4)))
        city.next_morning()
        fresh = city.refer(lead=self.unit)
        city.settle()
        self.fresh = city.order_of(fresh.name).name
        self.sla = city.hotline.person("office").sla
        grave = sla.PublishCircularRequest(unit=self.unit, grave=True, request_id=new_request_id())
        self.circular = self.sla.PublishCircular(grave).name

    def open(self, **fields: object) -> accountability.AccountabilityFile:
        """The office opens a file."""
        request = sla.OpenAccountabilityFileRequest(
            unit=self.unit,
            ground=accountability.ACCOUNTABILITY_GROUND_NOT_DONE,
            reason="经督办仍未办结",
            request_id=new_request_id(),
        )
        request.MergeFrom(sla.OpenAccountabilityFileRequest(**fields))  # type: ignore[arg-type]
        if not request.work_orders:
            request.work_orders.append(self.late)
        file: accountability.AccountabilityFile = self.sla.OpenAccountabilityFile(request)
        return file

    def refer(self, file: str) -> accountability.AccountabilityFile:
        """The office refers a file."""
        request = sla.ReferAccountabilityFileRequest(name=file, authority="市监察局", request_id=new_request_id())
        referred: accountability.AccountabilityFile = self.sla.ReferAccountabilityFile(request)
        return referred

    def conclude(
        self, file: str, outcome: accountability.AccountabilityOutcome.ValueType
    ) -> accountability.AccountabilityFile:
        """The office puts down the decision."""
        request = sla.ConcludeAccountabilityFileRequest(
            name=file, outcome=outcome, decision="已核实", request_id=new_request_id()
        )
        concluded: accountability.AccountabilityFile = self.sla.ConcludeAccountabilityFile(request)
        return concluded

    def state(self, file: str, *, unit: str) -> accountability.AccountabilityFile:
        """A unit states its case."""
        request = sla.StateAccountabilityCaseRequest(
            name=file, statement="人手不足，正在整改", request_id=new_request_id()
        )
        heard: accountability.AccountabilityFile = self.city.unit(unit).sla.StateAccountabilityCase(request)
        return heard


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    return Played(city)


class TestTheGround:
    """有下列情形之一: it must be carried by what is known of the orders (Art. 36)."""

    def test_late_handling_needs_its_effect(self, played: Played) -> None:
        """造成不良影响的: without an effect nobody is held to account for being late (Art. 36(1))."""
        late = accountability.ACCOUNTABILITY_GROUND_LATE_OR_BAD
        with refused("EFFECT_NOT_TOLD", article="Art. 36(1)"):
            played.open(ground=late)
        assert played.open(ground=late, effect="整栋楼停水三天").effect == "整栋楼停水三天"

    def test_an_order_that_is_not_late_is_no_evidence(self, played: Played) -> None:
        """办理不及时; 经督办仍未办结: neither is an order that still has time (Art. 36(1), (2))."""
        with refused("GROUND_NOT_SHOWN", article="Art. 36"):
            played.open(work_orders=[played.late, played.fresh])
        with refused("GROUND_NOT_SHOWN", article="Art. 36"):
            played.open(
                ground=accountability.ACCOUNTABILITY_GROUND_LATE_OR_BAD, effect="停水", work_orders=[played.fresh]
            )

    def test_refusal_is_shown_by_giving_the_order_away(self, city: City, played: Played) -> None:
        """拒不办理，推诿扯皮: not by who holds it or never had it; it need not be late (Art. 36(3))."""
        refusal = accountability.ACCOUNTABILITY_GROUND_REFUSED
        for unit in (played.unit, LEAD):
            with refused("GROUND_NOT_SHOWN", article="Art. 36"):
                played.sla.OpenAccountabilityFile(
                    sla.OpenAccountabilityFileRequest(
                        unit=unit,
                        ground=refusal,
                        work_orders=[played.fresh],
                        reason="推诿",
                        request_id=new_request_id(),
                    )
                )
        city.send_back(played.fresh, unit=played.unit)
        city.settle()
        file = played.open(ground=refusal, work_orders=[played.fresh])
        assert file.evidence[0].handling == deadline_pb2.DEADLINE_STATE_RUNNING
        assert f"by {played.unit}" in file.evidence[0].account

    def test_follows_a_grave_circular_about_the_unit_alone(self, city: City, played: Played) -> None:
        """A circular that found the unit's conduct grave leads to a file, about that unit alone (Art. 29)."""
        assert played.open(circular=played.circular).circular == played.circular
        with refused("CIRCULAR_NOT_GRAVE", article="Art. 29"):
            city.hotline.person("office").sla.OpenAccountabilityFile(
                sla.OpenAccountabilityFileRequest(
                    unit=LEAD,
                    ground=accountability.ACCOUNTABILITY_GROUND_REFUSED,
                    work_orders=[played.late],
                    reason="推诿",
                    circular=played.circular,
                    request_id=new_request_id(),
                )
            )


class TestTheFile:
    """依法依规追究相关单位和人员的责任: gathered, heard, referred, decided (Art. 36)."""

    def test_keeps_the_evidence_as_it_stood(self, city: City, played: Played) -> None:
        """The order's history and its written notice, under a digest (Art. 36(2))."""
        file = played.open()
        [shown] = file.evidence
        written = [step.number for step in city.supervisions(played.late) if step.number]
        assert shown.handling == deadline_pb2.DEADLINE_STATE_OVERDUE
        assert shown.notices
        assert set(shown.notices) <= set(written)
        assert shown.account
        assert len(file.evidence_digest) == 64
        assert city.auditor.sla.GetAccountabilityFile(sla.GetAccountabilityFileRequest(name=file.name)) == file

    def test_goes_to_the_authority_after_the_unit_was_heard(self, played: Played) -> None:
        """Heard once, referred, then upheld; nothing of it twice or in another order (Art. 36)."""
        name = played.open().name
        with refused("UNIT_NOT_HEARD", article="Art. 36"):
            played.refer(name)
        with refused("STATE_NOT_ALLOWED"):
            played.conclude(name, accountability.ACCOUNTABILITY_OUTCOME_UPHELD)
        assert played.state(name, unit=played.unit).statement
        with refused("STATE_NOT_ALLOWED"):
            played.state(name, unit=played.unit)
        assert played.refer(name).authority == "市监察局"
        concluded = played.conclude(name, accountability.ACCOUNTABILITY_OUTCOME_UPHELD)
        assert concluded.state == accountability.ACCOUNTABILITY_STATE_CONCLUDED
        with refused("STATE_NOT_ALLOWED"):
            played.conclude(name, accountability.ACCOUNTABILITY_OUTCOME_DROPPED)

    def test_is_dropped_for_a_good_reason(self, played: Played) -> None:
        """无正当理由的: whoever has a good reason is not held to account (Art. 36(2))."""
        dropped = played.conclude(played.open().name, accountability.ACCOUNTABILITY_OUTCOME_DROPPED)
        assert dropped.outcome == accountability.ACCOUNTABILITY_OUTCOME_DROPPED

    def test_is_seen_by_the_unit_concerned_alone(self, city: City, played: Played) -> None:
        """Other units neither see nor answer it (Art. 36)."""
        name = played.open().name
        own = city.unit(played.unit).sla.ListAccountabilityFiles(sla.ListAccountabilityFilesRequest())
        assert name in {file.name for file in own.accountability_files}
        with refused("NOT_OWN_UNIT"):
            city.unit(LEAD).sla.GetAccountabilityFile(sla.GetAccountabilityFileRequest(name=name))
        with refused("NOT_OWN_UNIT"):
            played.state(name, unit=LEAD)
