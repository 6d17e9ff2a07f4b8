"""Checks of this machine: Python, system libraries, TensorFlow, room, a recipe's data."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from pydantic import ByteSize

from pipeline.cloud.doctor import Check
from pipeline.recipe import Recipe

PYTHON = (3, 11)
GLIBC = (2, 38)
"""What the wheels of ml-metadata and tensorflow-data-validation ask for."""

DISK, MEMORY = ByteSize(5 * 10**9), ByteSize(4 * 10**9)
"""Below this, a run of the recipes that ship may not fit."""

IMPORT_SECONDS = 120


def of_machine(recipe: Recipe | None, *, deep: bool) -> Iterator[Check]:
    """Yield the checks of this machine.

    Args:
      recipe: What is to run; None: nothing in particular.
      deep: Whether to import TensorFlow, which takes its time.
    """
    yield _python()
    yield _glibc()
    yield _imported() if deep else _tensorflow()
    yield _room('disk', shutil.disk_usage(Path.cwd()).free, DISK, 'free some, or use --store')
    yield _room('memory', _memory(), MEMORY, 'close other programs')
    if recipe:
        yield _data(recipe)


def _python() -> Check:
    found = platform.python_version()
    if sys.version_info[:2] == PYTHON:
        return Check('python', 'good', found)
    return Check('python', 'wrong', found, 'TFX 1.21 needs Python 3.11: run make setup')


def _glibc() -> Check:
    library, version = platform.libc_ver()
    if library != 'glibc':
        return Check('glibc', 'wrong', f'none ({library or "another C library"})', _CONTAINER)
    if tuple(map(int, version.split('.')[:2])) >= GLIBC:
        return Check('glibc', 'good', version)
    return Check('glibc', 'wrong', version, f'2.38 is needed: run make setup as root, {_CONTAINER}')


_CONTAINER = 'or use Debian 13 or Ubuntu 24.04'


def _tensorflow() -> Check:
    try:
        return Check('tensorflow', 'good', f'{metadata.version("tensorflow")} is installed')
    except metadata.PackageNotFoundError:
        return Check('tensorflow', 'wrong', 'not installed', 'run make setup')


def _imported() -> Check:
    """Import TensorFlow in a process of its own: a bad build can end one."""
    code = 'import tensorflow'
    environment = os.environ | {'TF_CPP_MIN_LOG_LEVEL': '3'}
    try:
        done = subprocess.run(
            [sys.executable, '-c', code], env=environment, capture_output=True, text=True,
            timeout=IMPORT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Check('tensorflow', 'unknown', f'not imported in {IMPORT_SECONDS} s', 'try again')
    if done.returncode == 0:
        return Check('tensorflow', 'good', f'{metadata.version("tensorflow")} imports')
    last = (done.stderr.strip().splitlines() or [f'exit code {done.returncode}'])[-1]
    return Check('tensorflow', 'wrong', f'cannot be imported: {last}', 'run make setup again')


def _room(name: str, free: int, least: ByteSize, fix: str) -> Check:
    found = f'{ByteSize(free).human_readable(decimal=True, separator=" ")} free'
    if free >= least:
        return Check(name, 'good', found)
    wanted = least.human_readable(decimal=True, separator=' ')
    return Check(name, 'wrong', found, f'{wanted} are needed: {fix}')


def _memory() -> int:
    for line in Path('/proc/meminfo').read_text(encoding='ascii').splitlines():
        if line.startswith('MemAvailable:'):
            return int(line.split()[1]) * 1024
    return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')


def _data(recipe: Recipe) -> Check:
    """See that the recipe's query or its pictures can be read here; what is remote is not asked."""
    if recipe.table and not recipe.table.local:
        return Check('data', 'unknown', 'the query has no local files (data.local)', _DRY_RUN)
    if recipe.pictures and str(recipe.pictures.images).startswith('gs://'):
        return Check('data', 'unknown', 'the pictures are on Cloud Storage', 'see the bucket')
    from pipeline.loading import RecipeError, check_against_data

    try:
        check_against_data(Path(recipe.name), recipe)
    except RecipeError as error:
        return Check('data', 'wrong', error.faults[0], f'sluice recipe check {recipe.name}')
    return Check('data', 'good', 'readable')


_DRY_RUN = 'sluice plan asks BigQuery'
