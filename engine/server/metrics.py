"""`/metrics`: how the server is doing, for Prometheus. The library is loaded by the first who asks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.server.services import SERVICES, Services
from engine.store.queue import counts, queue_state

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

table = web.RouteTableDef()


class RequestCounts:
    """How many requests were answered, by method and status, and how long they took together."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, int]] = Counter()
        self.seconds = 0.0


REQUESTS = web.AppKey("requests", RequestCounts)


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every request that ends, in whatever way; websockets end when they close."""
    requests, began = request.app[REQUESTS], time.perf_counter()
    status = 500
    try:
        answer = await handler(request)
        status = answer.status
        return answer
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        requests.answered[request.method, status] += 1
        requests.seconds += time.perf_counter() - began


@table.get("/metrics")
async def get_metrics(request: web.Request) -> web.Response:
    """The server's numbers in Prometheus' text format."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.process_collector import ProcessCollector  # noqa: PLC0415

    services = request.app[SERVICES]
    waiting, running = await services.store.read(counts)
    queue = await services.store.read(queue_state)
    metrics = list(_metrics(services, request.app[REQUESTS], waiting, running, open=queue.state == "open"))
    registry = CollectorRegistry()
    registry.register(_Told(metrics))
    ProcessCollector(registry=registry)
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Told:
    """Metrics as the library wants to be given them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        return self._metrics


def _metrics(
    services: Services, requests: RequestCounts, waiting: int, running: int, *, open: bool
) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

    gauges = {
        "weft_runs_waiting": ("Runs that wait in the queue.", waiting),
        "weft_runs_running": ("Runs that are being carried out.", running),
        "weft_queue_open": ("Whether the queue starts runs (1) or is paused (0).", int(open)),
        "weft_worker_ready": (
            "Whether the worker can run something.",
            int(services.backend.state in {"idle", "busy"}),
        ),
        "weft_clients": ("Websockets that are connected.", len(services.hub)),
        "weft_nodes": ("Nodes that are known.", len(services.nodes.registry)),
        "weft_pack_failures": (
            "Packs, or nodes of packs, that could not be imported.",
            len(services.nodes.failures),
        ),
    }
    for name, (help, value) in gauges.items():
        yield GaugeMetricFamily(name, help, value=value)
    answered = CounterMetricFamily(
        "weft_http_requests", "Requests that were answered.", labels=["method", "status"]
    )
    for (method, status), count in requests.answered.items():
        answered.add_metric([method, str(status)], count)
    yield answered
    yield CounterMetricFamily(
        "weft_http_request_seconds", "Time that requests took, together.", value=requests.seconds
    )
