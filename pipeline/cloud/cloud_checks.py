"""Checks of Google Cloud: network, credentials, APIs, permissions, bucket, image, quota, region."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from pipeline.cloud.connection import Connection, connect
from pipeline.cloud.doctor import Check
from pipeline.cloud.errors import APIS, CloudError
from pipeline.cloud.options import REGION
from pipeline.cloud.regions import REGIONS
from pipeline.machines import ACCELERATORS
from pipeline.recipe import Recipe
from pipeline.vertex_settings import Vertex

PROJECT_PERMISSIONS = (
    'aiplatform.pipelineJobs.create',
    'aiplatform.pipelineJobs.get',
    'aiplatform.pipelineJobs.list',
    'aiplatform.pipelineJobs.cancel',
    'aiplatform.schedules.create',
    'aiplatform.schedules.update',
    'bigquery.jobs.create',
    'logging.logEntries.list',
)
"""What the commands need of whoever gives them (docs/permissions.md)."""

BUCKET_PERMISSIONS = ('storage.objects.create', 'storage.objects.get', 'storage.objects.list')


def of_cloud(recipe: Recipe | None, project: str | None, region: str | None) -> Iterator[Check]:
    """Yield the checks of Google Cloud; those that can't be made are said."""
    vertex = recipe.vertex if recipe else None
    region = region or (vertex.region if vertex else REGION)
    yield from _accelerators(recipe, region)
    try:
        connection = connect('check', project or (vertex.project if vertex else None), region)
    except CloudError as error:
        why = str(error).removeprefix('cannot check: ')
        yield Check('google cloud', 'wrong', why)
        for name in ('apis', 'permissions', 'bucket', 'image', 'quota'):
            yield Check(name, 'unknown', 'not asked: Google Cloud is not to be had')
        return
    yield Check('google cloud', 'good', f'{connection.project}, {connection.region}')
    yield _asked('apis', lambda: _apis(connection))
    yield _asked('permissions', lambda: _permissions(connection))
    yield _asked('bucket', lambda: _bucket(connection, vertex))
    yield _asked('image', lambda: _image(connection, vertex))
    yield _asked('quota', lambda: _quota(connection, recipe))


def _asked(name: str, check: Callable[[], Check]) -> Check:
    """Make a check; where Google Cloud does not answer it, say so."""
    try:
        return check()
    except CloudError as error:
        return Check(name, 'unknown', str(error))


def _accelerators(recipe: Recipe | None, region: str) -> Iterator[Check]:
    """Hold the recipe's accelerators against those that a region has."""
    if region not in REGIONS:
        yield Check(
            'region', 'wrong', f'{region} is no region of Vertex', f'known: {", ".join(REGIONS)}'
        )
        return
    wanted: dict[str, None] = {}
    if recipe:
        machines = (recipe.hardware.of_trainer(), recipe.hardware.of_tuner())
        wanted = dict.fromkeys(m.accelerator for m in machines if m.accelerator)
    missing = [name for name in wanted if name not in REGIONS[region]]
    if not missing:
        has = f' has {", ".join(wanted)}' if wanted else ''
        yield Check('region', 'good', f'{region}{has}')
    for name in missing:
        where = [r for r, has in REGIONS.items() if name in has]
        known = name if name in ACCELERATORS else f'{name} (unknown)'
        yield Check(
            'region', 'wrong', f'{region} has no {known} for training',
            f'set vertex.region to one of {", ".join(where) or "none"}, or another accelerator',
        )  # fmt: skip


def _apis(connection: Connection) -> Check:
    names = '&'.join(f'names=projects/{connection.project}/services/{api}' for api in APIS)
    url = (
        f'https://serviceusage.googleapis.com/v1/projects/{connection.project}'
        f'/services:batchGet?{names}'
    )
    found = connection.get('see which APIs are enabled', url)
    enabled = {
        s['name'].rpartition('/')[2] for s in found.get('services', []) if s['state'] == 'ENABLED'
    }
    missing = [api for api in APIS if api not in enabled]
    if not missing:
        return Check('apis', 'good', f'{len(APIS)} enabled')
    return Check(
        'apis', 'wrong', f'not enabled: {", ".join(missing)}',
        f'gcloud services enable {" ".join(missing)} --project {connection.project}',
    )  # fmt: skip


def _permissions(connection: Connection) -> Check:
    url = (
        'https://cloudresourcemanager.googleapis.com/v1/projects/'
        f'{connection.project}:testIamPermissions'
    )
    body = {'permissions': PROJECT_PERMISSIONS}
    found = connection.get('see what is allowed', url, body)
    missing = sorted(set(PROJECT_PERMISSIONS) - set(found.get('permissions', [])))
    if not missing:
        return Check('permissions', 'good', f'{len(PROJECT_PERMISSIONS)} of the project')
    return Check(
        'permissions', 'wrong', f'missing: {", ".join(missing)}',
        f'grant {", ".join(_roles(missing))} (docs/permissions.md)',
    )  # fmt: skip


def _roles(permissions: Sequence[str]) -> list[str]:
    roles = {
        'aiplatform': 'roles/aiplatform.user',
        'bigquery': 'roles/bigquery.jobUser',
        'logging': 'roles/logging.viewer',
    }
    return list(dict.fromkeys(roles[p.partition('.')[0]] for p in permissions))


def _bucket(connection: Connection, vertex: Vertex | None) -> Check:
    if vertex is None:
        return Check('bucket', 'unknown', 'no recipe with vertex.root was named')
    name = vertex.root.removeprefix('gs://').partition('/')[0]
    base = f'https://storage.googleapis.com/storage/v1/b/{quote(name, safe="")}'
    try:
        bucket = connection.get(f'look at the bucket {name}', base)
    except CloudError as error:
        fix = f'gcloud storage buckets create gs://{name} --location {connection.region}'
        return _refused('bucket', error, fix)
    location = str(bucket.get('location', '')).lower()
    if location not in (connection.region, connection.region.partition('-')[0]):
        return Check(
            'bucket', 'wrong', f'{name} is in {location}, and runs are in {connection.region}',
            'reading across regions is slow and costs; take a bucket of the region',
        )  # fmt: skip
    missing = [p for p in BUCKET_PERMISSIONS if not _may(connection, base, p)]
    if missing:
        fix = f'grant roles/storage.objectUser on gs://{name} (docs/permissions.md)'
        return Check('bucket', 'wrong', f'{name}: missing: {", ".join(missing)}', fix)
    return Check('bucket', 'good', f'{name} in {location}')


def _may(connection: Connection, bucket: str, permission: str) -> bool:
    url = f'{bucket}/iam/testPermissions?permissions={permission}'
    return permission in connection.get('see what is allowed', url).get('permissions', [])


def _image(connection: Connection, vertex: Vertex | None) -> Check:
    if vertex is None:
        return Check('image', 'unknown', 'no recipe with vertex.image was named')
    registry, _, path = vertex.image.partition('/')
    if not registry.endswith('-docker.pkg.dev'):
        return Check('image', 'unknown', f'{vertex.image} is not in Artifact Registry')
    name, at, digest = path.partition('@')
    if not at:
        name, _, tag = path.partition(':')
        digest = tag or 'latest'
    url = f'https://{registry}/v2/{name}/manifests/{digest}'
    try:
        connection.get(f'look at the image {vertex.image}', url)
    except CloudError as error:
        return _refused('image', error, 'build and push it (docs/from-laptop-to-vertex.md)')
    if not at:
        return Check(
            'image', 'wrong', f'{vertex.image} is there, named by a tag that can move',
            'name it by digest: image@sha256:…, as the build prints it',
        )  # fmt: skip
    return Check('image', 'good', 'its digest is in the registry')


def _refused(name: str, error: CloudError, fix: str) -> Check:
    from google.api_core.exceptions import Forbidden, NotFound

    if isinstance(error.__cause__, NotFound):
        return Check(name, 'wrong', str(error), fix)
    state: Any = 'wrong' if isinstance(error.__cause__, Forbidden) else 'unknown'
    return Check(name, state, str(error))


def _quota(connection: Connection, recipe: Recipe | None) -> Check:
    """Ask for the quota of the recipe's accelerators in the region."""
    machines = recipe.hardware.of_trainer() if recipe else None
    if machines is None or machines.accelerator is None:
        return Check('quota', 'good', 'no accelerator is asked for')
    wanted = machines.count * machines.workers
    metric = f'custom_model_training_{machines.accelerator.removeprefix("NVIDIA_").lower()}'
    metric = metric.replace('tesla_', '') + '_gpus'
    url = (
        f'https://serviceusage.googleapis.com/v1beta1/projects/{connection.project}/services/'
        f'aiplatform.googleapis.com/consumerQuotaMetrics/aiplatform.googleapis.com%2F{metric}'
    )
    found = connection.get(f'look at the quota {metric}', url)
    limits = [
        int(bucket['effectiveLimit'])
        for limit in found.get('consumerQuotaLimits', [])
        for bucket in limit.get('quotaBuckets', [])
        if bucket.get('dimensions', {}).get('region') in (None, connection.region)
    ]
    if not limits:
        return Check('quota', 'unknown', f'{metric}: no limit is told for {connection.region}')
    if max(limits) >= wanted or -1 in limits:
        return Check('quota', 'good', f'{metric}: {max(limits)}, {wanted} are asked for')
    return Check(
        'quota', 'wrong', f'{metric} in {connection.region}: {max(limits)}, {wanted} asked for',
        'ask for more on the page IAM & Admin > Quotas, or set hardware.count',
    )  # fmt: skip
