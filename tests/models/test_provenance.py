import json
from pathlib import Path

from models import provenance
from models.settings import TrainerConfig, Training, Tuning, WideDeep


def test_the_settings_and_rows_are_beside_the_model(tmp_path: Path) -> None:
    config = TrainerConfig(
        task='regression',
        label='y',
        model=WideDeep(hidden=(8,)),
        train=Training(epochs=3),
        tune=Tuning(),
    )
    provenance.write(config, {'train': 10, 'eval': 2}, str(tmp_path / 'model'))
    told = json.loads((tmp_path / 'model' / provenance.FILE).read_text())
    assert told['rows'] == {'train': 10, 'eval': 2}
    assert told['settings']['train']['epochs'] == 3
    assert told['settings']['model']['hidden'] == [8]
    assert 'tune' not in told['settings'], 'what a search found is in train and model'
