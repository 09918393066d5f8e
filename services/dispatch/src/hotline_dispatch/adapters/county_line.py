"""This side's ends of counties' lines: an exchange and a queue, carried on by the county's shovels (ADR 0033)."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import amqp
import structlog
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
from hotline.dispatch.county.v1.county_messages_pb2 import Heartbeat
from hotline_kernel import inbox, relay, telemetry, topology
from hotline_kernel.db import Database
from hotline_kernel.outbox import Announced
from hotline_kernel.settings import Settings
from hotline_kernel.timestamps import timestamp
from uuid_utils.compat import uuid7

from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.county import County, CountyState, Side

DOWN, UP = "county.down", "county.up"
"""Exchange and queue of a direction, by the same name at both ends of a line."""
MESSAGES_AT_ONCE = 500
_POLL_SECONDS = 0.001
_MOST_WAITING = 1_000_000_000
_ANSWER_PAUSE = timedelta(minutes=10)
"""A side that says ever again that it went back does not keep the other busy with sending again."""
_PAUSE_SECONDS = 2.0
"""Before a broker that is away is tried again, and before a first county is looked for again."""
_HEARTBEAT = Heartbeat.DESCRIPTOR.full_name
_log = structlog.get_logger(__name__)


def virtual_host(broker_url: str, county: str) -> str:
    """The virtual host of a county on the city's broker, from the city's own and `counties/{id}`."""
    own = unquote(urlsplit(broker_url).path.lstrip("/")) or "/"
    return f"{own}.county.{county.removeprefix('counties/')}"


def line_url(broker_url: str, county: County) -> str:
    """Where this side's end of a line is: a virtual host of its own at the city, the county's only one at home."""
    if county.side is Side.COUNTY:
        return broker_url
    return urlsplit(broker_url)._replace(path=f"/{quote(virtual_host(broker_url, county.name), safe='')}").geturl()


class _End:
    """A connection to one end of one line."""

    def __init__(self, url: str, *, ca: Path | None) -> None:
        self._open = ExitStack()
        self.connection = self._open.enter_context(topology.connected(url, ca=ca))

    def close(self) -> None:
        with suppress(amqp.AMQPError, OSError):
            self._open.close()


class _Ends:
    """Connections by county, made when they are needed and again after a pause when they broke."""

    def __init__(self, open_end: Callable[[County], Any]) -> None:
        self._open_end = open_end
        self._ends: dict[str, tuple[int, Any]] = {}
        self._not_before: dict[str, float] = {}

    def to(self, county: County) -> Any | None:
        """The end of a line; None while it cannot be had."""
        known = self._ends.get(county.name)
        if known is not None and known[0] == county.version:
            return known[1]
        self.drop(county.name)
        if monotonic() < self._not_before.get(county.name, 0.0):
            return None
        try:
            end = self._open_end(county)
        except relay.BROKER_ERRORS as error:
            self.broke(county, error)
            return None
        self._ends[county.name] = county.version, end
        return end

    def broke(self, county: County, error: Exception) -> None:
        """It is tried again after a pause."""
        _log.warning("line_away", county=county.name, **telemetry.failure(error))
        self.drop(county.name)
        self._not_before[county.name] = monotonic() + _PAUSE_SECONDS

    def drop(self, name: str) -> None:
        known = self._ends.pop(name, None)
        if known is not None:
            known[1].close()


class _Lines:
    """What sender and receiver have in common; each is one thread's own."""

    def __init__(self, *, database: Database[Store], settings: Settings) -> None:
        self._database = database
        self._broker_url = settings.broker_url.get_secret_value()
        self._ca = settings.broker_ca
        self._mode = settings.mode
        self._ends = _Ends(self._open_end)
        self._nobody_until = 0.0

    def _open_end(self, county: County) -> Any:
        raise NotImplementedError

    def _active(self) -> list[County]:
        if monotonic() < self._nobody_until:
            return []
        with self._database.transaction() as tx:
            counties = tx.list_counties()
        if not counties:  # whoever has none does not pay for lines
            self._nobody_until = monotonic() + _PAUSE_SECONDS
        for county in counties:
            if county.state is not CountyState.ACTIVE:
                self._ends.drop(county.name)
        return [county for county in counties if county.state is CountyState.ACTIVE]


class _Outgoing(_End):
    def __init__(self, url: str, *, ca: Path | None, source: str, direction: str, mode: str) -> None:
        super().__init__(url, ca=ca)
        self.publisher = relay.Publisher(
            self.connection, source=source, exchange=direction, queues=[direction], mode=mode
        )
        self.publisher.check_queues()
        self._depth = self.connection.channel()
        self._direction = direction
        self.beat_at = 0.0

    def depth(self) -> int:
        """Messages that the shovel has not taken."""
        return int(self._depth.queue_declare(self._direction, passive=True).message_count)


class Sender(_Lines):
    """Publishes what waits to cross to this side's end of each line, in order, each at least once."""

    def __init__(self, *, database: Database[Store], settings: Settings, heartbeat_seconds: float) -> None:
        super().__init__(database=database, settings=settings)
        self._heartbeat_seconds = heartbeat_seconds

    def run(self) -> bool:
        """One round over all lines; tells whether more waits."""
        more = False
        for county in self._active():
            end = self._ends.to(county)
            if end is None:
                continue
            try:
                more = self._send(county, end) or more
            except (*relay.BROKER_ERRORS, relay.QueueMissing) as error:
                self._ends.broke(county, error)
        return more

    def _open_end(self, county: County) -> _Outgoing:
        direction = DOWN if county.side is Side.CITY else UP
        source = "city" if county.side is Side.CITY else county.source
        return _Outgoing(
            line_url(self._broker_url, county), ca=self._ca, source=source, direction=direction, mode=self._mode
        )

    def _send(self, county: County, end: _Outgoing) -> bool:
        with self._database.transaction() as tx:
            messages = tx.claim_messages(county.name, limit=MESSAGES_AT_ONCE)
            error: Exception | None = None
            if messages:
                safe, error = end.publisher.publish(messages)
                if safe:
                    tx.mark_sent(safe)
        if error is not None:
            raise error
        if monotonic() >= end.beat_at:
            end.beat_at = monotonic() + self._heartbeat_seconds
            self._beat(county, end)
        end.publisher.keep_alive()
        return len(messages) == MESSAGES_AT_ONCE

    def _beat(self, county: County, end: _Outgoing) -> None:
        with self._database.transaction() as tx:
            waiting = tx.count_waiting(county.name) + end.depth()
            tx.note_waiting(county.name, waiting)
            line = tx.line(county.name)
        said = Heartbeat(
            waiting=waiting,
            epoch=line.epoch,
            restored_time=timestamp(line.restored_time),
            answered_epoch=line.far_epoch,
        )
        now = datetime.now(UTC)  # real time: a heartbeat is about the line, not about law
        beat = Announced(
            position=0,
            created_time=now,
            event_id=uuid7(),
            aggregate=county.name,
            sequence=0,
            lane=0,
            type=_HEARTBEAT,
            payload=json_format.MessageToJson(said, indent=None),
            occurred_time=now,
            traceparent="",
        )
        lasts = str(int(3 * self._heartbeat_seconds * 1000))  # older ones say nothing: the broker drops them
        _, error = end.publisher.publish([beat], expiration=lasts)
        if error is not None:
            raise error


class _Incoming(_End):
    def __init__(self, url: str, *, ca: Path | None, queue: str) -> None:
        super().__init__(url, ca=ca)
        self._channel = self.connection.channel()
        self._channel.basic_qos(0, MESSAGES_AT_ONCE, False)
        self._waiting: list[amqp.Message] = []
        self._channel.basic_consume(queue, callback=self._waiting.append)
        self._checked = monotonic()

    def take(self) -> list[amqp.Message]:
        """What has come, without waiting for more."""
        with suppress(TimeoutError):
            while len(self._waiting) < MESSAGES_AT_ONCE:
                self.connection.drain_events(timeout=_POLL_SECONDS)
        if monotonic() - self._checked > 1.0:
            self._checked = monotonic()
            self.connection.heartbeat_check()
        taken, self._waiting[:] = list(self._waiting), []
        return taken

    def acknowledge(self, last: amqp.Message) -> None:
        """All up to this one."""
        self._channel.basic_ack(last.delivery_tag, multiple=True)


Answer = Callable[[County, datetime, Store], None]
"""What is done when the other side went back to a moment."""


class Receiver(_Lines):
    """Stores what came by each line in the inbox and acknowledges it; heartbeats are noted and go no further."""

    def __init__(self, *, database: Database[Store], settings: Settings, answer: Answer) -> None:
        super().__init__(database=database, settings=settings)
        self._answer = answer

    def run(self) -> bool:
        """One round over all lines; tells whether more may have come."""
        more = False
        for county in self._active():
            end = self._ends.to(county)
            if end is None:
                continue
            try:
                messages = end.take()
                if messages:
                    beat = self._store(county, messages)
                    end.acknowledge(messages[-1])
                    more = True
                    if beat is not None:
                        self._hear_epoch(county, beat)
            except Exception as error:  # noqa: BLE001  (of one line, which keeps no other from being heard)
                self._ends.broke(county, error)  # what is not acknowledged comes again
        return more

    def _open_end(self, county: County) -> _Incoming:
        with self._database.transaction() as tx:
            inbox.open_lanes(tx, sources=[county.source])
        queue = UP if county.side is Side.CITY else DOWN
        return _Incoming(line_url(self._broker_url, county), ca=self._ca, queue=queue)

    def _store(self, county: County, messages: list[amqp.Message]) -> Heartbeat | None:
        received, beat = [], None
        view_time: datetime | None = None
        for message in messages:
            headers: Mapping[str, Any] = message.properties.get("application_headers") or {}
            view_time = _latest(view_time, headers.get("committed"))
            if headers.get("type") == _HEARTBEAT:
                beat = _beat(message.body) or beat
                continue
            content_type = message.properties.get("content_type")
            received.append(
                inbox.Received.read(
                    source=county.source,
                    body=message.body,
                    content_type=content_type,
                    headers=headers,
                    mode=self._mode,
                )
            )
        with self._database.transaction() as tx:
            if received:
                tx.run(inbox.STORE, inbox.store_params(received))
            tx.note_heard(
                county.name,
                view_time=view_time,
                waiting=max(0, min(beat.waiting, _MOST_WAITING)) if beat else None,
                answered_epoch=beat.answered_epoch if beat else None,
            )
        return beat

    def _hear_epoch(self, county: County, beat: Heartbeat) -> None:
        """Answer a side that went back, once all that it said before has had its effect; it says so until then."""
        with self._database.transaction() as tx:
            if (
                beat.epoch > 0
                and tx.is_all_handled(county.source)
                and tx.note_far_epoch(county.name, beat.epoch, pause=_ANSWER_PAUSE)
            ):
                _log.warning("other_side_went_back", county=county.name, epoch=beat.epoch)
                self._answer(county, _moment(beat.restored_time), tx)


def _latest(known: datetime | None, said: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(said)).astimezone(UTC)
    except (ValueError, OverflowError):
        return known
    now = datetime.now(UTC)  # a view is never from the future, whatever the other side's clock says
    return min(now, moment) if known is None else max(known, min(now, moment))


def _beat(body: bytes | str) -> Heartbeat | None:
    try:
        return json_format.Parse(body, Heartbeat(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError):
        return None


def _moment(said: Timestamp) -> datetime:
    """As it was said, within a year: whatever a message says, it can be counted with."""
    now = datetime.now(UTC)
    try:
        return max(now - timedelta(days=365), min(now, said.ToDatetime(UTC)))
    except (ValueError, OverflowError):
        return now
