"""An instance of the platform on one machine: found, restarted after kills, stopped and gone on with."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2
from hotline.intake.v1 import intake_service_pb2
from hotline.knowledge.v1 import knowledge_service_pb2
from hotline.sla.v1 import sla_service_pb2
from hotline_cli.local import city
from hotline_cli.local.instance import AlreadyRunningError, Instance
from hotline_cli.local.running import Running
from hotline_cli.local.seed import seed_city
from hotline_cli.local.servers import wait_until
from hotline_cli.local.supervisor import Process
from hotline_kernel.errors import Unavailable

from tests.support.live import LiveHotline
from tests.support.lives import registration


class TestSeededCity:
    def test_every_unit_and_entry_of_the_city_is_there_once(self, hotline: LiveHotline) -> None:
        seed_city(hotline)
        units = hotline.person("office").dispatch.ListUnits(dispatch_service_pb2.ListUnitsRequest(page_size=1000)).units
        names = Counter(unit.display_name for unit in units)  # other tests' among them
        assert {unit["name"]: 1 for unit in city.load().units}.items() <= names.items()
        listed = hotline.person("editor").knowledge.ListEntries(
            knowledge_service_pb2.ListEntriesRequest(page_size=1000)
        )
        titles = Counter(entry.title for entry in listed.entries)
        assert {entry["title"]: 1 for entry in city.load().knowledge}.items() <= titles.items()

    def test_a_citizen_finds_an_answer(self, hotline: LiveHotline) -> None:
        hotline.settle()
        found = hotline.person().knowledge.SearchEntries(knowledge_service_pb2.SearchEntriesRequest(query="暖气不热"))
        assert found.hits[0].entry.title == "家里暖气不热怎么办"


class TestClock:
    def test_what_is_due_on_the_way_to_a_moment_happens(self, hotline: LiveHotline) -> None:
        operator = hotline.person("operator").intake
        appeal = operator.RegisterAppeal(registration(draft=False))
        moment = hotline.now + timedelta(days=1)
        hotline.move_to(moment)
        assert hotline.now == moment
        assert operator.GetAppeal(intake_service_pb2.GetAppealRequest(name=appeal.name)).answer_overdue


class TestInstance:
    @pytest.mark.parametrize("name", ["sla.serve", "dispatch.listen", "intake.pump"])
    def test_a_killed_process_is_started_again(self, hotline: LiveHotline, name: str) -> None:
        process = hotline.instance.processes[name]
        pid, restarts = process.pid, process.restarts
        hotline.instance.kill(name)
        wait_until(lambda: _is_other(process, pid), seconds=30, failure=f"{name} is not started again")
        process.wait_ready()
        assert process.restarts == restarts + 1
        wait_until(lambda: _answers(hotline), seconds=30, failure="sla cannot be called")
        hotline.settle()

    def test_nobody_else_can_take_a_running_instance(self, hotline: LiveHotline) -> None:
        instance = hotline.instance
        other = Instance(directory=instance.directory.parent, servers=instance.servers, name=instance.name)
        with pytest.raises(AlreadyRunningError):
            other.prepare()

    def test_its_description_is_closed_to_others(self, hotline: LiveHotline) -> None:
        path = hotline.instance.directory / "instance.json"
        assert path.stat().st_mode & 0o077 == 0
        assert Running.read(path) == hotline.instance.running

    def test_keys_are_closed_to_others(self, hotline: LiveHotline) -> None:
        secret = [path for path in hotline.instance.directory.rglob("*") if _is_secret(path)]
        assert len(secret) >= 14
        assert [path for path in secret if path.stat().st_mode & 0o077] == []


def _answers(hotline: LiveHotline) -> bool:
    """Tell whether a client whose connection broke has a new one; it waits between its attempts."""
    try:
        hotline.person("engineer").sla.GetSchedule(sla_service_pb2.GetScheduleRequest())
    except Unavailable:
        return False
    return True


def _is_other(process: Process, pid: int | None) -> bool:
    return process.pid not in {None, pid}


def _is_secret(path: Path) -> bool:
    return path.is_file() and (path.suffix in {".key", ".pem"} or "vault" in path.name or path.name == "client_secret")
