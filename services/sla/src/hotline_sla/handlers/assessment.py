"""Versions of the weights, and the scores of trades (Art. 32, 34)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from hotline_kernel.errors import ResourceNotFound

from hotline_sla.domain.notice import Line, Tally, trade_lines
from hotline_sla.domain.weights import Weights, in_effect, next_version


class Scales(Protocol):
    """What the use cases need of a transaction."""

    def record(
        self, *, action: str, resource: str, time: datetime, purpose: str = "", details: Mapping[str, str] = ...
    ) -> None:
        """Put it on record (Art. 36)."""

    def published_weights(self) -> list[Weights]:
        """Every version in the order of publication."""

    def add_weights(self, weights: Weights, *, serial: int) -> None:
        """Keep a new version; serial -- how many there were before."""

    def tally_received(self, *, start: date, end: date) -> list[Tally]:
        """What became of the orders received in a period, by unit and category."""


def publish_weights(*, draft: Weights, tx: Scales, now: datetime) -> Weights:
    """Publish weights that hold from a month on (Art. 34). draft -- no trades: those of the version before.

    Raises FieldInvalid, WeightsSum, WeightsTooLate.
    """
    published = tx.published_weights()
    weights = replace(
        draft,
        version=next_version(published, draft.effective_date),
        trades=draft.trades or in_effect(published, draft.effective_date).trades,
        publish_time=now,
    )
    weights.check(now=now)
    tx.add_weights(weights, serial=len(published))
    tx.record(
        action="sla.weights.publish",
        resource=weights.name,
        time=now,
        details={"effective_date": weights.effective_date.isoformat()},
    )
    return weights


def get_weights(*, name: str, tx: Scales) -> Weights:
    """One version. Raises ResourceNotFound."""
    found = next((weights for weights in tx.published_weights() if weights.name == name), None)
    if found is None:
        raise ResourceNotFound(resource=name)
    return found


def weights_of(*, start: date, tx: Scales) -> Weights:
    """The weights of a period that begins on a day (Art. 34)."""
    return in_effect(tx.published_weights(), start)


def trade_scores(*, start: date, end: date, tx: Scales) -> tuple[list[Line], Weights]:
    """The scores of trades over a period, by name, and the weights they are by (Art. 32)."""
    weights = weights_of(start=start, tx=tx)
    lines = trade_lines(tx.tally_received(start=start, end=end), weights=weights)
    return sorted(lines, key=lambda line: line.name), weights
