"""What a job is asked for, its progress and its report as JSON, for the catalog alone."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ingest.catalog.job_records import JobProgress, JobReport, JobRequest, UploadedFile
from ingest.errors import UnsupportedStore

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value", JobProgress, JobReport, UploadedFile)


def encode_value(value: JobRequest | JobProgress | JobReport) -> str:
    """ASCII, so that names of files in any bytes pass through every database."""
    return json.dumps(asdict(value), separators=(",", ":"))


def decode_request(text: str) -> JobRequest:
    """What `encode_value` was given; raises `UnsupportedStore`."""
    found = _object(text)
    paths, uploads = found.get("paths", ()), found.get("uploads", ())
    return JobRequest(
        tuple(map(str, paths)),
        tuple(_value(UploadedFile, each) for each in uploads),
        prune=bool(found.get("prune")),
        reader=str(found.get("reader", "")),
        key=str(found.get("key", "")),
    )


def decode_progress(text: str) -> JobProgress:
    """What `encode_value` was given; raises `UnsupportedStore`."""
    return _value(JobProgress, _object(text))


def decode_report(text: str) -> JobReport:
    """What `encode_value` was given; raises `UnsupportedStore`."""
    return _value(JobReport, _object(text))


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UnsupportedStore("the catalog holds a job that this version cannot read") from error
    if not isinstance(found, dict):
        raise UnsupportedStore("the catalog holds a job that this version cannot read")
    return cast("dict[str, Any]", found)


def _value(kind: type[Value], found: Mapping[str, Any]) -> Value:
    """Unknown fields are a newer version's, and are passed over; those with a default may be absent."""
    known = {field.name for field in fields(kind)}
    try:
        return kind(**{name: value for name, value in found.items() if name in known})
    except TypeError as error:
        raise UnsupportedStore("the catalog holds a job that this version cannot read") from error
