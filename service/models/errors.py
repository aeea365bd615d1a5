"""Why a model did not answer, and what our own service then answers.

ModelError                  code, status, retry, http_status
├── (PermanentError)        the same request fails again
│   ├── InvalidRequest      422  a field that no provider would take; nothing was sent
│   ├── PromptTooLong       422  1261, or the context window ran over while answering
│   ├── ContentFiltered     422  1301, or `sensitive` while answering
│   ├── KeyRejected         502  1000–1005, 401
│   ├── QuotaExhausted      503  1113 (balance), 1308–1321 (quota), 402
│   └── RequestRefused      502  any other 4xx
└── (TransientError)        it may succeed later
    ├── ModelBusy           503  1302, 1303, 1305, 503: retried; a bare 429 is not
    ├── ModelFailed         502  5xx, `network_error` while answering: retried
    ├── ModelUnreachable    502  no connection: retried
    ├── ModelTimeout        504  silence: retried; the time for the whole answer is over: not
    ├── StreamCut           502  the connection closed before the reply was whole: retried
    └── MalformedReply      502  not what a chat completion looks like: not retried

"Retried" is by `service.models.retrying`, and only while nothing of the reply has been passed on.
"""

from __future__ import annotations

from typing import ClassVar

from ingest.errors import LecternError, PermanentError, TransientError


class ModelError(LecternError):
    """A model's reply could not be had, or not whole."""

    http_status: ClassVar[int] = 502
    """What our service answers."""
    retries: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        retry: bool | None = None,
    ) -> None:
        super().__init__(message if code is None else f"{message} (code {code})")
        self.code = code
        """The provider's code, or its finish reason."""
        self.status = status
        """The provider's HTTP status, where it answered with an error."""
        self.retry_after = retry_after
        """Seconds that the provider asks to wait."""
        self.retry = self.retries if retry is None else retry


class InvalidRequest(ModelError, PermanentError):
    """A field holds what no provider takes; nothing was sent."""

    http_status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class PromptTooLong(ModelError, PermanentError):
    """Prompt and answer do not fit into the model's context."""

    http_status = 422


class ContentFiltered(ModelError, PermanentError):
    """The provider's filter refused the prompt or stopped the answer."""

    http_status = 422


class KeyRejected(ModelError, PermanentError):
    """The provider does not accept the model key."""


class QuotaExhausted(ModelError, PermanentError):
    """The balance or the quota is used up: waiting a little does not help."""

    http_status = 503


class RequestRefused(ModelError, PermanentError):
    """The provider refused the request."""


class ModelBusy(ModelError, TransientError):
    """Too many requests at once, or the model is overloaded."""

    http_status = 503
    retries = True


class ModelFailed(ModelError, TransientError):
    """The provider failed."""

    retries = True


class ModelUnreachable(ModelError, TransientError):
    """No connection to the provider."""

    retries = True


class ModelTimeout(ModelError, TransientError):
    """The provider stayed silent, or did not finish in time."""

    http_status = 504
    retries = True


class StreamCut(ModelError, TransientError):
    """The connection closed before the reply was whole."""

    retries = True


class MalformedReply(ModelError, TransientError):
    """The provider sent what is no chat completion."""
