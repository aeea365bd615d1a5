"""``/v1/keys``: the access keys of the caller's own tenant."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from service.access.keys import make_key
from service.http.access import Administering
from service.http.key_shapes import KeyList, KeyRequest, KeyShape, NewKeyShape

router = APIRouter(prefix="/keys", tags=["keys"])


@router.post("", status_code=HTTPStatus.CREATED)
def create(body: KeyRequest, view: Administering, response: Response) -> NewKeyShape:
    """Make a key. The answer is the only one that holds it: it is kept as a digest."""
    key, record = make_key(
        view.services.catalog,
        view.tenant,
        body.name,
        permissions=body.permissions,
        collections=body.collections,
        limits=body.limits,
        expires_at=body.expires_at,
    )
    view.touched.subject = record.id
    response.headers["Cache-Control"] = "no-store"
    return NewKeyShape.made(key, record)


@router.get("")
def keys(view: Administering) -> KeyList:
    """All keys of the tenant, the newest first, with those that open nothing any more."""
    return KeyList(keys=[KeyShape.of(key) for key in view.services.catalog.access_keys(view.tenant)])


@router.delete("/{key_id}")
def revoke(key_id: str, view: Administering) -> KeyShape:
    """Revoke a key: from the next request on it opens nothing. It stays listed."""
    return KeyShape.of(view.services.catalog.revoke_key(view.tenant, key_id))
