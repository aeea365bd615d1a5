"""The shape of a collection's egress."""

from __future__ import annotations

from pydantic import Field, field_validator

from service.egress_policy import EgressPolicy
from service.http.requests import Request


class EgressRequest(Request):
    """Who may be shown a collection's text and questions to it, in place of what was said before."""

    egress: str = Field(
        min_length=1,
        max_length=2_000,
        description="`any`, `none` for extracts alone, or names between commas: of providers (zai, "
        "openrouter, vllm, …), of hosts, or `local` for servers on the server's own machine.",
    )

    @field_validator("egress")
    @classmethod
    def _read(cls, said: str) -> str:
        return str(EgressPolicy.parse(said))
