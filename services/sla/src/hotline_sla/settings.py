"""What an operator of sla can set: the lengths of terms, and who signs letters."""

from datetime import timedelta

from hotline_kernel import settings
from pydantic import Field

from hotline_sla.domain.deadline import Terms


class Settings(settings.Settings):
    """The kernel's settings, and sla's."""

    answer_minutes: int = Field(60, ge=1, le=1440, description="Answer or refer within (Art. 21).")
    first_contact_hours: int = Field(
        4, ge=1, le=80, description="Office hours until the unit contacts the citizen (Art. 24(1); the length is ours)."
    )
    help_working_days: int = Field(
        2, ge=1, le=60, description="For help, and for a consultation that becomes an order (Art. 24(2); ADR 0017)."
    )
    other_working_days: int = Field(
        7, ge=1, le=60, description="For complaints, reports, suggestions and difficult matters (Art. 24(2))."
    )
    callback_hours: int = Field(24, ge=1, le=168, description="Call back within, after the report (Art. 30).")
    extension_cutoff_working_days: int = Field(
        1, ge=1, le=10, description="An extension is asked at least so long before the deadline (Art. 26)."
    )
    advance_reminder_working_days: int = Field(
        1, ge=1, le=10, description="A unit is reminded so long before the deadline (ours)."
    )
    written_working_days: int = Field(
        1, ge=0, le=30, description="Written supervision so long after the deadline (Art. 28; the length is ours)."
    )
    key_written_working_days: int = Field(
        0, ge=0, le=30, description="The same for an order under key supervision (Art. 28; ours)."
    )
    document_issuer: str = Field(
        "市961890群众服务热线工作机构",
        min_length=1,
        max_length=100,
        description="Who signs and seals notices, circulars and statistics (Art. 28, 29, 35).",
    )

    @property
    def terms(self) -> Terms:
        """The lengths of all terms."""
        short, long = self.help_working_days, self.other_working_days
        return Terms(
            answer=timedelta(minutes=self.answer_minutes),
            first_contact=timedelta(hours=self.first_contact_hours),
            handling_working_days={"CONSULTATION": short, "HELP": short}
            | dict.fromkeys(("COMPLAINT", "REPORT", "SUGGESTION", "DIFFICULT"), long),
            callback=timedelta(hours=self.callback_hours),
            extension_cutoff_working_days=self.extension_cutoff_working_days,
            advance_reminder_working_days=self.advance_reminder_working_days,
            written_working_days=self.written_working_days,
            key_written_working_days=self.key_written_working_days,
        )
