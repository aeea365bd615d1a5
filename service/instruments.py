"""Counters, histograms and gauges of one registry, in Prometheus's text format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MEDIA_TYPE = CONTENT_TYPE_LATEST
_PREFIX = "lectern_"


class Instruments:
    """Makes instruments whose names begin with ``lectern_``. The process's own figures are always there."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)

    def counter(self, name: str, said: str, *labels: str) -> Counter:
        """What only grows; shown as ``name_total``."""
        return Counter(_PREFIX + name, said, labels, registry=self._registry)

    def gauge(self, name: str, said: str, *labels: str) -> Gauge:
        """What goes up and down."""
        return Gauge(_PREFIX + name, said, labels, registry=self._registry)

    def histogram(self, name: str, said: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        """Seconds, by the bounds of their buckets."""
        return Histogram(_PREFIX + name, said, labels, buckets=buckets, registry=self._registry)

    def info(self, name: str, said: str, values: Mapping[str, str]) -> None:
        """Values that never change; shown as labels of ``name_info``."""
        Info(_PREFIX + name, said, registry=self._registry).info(dict(values))

    def reading(self, name: str, said: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Values by a label that are read, all at once, whenever somebody looks."""
        self._registry.register(_Reading(_PREFIX + name, said, label, read))

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._registry)


class _Reading(Collector):
    def __init__(self, name: str, said: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        self._named = (name, said)
        self._label = label
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Asked for when it is registered: nothing is read yet."""
        yield GaugeMetricFamily(*self._named, labels=[self._label])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Asked for at every look."""
        family = GaugeMetricFamily(*self._named, labels=[self._label])
        for value, amount in self._read().items():
            family.add_metric([value], amount)
        yield family
