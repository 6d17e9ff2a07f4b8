"""What preprocessing has learnt from the train split: vocabularies and bucket edges."""

from collections.abc import Sequence
from typing import Any

from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.framework import tensor_util
from tfx.dsl.io import fileio

from components.report.numbers.plain import plains

HEAD = 15
VOCABULARIES = 80
LONGEST = 60

_BUCKETS = 'apply_buckets'
"""How TFT names the edges that a graph has captured."""


def learnt(transform_graph: str, bucketed: Sequence[str]) -> dict[str, Any]:
    """Read a transform graph.

    Args:
        transform_graph: Folder of the TransformGraph artifact.
        bucketed: Features that the recipe has cut by quantiles, in the order it names them;
            empty with a preprocessing function of one's own, whose edges are then numbered.

    Returns:
        `vocabularies`: of each `name`, `size` and `head`, the most frequent values;
        `buckets`: of each `name` and `edges`.
    """
    folder = f'{transform_graph}/transform_fn'
    return {
        'vocabularies': _vocabularies(f'{folder}/assets'),
        'buckets': _buckets(folder, bucketed),
    }


def _vocabularies(folder: str) -> list[dict[str, Any]]:
    if not fileio.isdir(folder):
        return []
    found = []
    for name in sorted(fileio.listdir(folder))[:VOCABULARIES]:
        with fileio.open(f'{folder}/{name}', 'rb') as file:
            values = file.read().decode(errors='replace').splitlines()
        head = [v if len(v) <= LONGEST else f'{v[: LONGEST - 1]}…' for v in values[:HEAD]]
        found.append({'name': name.removesuffix('_vocabulary'), 'size': len(values), 'head': head})
    return found


def _buckets(folder: str, bucketed: Sequence[str]) -> list[dict[str, Any]]:
    """Find the edges among the constants that the graph's function has captured.

    They are read from the file: to load the graph would take seconds.
    """
    with fileio.open(f'{folder}/saved_model.pb', 'rb') as file:
        graph = saved_model_pb2.SavedModel.FromString(file.read()).meta_graphs[0]
    constants = {n.name: n for n in graph.graph_def.node if n.op == 'Const'}
    found: dict[int, list[Any]] = {}
    for name, function in graph.object_graph_def.concrete_functions.items():
        bound = [graph.object_graph_def.nodes[i] for i in function.bound_inputs]
        arguments = _arguments(graph, name)[-len(bound) :] if bound else []
        for argument, node in zip(arguments, bound, strict=False):
            constant = constants.get(node.constant.operation)
            if argument.startswith(_BUCKETS) and constant is not None:
                edges = tensor_util.MakeNdarray(constant.attr['value'].tensor)
                found[_number(argument)] = plains(edges.reshape(-1))
    in_order = [found[number] for number in sorted(found)]
    numbered = [f'buckets {i + 1}' for i in range(len(in_order))]
    names = bucketed if len(bucketed) == len(in_order) else numbered
    return [{'name': n, 'edges': e} for n, e in zip(names, in_order, strict=True)]


def _arguments(graph: meta_graph_pb2.MetaGraphDef, function: str) -> list[str]:
    """Return the names of a function's inputs; what it has captured comes last."""
    for own in graph.graph_def.library.function:
        if own.signature.name == function:
            return [argument.name for argument in own.signature.input_arg]
    return []


def _number(name: str) -> int:
    """Return which in the order of making a captured tensor is: its name ends in a counter."""
    last = name.rpartition('_')[2]
    return int(last) if last.isdigit() else 0
