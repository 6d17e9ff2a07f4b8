"""How a version takes over an endpoint: canary, smoke test, promotion, or all as it was.

A version that serves is named `live`. Whose a version is, is in its labels: a push that was
killed is known by them, and either finished by the next try of the same push, or cleared away by
the next push of another model. Undeploying what served before comes last: until then all can be
put back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from components.endpoint_pusher.cloud import DEFAULT, LIVE, NEW, Cloud
from components.endpoint_pusher.errors import EndpointError
from components.endpoint_pusher.settings import EndpointTerms
from components.endpoint_pusher.smoke import Smoke, check
from components.endpoint_pusher.standing import (
    PUSH,
    RECIPE,
    STATE,
    WITHDRAWN,
    Standing,
    deployed_versions,
    left_behind,
    shares,
    standing,
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a push.

    Attributes:
        endpoint: its resource name; '' if nothing was touched.
        version: the version that serves.
        summary: what was done, in one line.
        pushed: whether the model serves.
    """

    endpoint: str
    version: str
    summary: str
    pushed: bool = True


class Rollout:
    """One change of what an endpoint serves."""

    def __init__(self, cloud: Cloud, terms: EndpointTerms, say: Say) -> None:
        """Plan nothing yet.

        Args:
            cloud: does the calls.
            terms: names, machines and shares.
            say: gets a line for each step.
        """
        self._cloud, self._terms, self._say = cloud, terms, say

    def push(self, uri: str, key: str, smoke: Smoke) -> Outcome:
        """Upload a model, and make it the one that serves.

        Args:
            uri: folder of the SavedModel.
            key: of the push, the same when it is tried again.
            smoke: rows that it must answer as evaluated.

        Raises:
            EndpointError: It does not serve; what served before does, and nothing is left of it.
        """
        self._cloud.settle(self._name(), cancel=False)
        mine = self._version_of(key)
        if mine is not None and mine.labels.get(STATE) == WITHDRAWN:
            version = mine.version_id
            return Outcome(
                '',
                version,
                f'this model is version {version}, which was rolled back; to have it again: '
                f'sluice rollback {self._terms.name} --endpoint --to {version}',
                pushed=False,
            )
        before = self._before(key, mine.version_id if mine else '')
        if mine is not None and mine.version_id == before.live:
            text = f'version {before.live} serves at {self._terms.endpoint_name} already'
            return Outcome(self._name() or '', before.live, text)
        self._clear_leftovers(before, key)
        try:
            if self._name() is None:
                self._cloud.create_endpoint(self._labels(key))
                self._say(f'endpoint {self._terms.endpoint_name}: made')
            if mine is None:
                first = not self._cloud.versions()
                version = self._cloud.upload(uri, self._labels(key), first)
                self._say(f'version {version}: uploaded')
            else:
                version = mine.version_id
                self._say(f'version {version}: found, from an earlier try')
            return self._take_over(version, before, smoke)
        except BaseException as error:
            return self._put_back(before, key, error)

    def back(self, to: str | None, smoke_of: Callable[[str], Smoke]) -> Outcome:
        """Make an earlier version the one that serves.

        Args:
            to: the version; None: the newest before the one that serves and was not withdrawn.
            smoke_of: returns the rows that were kept with a version, by its artifact's URI.

        Raises:
            EndpointError: There is no such version, or it does not serve; what served does.
        """
        endpoint = self._cloud.endpoint()
        if endpoint is None:
            raise EndpointError(f'no endpoint {self._terms.endpoint_name!r} in {self._where}')
        self._cloud.settle(endpoint.name, cancel=False)
        versions = {version.version_id: version for version in self._cloud.versions()}
        live = next((v.version_id for v in versions.values() if LIVE in v.version_aliases), '')
        target = self._target(versions, live, to)
        smoke = smoke_of(versions[target].artifact_uri)
        before = self._before('', target)
        newer = [v for v in versions.values() if int(target) < int(v.version_id) <= int(live)]
        labels = {v.version_id: dict(v.labels) for v in (versions[target], *newer)}
        try:
            for version in newer:
                marked = labels[version.version_id] | {STATE: WITHDRAWN}
                self._cloud.label(version.version_id, marked)
            if STATE in labels[target]:
                unmarked = {k: v for k, v in labels[target].items() if k != STATE}
                self._cloud.label(target, unmarked)
            return self._take_over(target, before, smoke)
        except BaseException as error:
            try:
                return self._put_back(before, '', error, target)
            except BaseException:
                for version_id, known in labels.items():
                    self._cloud.insist(partial(self._cloud.label, version_id, known))
                raise

    @property
    def _where(self) -> str:
        return f'project {self._terms.project}, region {self._terms.region}'

    def _name(self) -> str | None:
        endpoint = self._cloud.endpoint()
        return endpoint.name if endpoint else None

    def _labels(self, key: str) -> dict[str, str]:
        return {**self._terms.labels, PUSH: key, RECIPE: self._terms.name}

    def _version_of(self, key: str) -> Any:
        made = [v for v in self._cloud.versions() if v.labels.get(PUSH) == key]
        return made[-1] if made else None

    def _deployed(self, endpoint: Any) -> dict[str, str]:
        return deployed_versions(endpoint, self._terms.name)

    def _before(self, key: str, mine: str) -> Standing:
        endpoint, versions = self._cloud.endpoint(), self._cloud.versions()
        return standing(endpoint, versions, self._terms.name, key, mine)

    def _clear_leftovers(self, before: Standing, key: str) -> None:
        """Remove what a push that was killed has left of another model."""
        for version in reversed(left_behind(self._cloud.versions(), key)):
            self._remove(version.version_id, before.split)
            self._say(f'version {version.version_id}: removed, left by a push that was killed')

    def _take_over(self, version: str, before: Standing, smoke: Smoke) -> Outcome:
        endpoint = self._cloud.endpoint()
        if endpoint is None:
            raise EndpointError(f'endpoint {self._terms.endpoint_name!r} is gone')
        percent = self._canary(endpoint, version, before)
        deployed = self._id_of(version)
        if smoke.instances:
            ask = partial(self._cloud.predict, endpoint.name)
            requests = check(smoke, ask, deployed, percent)
            rows = len(smoke.instances)
            self._say(f'{rows} rows answered as evaluated, in {requests} requests')
        self._cloud.split(endpoint.name, {deployed: 100})
        self._cloud.name(version, LIVE, DEFAULT)
        self._say(f'version {version}: gets 100 %')
        self._prune(version)
        others = self._undeploy_others(endpoint.name, version)
        told = [f'version {version} serves at {self._terms.endpoint_name}']
        if smoke.instances:
            told.append(f'{len(smoke.instances)} rows answered as evaluated')
        if others:
            told.append(f'version {", ".join(others)} undeployed')
        return Outcome(endpoint.name, version, '; '.join(told))

    def _canary(self, endpoint: Any, version: str, before: Standing) -> int:
        """Deploy a version with its first share of the traffic, and return that share."""
        percent = self._terms.endpoint.canary_percent if before.split else 100
        rest = shares(before.split, 100 - percent)
        at = next((i for i, v in self._deployed(endpoint).items() if v == version), None)
        if at is None:
            self._say(f'version {version}: being deployed on {self._terms.endpoint.machine}')
            self._cloud.deploy(endpoint.name, version, {NEW: percent, **rest})
        else:
            self._cloud.split(endpoint.name, {at: percent, **rest})
        self._say(f'version {version}: deployed, gets {percent} %')
        return percent

    def _id_of(self, version: str) -> str:
        endpoint = self._cloud.endpoint()
        deployed = self._deployed(endpoint) if endpoint else {}
        found = [i for i, known in deployed.items() if known == version]
        if not found:
            raise EndpointError(f'version {version} is not among the deployed models')
        return found[0]

    def _prune(self, version: str) -> None:
        """Delete the oldest versions beyond those to keep, but none that is in use."""
        versions = [v for v in self._cloud.versions() if v.version_id != version]
        for old in versions[: max(0, len(versions) - self._terms.endpoint.keep_versions + 1)]:
            if not old.deployed_models and not set(old.version_aliases) & {LIVE, DEFAULT}:
                self._cloud.delete_version(old.version_id)
                self._say(f'version {old.version_id}: deleted, it was the oldest')

    def _undeploy_others(self, endpoint: str, version: str) -> list[str]:
        found = self._cloud.endpoint()
        others = {i: v for i, v in self._deployed(found).items() if v != version} if found else {}
        for deployed, other in others.items():
            self._cloud.undeploy(endpoint, deployed)
            self._say(f'version {other}: undeployed')
        return list(others.values())

    def _put_back(
        self, before: Standing, key: str, error: BaseException, target: str = ''
    ) -> Outcome:
        """Put all back as it was, and raise; or see that all was done but for the last answer."""
        insist = self._cloud.insist
        try:
            insist(lambda: self._cloud.settle(self._name(), cancel=True))
            made = None if target else self._version_of(key)
            mine = made.version_id if made else target
            endpoint = self._cloud.endpoint()
            if mine and endpoint and self._done(endpoint, before, mine):
                insist(partial(self._undeploy_others, endpoint.name, mine))
                text = f'version {mine} serves at {self._terms.endpoint_name}'
                return Outcome(endpoint.name, mine, f'{text}; the last answer was lost: {error}')
            if before.split and endpoint:
                insist(partial(self._cloud.split, endpoint.name, before.split))
            self._restore_names(before, mine)
            if mine:
                insist(partial(self._remove, mine, before.split, keep_version=bool(target)))
            if not before.there and endpoint and endpoint.labels.get(PUSH) == key:
                insist(partial(self._cloud.delete_endpoint, endpoint.name))
        except Exception as second:
            raise EndpointError(
                f'{error}; and not all could be put back: {second}; the same push tried again '
                'does the rest'
            ) from error
        if not isinstance(error, EndpointError):
            raise error
        served = f'version {before.live} serves on' if before.live else 'nothing of it is left'
        raise EndpointError(f'{error}; {served}') from error

    def _done(self, endpoint: Any, before: Standing, mine: str) -> bool:
        """Whether a version has taken over, so that what served before is no longer there."""
        ours = self._deployed(endpoint)
        gone = set(before.split) - {d.id for d in endpoint.deployed_models}
        at = [i for i, version in ours.items() if version == mine]
        return bool(gone) and bool(at) and dict(endpoint.traffic_split) == {at[0]: 100}

    def _restore_names(self, before: Standing, mine: str) -> None:
        named = {v.version_id: set(v.version_aliases) for v in self._cloud.versions()}
        insist, name = self._cloud.insist, self._cloud.name
        for alias, version in ((LIVE, before.live), (DEFAULT, before.live or before.default)):
            if version in named and version != mine and alias not in named[version]:
                insist(partial(name, version, alias))
        if not before.live and LIVE in named.get(mine, ()):
            insist(partial(name, mine, f'-{LIVE}'))

    def _remove(self, version: str, split: Mapping[str, int], keep_version: bool = False) -> None:
        """Undeploy a version, whose share goes to what stays, and delete it."""
        endpoint = self._cloud.endpoint()
        if endpoint:
            for deployed, known in self._deployed(endpoint).items():
                if known != version:
                    continue
                if dict(endpoint.traffic_split).get(deployed) and split:
                    self._cloud.split(endpoint.name, split)
                self._cloud.undeploy(endpoint.name, deployed)
        if not keep_version and any(v.version_id == version for v in self._cloud.versions()):
            self._cloud.delete_version(version)

    def _target(self, versions: Mapping[str, Any], live: str, to: str | None) -> str:
        listed = ', '.join(versions) or 'none'
        if not live:
            raise EndpointError(
                f'no version of {self._terms.name} is named {LIVE} in {self._where}; '
                f'versions: {listed}'
            )
        if to is not None:
            if to == live:
                raise EndpointError(f'version {to} is what is served already')
            if to not in versions:
                raise EndpointError(f'no version {to} of {self._terms.name}; versions: {listed}')
            return to
        earlier = [
            v.version_id
            for v in versions.values()
            if int(v.version_id) < int(live) and v.labels.get(STATE) != WITHDRAWN
        ]
        if not earlier:
            raise EndpointError(
                f'version {live} has none before it to go back to; versions: {listed}'
            )
        return earlier[-1]
