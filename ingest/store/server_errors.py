"""What the client of a Qdrant server raises, named for what the caller does next."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from ingest.errors import IndexUnavailable, UnsupportedStore

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def named() -> Generator[None]:
    """Raise `IndexUnavailable` for what may pass, `UnsupportedStore` or `ValueError` for what will not."""
    try:
        yield
    except ResponseHandlingException as error:
        if isinstance(error.source, ValueError):  # it did answer, and it cannot be read
            raise UnsupportedStore(f"it does not answer as a Qdrant server does: {error.source}") from error
        raise IndexUnavailable(f"the Qdrant server does not answer: {error.source}") from error
    except UnexpectedResponse as error:
        raise _refusal(error.status_code or 0, str(error)) from error
    except QdrantException as error:
        busy = IndexUnavailable(f"the Qdrant server asks to wait: {error}")
        if isinstance(error, ResourceExhaustedResponse):
            busy.retry_after = float(error.retry_after_s)
        raise busy from error


def _refusal(status: int, detail: str) -> IndexUnavailable | UnsupportedStore | ValueError:
    if status in {408, 429} or status >= 500:  # noqa: PLR2004 — HTTP's own numbers
        return IndexUnavailable(f"the Qdrant server is busy or broken: {detail}")
    if status in {400, 413, 422}:
        return ValueError(f"the Qdrant server refuses the request: {detail}")
    return UnsupportedStore(f"the Qdrant server refuses: {detail}")
