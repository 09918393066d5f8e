"""A link to a server that can be cut in the middle of what is said."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress


class Link:
    """Passes bytes on to an address, and cuts every connection whenever the next amount has gone through it."""

    def __init__(self, address: str, *, cut_after: Sequence[int] = ()) -> None:
        """cut_after -- bytes from the client until each of the cuts, one after the other; then it holds."""
        self.targets = [address]
        """Who comes is passed on to the first of them that takes him."""
        self._budgets = list(cut_after)
        self.cuts = 0
        self._is_cut = False
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="link", daemon=True).start()

    def close(self) -> None:
        """Cuts everything for good."""
        self._listener.close()
        self._cut()

    def cut(self) -> None:
        """Cuts everything, and takes nobody until it is mended."""
        self._is_cut = True
        self._cut()

    def mend(self) -> None:
        """Takes whoever comes again."""
        self._is_cut = False

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                server = self._reach()
                if server is None:
                    client.close()
                    continue
                with self._lock:
                    self._open += [client, server]
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _reach(self) -> socket.socket | None:
        for address in self.targets:
            host, _, port = address.rpartition(":")
            with suppress(ConnectionRefusedError):
                return socket.create_connection((host, int(port)))
        return None

    def _pass(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16_384):
                if counts and self._is_spent(len(data)):
                    target.sendall(data[: len(data) // 2])
                    self._cut()
                    return
                target.sendall(data)
        for end in (source, target):
            end.close()

    def _is_spent(self, size: int) -> bool:
        with self._lock:
            if not self._budgets:
                return False
            self._budgets[0] -= size
            if self._budgets[0] > 0:
                return False
            self._budgets.pop(0)
            self.cuts += 1
            return True

    def _cut(self) -> None:
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
