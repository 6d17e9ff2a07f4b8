import pytest

from pipeline.logs import LogsError, log_folders
from pipeline.records import Run, Step


def _run(folder):
    step = Step(name='Trainer', artifacts={'model_run': [str(folder)], 'model': ['elsewhere']})
    return Run(run='a-1', recipe='a', recipe_file='a.yaml', task='binary', steps=[step])


def test_the_folder_with_event_files_is_found(tmp_path):
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train' / 'events.out.tfevents.1').write_bytes(b'')
    assert log_folders(_run(tmp_path)) == [tmp_path]


def test_a_run_without_logs_is_one_line(tmp_path):
    with pytest.raises(LogsError, match='a-1: has no logs of training'):
        log_folders(_run(tmp_path))
