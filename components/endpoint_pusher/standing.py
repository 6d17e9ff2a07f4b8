"""What serves on an endpoint before a push, and what pushes that were killed have left there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.endpoint_pusher.cloud import DEFAULT, LIVE

PUSH, STATE, RECIPE = 'sluice-push', 'sluice-state', 'sluice-recipe'
"""Labels: key of the push that made a version or an endpoint; what became of it; of what recipe."""

WITHDRAWN = 'withdrawn'


@dataclass(frozen=True)
class Standing:
    """What served before a push.

    Attributes:
        there: whether the endpoint was there, and not made by an earlier try of this push.
        split: share by id of the deployed model; empty: nothing served.
        live: the version named `live`; '' if none is.
        default: the version named `default`; '' if there is none.
    """

    there: bool
    split: Mapping[str, int]
    live: str
    default: str


def deployed_versions(endpoint: Any, model: str) -> dict[str, str]:
    """Return the versions of a model that are deployed, by id of the deployed model.

    Vertex names projects by number where callers name them by id, so only ends are compared.

    Args:
        endpoint: as Vertex describes it.
        model: id of the model.
    """
    return {
        d.id: d.model_version_id
        for d in endpoint.deployed_models
        if d.model.partition('@')[0].rpartition('/')[2] == model
    }


def standing(endpoint: Any, versions: Sequence[Any], model: str, key: str, mine: str) -> Standing:
    """Find what served before a push, which may have begun in an earlier try.

    Args:
        endpoint: as Vertex describes it; None: it is not there.
        versions: of the model, as Vertex describes them.
        model: id of the model.
        key: of the push.
        mine: the version that an earlier try has uploaded; '' for none.
    """
    live = next((v.version_id for v in versions if LIVE in v.version_aliases), '')
    default = next((v.version_id for v in versions if DEFAULT in v.version_aliases), '')
    if endpoint is None:
        return Standing(False, {}, '' if live == mine else live, default)
    ours = deployed_versions(endpoint, model)
    never = {v.version_id for v in left_behind(versions, key)}
    served = {i: v for i, v in ours.items() if v not in never and v != mine}
    if live and live != mine and live in served.values():
        served = {i: v for i, v in served.items() if v == live}
    others = {d.id for d in endpoint.deployed_models} - set(ours)
    kept = {i: p for i, p in endpoint.traffic_split.items() if i in others | set(served)}
    if not kept:  # an earlier try has taken all the traffic
        kept = dict.fromkeys(served, 1)
    if served and live == mine:
        live = max(served.values(), key=int)
    there = bool(endpoint.deployed_models) or endpoint.labels.get(PUSH) != key
    return Standing(there, shares(kept, 100), live, default)


def left_behind(versions: Sequence[Any], key: str) -> list[Any]:
    """Return the versions that other pushes have left: uploaded, and never named live."""
    live = max((int(v.version_id) for v in versions if LIVE in v.version_aliases), default=0)
    return [
        v
        for v in versions
        if v.labels.get(PUSH, key) != key and STATE not in v.labels and int(v.version_id) > live
    ]


def shares(split: Mapping[str, int], percent: int) -> dict[str, int]:
    """Return the same proportions, of whole numbers that are `percent` together."""
    whole = sum(split.values())
    if not whole or not percent:
        return {}
    exact = {key: value * percent / whole for key, value in split.items()}
    rounded = {key: int(value) for key, value in exact.items()}
    by_rest = sorted(exact, key=lambda key: rounded[key] - exact[key])
    for key in by_rest[: percent - sum(rounded.values())]:
        rounded[key] += 1
    return {key: value for key, value in rounded.items() if value}
