"""Where what crosses a county's line waits, and what is measured of the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from hotline_kernel import telemetry
from hotline_kernel.db import Transaction
from hotline_kernel.outbox import Announced
from uuid_utils.compat import uuid7

from hotline_dispatch.domain.county import Errand

_SEND = """
WITH numbered AS (UPDATE errand SET sent = sent + 1 WHERE id = %(errand)s RETURNING epoch, sent)
INSERT INTO county_message (event_id, county, errand, epoch, sequence, type, payload, occurred_time, traceparent)
SELECT %(event_id)s, %(county)s, %(errand)s, epoch, sent, %(type)s, %(payload)s, %(time)s, %(traceparent)s FROM numbered
"""
_SEND_UNKNOWN = """
INSERT INTO county_message (event_id, county, errand, epoch, sequence, type, payload, occurred_time, traceparent)
SELECT %(event_id)s, %(county)s, %(errand)s, epoch, 1, %(type)s, %(payload)s, %(time)s, %(traceparent)s
  FROM county_line WHERE county = %(county)s AND epoch > 0
   AND NOT EXISTS (SELECT FROM county_message m WHERE m.errand = %(errand)s AND m.epoch = county_line.epoch)
"""
# What was written after the moment got numbers that the other side may have heard of other messages. What was sent
# already keeps its own: it may have been heard by it, and would be doubled.
_NUMBER_ANEW = """
WITH line AS (
  INSERT INTO county_line AS l (county, epoch, restored_time)
  VALUES (%(county)s, extract(epoch FROM clock_timestamp()) * 1000, %(time)s)
  ON CONFLICT (county) DO UPDATE
    SET epoch = greatest(excluded.epoch, l.epoch + 1), restored_time = excluded.restored_time
  RETURNING epoch
), since AS (
  SELECT position, row_number() OVER (PARTITION BY errand ORDER BY position) AS number FROM county_message
   WHERE county = %(county)s AND published_time IS NULL AND created_time > %(time)s
), numbered AS (
  UPDATE county_message m SET epoch = line.epoch, sequence = since.number
    FROM line, since WHERE m.position = since.position
  RETURNING m.errand
), counted AS (
  SELECT errand, count(*) AS messages FROM numbered GROUP BY errand
)
UPDATE errand e SET epoch = line.epoch, sent = coalesce((SELECT messages FROM counted WHERE errand = e.id), 0)
  FROM line WHERE e.county = %(county)s
"""


@dataclass(frozen=True)
class Line:
    """What is known of a line beside its county, real time.

    epoch -- milliseconds, since 1970, at which this side was told last that it went back, to `restored_time` (a count
    would go back with it); 0: never;  answered_epoch -- to which of these the other side has answered;  far_epoch -- of
    the other side's, to which this one has.
    """

    heard_time: datetime | None = None
    heard_ago_seconds: float | None = None
    view_age_seconds: float = 0.0
    waiting_out: int = 0
    waiting_in: int = 0
    epoch: int = 0
    restored_time: datetime | None = None
    far_epoch: int = 0
    answered_epoch: int = 0
    erasures_open: int = 0


class Lines(Transaction):
    """What crosses, within one transaction."""

    def send(self, errand: Errand, message: Message, *, time: datetime) -> None:
        """Has a message cross, next in its errand's order; the errand is locked."""
        self.run(_SEND, _message(errand.county, errand.id, message, time))

    def send_unknown(self, county: str, errand: UUID, message: Message, *, time: datetime) -> None:
        """Has a message cross about an errand that this side does not know; only if it ever went back, and once."""
        self.run(_SEND_UNKNOWN, _message(county, errand, message, time))

    def claim_messages(self, county: str, *, limit: int) -> list[Announced]:
        """The oldest messages that wait for a line, locked; others' are left to them."""
        rows = self.all(
            "SELECT position, created_time, event_id, errand, epoch, sequence, type, payload, occurred_time,"
            " traceparent FROM county_message WHERE county = %(county)s AND published_time IS NULL"
            " ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED",
            {"county": county, "limit": limit},
        )
        return [Announced(aggregate=_stream(row.pop("errand"), row.pop("epoch")), lane=0, **row) for row in rows]

    def mark_sent(self, messages: Sequence[Announced]) -> None:
        """Remembers that the broker has these."""
        self.run(
            "UPDATE county_message SET published_time = now() WHERE position = ANY(%(positions)s::bigint[])",
            {"positions": [message.position for message in messages]},
        )

    def forget_messages(self, *, older_than_days: int, limit: int) -> int:
        """Forgets what was sent long ago; tells how many."""
        return self.count(
            "DELETE FROM county_message WHERE position IN (SELECT position FROM county_message"
            " WHERE published_time < now() - make_interval(days => %(days)s) LIMIT %(limit)s)",
            {"days": older_than_days, "limit": limit},
        )

    def count_waiting(self, county: str) -> int:
        """Messages that the broker does not have yet, counted up to 100,000."""
        row = self.one(
            "SELECT (SELECT count(*) FROM (SELECT FROM county_message WHERE county = %(county)s"
            " AND published_time IS NULL LIMIT 100000) m) AS waiting",
            {"county": county},
        )
        return int(row["waiting"]) if row else 0

    def note_waiting(self, county: str, waiting: int) -> None:
        """How many wait to cross from here."""
        self.run(
            "INSERT INTO county_line (county, waiting_out) VALUES (%(county)s, %(waiting)s)"
            " ON CONFLICT (county) DO UPDATE SET waiting_out = excluded.waiting_out",
            {"county": county, "waiting": waiting},
        )

    def note_heard(
        self, county: str, *, view_time: datetime | None, waiting: int | None, answered_epoch: int | None = None
    ) -> None:
        """Something came by a line; view_time -- when it was committed; the others -- if a heartbeat said so."""
        self.run(
            "INSERT INTO county_line AS l (county, heard_time, view_time, waiting_in, answered_epoch)"
            " VALUES (%(county)s, now(), %(view)s, coalesce(%(waiting)s, 0), coalesce(%(answered)s, 0))"
            " ON CONFLICT (county) DO UPDATE"
            " SET heard_time = now(), view_time = greatest(l.view_time, excluded.view_time),"
            " waiting_in = coalesce(%(waiting)s, l.waiting_in),"
            " answered_epoch = coalesce(%(answered)s, l.answered_epoch)",
            {"county": county, "view": view_time, "waiting": waiting, "answered": answered_epoch},
        )

    def note_far_epoch(self, county: str, epoch: int, *, pause: timedelta) -> bool:
        """The other side went back; False if that is known, or if it said so of another time within the pause."""
        changed = self.count(
            "INSERT INTO county_line AS l (county, far_epoch, far_epoch_time) VALUES (%(county)s, %(epoch)s, now())"
            " ON CONFLICT (county) DO UPDATE SET far_epoch = excluded.far_epoch, far_epoch_time = now()"
            " WHERE l.far_epoch < excluded.far_epoch"
            " AND (l.far_epoch_time IS NULL OR l.far_epoch_time < now() - %(pause)s)",
            {"county": county, "epoch": epoch, "pause": pause},
        )
        return changed > 0

    def number_anew(self, county: str, *, restored_time: datetime) -> None:
        """This side went back to a moment (real): what waits of all that it said since is of a new numbering."""
        self.run("SET LOCAL statement_timeout = '60s'")  # every errand that there ever was
        # Statements of their own: whoever is announcing or sending something has committed it when the last one looks.
        self.run("SELECT FROM errand WHERE county = %(county)s ORDER BY id FOR UPDATE", {"county": county})
        self.run(
            "SELECT FROM county_message WHERE county = %(county)s AND published_time IS NULL"
            " ORDER BY position FOR UPDATE",
            {"county": county},
        )
        self.run(_NUMBER_ANEW, {"county": county, "time": restored_time})

    def send_again(self, county: str) -> None:
        """Has cross once more all that was sent and is still kept, numbered as it was."""
        self.run(
            "UPDATE county_message SET published_time = NULL WHERE county = %(county)s AND published_time IS NOT NULL",
            {"county": county},
        )

    def is_all_handled(self, source: str) -> bool:
        """Whether nothing that came by a line waits in the inbox."""
        waiting = "SELECT FROM inbox WHERE source = %(source)s AND state = 'open' LIMIT 1"
        return self.one(waiting, {"source": source}) is None

    def line(self, county: str) -> Line:
        """What was measured of a line."""
        row = self.one(
            "SELECT heard_time, extract(epoch FROM now() - heard_time)::float8 AS heard_ago_seconds,"
            " coalesce(greatest(extract(epoch FROM now() - view_time), 0), 0)::float8 AS view_age_seconds,"
            " waiting_out, waiting_in, epoch, restored_time, far_epoch, answered_epoch"
            " FROM county_line WHERE county = %(county)s",
            {"county": county},
        )
        open_ = self.one(
            "SELECT count(*) AS errands FROM errand WHERE county = %(county)s AND contact = 'ERASING'",
            {"county": county},
        )
        return Line(**(row or {}), erasures_open=int(open_["errands"]) if open_ else 0)


def _message(county: str, errand: UUID, message: Message, time: datetime) -> dict[str, object]:
    return {
        "errand": errand,
        "event_id": uuid7(),
        "county": county,
        "type": message.DESCRIPTOR.full_name,
        "payload": MessageToJson(message, indent=None),
        "time": time,
        "traceparent": telemetry.current_traceparent(),
    }


def _stream(errand: UUID, epoch: int) -> str:
    """In whose order a message stands at the receiver: an errand's, in each numbering anew."""
    return f"errands/{errand}/epochs/{epoch}" if epoch else f"errands/{errand}"
