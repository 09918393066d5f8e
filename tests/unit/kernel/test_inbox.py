"""Reading a message: whatever was sent, it becomes something that PostgreSQL stores."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hotline_kernel.inbox import Received, store_params
from hypothesis import given
from hypothesis import strategies as st

HEADERS = {
    "id": "018f2a64-0000-7000-8000-000000000001",
    "type": "hotline.sla.events.v1.DeadlineMissed",
    "subject": "deadlines/1",
    "sequence": 3,
    "time": "2026-05-08T09:00:00+08:00",
    "traceparent": "00-a-b-01",
}
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.text(st.characters()), st.lists(st.integers())
)


def read(body: bytes = b"{}", content_type: str | None = "application/json", **changes: object) -> Received:
    return Received.read(source="sla", body=body, content_type=content_type, headers=HEADERS | changes)


class TestReceived:
    def test_takes_over_the_attributes_of_a_good_message(self) -> None:
        message = read(b'{"deadline": "deadlines/1"}')
        assert message == Received(
            source="sla",
            event_id=UUID("018f2a64-0000-7000-8000-000000000001"),
            aggregate="deadlines/1",
            sequence=3,
            type="hotline.sla.events.v1.DeadlineMissed",
            payload='{"deadline": "deadlines/1"}',
            headers={name: str(value) for name, value in HEADERS.items()},
            occurred_time=datetime(2026, 5, 8, 1, 0, tzinfo=UTC),
            error="",
        )
        assert message.state == "open"

    def test_names_everything_that_is_wrong(self) -> None:
        message = read(b"no", "text/plain", sequence=0, time="2026-05-08T09:00:00")
        assert message.state == "dead"
        for problem in ("text/plain", "not JSON", "'sequence'", "'time'"):
            assert problem in message.error

    @pytest.mark.parametrize(("ours", "theirs"), [("real", "training"), ("training", "real"), ("training", None)])
    def test_of_the_other_mode_is_dead_and_takes_no_place_in_the_order(self, ours: str, theirs: str | None) -> None:
        headers = HEADERS | ({"mode": theirs} if theirs else {})  # releases that knew no modes are real
        message = Received.read(source="sla", body=b"{}", content_type="application/json", headers=headers, mode=ours)
        assert (message.state, message.aggregate, message.sequence) == ("dead", "", 0)
        assert "mode" in message.error

    def test_of_our_own_mode_is_taken(self) -> None:
        for mode in ("real", "training"):
            headers = HEADERS | {"mode": mode}
            message = Received.read(
                source="sla", body=b"{}", content_type="application/json", headers=headers, mode=mode
            )
            assert message.state == "open"

    def test_refuses_a_time_that_nobody_could_read_back(self) -> None:
        assert read(time="0001-01-01T00:00:00+23:59").state == "dead"
        assert read(time="9999-12-31T23:59:59-23:59").state == "dead"

    @given(
        body=st.binary(),
        content_type=st.one_of(st.none(), st.text()),
        changes=st.dictionaries(st.one_of(st.sampled_from(sorted(HEADERS)), st.text(st.characters())), ANYTHING),
    )
    def test_never_fails_and_is_always_storable(
        self, body: bytes, content_type: str | None, changes: dict[str, object]
    ) -> None:
        message = Received.read(source="sla", body=body, content_type=content_type, headers=HEADERS | changes)
        for text in (message.payload, message.aggregate, message.type, message.error, json.dumps(message.headers)):
            assert "\0" not in text
            text.encode()
        assert "\\u0000" not in json.dumps(message.headers).replace("\\\\", "")
        assert 0 <= message.sequence < 2**63
        assert message.occurred_time is None or message.occurred_time.tzinfo is not None
        store_params([message])
