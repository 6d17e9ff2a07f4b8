"""Pushes and rollbacks, one after the other, and those that were killed."""

import random

import pytest

from components.endpoint_pusher.cloud import Cloud
from components.endpoint_pusher.errors import EndpointError
from components.endpoint_pusher.standing import shares
from tests.components.endpoint_pusher.conftest import Place


class KilledError(BaseException):
    """Stands for a process that is no more: nothing is put back."""


def serving(place: Place) -> dict[str, int]:
    (endpoint,) = place.state()['endpoints'].values()
    assert endpoint['deployed'] == sorted(endpoint['split'])
    return endpoint['split']


def test_five_pushes_leave_one_deployed_model_and_the_versions_to_keep(place: Place):
    for number in range(1, 6):
        outcome = place.push(number)
        assert outcome.version == str(number)
        assert serving(place) == {str(number): 100}
    assert list(place.versions()) == ['4', '5']
    assert place.versions()['5']['aliases'] == ['default', 'live']
    assert outcome.endpoint.endswith('/endpoints/births')
    assert outcome.summary == (
        'version 5 serves at births; 3 rows answered as evaluated; version 4 undeployed'
    )
    said = place.said[-7:]
    assert said.pop(3).startswith('3 rows answered as evaluated, in ')
    assert said == [
        'version 5: uploaded',
        'version 5: being deployed on n1-standard-2',
        'version 5: deployed, gets 50 %',
        'version 5: gets 100 %',
        'version 3: deleted, it was the oldest',
        'version 4: undeployed',
    ]


def test_a_push_that_is_done_is_not_done_again(place: Place):
    place.push(1)
    before = place.state()
    place.said.clear()
    assert place.push(1).summary == 'version 1 serves at births already'
    assert place.state() == before
    assert not place.said


def test_a_model_that_answers_otherwise_than_evaluated_goes_again(place: Place):
    place.push(1)
    before = place.state()
    with pytest.raises(EndpointError) as error:
        place.push(2, answers=2.5)
    assert str(error.value) == (
        'row 1 of the smoke test: prediction is 2.5 from the endpoint and 2 as evaluated; '
        'version 1 serves on'
    )
    assert place.state() == before


def test_the_canary_gets_its_share_and_others_the_rest(place: Place):
    place.push(1)
    seen: list[dict[str, int]] = []

    def answer(rows: list[object]) -> list[list[float]]:
        seen.append(serving(place))
        return [[2.0] for _ in rows]

    uri = place.model(2)
    place.vertex.predictions.answers[uri] = answer
    place.rollout().push(uri, 'key-2', place.smoke(2))
    assert seen == [{'1': 50, '2': 50}]


def test_models_of_others_lose_their_traffic_and_stay(place: Place):
    place.push(1)
    terms = place.terms
    place.terms = terms.model_copy(update={'name': 'others'}).named('births')
    place.rollout().push(place.model(7), 'key-7', place.smoke(7))
    assert place.state()['endpoints']['births'] == {'deployed': ['1', '1'], 'split': {'1': 100}}
    place.terms = terms
    before = place.state()
    with pytest.raises(EndpointError, match='row 1 of the smoke test'):
        place.push(2, answers=0)
    assert place.state() == before
    place.push(2)
    deployed = place.vertex.endpoints.all()[0]
    names = {d.model.rpartition('/')[2]: d.id for d in deployed.deployed_models}
    assert dict(deployed.traffic_split) == {names['births']: 100}
    assert set(names) == {'births', 'others'}


@pytest.mark.parametrize('number', [1, 2, 3])
def test_a_push_that_is_killed_anywhere_is_finished_by_the_next_try(place: Place, number: int):
    for earlier in range(1, number):
        place.push(earlier)
    calls = 0
    while _killed_after(place, calls, number):
        calls += 1
    assert calls > 12
    assert serving(place) == {str(_version(place, number)): 100}
    assert len(place.versions()) == min(number, 2)


@pytest.mark.parametrize(
    ('number', 'call'),
    [(1, 'CreateEndpoint'), (1, 'UploadModel'), (2, 'UploadModel'), (2, 'DeployModel'),
     (2, 'UndeployModel')],
)  # fmt: skip
def test_what_a_killed_push_has_started_is_waited_for(place: Place, number: int, call: str):
    for earlier in range(1, number):
        place.push(earlier)
    place.vertex.operations.seconds = 0.5
    place.faults.add(call, after=True)
    rollout = place.rollout()
    rollout._put_back = _not_put_back  # type: ignore[method-assign]
    uri = place.model(number)
    with pytest.raises(EndpointError):
        rollout.push(uri, f'key-{number}', place.smoke(number))
    place.push(number)
    assert serving(place) == {str(number): 100}
    assert len(place.versions()) == number


@pytest.mark.parametrize('after', [6, 9, 12, 15, 18, 21])
def test_what_a_killed_push_left_is_cleared_by_that_of_another_model(place: Place, after: int):
    place.push(1)
    _killed_after(place, after, 2)
    place.push(3)
    new = _version(place, 3)
    assert serving(place) == {new: 100}
    # One that was deployed still when the oldest were deleted goes with the next push.
    place.push(4)
    assert list(place.versions()) == [new, _version(place, 4)]


def test_rollback_puts_the_version_before_back_by_the_same_steps(place: Place):
    place.push(1)
    place.push(2)
    outcome = place.back()
    assert outcome.version == '1'
    assert serving(place) == {'1': 100}
    versions = place.versions()
    assert versions['1']['aliases'] == ['default', 'live']
    assert versions['2']['labels']['sluice-state'] == 'withdrawn'
    refused = place.push(2)
    assert not refused.pushed
    assert 'sluice rollback births --endpoint --to 2' in refused.summary
    assert serving(place) == {'1': 100}
    assert place.back('2').version == '2'
    assert 'sluice-state' not in place.versions()['2']['labels']
    assert serving(place) == {'2': 100}


def test_a_push_after_a_rollback_serves(place: Place):
    place.push(1)
    place.push(2)
    place.back()
    assert place.push(3).version == '3'
    assert serving(place) == {'3': 100}


def test_rollback_needs_a_version_to_go_to(place: Place):
    with pytest.raises(EndpointError, match="no endpoint 'births' in project rehearsal"):
        place.back()
    place.push(1)
    with pytest.raises(EndpointError, match=r'version 1 has none before it .* versions: 1'):
        place.back()
    with pytest.raises(EndpointError, match='version 1 is what is served already'):
        place.back('1')
    with pytest.raises(EndpointError, match='no version 7 of births; versions: 1'):
        place.back('7')


@pytest.mark.parametrize(
    'name', ['UpdateModel', 'DeployModel', 'Predict', 'UpdateEndpoint', 'MergeVersionAliases']
)
def test_a_rollback_that_fails_changes_nothing(place: Place, name: str):
    place.push(1)
    place.push(2)
    before = place.state()
    place.faults.add(name, code='INTERNAL')
    with pytest.raises(EndpointError, match='version 2 serves on'):
        place.back()
    assert place.state() == before
    assert place.back().version == '1'


def test_shares_are_whole_and_together_what_is_asked():
    assert shares({'a': 100}, 90) == {'a': 90}
    assert shares({'a': 50, 'b': 50}, 45) in ({'a': 23, 'b': 22}, {'a': 22, 'b': 23})
    assert shares({}, 90) == {}
    assert shares({'a': 1}, 0) == {}
    rng = random.Random(1)
    for _ in range(200):
        split = {str(i): rng.randrange(1, 60) for i in range(rng.randrange(1, 5))}
        percent = rng.randrange(1, 101)
        assert sum(shares(split, percent).values()) == percent


def _version(place: Place, number: int) -> str:
    key = f'key-{number}'
    (found,) = [n for n, v in place.versions().items() if v['labels']['sluice-push'] == key]
    return found


def _killed_after(place: Place, calls: int, number: int) -> bool:
    """Push, and end for good after some calls; return whether that was before it was done."""
    left = calls

    class Mortal(Cloud):
        """Does so many calls of those that change or read something."""

        def __getattribute__(self, name: str):
            nonlocal left
            found = super().__getattribute__(name)
            if name in MORTAL:
                if left <= 0:
                    raise KilledError
                left -= 1
            return found

    rollout = place.rollout()
    rollout._cloud = Mortal(place.terms, poll_seconds=0.02)
    rollout._put_back = _not_put_back  # type: ignore[method-assign]
    uri = place.model(number)
    try:
        rollout.push(uri, f'key-{number}', place.smoke(number))
    except KilledError:
        return True
    return False


def _not_put_back(before: object, key: str, error: BaseException, target: str = ''):
    raise error


MORTAL = {'versions', 'upload', 'name', 'label', 'delete_version', 'endpoint', 'create_endpoint',
          'deploy', 'split', 'undeploy', 'predict', 'settle'}  # fmt: skip
