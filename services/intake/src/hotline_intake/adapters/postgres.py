"""Appeals, citizens and messages in PostgreSQL."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from hotline_kernel.errors import ResourceNotFound
from psycopg.types.json import Jsonb

from hotline_intake.adapters.appeal_rows import (
    appeal_of,
    content_json,
    draft_of,
    draft_params,
    reclassification_of,
)
from hotline_intake.adapters.call_postgres import CallStore
from hotline_intake.adapters.carried import CarriedTransaction
from hotline_intake.adapters.categories import CategoryTransaction
from hotline_intake.adapters.contests import ContestTransaction, HoldTransaction
from hotline_intake.adapters.repeats import RepeatTransaction
from hotline_intake.adapters.retention import RetentionTransaction
from hotline_intake.domain import telling
from hotline_intake.domain.appeal import (
    Appeal,
    Channel,
    Draft,
    Reclassification,
    State,
)
from hotline_intake.domain.citizen import CitizenErased
from hotline_intake.domain.telling import Message, Occasion
from hotline_intake.handlers.ports import CitizenRow, Filters, Groundwork, Sealed

_COLUMNS = """
    appeal.id, appeal.version, appeal.number, appeal.tracking_code, appeal.channel, appeal.kind, appeal.request_type,
    appeal.asker, appeal.category, appeal.region, appeal.title, appeal.state, appeal.create_time, appeal.confidential,
    appeal.anonymous, appeal.emergency, appeal.transfer_line, appeal.transfer_reference, appeal.citizen_id,
    appeal.decline_ground, appeal.decline_referral, appeal.decline_actor, appeal.decline_time,
    appeal.answer_text, appeal.answer_entry, appeal.answer_actor, appeal.answer_time,
    appeal.draft_proposed, appeal.draft_released, appeal.draft_operator, appeal.draft_reviewer,
    appeal.draft_return_reason, appeal.draft_time, appeal.draft_return_time, appeal.draft_release_time,
    appeal.answer_due_time, appeal.answer_overdue, appeal.end_time,
    appeal.hand_seat, appeal.hand_operator, appeal.hand_until_time, appeal.draft_no_directive_reason,
    appeal.emergency_clear_reason, appeal.emergency_clear_actor, appeal.emergency_clear_time,
    work_order.id AS work_order_id, work_order.lead_unit, coalesce(other.due_date, work_order.due_date) AS due_date,
    work_order.relayed,
    ARRAY(SELECT further.lead_unit FROM work_order further
           WHERE further.appeal_id = appeal.id AND further.is_split AND further.lead_unit <> '') AS further_leads
"""
# Of several orders of an appeal the first; of one that another order works for, that one's day.
_ITS_ORDER = """
    LEFT JOIN work_order ON work_order.appeal_id = appeal.id AND NOT work_order.is_split
    LEFT JOIN work_order other ON other.id = work_order.joined_into
"""
_SELECT = f"SELECT {_COLUMNS} FROM appeal {_ITS_ORDER}"  # noqa: S608
_BY_ID = f"{_SELECT} WHERE appeal.id = %(id)s"
_TO_CHANGE = f"{_BY_ID} FOR NO KEY UPDATE OF appeal"  # links, messages and corrections may hang on it meanwhile
_READS = """
    SELECT count(*) FROM audit_entry
     WHERE action IN ('intake.contacts.reveal', 'intake.texts.read', 'intake.contests.read', 'intake.appeals.list',
                      'intake.calls.listen') AND actor = %(actor)s AND time > %(since)s"""
_BY_TRACKING_CODE = f"{_SELECT} WHERE appeal.tracking_code = %(tracking_code)s"

# The lock keeps the citizen from being erased until the appeal is there, encrypted under their key.
_GROUNDWORK = """
WITH known AS (SELECT id, wrapped_key FROM citizen WHERE phone_hash = %(phone_hash)s FOR SHARE)
SELECT nextval('appeal_running_number') AS running, (SELECT version FROM category_tree) AS tree_version,
       (SELECT id FROM known) AS id, (SELECT wrapped_key FROM known) AS wrapped_key
"""

_NEW_CITIZEN = """
WITH owner AS (
  INSERT INTO citizen (id, phone_hash, wrapped_key) VALUES (%(citizen_id)s, %(phone_hash)s, %(wrapped_key)s)
  RETURNING id
),"""
_KNOWN_CITIZEN = "WITH owner AS (SELECT %(citizen_id)s::uuid AS id),"
_ADD = """ registered AS (
  INSERT INTO appeal (
    id, version, number, tracking_code, channel, kind, request_type, asker, category, region, title, state, create_time,
    confidential, anonymous, emergency, transfer_line, transfer_reference, citizen_id, sealed_contact, sealed_text,
    draft_proposed, draft_operator, draft_time
  )
  SELECT %(id)s, %(version)s, %(number)s, %(tracking_code)s, %(channel)s, %(kind)s, %(request_type)s, %(asker)s,
    %(category)s, %(region)s, %(title)s, %(state)s, %(create_time)s, %(confidential)s, %(anonymous)s, %(emergency)s,
    %(transfer_line)s, %(transfer_reference)s, owner.id, %(sealed_contact)s, %(sealed_text)s, %(draft_proposed)s,
    %(draft_operator)s, %(draft_time)s
  FROM owner RETURNING id
)
INSERT INTO citizen_message (appeal_id, number, channel, occasion, text, create_time)
SELECT id, 1, %(channel)s, 'receipt', %(receipt)s, %(create_time)s FROM registered
"""

_SAVE = """
UPDATE appeal SET version = %(version)s, state = %(state)s,
  decline_ground = %(decline_ground)s, decline_referral = %(decline_referral)s, decline_actor = %(decline_actor)s,
  decline_time = %(decline_time)s, answer_text = %(answer_text)s, answer_entry = %(answer_entry)s,
  answer_actor = %(answer_actor)s, answer_time = %(answer_time)s, draft_proposed = %(draft_proposed)s,
  draft_released = %(draft_released)s, draft_operator = %(draft_operator)s, draft_reviewer = %(draft_reviewer)s,
  draft_return_reason = %(draft_return_reason)s, draft_time = %(draft_time)s,
  draft_return_time = %(draft_return_time)s, draft_release_time = %(draft_release_time)s,
  answer_due_time = %(answer_due_time)s, answer_overdue = %(answer_overdue)s, emergency = %(emergency)s,
  draft_no_directive_reason = %(draft_no_directive_reason)s,
  hand_seat = %(hand_seat)s, hand_operator = %(hand_operator)s, hand_until_time = %(hand_until_time)s,
  end_time = %(end_time)s,
  emergency_clear_reason = %(emergency_clear_reason)s, emergency_clear_actor = %(emergency_clear_actor)s,
  emergency_clear_time = %(emergency_clear_time)s
WHERE id = %(id)s
"""

_KEEP_DRAFT = """
INSERT INTO appeal_draft (appeal_id, number, proposed, released, operator, reviewer, return_reason, draft_time,
                          return_time, release_time)
SELECT %(appeal_id)s, (SELECT coalesce(max(number), 0) + 1 FROM appeal_draft WHERE appeal_id = %(appeal_id)s),
       %(draft_proposed)s, %(draft_released)s, %(draft_operator)s, %(draft_reviewer)s, %(draft_return_reason)s,
       %(draft_time)s, %(draft_return_time)s, %(draft_release_time)s
"""
_DRAFTS = """
WITH kept AS (SELECT * FROM appeal_draft WHERE appeal_id = %(id)s),
drafts AS (
  SELECT number, proposed AS draft_proposed, released AS draft_released, operator AS draft_operator,
         reviewer AS draft_reviewer, return_reason AS draft_return_reason, draft_time,
         return_time AS draft_return_time, release_time AS draft_release_time, NULL AS draft_no_directive_reason
    FROM kept
  UNION ALL
  SELECT (SELECT coalesce(max(number), 0) + 1 FROM kept), draft_proposed, draft_released, draft_operator,
         draft_reviewer, draft_return_reason, draft_time, draft_return_time, draft_release_time,
         draft_no_directive_reason
    FROM appeal WHERE id = %(id)s AND draft_proposed IS NOT NULL
)
SELECT * FROM drafts WHERE number > %(after)s ORDER BY number LIMIT %(limit)s
"""

_RECLASSIFY = """
WITH corrected AS (
  UPDATE appeal SET version = %(version)s, kind = %(kind)s, request_type = %(request_type)s, asker = %(asker)s,
    category = %(category)s, region = %(region)s, confidential = %(confidential)s
  WHERE id = %(id)s
)
INSERT INTO appeal_reclassification (appeal_id, number, before, after, reason, actor, reclassify_time)
SELECT %(id)s, (SELECT coalesce(max(number), 0) + 1 FROM appeal_reclassification WHERE appeal_id = %(id)s),
       %(before)s, %(after)s, %(reason)s, %(actor)s, %(reclassify_time)s
"""
_RECLASSIFICATIONS = """
SELECT number, before, after, reason, actor, reclassify_time FROM appeal_reclassification
 WHERE appeal_id = %(id)s AND number > %(after)s ORDER BY number LIMIT %(limit)s
"""

_TELL = """
INSERT INTO citizen_message (appeal_id, number, channel, occasion, text, create_time)
SELECT %(appeal_id)s, coalesce(max(number), 0) + 1, %(channel)s, %(occasion)s, %(text)s, %(create_time)s
  FROM citizen_message WHERE appeal_id = %(appeal_id)s
"""

_ERASE = """
UPDATE citizen SET wrapped_key = NULL, phone_hash = NULL, forget_date = NULL, erase_time = %(now)s
 WHERE id = %(id)s AND wrapped_key IS NOT NULL
"""

# Equality, then the order of the list: whichever condition the planner takes, it reads no further than the page.
_CONDITIONS = {
    "state": "appeal.state = %(state)s",
    "channel": "appeal.channel = %(channel)s",
    "number": "appeal.number = %(number)s",
    "citizen_id": "appeal.citizen_id = %(citizen_id)s",
    "transfer_reference": "appeal.transfer_reference = %(transfer_reference)s",
    "decline_ground": "appeal.decline_ground = %(decline_ground)s",
    "province": """"left"(appeal.region, 2) = %(province)s""",
    "city": """"left"(appeal.region, 4) = %(city)s""",
    "county": "appeal.region = %(county)s",
    "before": "appeal.id < %(before)s",
}


class Store(
    CarriedTransaction,
    CategoryTransaction,
    CallStore,
    RepeatTransaction,
    ContestTransaction,
    HoldTransaction,
    RetentionTransaction,
):
    """A transaction of intake's database; what its methods promise stands in `hotline_intake.handlers.ports.Store`."""

    def groundwork(self, *, phone_hash: bytes | None) -> Groundwork:
        row = self.one(_GROUNDWORK, {"phone_hash": phone_hash})
        assert row
        known = CitizenRow(id=row["id"], phone_hash=phone_hash, wrapped_key=row["wrapped_key"]) if row["id"] else None
        return Groundwork(running=row["running"], citizen=known, tree_version=row["tree_version"])

    def add_appeal(self, *, appeal: Appeal, sealed: Sealed, citizen: CitizenRow, is_new: bool, receipt: str) -> None:
        draft, transfer = appeal.draft, appeal.transferred_from
        owner = _NEW_CITIZEN if is_new else _KNOWN_CITIZEN
        params = {
            "id": appeal.id,
            "version": appeal.version,
            "number": appeal.number,
            "tracking_code": appeal.tracking_code,
            "channel": appeal.channel.value,
            "kind": appeal.kind.value,
            "request_type": appeal.request_type.value,
            "asker": appeal.asker.value,
            "category": appeal.category,
            "region": appeal.region,
            "title": appeal.title,
            "state": appeal.state.value,
            "create_time": appeal.create_time,
            "confidential": appeal.confidential,
            "anonymous": appeal.anonymous,
            "emergency": appeal.emergency,
            "transfer_line": transfer.line if transfer else None,
            "transfer_reference": transfer.reference if transfer else None,
            "citizen_id": citizen.id,
            "phone_hash": citizen.phone_hash,
            "wrapped_key": citizen.wrapped_key,
            "sealed_contact": sealed.contact,
            "sealed_text": sealed.text,
            "draft_proposed": content_json(draft.proposed) if draft else None,
            "draft_operator": draft.operator if draft else None,
            "draft_time": draft.draft_time if draft else None,
            "receipt": receipt,
        }
        self.run(owner + _ADD, params)

    def appeal(self, *, appeal_id: UUID) -> Appeal:
        return self._appeal(_BY_ID, appeal_id)

    def appeal_to_change(self, *, appeal_id: UUID) -> Appeal:
        return self._appeal(_TO_CHANGE, appeal_id)

    def reads_since(self, since: datetime, *, actor: str) -> int:
        row = self.one(_READS, {"actor": actor, "since": since})
        assert row is not None  # it counts
        count: int = row["count"]
        return count

    def appeal_of_tracking_code(self, *, tracking_code: str) -> Appeal:
        row = self.one(_BY_TRACKING_CODE, {"tracking_code": tracking_code})
        if row is None:
            raise ResourceNotFound(resource="appeals/-")
        return appeal_of(row)

    def appeals(self, *, filters: Filters, before: UUID | None, limit: int) -> list[Appeal]:
        if filters.decline_ground and filters.state not in (None, State.DECLINED):
            return []
        if filters.categories is not None and not filters.categories:
            return []
        params = _list_params(filters, before)
        statement = list_statement(conditions=list(params))
        # Prepared, the plan would not know how rare a state is.
        rows = self.connection.execute(statement, params | {"limit": limit}, prepare=False).fetchall()
        return [appeal_of(row) for row in rows]

    def save(self, *, appeal: Appeal) -> None:
        decline, answer, clearance, hand = appeal.decline, appeal.answer, appeal.emergency_clearance, appeal.hand
        params = {
            "id": appeal.id,
            "version": appeal.version,
            "state": appeal.state.value,
            "decline_ground": decline.ground.value if decline else None,
            "decline_referral": decline.referral if decline else None,
            "decline_actor": decline.actor if decline else None,
            "decline_time": decline.decline_time if decline else None,
            "answer_text": answer.text if answer else None,
            "answer_entry": answer.entry if answer else None,
            "answer_actor": answer.actor if answer else None,
            "answer_time": answer.answer_time if answer else None,
            "answer_due_time": appeal.answer_due_time,
            "answer_overdue": appeal.answer_overdue,
            "end_time": appeal.end_time,
            "emergency": appeal.emergency,
            "hand_seat": hand.seat if hand else None,
            "hand_operator": hand.operator if hand else None,
            "hand_until_time": hand.until_time if hand else None,
            "emergency_clear_reason": clearance.reason if clearance else None,
            "emergency_clear_actor": clearance.actor if clearance else None,
            "emergency_clear_time": clearance.clear_time if clearance else None,
        }
        self.run(_SAVE, params | draft_params(appeal.draft))

    def keep_draft(self, *, appeal_id: UUID, draft: Draft) -> None:
        self.run(_KEEP_DRAFT, {"appeal_id": appeal_id} | draft_params(draft))

    def drafts(self, *, appeal_id: UUID, after: int, limit: int) -> list[tuple[int, Draft]]:
        found = []
        for row in self.all(_DRAFTS, {"id": appeal_id, "after": after, "limit": limit}):
            draft = draft_of(row)
            assert draft  # rows without one were left out
            found.append((row["number"], draft))
        return found

    def reclassify(self, *, appeal: Appeal, reclassification: Reclassification) -> None:
        params = {
            "id": appeal.id,
            "version": appeal.version,
            **asdict(appeal.classification),
            "before": Jsonb(asdict(reclassification.before)),
            "after": Jsonb(asdict(reclassification.after)),
            "reason": reclassification.reason,
            "actor": reclassification.actor,
            "reclassify_time": reclassification.reclassify_time,
        }
        self.run(_RECLASSIFY, params)

    def reclassifications(self, *, appeal_id: UUID, after: int, limit: int) -> list[tuple[int, Reclassification]]:
        rows = self.all(_RECLASSIFICATIONS, {"id": appeal_id, "after": after, "limit": limit})
        return [(row.pop("number"), reclassification_of(row)) for row in rows]

    def tell(self, *, appeal: Appeal, occasion: Occasion, text: str, now: datetime) -> None:
        params = {
            "appeal_id": appeal.id,
            "channel": appeal.channel.value,
            "occasion": occasion.value,
            "text": text,
            "create_time": now,
        }
        self.run(_TELL, params)

    def messages(self, *, appeal_id: UUID, after: int, limit: int) -> list[Message]:
        rows = self.all(
            "SELECT number, channel, occasion, text, create_time FROM citizen_message"
            " WHERE appeal_id = %(appeal_id)s AND number > %(after)s ORDER BY number LIMIT %(limit)s",
            {"appeal_id": appeal_id, "after": after, "limit": limit},
        )
        return [
            Message(
                number=row["number"],
                channel=Channel(row["channel"]),
                occasion=Occasion(row["occasion"]),
                text=row["text"],
                create_time=row["create_time"],
            )
            for row in rows
        ]

    def sealed(self, *, appeal: Appeal) -> tuple[CitizenRow, Sealed]:
        row = self.one(
            "SELECT appeal.sealed_contact, appeal.sealed_text, citizen.phone_hash, citizen.wrapped_key"
            " FROM appeal JOIN citizen ON citizen.id = appeal.citizen_id WHERE appeal.id = %(id)s",
            {"id": appeal.id},
        )
        assert row
        citizen = CitizenRow(id=appeal.citizen_id, phone_hash=row["phone_hash"], wrapped_key=row["wrapped_key"])
        return citizen, Sealed(contact=row["sealed_contact"], text=row["sealed_text"])

    def citizen_of_phone(self, *, phone_hash: bytes) -> UUID | None:
        row = self.one("SELECT id FROM citizen WHERE phone_hash = %(phone_hash)s", {"phone_hash": phone_hash})
        return row["id"] if row else None

    def erase_citizen(self, *, citizen_id: UUID, now: datetime) -> None:
        if self.count(_ERASE, {"id": citizen_id, "now": now}) == 0:
            known = self.one("SELECT 1 FROM citizen WHERE id = %(id)s", {"id": citizen_id})
            raise (CitizenErased if known else ResourceNotFound)(resource=f"citizens/{citizen_id}")

    def appeals_of(self, *, citizen_id: UUID) -> list[str]:
        rows = self.all("SELECT id FROM appeal WHERE citizen_id = %(id)s ORDER BY id", {"id": citizen_id})
        return [f"appeals/{row['id']}" for row in rows]

    def _appeal(self, statement: str, appeal_id: UUID) -> Appeal:
        row = self.one(statement, {"id": appeal_id})
        if row is None:
            raise ResourceNotFound(resource=f"appeals/{appeal_id}")
        return appeal_of(row)


def list_statement(*, conditions: list[str]) -> str:
    """The statement of a list with these conditions; a test reads its plans.

    The page is cut before the orders are joined, so that the join never changes the way to the page. Of several
    categories each is read by itself, because the planner knows only then how rare it is.
    """
    wordings = [name for name in conditions if name.startswith("category_")]
    where = " AND ".join(_CONDITIONS[name] for name in conditions if name not in wordings) or "true"
    pages = [
        f"SELECT * FROM appeal WHERE {where} {also} ORDER BY appeal.id DESC LIMIT %(limit)s"  # noqa: S608
        for also in [f"AND appeal.category = %({name})s" for name in wordings] or [""]
    ]
    page = pages[0]
    if len(pages) > 1:
        each = " UNION ALL ".join(f"(SELECT id FROM ({one}) AS one)" for one in pages)  # noqa: S608
        page = f"""
          SELECT appeal.* FROM (SELECT id FROM ({each}) AS each ORDER BY id DESC LIMIT %(limit)s) AS newest
            JOIN appeal USING (id)
        """  # noqa: S608
    return f"""
        SELECT {_COLUMNS} FROM ({page}) AS appeal
          {_ITS_ORDER} ORDER BY appeal.id DESC
    """  # noqa: S608  (constants of this module, and numbers)


def _list_params(filters: Filters, before: UUID | None) -> dict[str, Any]:
    wanted = {name: value for name, value in vars(filters).items() if value is not None}
    if filters.decline_ground:  # only a declined appeal has one
        wanted.pop("state", None)
    if region := wanted.pop("region", None):
        level = "province" if region.endswith("0000") else "city" if region.endswith("00") else "county"
        wanted[level] = region[: {"province": 2, "city": 4, "county": 6}[level]]
    wanted |= {f"category_{number}": wording for number, wording in enumerate(wanted.pop("categories", ()))}
    return wanted | ({"before": before} if before else {})


class TrainingStore(Store):
    """Of the training mode: whatever is told to a citizen says that it is practice (Art. 37)."""

    def add_appeal(self, *, appeal: Appeal, sealed: Sealed, citizen: CitizenRow, is_new: bool, receipt: str) -> None:
        super().add_appeal(
            appeal=appeal, sealed=sealed, citizen=citizen, is_new=is_new, receipt=telling.as_drill(receipt)
        )

    def tell(self, *, appeal: Appeal, occasion: Occasion, text: str, now: datetime) -> None:
        super().tell(appeal=appeal, occasion=occasion, text=telling.as_drill(text), now=now)
