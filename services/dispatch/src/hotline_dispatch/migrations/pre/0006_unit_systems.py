"""What changed for which unit, and the calls to units' own systems (Art. 10(2))."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        -- The latest change of each order for each unit that has or had it. `position` is given by the pump after the
        -- commit, by one numberer at a time: so no reader passes over a change that commits late.
        CREATE SEQUENCE work_order_change_position;
        CREATE TABLE work_order_change (
          unit         text COLLATE "C" NOT NULL,
          work_order   uuid NOT NULL,
          change       jsonb NOT NULL,
          change_time  timestamptz NOT NULL DEFAULT now(),
          position     bigint,
          PRIMARY KEY (unit, work_order)
        );
        CREATE INDEX work_order_change_by_position ON work_order_change (unit, position) WHERE position IS NOT NULL;
        CREATE INDEX work_order_change_to_number ON work_order_change (change_time) WHERE position IS NULL;

        CREATE TABLE webhook (
          id                 uuid PRIMARY KEY,
          unit               text COLLATE "C" NOT NULL,
          url                text NOT NULL,
          state              text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
          create_time        timestamptz NOT NULL,
          wrapped_key        bytea NOT NULL,
          sealed_secret      bytea NOT NULL,
          old_sealed_secret  bytea,
          old_secret_until   timestamptz,
          version            integer NOT NULL,
          CHECK ((old_sealed_secret IS NULL) = (old_secret_until IS NULL))
        );
        CREATE INDEX webhook_by_unit ON webhook (unit, id);

        -- How its calls go: apart, so that trying locks nothing that people change. Times are real.
        CREATE TABLE webhook_line (
          webhook      uuid PRIMARY KEY REFERENCES webhook ON DELETE CASCADE,
          failures     integer NOT NULL DEFAULT 0,
          error        text NOT NULL DEFAULT '',
          retry_time   timestamptz,
          lease_until  timestamptz NOT NULL DEFAULT now()
        );

        CREATE TABLE webhook_delivery (
          id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
          sequence      bigint GENERATED ALWAYS AS IDENTITY,
          webhook       uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
          work_order    uuid NOT NULL,
          version       integer NOT NULL,
          change        jsonb NOT NULL,
          state         text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
          attempts      integer NOT NULL DEFAULT 0,
          error         text NOT NULL DEFAULT '',
          create_time   timestamptz NOT NULL DEFAULT now(),
          tried_since   timestamptz NOT NULL DEFAULT now(),
          retry_time    timestamptz NOT NULL DEFAULT now(),
          deliver_time  timestamptz,
          CHECK ((deliver_time IS NOT NULL) = (state = 'DELIVERED'))
        );
        CREATE INDEX webhook_delivery_by_webhook ON webhook_delivery (webhook, sequence);
        CREATE INDEX webhook_delivery_by_state ON webhook_delivery (webhook, state, sequence);
        CREATE INDEX webhook_delivery_undelivered ON webhook_delivery (webhook, work_order, version)
          WHERE state <> 'DELIVERED';
        CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook, sequence) WHERE state = 'DEAD';
        CREATE INDEX webhook_delivery_to_forget ON webhook_delivery (deliver_time) WHERE state = 'DELIVERED';
        """
    )
