from pathlib import Path

import pytest

from components.staging import is_remote, staged


def test_an_artifact_of_this_machine_is_written_where_it_is(tmp_path: Path) -> None:
    with staged(str(tmp_path)) as folder:
        assert folder == tmp_path


def test_a_remote_one_gets_what_was_written_at_the_end(tmp_path: Path) -> None:
    """`file://` stands for any scheme that is not a plain path."""
    uri = f'file://{tmp_path}/artifact'
    assert is_remote(uri)
    with staged(uri) as folder:
        (folder / 'Split-train').mkdir()
        (folder / 'Split-train' / 'rows').write_text('1')
        assert not (tmp_path / 'artifact').exists()
    assert (tmp_path / 'artifact' / 'Split-train' / 'rows').read_text() == '1'
    assert not folder.exists()


def test_nothing_is_copied_of_what_failed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='broken'), staged(f'file://{tmp_path}/artifact') as folder:
        (folder / 'part').write_text('1')
        raise ValueError('broken')
    assert not (tmp_path / 'artifact').exists()
    assert not folder.exists()
