"""What every part of the servicer works with."""

from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database

from hotline_knowledge.adapters.follower import Follower
from hotline_knowledge.adapters.misses import Misses
from hotline_knowledge.adapters.postgres import Store
from hotline_knowledge.adapters.search import SearchIndex
from hotline_knowledge.handlers.entries import Rhythm


class Part:
    """The methods about one noun; together they are the servicer."""

    def __init__(
        self,
        *,
        database: Database[Store],
        clock: Clock,
        index: SearchIndex,
        follower: Follower,
        misses: Misses,
        rhythm: Rhythm,
    ) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._index = index
        self._follower = follower
        self._misses = misses
        self._rhythm = rhythm
