"""``/v1/usage`` and ``/v1/answers``: what the ledger holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.http.access import Reading
from service.http.requests import UsageRequest
from service.http.usage_shapes import ExplanationShape, UsageList

router = APIRouter(tags=["usage"])


@router.get("/usage")
def usage(request: Annotated[UsageRequest, Query()], view: Reading) -> UsageList:
    """What calls of models took: the answers' own, and those on the way to them.

    The sums are those of the answers that were given, and of what failed as far as it was counted. A deleted
    document or collection changes nothing here. With an access key that does not administer, those of this
    key only.
    """
    return UsageList.of(request.by, view.usage(request.to_wanted()))


@router.get("/answers/{answer_id}/explanation")
def explanation(answer_id: str, view: Reading) -> ExplanationShape:
    """What the prompt of an answer was made of, what the cache served, what it cost, and why.

    The prompt is compared with the one before in the same session or, for a session's first, in the same
    collection: the first block that differs is named. Extracts, and what is older than `ledger_days`, are
    404.
    """
    return ExplanationShape.of(view.explanation(answer_id))
