"""Pictures of pages for services that a test wires by itself; nothing is started before one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.rendering import RenderingProcess
from service.page_images import PageImages
from service.page_originals import PageOriginals

if TYPE_CHECKING:
    from ingest.catalog.catalog import Catalog
    from service.jobs.originals import Originals


def page_images(catalog: Catalog, originals: Originals) -> PageImages:
    """As the composition root makes them."""
    return PageImages(PageOriginals(catalog, originals), RenderingProcess())
