"""What the metadata store knows of pushes, and the folders of what became of them."""

from collections.abc import Iterable
from pathlib import Path

from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.types.standard_artifacts import PushedModel

from components.pusher.executor import MODEL_ID
from components.pusher.rollback import live, withdrawn


def pushes(store: MetadataStore) -> list[mlmd.Artifact]:
    """Return every push of a model to a folder of this machine, oldest first."""
    artifacts = store.get_artifacts_by_type(PushedModel.TYPE_NAME)
    made = [a for a in artifacts if a.custom_properties['pushed'].int_value == 1]
    return sorted((a for a in made if '://' not in str(destination(a))), key=lambda a: a.id)


def model_of(push: mlmd.Artifact) -> int:
    """Return the id of the model artifact that a push is a copy of."""
    return int(push.custom_properties[MODEL_ID].int_value)


def destination(push: mlmd.Artifact) -> Path:
    """Return the version's directory that a push made."""
    return Path(push.custom_properties['pushed_destination'].string_value)


def served(folder: Path) -> Path | None:
    """Return the directory of the version in a folder that servers take; None: there is none."""
    versions = live(folder)
    return folder / str(versions[-1]) if versions else None


def rolled_back(made: Iterable[mlmd.Artifact]) -> Path | None:
    """Return where the last of a model's pushes was to, if that version was rolled back."""
    last = max(made, key=lambda push: push.id, default=None)
    if last is None:
        return None
    at = destination(last)
    return at if at.name.isdecimal() and int(at.name) in withdrawn(at.parent) else None


def withdrawn_models(store: MetadataStore) -> set[int]:
    """Return the ids of the models that are served no more because they were rolled back."""
    by_model: dict[int, list[mlmd.Artifact]] = {}
    for push in pushes(store):
        by_model.setdefault(model_of(push), []).append(push)
    return {
        model
        for model, made in by_model.items()
        if rolled_back(made)
        and not any(destination(p) == served(destination(p).parent) for p in made)
    }
