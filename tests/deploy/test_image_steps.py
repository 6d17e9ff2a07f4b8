"""The Dockerfile's steps, done in a Debian 13 root without a Docker engine."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.dockerfile import lineage, stages

PROJECT = Path(__file__).parents[2]
PYTHON_NEEDS = 'ca-certificates,libssl3t64,libffi8,zlib1g,libbz2-1.0,libsqlite3-0,liblzma5'
AUTHORITIES = 'etc/ssl/certs/ca-certificates.crt'
TRIXIE = Path('/etc/apt/sources.list.d/sluice-trixie.list')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which('debootstrap') or not TRIXIE.exists(),
        reason='needs root, debootstrap and the mirror that set-up wrote down',
    ),
]


@pytest.fixture(scope='module')
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A root of Debian 13 with this Python in it, as python:3.11-slim-trixie has its own."""
    root = tmp_path_factory.mktemp('image') / 'root'
    mirror = re.search(r'\] (\S+) trixie', TRIXIE.read_text())
    assert mirror
    command = ['debootstrap', '--variant=minbase', f'--include={PYTHON_NEEDS}', 'trixie']
    subprocess.run([*command, str(root), mirror[1]], check=True, capture_output=True, timeout=500)
    prefix = Path(sys.base_prefix)
    shutil.copytree(prefix, root / prefix.relative_to('/'), symlinks=True)
    for folder in (*prefix.parents, prefix):
        (root / folder.relative_to('/')).chmod(0o755)
    for name in ('python', 'python3'):
        (root / 'usr/local/bin' / name).symlink_to(prefix / 'bin' / 'python3.11')
    # How the network is reached is this machine's, not the image's.
    for settings in ('etc/pip.conf', 'etc/resolv.conf', 'etc/hosts', AUTHORITIES):
        if (Path('/') / settings).exists():
            shutil.copy(Path('/') / settings, root / settings)
    yield root
    shutil.rmtree(root)


def in_root(root: Path, command: str, user: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        ['chroot', f'--userspec={user}', root, '/bin/sh', '-c', f'cd /opt/sluice && {command}'],
        env=env, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f'{command}\n{done.stdout}\n{done.stderr}'
    return done.stdout


@pytest.mark.parametrize(
    ('target', 'check'),
    [
        ('serving', 'python -m serving 2>&1 | grep "AIP_STORAGE_URI: is not set"'),
        ('pipeline', 'python -c "import pipeline.dag; print(pipeline.dag.__name__)"'),
    ],
)
def test_an_image_is_built_and_starts(debian: Path, target: str, check: str) -> None:
    found = stages((PROJECT / 'Dockerfile').read_text())
    env = {k: v for k, v in os.environ.items() if k.startswith('PIP_')} | {
        'PATH': '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
        'PIP_CERT': f'/{AUTHORITIES}',
    }
    (debian / 'opt/sluice').mkdir(parents=True, exist_ok=True)
    shutil.rmtree(debian / 'opt/venv', ignore_errors=True)
    # Packages are made in a stage of their own, from which the venv is copied whole.
    ahead = [stage for stage in lineage(found, f'{target}-packages') if stage.name != 'base']
    users = ['root:root']
    for stage in [found['base'], *ahead, found[target]]:
        for word, rest in stage.steps:
            match word:
                case 'ENV':
                    for name, value in re.findall(r'(\w+)=(\S+)', rest):
                        env[name] = value.replace('$PATH', env['PATH'])
                case 'RUN' if not (rest.startswith('useradd') and _has_user(debian)):
                    in_root(debian, rest, users[-1], env)
                case 'COPY' if not rest.startswith('--from'):
                    *sources, to = rest.split()
                    _copy(debian / 'opt/sluice', sources, to)
                case 'USER':
                    users.append(f'{rest}:{rest}')
    assert in_root(debian, check, users[-1], env).strip()
    assert in_root(debian, 'id -u', users[-1], env).strip() == '1000'


def _has_user(root: Path) -> bool:
    return 'sluice:' in (root / 'etc/passwd').read_text()


def _copy(folder: Path, sources: list[str], to: str) -> None:
    for source in sources:
        place = folder / (Path(source).name if to == './' else to)
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, place, dirs_exist_ok=True)
        else:
            shutil.copy(PROJECT / source, place)
