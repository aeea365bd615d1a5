"""Where people open a source: the addresses of the web page's viewer."""

from __future__ import annotations

from urllib.parse import quote


def source_link(server: str, document: str, number: int, start: int, end: int) -> str:
    """The page that shows a version of a document with a range of its text highlighted.

    Args:
        server: the address that people reach the server by, with or without a slash at its end; empty for
            a link within the page itself.
        document: the document's id.
        number: of the version, the 7 of ``[D7:31]``: what was cited stays what is shown.
        start: code points of that version's text.
        end: likewise, exclusive.
    """
    place = f"#/document/{quote(document, safe='')}/{number}/{start}-{end}"
    return f"{server.rstrip('/')}/{place}" if server else place
