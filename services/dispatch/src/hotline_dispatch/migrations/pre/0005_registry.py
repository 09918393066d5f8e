"""The registry of units complete: who works there, hours, contacts, closing; every change a version (Art. 10(1))."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE unit
          ADD handling_body     text NOT NULL DEFAULT '',
          ADD handlers          jsonb NOT NULL DEFAULT '[]',
          ADD working_hours     text NOT NULL DEFAULT '',
          ADD office_telephone  text NOT NULL DEFAULT '',
          ADD office_address    text NOT NULL DEFAULT '',
          ADD close_date        date,
          ADD successor         text NOT NULL DEFAULT '';
        CREATE INDEX unit_closed ON unit (name) WHERE close_date IS NOT NULL;

        -- A row a change, by number as they were put on record. `content` is the unit from that day on; while the
        -- change is planned, its changed fields alone count.
        CREATE TABLE unit_version (
          unit            text COLLATE "C",
          number          integer,
          effective_date  date NOT NULL,
          change_time     timestamptz NOT NULL,
          actor           text NOT NULL,
          reason          text NOT NULL,
          changed_fields  text[] NOT NULL,
          state           text NOT NULL,
          content         jsonb NOT NULL,
          PRIMARY KEY (unit, number)
        );
        CREATE INDEX unit_version_planned ON unit_version (effective_date, unit, number) WHERE state = 'PLANNED';
        CREATE INDEX unit_version_by_day ON unit_version (unit, effective_date, number) WHERE state = 'IN_EFFECT';

        INSERT INTO unit_version
          (unit, number, effective_date, change_time, actor, reason, changed_fields, state, content)
        SELECT name, 1, DATE '0001-01-01', now(), 'system', '', '{}', 'IN_EFFECT',
               jsonb_build_object('name', name, 'display_name', display_name, 'region', region, 'kind', kind,
                                  'principal', principal, 'competences', competences, 'superior', superior,
                                  'version', version)
          FROM unit;
        """
    )
