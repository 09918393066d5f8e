"""A platform for tests: every process, the invented city in it, and nothing of it left afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from hotline_cli.client import Hotline
from hotline_cli.local.instance import Instance
from hotline_cli.local.seed import seed_city


@contextmanager
def seeded(instance: Instance) -> Iterator[Instance]:
    """The instance runs and knows its city; it is destroyed at the end, also when it did not start."""
    try:
        instance.prepare()
        instance.start()
        city = Hotline(instance.running)
        seed_city(city)
        city.close()
        yield instance
    finally:
        instance.destroy()
