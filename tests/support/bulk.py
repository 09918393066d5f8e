"""A past of any size, written straight into the databases: closed orders as the services would have left them.

Benchmarks alone use it; a million lives through the public interfaces would take a night.
"""

from collections.abc import Callable

import psycopg

from tests.support.bench import say

# A UUIDv7 of the number's own millisecond since the summer of 2023: older than whatever a benchmark makes.
_ID = """
CREATE OR REPLACE FUNCTION pg_temp.id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1690000000000 + n * 50), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000'
          || lpad(to_hex(n), 12, '0'))::uuid
$$
"""
_UNITS = (
    "('{heating-office,water-group,sanitation,ecology,education,market-supervision,city-management,health}'::text[])"
)
_UNIT = f"'units/' || {_UNITS}[1 + n %% 8]".replace("%%", "%")
_REGION = "(139902 + n % 30)::text"
_TIME = "to_timestamp((1690000000000 + n * 50) / 1000.0)"

_INTAKE = f"""
INSERT INTO citizen (id, wrapped_key) SELECT pg_temp.id(1, n), '\\x00'::bytea FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO appeal (id, version, number, tracking_code, channel, kind, request_type, asker, category, region, title,
                    state, create_time, confidential, anonymous, emergency, citizen_id, sealed_contact, sealed_text,
                    draft_proposed, draft_released, draft_operator, draft_reviewer)
SELECT pg_temp.id(2, n), 4, '139900-20230722-' || n, 'BULK' || n, (array['PHONE','WECHAT','WEB','APP','SMS'])[1 + n % 5],
       'DAILY_LIFE', 'HELP', 'PERSON', '城乡建设/供热', {_REGION}, '暖气不热', 'CLOSED', {_TIME}, n % 20 = 0, false, false,
       pg_temp.id(1, n), '\\x00', '\\x00', content, content, 'operator', 'reviewer'
  FROM generate_series(%(first)s, %(last)s) n, jsonb_build_object(
    'text', '请入户测温并处理', 'lead_unit', {_UNIT}, 'supporting_units', '[]'::jsonb, 'directive_kind', 'UNSPECIFIED'
  ) content;
INSERT INTO work_order (id, appeal_id, lead_unit, due_date)
SELECT pg_temp.id(3, n), pg_temp.id(2, n), {_UNIT}, ({_TIME} + interval '3 days')::date
  FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO outbox_sequence (aggregate, sequence)
SELECT 'appeals/' || pg_temp.id(2, n), 2 FROM generate_series(%(first)s, %(last)s) n;
"""
_DISPATCH = f"""
INSERT INTO work_order (id, number, appeal, title, text, request_type, category, region, confidential, create_time,
                        proposed_lead, proposed_supporting, state, lead_unit, supporting_units, due_date, due_time,
                        due_provisional, extension_cutoff_time, send_backs, past_rounds, round, key_supervision,
                        dispatch_time, close_time, overdue, waits_for_extension, version, result)
SELECT pg_temp.id(3, n), '139900-20230722-' || n, pg_temp.id(2, n), '暖气不热', '请入户测温并处理', 'HELP', '城乡建设/供热',
       {_REGION}, n % 20 = 0, {_TIME}, {_UNIT}, '{{}}',
       CASE WHEN n % 200 = 0 THEN 'DISPATCHED' WHEN n % 200 = 1 THEN 'REPORTED' ELSE 'CLOSED' END,
       {_UNIT}, '{{}}', ({_TIME} + interval '3 days')::date, {_TIME} + interval '3 days', false,
       {_TIME} + interval '2 days', '[]', '[]', 1, false, {_TIME},
       CASE WHEN n % 200 > 1 THEN {_TIME} + interval '1 day' END, n % 400 = 0, n % 2000 = 0, 5,
       CASE WHEN n % 200 > 0 THEN jsonb_build_object('outcome', 'SOLVED', 'text', '已处理', 'reply_means', 'PHONE',
         'reply_text', '已告知', 'unit', {_UNIT}, 'actor', 'unit', 'reply_time', {_TIME}, 'report_time', {_TIME}) END
  FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO work_order_unit (unit, work_order, region, is_open)
SELECT {_UNIT}, pg_temp.id(3, n), {_REGION}, n % 200 < 2 FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO outbox_sequence (aggregate, sequence)
SELECT 'workOrders/' || pg_temp.id(3, n), 3 FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO inbox_cursor (source, aggregate, sequence)
SELECT 'intake', 'appeals/' || pg_temp.id(2, n), 2 FROM generate_series(%(first)s, %(last)s) n;
"""
_SLA = f"""
INSERT INTO deadline (id, subject, kind, unit, state, round, start_time, hold_time, working_days, due_time, due_date,
                      provisional, settle_time)
SELECT pg_temp.id(4 + k, n), CASE k WHEN 0 THEN 'appeals/' || pg_temp.id(2, n) ELSE 'workOrders/' || pg_temp.id(3, n) END,
       (array['ANSWER','FIRST_CONTACT','HANDLING','CALLBACK'])[1 + k], CASE WHEN k IN (1, 2) THEN {_UNIT} ELSE '' END,
       CASE WHEN n % 50 = 0 THEN 'MET_LATE' ELSE 'MET' END, 1, {_TIME}, {_TIME}, 2, {_TIME} + interval '3 days',
       ({_TIME} + interval '3 days')::date, false, {_TIME} + interval '1 day'
  FROM generate_series(%(first)s, %(last)s) n, generate_series(0, 3) k;
INSERT INTO work_order (work_order, number, unit, request_type, category, region, round, received_time, key_supervision,
                        contact, handling, contacted_late, handled_late, extended, reopened, reminded, supervised, verdict,
                        verdict_round, excused)
SELECT 'workOrders/' || pg_temp.id(3, n), '139900-20230722-' || n, {_UNIT}, 'HELP', '城乡建设/供热', {_REGION}, 1, {_TIME},
       false, 'MET', 'MET', false, n % 50 = 0, false, false, false, false, 'SATISFIED', 1, false
  FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO supervision (id, work_order, unit, step, notice, text, issue_time, round)
SELECT pg_temp.id(9, n), 'workOrders/' || pg_temp.id(3, n), {_UNIT}, 'REMINDER', '', '请尽快办理', {_TIME}, 1
  FROM generate_series(%(first)s, %(last)s) n WHERE n % 10 = 0;
INSERT INTO outbox_sequence (aggregate, sequence)
SELECT 'workOrders/' || pg_temp.id(3, n), 2 FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO inbox_cursor (source, aggregate, sequence)
SELECT 'dispatch', 'workOrders/' || pg_temp.id(3, n), 3 FROM generate_series(%(first)s, %(last)s) n;
"""
_FEEDBACK = f"""
INSERT INTO callback (id, work_order, round, appeal, number, unit, state, create_time, due_time, overdue, attempts, verdict,
                      solved, note, complete_time, version)
SELECT pg_temp.id(10, n), pg_temp.id(3, n), 1, pg_temp.id(2, n), '139900-20230722-' || n, {_UNIT}, 'COMPLETED', {_TIME},
       {_TIME} + interval '1 day', n % 100 = 0, '[]', 'SATISFIED', true, '', {_TIME} + interval '5 hours', 2
  FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO evaluation (id, appeal, operator, create_time, verdict, evaluate_time)
SELECT pg_temp.id(11, n), pg_temp.id(12, n), 'operator', {_TIME}, 'SATISFIED', {_TIME}
  FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO review (id, origin, appeal, work_order, unit, create_time, outcome, cause, responsibility, remedy,
                    conclude_time, version)
SELECT pg_temp.id(13, n), pg_temp.id(14, n), pg_temp.id(2, n), pg_temp.id(3, n), {_UNIT}, {_TIME},
       CASE WHEN n % 1000 > 0 THEN 'UPHELD' END, '', CASE WHEN n % 1000 > 0 THEN 'UNIT' END, '',
       CASE WHEN n % 1000 > 0 THEN {_TIME} END, 2
  FROM generate_series(%(first)s, %(last)s) n WHERE n % 10 = 0;
INSERT INTO outbox_sequence (aggregate, sequence)
SELECT 'callbacks/' || pg_temp.id(10, n), 1 FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO inbox_cursor (source, aggregate, sequence)
SELECT 'dispatch', 'workOrders/' || pg_temp.id(3, n), 3 FROM generate_series(%(first)s, %(last)s) n;
"""
_PAST = {"intake": _INTAKE, "dispatch": _DISPATCH, "sla": _SLA, "feedback": _FEEDBACK}
SERVICES_WITH_A_PAST = tuple(_PAST)
_PORTION = 100_000


def write_past(database_url: Callable[[str], str], *, orders: int) -> None:
    """So many orders that lived before, and their appeals, clocks, callbacks and delivery records.

    database_url -- of a service with a past, by its name
    """
    for service in SERVICES_WITH_A_PAST:
        with psycopg.connect(database_url(service), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction
            connection.execute("SET synchronous_commit = off")
            connection.execute(_ID)
            for first in range(1, orders + 1, _PORTION):
                last = min(first + _PORTION - 1, orders)
                for statement in _PAST[service].split(";\n"):
                    if statement.strip():
                        connection.execute(
                            statement.replace("%(first)s", str(first)).replace("%(last)s", str(last)).encode()
                        )
            connection.execute("VACUUM ANALYZE")
        say(f"{orders:,} orders in {service}")
