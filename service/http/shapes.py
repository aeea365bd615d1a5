"""What all shapes of HTTP are made of, and the shape of errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Response(BaseModel):
    """Every answer; read from the values of the same names."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Problem(Response):
    """An error as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    """The model provider's own code, where it gave one."""
    errors: list[dict[str, str]] | None = None
    """Fields of the request that are wrong."""
    retry_after: int | None = None
    """Seconds after which asking again may help."""
