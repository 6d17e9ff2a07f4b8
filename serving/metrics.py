"""What the server counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            'sluice_requests', 'Predict requests by status.', ['model', 'status'],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = self._histogram('request_seconds', 'From a whole request to its answer.')
        self.queued = self._histogram('queue_seconds', 'Of these, waiting for the model.')
        self.called = self._histogram('model_seconds', 'One call of the model.')
        self.requests_in_batch = self._histogram('batch_requests', 'Requests of one call.', ROWS)
        self.rows_in_batch = self._histogram('batch_rows', 'Rows of one call.', ROWS)
        self.open = Gauge(
            'sluice_open_requests', 'Predict requests not yet answered.', registry=self.registry
        )
        self.version = Gauge(
            'sluice_model_version', 'Version that answers.', ['model'], registry=self.registry
        )
        self.loads = Counter(
            'sluice_model_loads', 'Versions loaded, or that failed to.', ['model', 'outcome'],
            registry=self.registry,
        )  # fmt: skip
        self.broken = Gauge(
            'sluice_model_broken_versions', 'Versions in the folder that cannot be loaded.',
            ['model'], registry=self.registry,
        )  # fmt: skip

    def of(self, model: str) -> 'ModelMetrics':
        """Return the metrics of one model."""
        return ModelMetrics(self, model)

    def _histogram(
        self, name: str, documentation: str, buckets: tuple[float, ...] = SECONDS
    ) -> Histogram:
        return Histogram(
            f'sluice_{name}', documentation, ['model'], buckets=buckets, registry=self.registry
        )


class ModelMetrics:
    """The metrics of one model, looked up once: that costs more than to count."""

    def __init__(self, metrics: Metrics, model: str) -> None:
        self._requests = metrics.requests
        self._model = model
        self._by_status: dict[int, Counter] = {}
        self.seconds = metrics.seconds.labels(model)
        self.queued = metrics.queued.labels(model)
        self.called = metrics.called.labels(model)
        self.requests_in_batch = metrics.requests_in_batch.labels(model)
        self.rows_in_batch = metrics.rows_in_batch.labels(model)
        self.version = metrics.version.labels(model)
        self.loaded = metrics.loads.labels(model, 'loaded')
        self.failed = metrics.loads.labels(model, 'failed')
        self.broken = metrics.broken.labels(model)

    def answered(self, status: int) -> None:
        """Count an answer."""
        if status not in self._by_status:
            self._by_status[status] = self._requests.labels(self._model, str(status))
        self._by_status[status].inc()
