"""Messages to citizens say number, code and dates, in Chinese, and never who they are (Art. 20, 26)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from hotline_intake.domain import telling
from hotline_intake.domain.appeal import (
    Appeal,
    Asker,
    Channel,
    DeclineGround,
    Kind,
    RequestType,
    State,
)

NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)


def appeal_in(state: State = State.REGISTERED, *, emergency: bool = False) -> Appeal:
    registered = Appeal(
        id=UUID("01970000-0000-7000-8000-000000000001"),
        version=1,
        number="130100-20260508-000001",
        tracking_code="7KQ2-9XMW-4B1C-D8EF",
        channel=Channel.WEB,
        kind=Kind.DAILY_LIFE,
        request_type=RequestType.HELP,
        asker=Asker.PERSON,
        category="城乡建设/供热",
        region="130102",
        title="暖气不热",
        state=State.REGISTERED,
        create_time=NOW,
        confidential=False,
        anonymous=False,
        emergency=emergency,
        transferred_from=None,
        citizen_id=UUID("01970000-0000-7000-8000-000000000002"),
    )
    return replace(registered, state=state)


DECLINED = appeal_in().declined(ground=DeclineGround.MILITARY, referral="请向部队反映", actor="o", now=NOW)


class TestMessages:
    def test_the_receipt_gives_number_code_and_the_hour(self) -> None:
        appeal = appeal_in()
        text = telling.receipt(appeal=appeal)
        assert appeal.number in text
        assert appeal.tracking_code in text
        assert "1小时" in text
        assert "119" not in text

    def test_an_emergency_is_told_whom_to_call_at_once(self) -> None:
        text = telling.receipt(appeal=appeal_in(emergency=True))
        assert text.index("110") < text.index("编号")
        assert {"110", "119", "120"} <= {text[i : i + 3] for i in range(len(text))}

    def test_a_decline_says_why_and_where_to_turn(self) -> None:
        text = telling.declined(appeal=DECLINED)
        assert "军队" in text
        assert text.endswith("请向部队反映。")

    def test_a_decline_for_danger_names_the_numbers_whatever_the_operator_wrote(self) -> None:
        declined = appeal_in().declined(ground=DeclineGround.EMERGENCY, referral="报警", actor="o", now=NOW)
        assert all(number in telling.declined(appeal=declined) for number in ("110", "119", "120"))

    def test_an_extension_gives_the_new_day_and_the_reason(self) -> None:
        text = telling.extended(appeal=appeal_in(State.REFERRED), due_date=date(2026, 5, 20), reason="需现场施工")
        assert "2026年5月20日" in text
        assert "需现场施工。" in text

    def test_progress_tells_every_state(self) -> None:
        assert len({telling.progress(appeal=appeal_in(state)) for state in State}) == len(State)
        referred = replace(appeal_in(State.REFERRED), due_date=date(2026, 5, 20))
        assert "2026年5月20日" in telling.progress(appeal=referred)


class TestBusinessNumber:
    def test_carries_the_day_in_shanghai(self) -> None:
        evening = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
        number = telling.business_number(division="130100", received=evening, running=123)
        assert number == "130100-20261123-000123"
