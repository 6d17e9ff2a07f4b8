import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main


@pytest.mark.parametrize(
    ('arguments', 'code', 'told'),
    [
        (['predict', 'none', '--input', 'a.csv', '-o', 'b.csv'], 2, 'none: no such model'),
        (['predict', 'none', '--input', 'a.csv'], 2, "Missing option '-o'"),
        (['export', 'none', '--format', 'onnx', '-o', 'b.onnx'], 2, 'none: no such model'),
        (['export', 'none', '--format', 'coreml', '-o', 'b'], 2, "'coreml' is not one of"),
    ],
)
def test_bad_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code
    assert told in result.output
    assert 'Traceback' not in result.output


def test_predicting_needs_no_tfx(tmp_path: Path) -> None:
    code = (
        'import sys, pipeline.batch.predict, pipeline.batch.session\n'
        'slow = {"tfx", "apache_beam", "ml_metadata", "tensorflow_transform"}\n'
        'print(sorted(slow & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
