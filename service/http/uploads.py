"""``POST /v1/documents``: files into a collection."""

from __future__ import annotations

import shutil
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ingest.catalog.job import new_job_id
from ingest.store.compacting import free_bytes
from service.http.access import Work, Writing
from service.http.job_shapes import JobShape
from service.http.multipart import MEDIA_TYPE, FormReader, boundary_of
from service.http.requests import CollectionName
from service.jobs.controlling import submit_upload
from service.jobs.receiving import (
    BadUpload,
    FileReceiver,
    StorageFull,
    require_room,
    settle_paths,
    storing,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.catalog.job_records import JobRecord
    from service.access.view import View
    from service.services import Services

router = APIRouter(prefix="/documents", tags=["documents"])
_MEGABYTE = 2**20
_HANDED_ON = 2**20
"""Bytes that are written at once: every hand-over to a thread costs a tenth of a millisecond."""
_COLLECTION = TypeAdapter[str](CollectionName)
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "title": "Upload",
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "One or several files.",
                        },
                        "path": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "The path that people see, one for each file in the same order; "
                            "without it, the file's name. A path that is there gets a new version.",
                        },
                        "collection": {"type": "string", "default": "default"},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=HTTPStatus.ACCEPTED, response_model=JobShape, openapi_extra=_FORM)
async def upload(request: Request, view: Writing, work: Work) -> JobShape:
    """Send files to be indexed. The answer is the job; from then on they survive a crash.

    A path that the collection holds already gets a new version. A file that cannot be read is reported by
    the job and does not stop the others.
    """
    boundary = boundary_of(request.headers.get("content-type", ""))
    if boundary is None:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send files as {MEDIA_TYPE}")
    identity, services = new_job_id(), view.services
    folder = await run_in_threadpool(_arrive, services, identity, request.headers.get("content-length", ""))
    try:
        largest = services.settings.largest_file_mb * _MEGABYTE
        files = FileReceiver(folder, largest)
        form = FormReader(boundary, files)
        try:
            await _read(request, form)
            job = await run_in_threadpool(_accept, view, form, files, folder, identity)
        finally:
            files.abandon()
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the upload broke off") from None
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
    work.wake()
    return JobShape.of(job)


async def _read(request: Request, form: FormReader) -> None:
    """The body in pieces, parsed and written in a thread; never more than a few pieces in memory."""
    waiting = bytearray()
    async for piece in request.stream():
        waiting += piece
        if len(waiting) >= _HANDED_ON:
            await run_in_threadpool(form.feed, bytes(waiting))
            waiting.clear()
    await run_in_threadpool(form.feed, bytes(waiting))


def _arrive(services: Services, identity: str, announced: str) -> Path:
    with storing():
        folder = services.originals.arrive(identity)
        free = free_bytes(folder)
    try:
        require_room(free, int(announced) if announced.isdecimal() else 0)
    except StorageFull:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _accept(view: View, form: FormReader, files: FileReceiver, folder: Path, identity: str) -> JobRecord:
    form.finish()
    collection = _collection(form.fields["collection"])
    view.require(collection)
    view.touched.subject = identity
    chosen = settle_paths(files.received, form.fields["path"])
    with storing():
        return submit_upload(
            view.services.catalog,
            view.services.originals,
            folder,
            chosen,
            tenant=view.tenant,
            collection=collection,
            identity=identity,
            key=view.caller.key,
        )


def _collection(given: list[str]) -> str:
    if len(given) > 1:
        raise BadUpload("collection: give one")
    try:
        return _COLLECTION.validate_python(given[0]) if given else "default"
    except ValidationError as error:
        raise BadUpload(f"collection: {error.errors(include_url=False)[0]['msg']}") from None
