"""What a line brings while it cannot be kept: it is not acknowledged, and comes again."""

from dataclasses import dataclass, field
from typing import Any

import amqp
import pytest
from google.protobuf.json_format import MessageToJson
from hotline.dispatch.county.v1.county_messages_pb2 import Heartbeat
from hotline_dispatch.adapters.county_line import Receiver
from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.county import County
from hotline_dispatch.settings import Settings

from tests.integration.dispatch.counties.lines import Line


@dataclass
class End:
    """An end of a line that has some messages."""

    messages: list[amqp.Message]
    acknowledged: list[amqp.Message] = field(default_factory=list)
    is_closed: bool = False

    def take(self) -> list[amqp.Message]:
        taken, self.messages = self.messages, []
        return taken

    def acknowledge(self, last: amqp.Message) -> None:
        self.acknowledged.append(last)

    def close(self) -> None:
        self.is_closed = True


def beat(body: bytes | str) -> amqp.Message:
    return amqp.Message(body, application_headers={"type": Heartbeat.DESCRIPTOR.full_name})


@pytest.fixture
def settings(line: Line) -> Settings:
    settings = line.city.application.settings
    assert isinstance(settings, Settings)
    return settings


class TestAReceiver:
    def test_gives_up_the_connection_of_what_it_could_not_keep(self, line: Line, settings: Settings) -> None:
        end = End([beat("{}")])

        class Failing(Receiver):
            def _open_end(self, county: County) -> Any:
                return end

            def _store(self, county: County, messages: list[amqp.Message]) -> Heartbeat | None:
                raise RuntimeError("the database went away")

        assert not Failing(database=line.city.database, settings=settings, answer=_never).run()
        assert (end.acknowledged, end.is_closed) == ([], True)

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff\xfe",
            "no json",
            MessageToJson(Heartbeat(epoch=2**62, waiting=-5)),
            '{"epoch": "7", "restoredTime": "0001-01-01T00:00:00Z"}',
        ],
    )
    def test_bears_whatever_a_heartbeat_says(self, line: Line, settings: Settings, body: bytes | str) -> None:
        end = End([beat(body)])

        class Hearing(Receiver):
            def _open_end(self, county: County) -> Any:
                return end

        assert Hearing(database=line.city.database, settings=settings, answer=line.answer).run()
        assert len(end.acknowledged) == 1
        assert not end.is_closed


def _never(county: County, restored_time: object, tx: Store) -> None:
    raise AssertionError("nobody went back")
