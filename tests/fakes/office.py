"""A server's data folder, with who sends files to it and who runs their jobs, in this process."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from threading import Event
from typing import TYPE_CHECKING

from ingest.catalog.job import new_job_id
from ingest.catalog.job_records import JobReport, UploadedFile
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.ingesting import OpenIngest
from service.jobs.controlling import submit_upload
from service.jobs.owner import this_process
from service.jobs.running import run_job
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.embedder import WordEmbedder
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.catalog.job_records import JobFile, JobRecord, JobState
    from ingest.sandbox import Parser
    from service.jobs.running import Ran
    from service.services import Services


@dataclass(frozen=True)
class Office:
    """All that a job needs, and no thread that takes it up by itself."""

    services: Services
    data: Path

    def send(self, files: dict[str, str]) -> JobRecord:
        """A job that waits."""
        services, identity = self.services, new_job_id()
        folder = services.originals.arrive(identity)
        uploads: list[UploadedFile] = []
        for number, (path, text) in enumerate(files.items()):
            content = text.encode()
            (folder / str(number)).write_bytes(content)
            digest = blake2b(content, digest_size=16).hexdigest()
            uploads.append(UploadedFile(path, str(number), digest, len(content)))
        return submit_upload(
            services.catalog,
            services.originals,
            folder,
            uploads,
            tenant="default",
            collection="docs",
            identity=identity,
        )

    def begin(self, job: JobRecord) -> JobRecord:
        """Claim a job, which must be the next one, and let its files be kept."""
        begun = self._claim(job)
        self.services.originals.keep(begun)
        return begun

    def end(self, job: JobRecord, state: JobState, *files: JobFile) -> None:
        """Say how a job that was begun came out."""
        failed = sum(file.outcome == "failed" for file in files)
        self.services.catalog.finish_job(job, state, JobReport(failed=failed), files)

    def run(self, job: JobRecord, parser: Parser | None = None) -> Ran:
        """Run a job, which must be the next one, as a server does."""
        services = self.services
        ingester = Ingester(services.catalog, services.index, WordEmbedder(), parser or InlineParser(read))
        work = OpenIngest(ingester, lambda: None, services.catalog, "jobs of the server")
        return run_job(services, work, self._claim(job), stopping=Event())

    def outcomes(self, job: JobRecord) -> dict[str, str]:
        """Path → what became of it."""
        return {each.file.path: each.file.outcome for each in self.services.catalog.job_files(job)}

    def documents(self) -> dict[str, str]:
        """Path → id."""
        listed = self.services.catalog.documents("default", "docs", limit=1_000).documents
        return {document.version.path: document.id for document in listed}

    def title(self, path: str) -> str:
        """Of the document of this path."""
        versions = self.services.catalog.ready_versions(self.services.catalog.collection("default", "docs"))
        return next(version.title for version in versions if version.path == path)

    def kept(self) -> list[str]:
        """Texts of the sent files that lie with those that are kept."""
        folder = self.data / "uploads" / "kept"
        return sorted(path.read_text(encoding="utf-8") for path in folder.glob("*/*/*"))

    def _claim(self, job: JobRecord) -> JobRecord:
        begun = self.services.catalog.claim_job(self.services.originals.place, this_process())
        assert begun is not None
        assert begun.id == job.id
        return begun


@contextmanager
def office(data: Path) -> Generator[Office]:
    """Open one, whose index lies in memory."""
    with open_services(Settings(data=data)) as wired:
        yield Office(replace(wired, index=MemoryIndex()), data)
