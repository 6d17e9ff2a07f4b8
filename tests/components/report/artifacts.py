"""The artifacts of a small regression, on disk, as the steps before the Report leave them."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import tensorflow as tf
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Model, ModelEvaluation, ModelRun, TransformGraph

from components.evaluator.predictions import About, file_name
from components.report.settings import ReportTerms
from tests.components.data_gate.test_executor import inputs_of
from tests.components.report.reports import COLUMNS, verdict_of
from tests.components.report.tables import rows_for, table

SPLITS: Any = {
    name: {'y': [1, 2, 3, 4], 'town': ['Aalen', 'Cork', 'Cork', None]} for name in ('train', 'test')
}
TERMS = ReportTerms.model_validate(
    {
        'name': 'towns',
        'task': 'regression',
        'label': 'y',
        'split': 'test',
        'gate': {'metrics': {'rmse': {'max': 1}}, 'slices': [{'by': 'town'}]},
        'features': COLUMNS,
        'recipe': {'name': 'towns'},
    }
)


class _BySize(tf.Module):
    """Answers with twice the size; the town and the rooms don't matter."""

    @tf.function(
        input_signature=[
            {
                'town': tf.TensorSpec([None], tf.string, name='town'),
                'size': tf.TensorSpec([None], tf.float32, name='size'),
                'rooms': tf.TensorSpec([None], tf.float64, name='rooms'),
            }
        ]
    )
    def serving_default(self, columns):
        size = tf.where(tf.math.is_nan(columns['size']), 0.0, columns['size'])
        size += 0 * tf.cast(columns['rooms'], tf.float32)
        size += 0 * tf.cast(tf.strings.length(columns['town']), tf.float32)
        return {'prediction': 2 * size[:, tf.newaxis]}


def write_artifacts(folder: Path) -> dict[str, list[Artifact]]:
    """Write artifacts, all but a transform graph that can be read."""
    inputs = inputs_of(folder, SPLITS)
    made = table('regression')
    evaluation = folder / 'evaluation'
    (evaluation / 'predictions').mkdir(parents=True)
    about = About('regression', 'y', 'test', len(made), len(made))
    pq.write_table(made.cast(about.put_into(made.schema)), evaluation / file_name('test'))
    verdict = verdict_of(rows_for('regression'), blessed=True)
    (evaluation / 'verdict.json').write_text(json.dumps(verdict))
    for name in ('model', 'baseline_model'):
        module = _BySize()
        serving = folder / name / 'Format-Serving'
        tf.saved_model.save(module, str(serving), {'serving_default': module.serving_default})
        (serving / 'assets.extra').mkdir()
        told = {'settings': {'train': {'epochs': len(name)}}, 'rows': {'train': 4}}
        (serving / 'assets.extra/training.json').write_text(json.dumps(told))
    (folder / 'model_run').mkdir()
    (folder / 'model_run/history.json').write_text(
        json.dumps({'best_epoch': 1, 'epochs': [{'epoch': 1, 'loss': 2.0, 'val_loss': 2.5}]})
    )
    kinds = {
        'evaluation': ModelEvaluation,
        'model': Model,
        'baseline_model': Model,
        'model_run': ModelRun,
        'transform_graph': TransformGraph,
    }
    for name, kind in kinds.items():
        artifact = kind()
        artifact.uri = str(folder / name)
        inputs[name] = [artifact]
    inputs['previous_statistics'] = inputs['statistics']
    return inputs
