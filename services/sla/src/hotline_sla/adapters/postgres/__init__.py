"""The tables of sla: clocks and due moments, supervision, orders and the counts of their units, notices."""

from hotline_sla.adapters.postgres.accountability import AccountabilityFiles
from hotline_sla.adapters.postgres.assessment import Assessments
from hotline_sla.adapters.postgres.circulars import Circulars
from hotline_sla.adapters.postgres.clocks import (
    CLAIM_MOMENTS,
    CLAIM_PROVISIONAL,
    Clocks,
    DeadlineFilter,
    deadlines_query,
)
from hotline_sla.adapters.postgres.meetings import Meetings
from hotline_sla.adapters.postgres.notices import Notices
from hotline_sla.adapters.postgres.supervision import KeyFilter, KeySupervised, Supervisions
from hotline_sla.adapters.postgres.weights import PublishedWeights

__all__ = [
    "CLAIM_MOMENTS",
    "CLAIM_PROVISIONAL",
    "DeadlineFilter",
    "KeyFilter",
    "KeySupervised",
    "Store",
    "deadlines_query",
]


class Store(Clocks, Supervisions, Circulars, AccountabilityFiles, Assessments, Meetings, PublishedWeights, Notices):
    """A transaction over the tables of sla."""
