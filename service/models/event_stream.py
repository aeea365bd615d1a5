"""Server-sent events as providers stream them: only their data matters, and packets end anywhere."""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the very end may be half of a line's end."""


class EventData:
    """Reads the data of one stream's events, packet by packet; several events in a packet come at once."""

    def __init__(self) -> None:
        self._rest = bytearray()
        """Of a line whose end has not come."""
        self._data: list[bytes] = []
        """Of an event whose end has not come."""

    def feed(self, packet: bytes) -> list[str]:
        """The data of the events that a packet completes.

        Raises:
            UnicodeDecodeError: it is not UTF-8.
        """
        ends_line = b"\n" in packet or b"\r" in packet or self._rest.endswith(b"\r")
        self._rest += packet
        if not ends_line:  # a long line must not be gone through anew for each of its packets
            return []
        *lines, rest = _LINE_END.split(self._rest)
        self._rest = bytearray(rest)
        whole: list[str] = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(bytes(line[6:] if line[5:6] == b" " else line[5:]))
            elif not line and self._data:
                whole.append(b"\n".join(self._data).decode())
                self._data.clear()
        return whole
