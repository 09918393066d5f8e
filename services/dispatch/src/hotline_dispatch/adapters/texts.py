"""What the serve process has learned from the texts of earlier orders (Art. 3; ours)."""

from datetime import datetime, timedelta
from threading import Lock

from hotline_dispatch.adapters.postgres import Store
from hotline_dispatch.domain.words import Words

_REFRESH = timedelta(minutes=10)


class EarlierTexts:
    """Learned anew from the latest orders when somebody asks and what is known is old."""

    def __init__(self, *, orders: int) -> None:
        """orders -- so many of the latest; 0: texts play no part."""
        self._orders = orders
        self._learned: tuple[datetime, Words] | None = None
        self._lock = Lock()

    def words(self, *, tx: Store, now: datetime) -> Words:
        """What is known."""
        with self._lock:
            if self._learned is None or not timedelta(0) <= now - self._learned[0] < _REFRESH:
                self._learned = now, Words.learn(tx.latest_texts(limit=self._orders))
            return self._learned[1]
