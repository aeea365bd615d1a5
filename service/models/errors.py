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
    ├── MalformedReply      502  not what a chat completion looks like: not retried
    ├── CircuitOpen         503  nothing was sent: the provider has failed too often just now
    └── TooManyWaiting      503  nothing was sent: so many calls wait for their turn already

"Retried" is by `service.models.retrying`, and only while nothing of the reply has been passed on. Another
provider (`service.models.fallback`) is asked after all but `InvalidRequest`, `PromptTooLong`,
`ContentFiltered`, `RequestRefused`, which are about what was asked, and `TooManyWaiting`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from ingest.errors import LecternError, PermanentError, TransientError


class ModelError(LecternError):
    """A model's reply could not be had, or not whole."""

    http_status: ClassVar[int] = 502
    """What our service answers."""
    retries: ClassVar[bool] = False
    elsewhere: ClassVar[bool] = False
    """Whether another provider may help."""

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
        self.provider = ""
        """Whose error it is, as people are told it; empty where nobody was to be asked."""
        self.host = ""
        """Where that provider is reached, with the port where its address has one."""

    @property
    def is_outage(self) -> bool:
        """Whether the provider is not in order: it neither answered nor refused."""
        return False


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

    elsewhere = True


class QuotaExhausted(ModelError, PermanentError):
    """The balance or the quota is used up: waiting a little does not help."""

    http_status = 503
    elsewhere = True


class RequestRefused(ModelError, PermanentError):
    """The provider refused the request."""


class ModelBusy(ModelError, TransientError):
    """Too many requests at once, or the model is overloaded."""

    http_status = 503
    retries = True
    elsewhere = True

    @property
    def is_outage(self) -> bool:
        """A limit of ours (429) is none; 503 is what a server says that is down."""
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE


class _Outage(ModelError, TransientError):
    """The provider is not in order."""

    elsewhere = True

    @property
    def is_outage(self) -> bool:
        """It is."""
        return True


class ModelFailed(_Outage):
    """The provider failed."""

    retries = True


class ModelUnreachable(_Outage):
    """No connection to the provider."""

    retries = True


class ModelTimeout(_Outage):
    """The provider stayed silent, or did not finish in time."""

    http_status = 504
    retries = True

    @property
    def is_outage(self) -> bool:
        """A long answer that outlasts our own patience is none."""
        return self.retry or self.status is not None


class StreamCut(_Outage):
    """The connection closed before the reply was whole."""

    retries = True


class MalformedReply(_Outage):
    """The provider sent what is no chat completion."""


class CircuitOpen(ModelError, TransientError):
    """The provider has failed too often just now to be asked; nothing was sent."""

    http_status = 503
    elsewhere = True


class TooManyWaiting(ModelError, TransientError):
    """So many calls wait for their turn already, or this one has waited too long; nothing was sent."""

    http_status = 503
