"""The tables of feedback, a module for each noun."""

from hotline_feedback.adapters.postgres.callbacks import Callbacks
from hotline_feedback.adapters.postgres.evaluations import Evaluations
from hotline_feedback.adapters.postgres.rates import Rates
from hotline_feedback.adapters.postgres.reports import Reports
from hotline_feedback.adapters.postgres.reviews import Reviews
from hotline_feedback.adapters.postgres.scorecards import Scorecards


class Store(Callbacks, Evaluations, Reviews, Rates, Scorecards, Reports):
    """A transaction of feedback."""
