"""All services running on a virtual clock, with the invented city in them."""

from datetime import UTC, datetime

from hotline.sla.v1 import sla_service_pb2
from hotline_cli.client import Hotline
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet
from hotline_kernel.clock import VirtualClock


class LiveHotline(Hotline):
    """A connection to every service of an instance, and the hand on its clock."""

    def __init__(self, instance: Instance) -> None:
        """instance -- started, with a virtual clock."""
        assert isinstance(instance.clock, VirtualClock)
        super().__init__(instance.running)
        self.instance = instance
        self._clock = instance.clock
        self._quiet = Quiet(self)

    @property
    def now(self) -> datetime:
        """Legal time."""
        return self._clock.now()

    def settle(self) -> None:
        """Wait until every event took its effect and nothing that is due waits."""
        self._quiet.wait()

    def move_to(self, moment: datetime) -> None:
        """Set the clock to each moment at which something is due, in turn, and at last to this one."""
        self.settle()
        while (due := self._next_due()) is not None and due < moment:
            self._clock.set(max(due, self.now))
            self.settle()
        self._clock.set(moment)
        self.settle()

    def _next_due(self) -> datetime | None:
        schedule = self.person("engineer").sla.GetSchedule(sla_service_pb2.GetScheduleRequest())
        return schedule.next_due_time.ToDatetime(UTC) if schedule.HasField("next_due_time") else None
