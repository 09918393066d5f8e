"""第二十条: one number, day and night, by every channel; everybody can follow their matter."""

import re
from datetime import datetime, time, timedelta

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id
from hotline_kernel.calendar import ZONE

from tests.regulation.city import City, refused

DUTIES = ("intake:2,14,20",)

CHANNELS = [value for value in appeal_pb2.Channel.values() if value]
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class TestEveryChannel:
    """通过电话、短信、网站、微信等方式受理群众服务需求 (Art. 20)."""

    @pytest.mark.parametrize("channel", CHANNELS)
    def test_takes_appeals_in_and_sends_the_receipt(self, city: City, channel: appeal_pb2.Channel.ValueType) -> None:
        """The receipt goes back the way the appeal came, with number and code (Art. 20)."""
        appeal = city.register(channel=channel)
        receipt = city.told(appeal.name)["receipt"]
        assert receipt.channel == channel
        assert appeal.number in receipt.text
        assert appeal.tracking_code in receipt.text

    def test_speaks_for_citizens_through_its_gateway(self, city: City) -> None:
        """网站、微信: nobody sits at a seat there (Art. 20)."""
        gateway = city.hotline.person("channel").intake
        request = intake.RegisterAppealRequest(
            request_id=new_request_id(),
            channel=appeal_pb2.CHANNEL_WECHAT,
            kind=appeal_pb2.APPEAL_KIND_CITY,
            request_type=appeal_pb2.REQUEST_TYPE_SUGGESTION,
            asker=appeal_pb2.ASKER_PERSON,
            category="城市管理/环卫",
            region="139903",
            title="增设垃圾桶",
            text="建议公园门口增设垃圾桶",
        )
        assert gateway.RegisterAppeal(request).channel == appeal_pb2.CHANNEL_WECHAT

    def test_is_open_at_three_at_night(self, city: City) -> None:
        """每天24小时 (Art. 20)."""
        tomorrow = city.now.date() + timedelta(days=1)
        city.move_to(datetime.combine(tomorrow, time(3), ZONE))
        appeal = city.register()
        assert appeal.number.split("-")[1] == f"{tomorrow:%Y%m%d}"
        assert city.track(appeal.tracking_code).state == appeal_pb2.APPEAL_STATE_REGISTERED


class TestTheTrackingCode:
    """Whoever holds it, and nobody else, follows the matter (Art. 20, 36(4))."""

    def test_cannot_be_guessed(self, city: City) -> None:
        """15 characters of 32 by chance and a check digit: no two alike, no order to be seen."""
        codes = [city.register().tracking_code for _ in range(40)]
        assert all(re.fullmatch(f"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", code) for code in codes)
        assert len(set(codes)) == 40
        assert codes != sorted(codes)
        # Every place is drawn: 40 draws of 32 characters show many different ones (19 to 27, and never under 10).
        places = zip(*(code.replace("-", "")[:15] for code in codes), strict=True)
        assert min(len(set(place)) for place in places) >= 10

    def test_finds_a_typing_error_by_its_check_digit(self, city: City) -> None:
        """Every single wrong character is seen, before anything is looked up."""
        code = city.register().tracking_code
        for place in (0, 6, 13, len(code) - 1):
            wrong = code[:place] + ALPHABET[(ALPHABET.index(code[place]) + 1) % 32] + code[place + 1 :]
            with refused("FIELD_INVALID", field="tracking_code"):
                city.track(wrong)

    def test_is_read_however_it_is_typed(self, city: City) -> None:
        """Case, spaces, hyphens, full width, O for 0, I for 1."""
        appeal = city.register()
        code = appeal.tracking_code
        wide = "".join(chr(ord(c) + 0xFEE0) if c != "-" else c for c in code)
        typed = [code.lower(), code.replace("-", ""), code.replace("-", " "), wide, code.replace("0", "O")]
        assert {city.track(each).number for each in typed} == {appeal.number}

    def test_shows_how_the_matter_comes_along(self, city: City) -> None:
        """办理期限及进展: state, last day, what was told (Art. 20, 24)."""
        appeal = city.refer()
        city.settle()
        seen = city.track(appeal.tracking_code)
        assert seen.state == appeal_pb2.APPEAL_STATE_REFERRED
        assert seen.due_date == city.order_of(appeal.name).due_date
        assert [message.occasion for message in seen.messages] == ["receipt", "referred"]

    def test_shows_nobody_who_the_citizen_is(self, city: City) -> None:
        """Who finds a receipt does not find the person (Art. 36(4))."""
        appeal = city.register(citizen=appeal_pb2.Citizen(full_name="甄隐名", phone="13900001234", address="柳林村7号"))
        seen = str(city.track(appeal.tracking_code))
        assert not any(word in seen for word in ("13900001234", "柳林村"))
        assert "甄隐名" not in "".join(message.text for message in city.track(appeal.tracking_code).messages)
