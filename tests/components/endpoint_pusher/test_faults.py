"""Each call that a push makes fails: in each way that it can, the endpoint is as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.endpoint_pusher.errors import EndpointError
from tests.components.endpoint_pusher.conftest import HASTY, PATIENT, Place
from tests.fakes.universe import Universe

WAYS: dict[str, dict[str, Any]] = {
    'error': {'code': 'INTERNAL'},
    'timeout': {'delay': 60},
    'crash': {'after': True},
    'late': {'after': True, 'delay': 60},
    'operation': {'code': 'RESOURCE_EXHAUSTED', 'in_operation': True},
}
"""How a call fails: refused; not answered, nor done; done, but the connection is cut, or the answer
comes too late; and what it starts fails."""

OPERATIONS = {'CreateEndpoint', 'UploadModel', 'DeployModel', 'UndeployModel', 'DeleteModelVersion'}
FIRST = ('GetEndpoint', 'ListEndpoints', 'ListModelVersions', 'CreateEndpoint', 'UploadModel',
         'DeployModel', 'GetOperation', 'ListOperations', 'Predict', 'UpdateEndpoint',
         'MergeVersionAliases')  # fmt: skip
THIRD = (*(name for name in FIRST if name not in ('CreateEndpoint', 'ListEndpoints')),
         'DeleteModelVersion', 'UndeployModel')  # fmt: skip
"""Calls of the first push to an endpoint, and of one that also deletes and undeploys."""


def _cases(names: tuple[str, ...]) -> list[Any]:
    return [
        pytest.param(name, way, id=f'{name}-{way}')
        for name in names
        for way in WAYS
        if way != 'operation' or name in OPERATIONS
    ]


def _try_twice(place: Place, push: Callable[[], Any], before: Any, after: Any) -> bool:
    """Push, and again if it failed; return whether it did."""
    failed = False
    try:
        push()
    except EndpointError as error:
        failed = True
        assert '\n' not in str(error)
        assert place.state() == before
        place.call_seconds = PATIENT
        push()
    assert place.state() == after(place)
    return failed


def _after_first(place: Place) -> Any:
    labels = {'team': 'growth', 'sluice-push': 'key-1', 'sluice-recipe': 'births'}
    return {
        'endpoints': {'births': {'deployed': ['1'], 'split': {'1': 100}}},
        'versions': {'1': {'aliases': ['default', 'live'], 'labels': labels}},
    }


def _after_third(place: Place) -> Any:
    state = place.state()
    (new,) = [n for n, v in state['versions'].items() if v['labels']['sluice-push'] == 'key-3']
    old = state['versions']['2']
    assert state['versions'][new]['aliases'] == ['default', 'live']
    assert old['aliases'] == []
    assert set(state['versions']) <= {'2', new}
    return {
        'endpoints': {'births': {'deployed': [new], 'split': {new: 100}}},
        'versions': {'2': old, new: state['versions'][new]},
    }


def test_the_tables_name_all_calls(place: Place):
    for number in (1, 2, 3):
        begun = len(place.faults.calls)
        place.push(number)
        made = {c.method for c in place.faults.calls[begun:]} - {'metadata.token', 'metadata.get'}
        made -= {'iam.allowedLocations'}
        assert made == {1: set(FIRST), 2: made, 3: set(THIRD)}[number]


@pytest.mark.parametrize(('name', 'way'), _cases(FIRST))
def test_a_first_push_that_fails_leaves_nothing(place: Place, name: str, way: str):
    place.faults.add(name, **WAYS[way])
    place.call_seconds = HASTY if 'delay' in WAYS[way] else PATIENT
    failed = _try_twice(
        place, lambda: place.push(1), {'endpoints': {}, 'versions': {}}, _after_first
    )
    assert place.faults.named(name)[0].fault or any(c.fault for c in place.faults.named(name))
    # Only what reads is asked again by itself.
    assert failed or name.startswith(('Get', 'List'))


@pytest.mark.parametrize(('name', 'way'), _cases(THIRD))
def test_a_push_that_fails_leaves_the_old_model_serving(place: Place, name: str, way: str):
    place.push(1)
    place.push(2)
    before = place.state()
    assert before['endpoints'] == {'births': {'deployed': ['2'], 'split': {'2': 100}}}
    place.faults.add(name, **WAYS[way])
    place.call_seconds = HASTY if 'delay' in WAYS[way] else PATIENT
    lost = name == 'UndeployModel' and way in ('crash', 'late')
    begun = len(place.faults.calls)
    failed = False
    try:
        place.push(3)
    except EndpointError as error:
        failed = True
        assert '\n' not in str(error)
        state = place.state()
        assert state['endpoints'] == {'births': {'deployed': ['2'], 'split': {'2': 100}}}
        assert state['versions']['2']['aliases'] == ['default', 'live']
        # Of the versions, the oldest may be gone: it was to go.
        assert before['versions'] == before['versions'] | state['versions']
        assert set(before['versions']) - set(state['versions']) <= {'1'}
        place.call_seconds = PATIENT
        place.push(3)
    assert any(call.fault for call in place.faults.calls[begun:])
    assert failed or lost or name.startswith(('Get', 'List'))
    assert place.state() == _after_third(place)


def test_a_fault_that_stays_is_told_and_mended_by_the_next_try(place: Place):
    place.push(1)
    place.faults.add('UpdateEndpoint', code='INTERNAL', times=None)
    with pytest.raises(EndpointError, match='not all could be put back: UpdateEndpoint: INTERNAL'):
        place.push(2)
    place.faults.clear()
    place.push(2)
    state = place.state()
    assert state['endpoints'] == {'births': {'deployed': ['2'], 'split': {'2': 100}}}


@pytest.mark.slow
@pytest.mark.parametrize('way', ['error', 'crash'])
@pytest.mark.parametrize('number', [1, 3])
def test_it_does_not_matter_which_call_of_a_push_fails(tmp_path: Path, number: int, way: str):
    before: dict[str, Any] = {'endpoints': {}, 'versions': {}}
    for position in range(100):
        with Universe(tmp_path / str(position)) as opened, opened.here():
            place = Place(opened)
            for earlier in range(1, number):
                place.push(earlier)
                before = place.state()
            place.faults.add('[!ms]*', **WAYS[way], skip=position)  # of Vertex's, any
            begun = len(place.faults.calls)
            try:
                place.push(number)
            except EndpointError:
                state = place.state()
                assert state['endpoints'] == before['endpoints'], position
                assert before['versions'] == before['versions'] | state['versions'], position
                place.push(number)
            after = _after_first if number == 1 else _after_third
            assert place.state() == after(place), position
            if not any(call.fault for call in place.faults.calls[begun:]):
                break
    assert position > 20
