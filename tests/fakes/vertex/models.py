"""Vertex's model registry: models, their versions and the aliases of those."""

import re
from collections.abc import Sequence
from typing import Any

from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from tests.fakes.vertex.labels import check_labels
from tests.fakes.vertex.operations import Operations
from tests.fakes.vertex.resources import Resources, check_parent, page
from tests.fakes.world import World

ALIAS = re.compile(r'[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]')
ID = re.compile(r'[a-z_][a-z0-9_-]{0,62}')
DEFAULT = 'default'
RESOURCES: Any = v1.Model.DeploymentResourcesType.DEDICATED_RESOURCES


class Models:
    """Models; `<model>@<version or alias>` is a version, `<model>` the default one."""

    NAME = 'ModelService'

    def __init__(self, world: World, operations: Operations) -> None:
        """Use those that are there.

        Args:
            world: has the folders.
            operations: get those that are started.
        """
        self._world, self._operations = world, operations
        self._versions: Resources[v1.Model] = Resources(world, 'models', v1.Model)
        self.deployed: Any = lambda model, version: []
        """Returns references to where a version is deployed; the endpoints set it."""

    def version(self, name: str) -> v1.Model:
        """Return the version that a name says, with where it is deployed.

        Raises:
            NotFound: There is no such model or version.
        """
        self._operations.settle()
        base, _, wanted = name.partition('@')
        versions = self.versions(base)
        wanted = wanted or DEFAULT
        for model in versions:
            if wanted == model.version_id or wanted in model.version_aliases:
                return model
        raise exceptions.NotFound(f'The Model does not exist: {name}')

    def all(self) -> list[v1.Model]:
        """Return all versions of all models."""
        self._operations.settle()
        return self._versions.all()

    def versions(self, base: str) -> list[v1.Model]:
        """Return the versions of a model, oldest first.

        Raises:
            NotFound: There is no such model.
        """
        found = [m for m in self._versions.all() if m.name == base]
        if not found:
            raise exceptions.NotFound(f'The Model does not exist: {base}')
        for model in found:
            model.deployed_models = self.deployed(model.name, model.version_id)
        return sorted(found, key=lambda model: int(model.version_id))

    def UploadModel(self, request: v1.UploadModelRequest) -> operations_pb2.Operation:
        """Keep a model's new version, or a new model."""
        check_parent(request.parent)
        model = v1.Model(request.model)
        if not model.display_name:
            raise exceptions.InvalidArgument('Model.display_name is required.')
        if len(model.display_name) > 128:
            raise exceptions.InvalidArgument('Model.display_name is longer than 128 characters.')
        if not model.container_spec.image_uri:
            raise exceptions.InvalidArgument('Model.container_spec.image_uri is required.')
        check_labels(model.labels)
        _check_aliases(model.version_aliases)
        self._check_artifact(model.artifact_uri)
        if request.parent_model:
            earlier = self.versions(request.parent_model.partition('@')[0])
            name, number = earlier[0].name, max(int(m.version_id) for m in earlier) + 1
        else:
            if request.model_id and not ID.fullmatch(request.model_id):
                raise exceptions.InvalidArgument(f'Invalid model ID: {request.model_id!r}')
            wanted, number = request.model_id, 1
            name = self._versions.new_name(request.parent, wanted)
            if any(m.name == name for m in self._versions.all()):
                raise exceptions.AlreadyExists(f'Resource already exists: {name}')

        def finish() -> v1.UploadModelResponse:
            at = Timestamp()
            at.GetCurrentTime()
            version = number
            held = [m for m in self._versions.all() if m.name == name]
            if held:
                version = max(version, *(int(m.version_id) + 1 for m in held))
            aliases = set(model.version_aliases) | (set() if held else {DEFAULT})
            self._take_aliases(name, aliases)
            kept = v1.Model(model)
            kept.name, kept.version_id = name, str(version)
            kept.version_aliases = sorted(aliases)
            kept.create_time = kept.update_time = at
            kept.version_create_time = kept.version_update_time = at
            kept.etag = str(at.ToNanoseconds())
            kept.supported_deployment_resources_types = [RESOURCES]
            self._keep(kept)
            return v1.UploadModelResponse(model=name, model_version_id=str(version))

        return self._operations.start(name, v1.UploadModelOperationMetadata(), finish)

    def GetModel(self, request: v1.GetModelRequest) -> v1.Model:
        """Return a version."""
        return self.version(request.name)

    def ListModels(self, request: v1.ListModelsRequest) -> v1.ListModelsResponse:
        """List the default versions of models."""
        check_parent(request.parent)
        self._operations.settle()
        names = dict.fromkeys(m.name for m in self._versions.all(request.parent))
        models = [self.version(name) for name in names]
        found, token = page(models, request)
        return v1.ListModelsResponse(models=found, next_page_token=token)

    def ListModelVersions(
        self, request: v1.ListModelVersionsRequest
    ) -> v1.ListModelVersionsResponse:
        """List the versions of a model."""
        self._operations.settle()
        versions = self.versions(request.name.partition('@')[0])
        found, token = page(versions, request)
        return v1.ListModelVersionsResponse(models=found, next_page_token=token)

    def UpdateModel(self, request: v1.UpdateModelRequest) -> v1.Model:
        """Change what is said of a version."""
        model = self.version(request.model.name)
        for path in request.update_mask.paths:
            if path not in ('display_name', 'description', 'labels', 'version_description'):
                raise exceptions.InvalidArgument(f'Field {path!r} of a Model cannot be updated.')
            setattr(model, path, getattr(request.model, path))
        check_labels(model.labels)
        return self._keep(model)

    def MergeVersionAliases(self, request: v1.MergeVersionAliasesRequest) -> v1.Model:
        """Give aliases to a version, which others lose, or take them away."""
        model = self.version(request.name)
        if not request.version_aliases:
            raise exceptions.InvalidArgument('version_aliases is required.')
        added = {a for a in request.version_aliases if not a.startswith('-')}
        removed = {a[1:] for a in request.version_aliases if a.startswith('-')}
        _check_aliases(added | removed)
        if DEFAULT in removed:
            raise exceptions.InvalidArgument(
                'The default alias cannot be removed; give it to another version instead.'
            )
        self._take_aliases(model.name, added)
        model.version_aliases = sorted((set(model.version_aliases) | added) - removed)
        return self._keep(model)

    def DeleteModelVersion(self, request: v1.DeleteModelVersionRequest) -> operations_pb2.Operation:
        """Remove a version that is deployed nowhere, is not the default, and not the only one."""
        base, _, wanted = request.name.partition('@')
        if not wanted:
            raise exceptions.InvalidArgument('The name must include a version ID.')
        model = self.version(request.name)
        if len(self.versions(base)) == 1:
            raise exceptions.FailedPrecondition(
                'The only version of a Model cannot be deleted; delete the Model instead.'
            )
        if DEFAULT in model.version_aliases:
            raise exceptions.FailedPrecondition(
                'The default version of a Model cannot be deleted; make another the default first.'
            )
        _refuse_deployed([model])
        return self._remove([model])

    def DeleteModel(self, request: v1.DeleteModelRequest) -> operations_pb2.Operation:
        """Remove a model that is deployed nowhere, with its versions."""
        self._operations.settle()
        if '@' in request.name:
            raise exceptions.InvalidArgument(
                'DeleteModel takes a Model; DeleteModelVersion takes a version.'
            )
        versions = self.versions(request.name)
        _refuse_deployed(versions)
        return self._remove(versions)

    def _remove(self, models: Sequence[v1.Model]) -> operations_pb2.Operation:
        def finish() -> empty_pb2.Empty:
            _refuse_deployed([self.version(f'{m.name}@{m.version_id}') for m in models])
            for model in models:
                self._versions.remove(f'{model.name}@{model.version_id}')
            return empty_pb2.Empty()

        return self._operations.start(models[0].name, v1.DeleteOperationMetadata(), finish)

    def _keep(self, model: v1.Model) -> v1.Model:
        kept = v1.Model(model)
        kept.deployed_models = []
        return self._versions.put(kept, f'{model.name}@{model.version_id}')

    def _take_aliases(self, name: str, aliases: set[str]) -> None:
        for other in self._versions.all():
            if other.name == name and aliases & set(other.version_aliases):
                other.version_aliases = sorted(set(other.version_aliases) - aliases)
                self._keep(other)

    def _check_artifact(self, uri: str) -> None:
        if not uri:
            return
        if not uri.startswith('gs://'):
            raise exceptions.InvalidArgument(f'Invalid artifact_uri {uri!r}: expected gs://…')
        folder = self._world.buckets / uri.removeprefix('gs://')
        if not folder.is_dir() or not any(folder.iterdir()):
            raise exceptions.InvalidArgument(
                f'No object is found under the artifact_uri {uri!r}, or it cannot be read.'
            )


def _refuse_deployed(models: Sequence[v1.Model]) -> None:
    for model in models:
        for place in model.deployed_models:
            raise exceptions.FailedPrecondition(
                f'The Model "{model.name}@{model.version_id}" is deployed or being deployed at '
                f'{place.endpoint} as {place.deployed_model_id}; undeploy it first.'
            )


def _check_aliases(aliases: Any) -> None:
    for alias in aliases:
        if not ALIAS.fullmatch(alias):
            raise exceptions.InvalidArgument(
                f'Invalid version alias {alias!r}: expected {ALIAS.pattern}'
            )
