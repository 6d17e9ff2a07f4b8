"""Arguments of Beam for Dataflow."""

import pytest
from pydantic import ValidationError

from pipeline.dataflow_settings import Dataflow
from pipeline.vertex_settings import Vertex

VERTEX = Vertex(root='gs://b/x/', image='r.dev/p/i:1', project='my-project-1', labels={'t': 'g'})


def test_arguments_are_those_of_the_settings() -> None:
    from pipeline.dataflow import dataflow_args

    found = dataflow_args(Dataflow(workers=2, public_ips=False), VERTEX, 'births')
    assert {
        '--runner=DataflowRunner',
        '--region=us-central1',
        '--temp_location=gs://b/x/dataflow/temp',
        '--sdk_container_image=r.dev/p/i:1',
        '--num_workers=2',
        '--max_num_workers=10',
        '--labels=pipeline=births',
        '--no_use_public_ips',
    } <= set(found)


def test_what_beam_does_not_know_is_refused() -> None:
    from pipeline.dataflow import check_arguments

    with pytest.raises(ValueError, match='Beam does not know --foo=1'):
        check_arguments(['--runner=DataflowRunner', '--foo=1'])
    with pytest.raises(ValueError, match='num_workers'):
        check_arguments(['--runner=DataflowRunner', '--num_workers=x'])


def test_a_project_is_needed() -> None:
    from pipeline.dataflow import dataflow_args

    with pytest.raises(ValueError, match=r'set vertex\.project'):
        dataflow_args(Dataflow(), VERTEX.model_copy(update={'project': None}), 'births')


def test_more_workers_than_there_may_be() -> None:
    with pytest.raises(ValidationError, match='are more than max_workers, 3'):
        Dataflow(workers=4, max_workers=3)
