import gc

import pytest

from pipeline.imports import importing


def test_no_garbage_is_collected_meanwhile() -> None:
    with pytest.raises(ImportError), importing():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
    gc.unfreeze()
