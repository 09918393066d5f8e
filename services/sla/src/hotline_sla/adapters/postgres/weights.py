"""Versions of the weights, and how units are called."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from psycopg.types.json import Jsonb

from hotline_sla.adapters.postgres.tables import Tables
from hotline_sla.domain.weights import FIRST, Trade, Weights

_PARTS = (
    "in_time",
    "contact",
    "satisfaction",
    "lasting",
    "late_worth",
    "written_cost",
    "neutral_worth",
    "circular_points",
)


class PublishedWeights(Tables):
    """Reads and writes versions of the weights, and names of units."""

    def published_weights(self) -> list[Weights]:
        """Every version in the order of publication."""
        rows = self.all(
            "SELECT version, effective_date, parts, trades, reason, publish_time FROM weights ORDER BY serial"
        )
        return [FIRST, *(_weights(row) for row in rows)]

    def add_weights(self, weights: Weights, *, serial: int) -> None:
        """Keep a new version; serial -- how many there were before."""
        self.run(
            "INSERT INTO weights (serial, version, effective_date, parts, trades, reason, publish_time) VALUES"
            " (%(serial)s, %(version)s, %(effective_date)s, %(parts)s, %(trades)s, %(reason)s, %(publish_time)s)",
            {
                "serial": serial,
                "version": weights.version,
                "effective_date": weights.effective_date,
                "parts": Jsonb({name: getattr(weights, name) for name in _PARTS}),
                "trades": Jsonb([asdict(trade) for trade in weights.trades]),
                "reason": weights.reason,
                "publish_time": weights.publish_time,
            },
        )

    def unit_names(self) -> dict[str, str]:
        """How units are called that ever received an order."""
        return {row["unit"]: row["display_name"] for row in self.all("SELECT unit, display_name FROM unit_name")}

    def keep_unit_name(self, unit: str, display_name: str) -> None:
        """Writes only what is new, so that orders of one unit do not wait for each other."""
        known = self.one("SELECT display_name FROM unit_name WHERE unit = %(unit)s", {"unit": unit})
        if known is None or known["display_name"] != display_name:
            self.run(
                "INSERT INTO unit_name (unit, display_name) VALUES (%(unit)s, %(name)s)"
                " ON CONFLICT (unit) DO UPDATE SET display_name = excluded.display_name",
                {"unit": unit, "name": display_name},
            )


def _weights(row: Mapping[str, Any]) -> Weights:
    kept = {name: row[name] for name in ("version", "effective_date", "reason", "publish_time")}
    return Weights(**kept, **row["parts"], trades=tuple(_trade(trade) for trade in row["trades"]))


def _trade(kept: Mapping[str, Any]) -> Trade:
    return Trade(name=kept["name"], display_name=kept["display_name"], categories=tuple(kept["categories"]))
