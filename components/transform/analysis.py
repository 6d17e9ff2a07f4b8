"""What TFT's AnalyzeDataset does, in this process and without Beam.

A preprocessing function is traced; its analyzers are computed in phases, each with one pass over
the columns that it needs; and the function is traced again with what they learnt, and saved. Both
ends are TFT's own functions, so that the saved graph is the one the stock step would write.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import (
    analyzer_nodes,
    annotators,
    graph_context,
    graph_tools,
    impl_helper,
    nodes,
    tf2_utils,
)
from tensorflow_transform.tf_utils import hashable_tensor_or_op

from components.transform.analyzers import (
    Accumulation,
    Evaluation,
    accumulations,
    unknown_operation,
)

Columns = Mapping[str, tf.Tensor | tf.SparseTensor | tf.RaggedTensor]
Reader = Callable[[Sequence[str]], tf.data.Dataset]
"""Opens the rows to analyse: batches of the columns named."""

progress = logging.getLogger('sluice.progress')


class Analysis:
    """The analysis of one preprocessing function.

    Attributes:
        unknown: An operation that only Beam can do; None if there is none.
    """

    def __init__(
        self, function: Callable[[Columns], Columns], specs: Mapping[str, tf.TypeSpec], temp: Path
    ) -> None:
        """Trace the function.

        Args:
            function: From raw columns by name to transformed ones.
            specs: Types of the raw columns.
            temp: Folder for files on the way.
        """
        self._function = function
        self._specs = specs
        self._temp = temp
        self._graph, self._inputs, self._outputs = impl_helper.trace_preprocessing_function(
            function, specs, use_tf_compat_v1=False, base_temp_dir=str(temp)
        )
        self._sinks = self._graph.get_collection(analyzer_nodes.TENSOR_REPLACEMENTS)
        self.unknown = unknown_operation(sink.future for sink in self._sinks)

    def write(self, read: Reader, folder: Path) -> None:
        """Learn from the rows, and write `transform_fn` and `transformed_metadata` to a folder."""
        assets = annotators.get_asset_annotations(self._graph)
        annotators.clear_asset_annotations(self._graph)
        model = folder / tft.TFTransformOutput.TRANSFORM_FN_DIR
        impl_helper.trace_and_write_v2_saved_model(
            str(model),
            self._function,
            self._specs,
            str(self._temp),
            graph_tools.get_analyzers_fingerprint(self._graph, self._inputs),
            self._learn(read),
            output_keys_to_name_map=None,
            save_options=None,
        )
        metadata = folder / tft.TFTransformOutput.TRANSFORMED_METADATA_DIR
        (model / impl_helper.METADATA_DIR_NAME).rename(metadata)
        if assets:
            (metadata / tft.TFTransformOutput.ASSET_MAP).write_text(json.dumps(assets))

    def _learn(self, read: Reader) -> dict[str, tf.Tensor]:
        """Return the value of each analyzer, by the name of the tensor that stands for it."""
        learnt: dict[str, tf.Tensor] = {}
        ready = {hashable_tensor_or_op(sink.tensor): False for sink in self._sinks}
        while not all(ready.values()):
            analyzer = graph_tools.InitializableGraphAnalyzer(
                self._graph, self._inputs, list(ready.items())
            )
            due = [
                sink
                for sink in self._sinks
                if not ready[hashable_tensor_or_op(sink.tensor)]
                and all(map(analyzer.ready_to_run, _sources(sink.future)))
            ]
            found = accumulations(sink.future for sink in due)
            self._accumulate(found, learnt, read)
            traverser = nodes.Traverser(Evaluation(found, self._graph, self._temp))
            for sink in due:
                value = traverser.visit_value_node(sink.future)
                learnt[str(sink.tensor.name)] = tf.constant(value, sink.tensor.dtype)
                ready[hashable_tensor_or_op(sink.tensor)] = True
        return learnt

    def _accumulate(
        self, found: Mapping[str, Accumulation], learnt: Mapping[str, tf.Tensor], read: Reader
    ) -> None:
        """Pass over the rows once."""
        wanted = {label: part.tensors for label, part in found.items()}
        names = self._needed([t for tensors in wanted.values() for t in tensors])
        compute = self._partial(wanted, learnt)

        @tf.autograph.experimental.do_not_convert  # it has no control flow to rewrite
        def observe(columns: Columns) -> tuple[tf.Tensor, dict[str, tuple[tf.Tensor, ...]]]:
            rows = _rows(next(iter(columns.values())))
            absent = sorted(self._inputs.keys() - columns.keys())
            # Given no names at all, TFT would make stand-ins for every column.
            others = tf2_utils.supply_missing_inputs(self._inputs, rows, absent) if absent else {}
            values = compute({**columns, **others})
            reduced = {
                label: part.reduce(tuple(values[tensor.name] for tensor in part.tensors))
                for label, part in found.items()
            }
            return rows, reduced

        total = 0
        batches = read(names).map(observe, num_parallel_calls=tf.data.AUTOTUNE).prefetch(1)
        for rows, reduced in batches.as_numpy_iterator():
            for label, values in reduced.items():
                found[label].add(values)
            total += int(rows)
            counted = {'done': total, 'total': None, 'unit': 'rows'}
            progress.info('%s rows', f'{total:,}', extra={'progress': counted})

    def _partial(
        self, wanted: Mapping[str, tuple[tf.Tensor, ...]], learnt: Mapping[str, tf.Tensor]
    ) -> Callable[[Columns], dict[str, tf.Tensor]]:
        """Return a function from all columns to the tensors wanted, by name."""
        context = graph_context.TFGraphContext(
            module_to_export=tf.Module(),
            temp_dir=str(self._temp),
            evaluated_replacements=dict(learnt),
        )
        names = {tensor.name: tensor.name for tensors in wanted.values() for tensor in tensors}
        return impl_helper.get_traced_transform_fn(
            self._function, self._specs, context, output_keys_to_name_map=names
        )

    def _needed(self, tensors: list[tf.Tensor]) -> list[str]:
        """Return the columns that tensors are made of, and those that assertions look at."""
        outputs = tf.nest.flatten(self._outputs, expand_composites=True)
        _, controls = tf2_utils.strip_and_get_tensors_and_control_dependencies(outputs)
        needed = graph_tools.get_dependent_inputs(self._graph, self._inputs, [*tensors, *controls])
        return list(needed) or list(self._inputs)


def _sources(future: nodes.ValueNode) -> list[tf.Tensor]:
    """Return the tensors that an analyzer's value is made of."""
    visitor = graph_tools.SourcedTensorsVisitor()
    nodes.Traverser(visitor).visit_value_node(future)
    return visitor.sourced_tensors


def _rows(column: Any) -> tf.Tensor:
    """Return the number of rows of a batch, int64."""
    if isinstance(column, tf.SparseTensor):
        return column.dense_shape[0]
    if isinstance(column, tf.RaggedTensor):
        return column.nrows()
    return tf.shape(column, out_type=tf.int64)[0]
