"""Container, workflow, Cloud Build and Terraform files: linted as far as that goes without them."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import hcl2
import pytest

from deploy import lock_subset
from tests.deploy.dockerfile import lineage, stages

PROJECT = Path(__file__).parents[2]
TERRAFORM = PROJECT / 'deploy' / 'terraform'
TOO_WIDE = {'roles/owner', 'roles/editor', 'roles/storage.admin', 'roles/aiplatform.admin'}


def tool(name: str, *arguments: str) -> None:
    """Run a linter of this environment; what it finds fails the test."""
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_clean() -> None:
    tool('hadolint', 'Dockerfile')


@pytest.mark.parametrize(
    ('schema', 'file'),
    [
        ('vendor.github-workflows', '.github/workflows/ci.yml'),
        ('vendor.cloudbuild', 'deploy/cloudbuild.yaml'),
    ],
)
def test_forms(schema: str, file: str) -> None:
    tool('check-jsonschema', '--builtin-schema', schema, file)


@pytest.mark.parametrize('target', ['pipeline', 'serving'])
def test_images_run_as_nobody_in_particular(target: str) -> None:
    steps = [step for stage in lineage(stages(dockerfile()), target) for step in stage.steps]
    users = [rest for word, rest in steps if word == 'USER']
    assert users[-1:] == ['1000']
    after = steps[[word for word, _ in steps].index('USER') :]
    assert not [step for step in after if step[0] in ('RUN', 'COPY')]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    kept = {
        line[1:] for line in (PROJECT / '.dockerignore').read_text().splitlines() if line[0] == '!'
    }
    copied = [
        name
        for stage in stages(dockerfile()).values()
        for word, rest in stage.steps
        if word == 'COPY' and not rest.startswith('--from')
        for name in rest.split()[:-1]
    ]
    assert copied
    for name in copied:
        assert (PROJECT / name).exists()
        assert name in kept


@pytest.mark.parametrize('extra', [None, 'server'])
def test_a_subset_is_whole(extra: str | None) -> None:
    lock = (PROJECT / 'requirements.lock').read_text()
    project = tomllib.loads((PROJECT / 'pyproject.toml').read_text())['project']
    text = lock_subset.subset(lock, lock_subset.roots_of(project, extra))
    held = lock_subset.entries(text)
    assert held and all('--hash=sha256:' in block for block in held.values())
    assert set(held) < set(lock_subset.entries(lock))
    assert {'pytest', 'ruff', 'zetasql'}.isdisjoint(held)
    assert ('tfx' in held) == (extra is None)


def test_terraform_parses_and_refers_to_what_there_is() -> None:
    found = {file.name: hcl2.loads(file.read_text()) for file in TERRAFORM.glob('*.tf')}
    text = '\n'.join(file.read_text() for file in TERRAFORM.glob('*.tf'))
    declared = re.findall(r'^variable "(\w+)"', text, re.MULTILINE)
    assert set(re.findall(r'\bvar\.(\w+)', text)) == set(declared)
    resources = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE))
    used = re.findall(r'\b(google_\w+)\.(\w+)\b', text)
    assert resources and set(used) <= resources
    assert {'main.tf', 'variables.tf', 'outputs.tf'} <= set(found)


def test_no_role_is_wide() -> None:
    roles = re.findall(r'"(roles/[\w.]+)"', (TERRAFORM / 'main.tf').read_text())
    assert roles and TOO_WIDE.isdisjoint(roles)


def test_terraform_enables_what_the_doctor_asks_for() -> None:
    from pipeline.cloud.errors import APIS

    text = (TERRAFORM / 'main.tf').read_text()
    assert not [api for api in APIS if json.dumps(api) not in text]


def dockerfile() -> str:
    return (PROJECT / 'Dockerfile').read_text()
