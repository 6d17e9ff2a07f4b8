"""What a run is compared with: the last blessed model, and the last data that passed the gate.

The stock `LatestBlessedModelStrategy` resolves, when a run is repeated, the model which that
run itself has just had blessed: the Evaluator's input is new, so nothing after the Trainer is
ever reused. The strategies here leave out the candidate. They don't ask for an older one: a
run that goes back to earlier settings finds its old model in the cache, and is to beat the
model that has been blessed since.
"""

from typing import Any

from ml_metadata import MetadataStore
from tfx.dsl.components.common.resolver import Resolver, ResolverStrategy
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact
from tfx.types.channel import Channel, OutputChannel
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Model, ModelBlessing
from tfx.utils import path_utils

from components.data_gate.executor import BLESSED, STATISTICS_ID
from components.pusher.pushes import withdrawn_models

Artifacts = dict[str, list[Artifact]]


class PrecedingBlessedModel(ResolverStrategy):
    """Resolves the latest blessed model that is not the candidate and still stands.

    What is blessed is judged by the stock strategy. A model stands if it is on disk and was not
    rolled back. Inputs are the models and blessings of this pipeline, `model` and
    `model_blessing`, and the `candidate`.
    """

    def resolve_artifacts(self, store: MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Return at most one model and its blessing."""
        others = _others(input_dict['model'], input_dict['candidate'])
        judged = {'model': others, 'model_blessing': input_dict['model_blessing']}
        blessed = StandingBlessedModel().resolve_artifacts(store, judged)
        return {**(blessed or {}), 'candidate': input_dict['candidate']}


class StandingBlessedModel(ResolverStrategy):
    """Resolves the latest blessed model that stands, as above; of `model`, `model_blessing`."""

    def resolve_artifacts(self, store: MetadataStore, input_dict: Artifacts) -> Artifacts | None:
        """Return one model and its blessing; None if there is none."""
        aside = withdrawn_models(store)
        standing = [
            model
            for model in input_dict['model']
            if model.id not in aside and fileio.exists(path_utils.serving_model_path(model.uri))
        ]
        blessed: Artifacts | None = LatestBlessedModelStrategy().resolve_artifacts(
            store, {**input_dict, 'model': standing}
        )
        return blessed


class PrecedingStatistics(ResolverStrategy):
    """Resolves the latest statistics that passed DataGate, are not the candidate, and are on disk.

    Inputs are the statistics and DataGate's blessings of this pipeline, `statistics` and
    `data_blessing`, and the `candidate`.
    """

    def resolve_artifacts(self, store: MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Return at most one artifact of statistics, and its blessing."""
        blessings = {
            blessing.get_int_custom_property(STATISTICS_ID): blessing
            for blessing in input_dict['data_blessing']
            if blessing.get_int_custom_property(BLESSED) == 1
        }
        others = _others(input_dict['statistics'], input_dict['candidate'])
        passed = [s for s in others if s.id in blessings and fileio.exists(s.uri)]
        last = max(passed, key=lambda s: s.id, default=None)
        return {
            'statistics': [last] if last else [],
            'data_blessing': [blessings[last.id]] if last else [],
            'candidate': input_dict['candidate'],
        }


def baseline_resolver(candidate: OutputChannel, on_vertex: bool) -> Resolver:
    """Make the node whose output `model`, maybe empty, is what the candidate must beat.

    Args:
        candidate: the model that this run trains.
        on_vertex: whether it is for Vertex, where only TFX's own strategies compile. There the
            node runs at the start of a run, so what it finds is not the candidate unless that
            comes from the cache; the Evaluator is then the only step that runs again.
    """
    channels: dict[str, Any] = {
        'model': Channel(type=Model),
        'model_blessing': Channel(type=ModelBlessing),
    }
    if on_vertex:
        resolver = Resolver(strategy_class=LatestBlessedModelStrategy, **channels)
    else:
        resolver = Resolver(strategy_class=PrecedingBlessedModel, candidate=candidate, **channels)
    return resolver.with_id('baseline')


def previous_statistics_resolver(statistics: OutputChannel, on_vertex: bool) -> Resolver:
    """Make the node whose output `statistics`, maybe empty, is what drift is measured from.

    Args:
        statistics: the statistics of this run's data.
        on_vertex: whether it is for Vertex, where only TFX's own strategies compile. There it is
            the latest statistics, passed or not, so StatisticsGen is made to wait for the node.
    """
    if on_vertex:
        resolver = Resolver(
            strategy_class=LatestArtifactStrategy, statistics=Channel(type=ExampleStatistics)
        )
        statistics.producer_component.add_upstream_node(resolver)
    else:
        resolver = Resolver(
            strategy_class=PrecedingStatistics,
            statistics=Channel(type=ExampleStatistics),
            data_blessing=Channel(type=ExampleAnomalies, output_key='blessing'),
            candidate=statistics,
        )
    return resolver.with_id('previous_statistics')


def _others(artifacts: list[Artifact], candidates: list[Artifact]) -> list[Artifact]:
    ids = {candidate.id for candidate in candidates}
    return [artifact for artifact in artifacts if artifact.id not in ids]
