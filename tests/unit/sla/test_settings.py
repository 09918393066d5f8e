"""The numbers of the regulation are the defaults, and what is set is what clocks run by."""

from datetime import timedelta

import pytest
from hotline_kernel.settings import SettingsError
from hotline_sla.domain.deadline import Terms
from hotline_sla.settings import Settings

_NEEDED = {"HOTLINE_DATABASE_URL": "postgresql://nowhere/none", "HOTLINE_BROKER_URL": "amqp://none"}


def terms(**changed: str) -> Terms:
    return Settings.load(service="sla", environ=_NEEDED | changed).terms


class TestTheTerms:
    def test_are_the_regulations_unless_told_otherwise(self) -> None:
        assert terms() == Terms()

    def test_are_what_the_operator_sets(self) -> None:
        told = terms(HOTLINE_HELP_WORKING_DAYS="3", HOTLINE_CALLBACK_HOURS="12")
        assert (told.handling_working_days["CONSULTATION"], told.handling_working_days["HELP"]) == (3, 3)
        assert told.handling_working_days["COMPLAINT"] == 7
        assert told.callback == timedelta(hours=12)

    def test_are_refused_beyond_their_bounds(self) -> None:
        with pytest.raises(SettingsError, match="HOTLINE_HELP_WORKING_DAYS"):
            terms(HOTLINE_HELP_WORKING_DAYS="0")
