"""What the Evaluator calls on an exported model."""

from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.saved_model import loader_impl

PREDICT = 'serving_examples'
LABELS = 'labels'
LABEL_OUTPUT = 'label'
CLASSES_OUTPUT = 'classes'
"""Output of the predict signature that names the classes, in each row the same."""

PREDICTION_OUTPUTS = {
    'regression': 'prediction',
    'binary': 'probability',
    'multiclass': 'probabilities',
}
"""Output of the predict signature that is measured, by task."""


def find_problem(model_path: str, task: str) -> str | None:
    """Say what keeps a model from being evaluated, without loading it.

    Args:
        model_path: Folder of a SavedModel.
        task: The recipe's task.

    Returns:
        One clause, such as `has no signature labels (it has serving_default)`, or None.
    """
    try:
        graph = loader_impl.parse_saved_model(model_path).meta_graphs[0]
    except OSError:
        return 'is not there, or is not a SavedModel'
    for signature, output in ((PREDICT, PREDICTION_OUTPUTS[task]), (LABELS, LABEL_OUTPUT)):
        if problem := _lack(graph, signature, output):
            return problem
    return None


def _lack(graph: meta_graph_pb2.MetaGraphDef, signature: str, output: str) -> str | None:
    signatures = graph.signature_def
    if signature not in signatures:
        has = ', '.join(sorted(s for s in signatures if not s.startswith('_')))
        return f'has no signature {signature} (it has {has or "none"})'
    outputs = signatures[signature].outputs
    if output not in outputs:
        return f'has no output {output} in {signature} (it has {", ".join(sorted(outputs))})'
    return None
