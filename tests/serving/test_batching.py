"""The batcher with a model whose calls take as long as a test says."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from serving.batching import Batcher, RefusedError
from serving.metrics import Metrics
from serving.saved_model import Arrays, LoadedModel, PredictError, Signature, TensorSpec
from serving.settings import Batching

SPEC = TensorSpec('x', np.dtype(np.float32), (None,))
SIGNATURE = Signature('double', {'x': SPEC}, {'y': SPEC})


class Model:
    """Doubles; takes some milliseconds a row; refuses what is below zero."""

    name, version = 'model', 1

    def __init__(self, ms_a_row: float = 0) -> None:
        self.batches: list[int] = []
        self.seconds_a_row = ms_a_row / 1e3

    def predict(self, signature: str, tensors: Arrays) -> Arrays:
        x = tensors['x']
        self.batches.append(len(x))
        time.sleep(self.seconds_a_row * len(x))
        if (x < 0).any():
            raise PredictError('below zero')
        if (x > 1e6).any():
            raise RuntimeError('the graph is broken')
        return {'y': 2 * x}


def run(model: Model, rows: int, use: Callable[[Batcher], Any], call_ms: float = 1000) -> Any:
    async def used() -> Any:
        settings = Batching(rows=rows, call_ms=call_ms)
        batcher = Batcher(cast(LoadedModel, model), settings, Metrics().of('model'))
        outcome = await use(batcher)
        await batcher.close()
        return outcome

    return asyncio.run(used())


async def ask(batcher: Batcher, *values: float) -> list[float] | Exception:
    tensors = {'x': np.array(values, np.float32)}
    try:
        return (await batcher.predict(SIGNATURE, tensors, len(values)))['y'].tolist()
    except Exception as error:
        return error


def test_all_that_is_there_becomes_one_call() -> None:
    model = Model()
    answers = run(model, 100, lambda b: asyncio.gather(*(ask(b, i, i + 0.5) for i in range(20))))
    assert answers == [[2 * i, 2 * i + 1] for i in range(20)]
    assert model.batches == [40]


def test_batches_have_no_more_rows_than_is_set_but_a_request_is_never_cut() -> None:
    model = Model()
    sizes = [1, 2, 3, 9, 1, 1]
    run(model, 4, lambda b: asyncio.gather(*(ask(b, *range(n)) for n in sizes)))
    assert model.batches == [3, 3, 9, 2]


def test_batches_shrink_where_the_model_is_slow_and_grow_again() -> None:
    model = Model(ms_a_row=20)

    async def use(batcher: Batcher) -> None:
        await asyncio.gather(*(ask(batcher, i) for i in range(60)))
        model.seconds_a_row = 0
        await asyncio.gather(*(ask(batcher, i) for i in range(200)))

    run(model, 32, use, call_ms=100)
    assert model.batches[0] == 32
    assert max(model.batches[1:5]) <= 5
    assert max(model.batches[5:]) == 32


def test_a_refusal_is_for_the_request_alone_and_names_its_row() -> None:
    asked = [(1,), (2, -3, -4), (5,)]
    answers = run(Model(), 100, lambda b: asyncio.gather(*(ask(b, *values) for values in asked)))
    assert answers[0] == [2]
    assert isinstance(answers[1], RefusedError)
    assert (answers[1].row, answers[1].reason) == (1, 'below zero')
    assert answers[2] == [10]


def test_a_fault_of_the_model_is_for_those_that_meet_it() -> None:
    answers = run(Model(), 100, lambda b: asyncio.gather(ask(b, 1), ask(b, 2e6)))
    assert answers[0] == [2]
    assert isinstance(answers[1], RuntimeError)


def test_requests_of_other_shapes_are_apart() -> None:
    class Sums(Model):
        def predict(self, signature: str, tensors: Arrays) -> Arrays:
            self.batches.append(tensors['x'].shape)  # type: ignore[arg-type]
            return {'y': tensors['x'].sum(axis=1)}

    spec = TensorSpec('x', np.dtype(np.float32), (None, None))
    signature = Signature('sum', {'x': spec}, {'y': SPEC})

    async def use(batcher: Batcher) -> list[Arrays]:
        arrays = [np.ones((2, width), np.float32) for width in (3, 4, 3)]
        return await asyncio.gather(*(batcher.predict(signature, {'x': a}, 2) for a in arrays))

    model = Sums()
    answers = run(model, 100, use)
    assert [a['y'].tolist() for a in answers] == [[3, 3], [4, 4], [3, 3]]
    assert model.batches == [(4, 3), (2, 4)]


def test_requests_whose_time_is_up_are_not_sent_to_the_model() -> None:
    model = Model(ms_a_row=50)

    async def use(batcher: Batcher) -> None:
        first = asyncio.create_task(ask(batcher, 1))
        await asyncio.sleep(0.01)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await ask_plainly(batcher)
        await first

    run(model, 100, use)
    assert model.batches == [1]


async def ask_plainly(batcher: Batcher) -> None:
    await batcher.predict(SIGNATURE, {'x': np.ones(3, np.float32)}, 3)


def test_many_requests_whose_time_is_up_are_passed_over() -> None:
    model = Model(ms_a_row=50)

    async def use(batcher: Batcher) -> Any:
        alone = [
            batcher.predict(SIGNATURE, {'x': np.ones(1, np.float32)}, None) for _ in range(3000)
        ]
        asked = [asyncio.create_task(request) for request in alone]
        await asyncio.sleep(0.01)
        for request in asked[1:]:
            request.cancel()
        return await asyncio.gather(asked[0], ask(batcher, 2))

    assert run(model, 100, use)[1] == [4]
    assert model.batches == [1, 1]


def test_closing_waits_for_the_last_answer() -> None:
    async def use(batcher: Batcher) -> Any:
        asked = asyncio.create_task(ask(batcher, 1))
        await asyncio.sleep(0)
        await batcher.close()
        return asked.done() and asked.result()

    assert run(Model(ms_a_row=30), 100, use) == [2]


def test_closing_waits_for_requests_that_are_on_their_way() -> None:
    async def use(batcher: Batcher) -> Any:
        with batcher.in_use():
            closing = asyncio.create_task(batcher.close())
            await asyncio.sleep(0.05)
            answer = await ask(batcher, 1)
        await closing
        return answer

    assert run(Model(), 100, use) == [2]


def test_what_it_counts() -> None:
    metrics = Metrics()

    async def used() -> None:
        batcher = Batcher(cast(LoadedModel, Model()), Batching(), metrics.of('model'))
        await asyncio.gather(ask(batcher, 1, 2), ask(batcher, 3))
        await batcher.close()

    asyncio.run(used())
    found = {
        s.name: s.value
        for m in metrics.registry.collect()
        for s in m.samples
        if not s.labels.get('le')
    }
    assert found['sluice_batch_rows_sum'] == 3
    assert found['sluice_batch_requests_sum'] == 2
    assert found['sluice_model_seconds_count'] == 1
