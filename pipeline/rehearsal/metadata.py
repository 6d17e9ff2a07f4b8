"""A stand-in for Vertex ML Metadata: artifacts by context, queries of resolvers, and the cache."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from pipeline.rehearsal.errors import RehearsalError

LIVE = 'LIVE'
_TERM = re.compile(r'\s*(?P<key>[\w.]+)\s*=\s*(?P<value>"[^"]*"|\S+)\s*')
_METADATA = re.compile(r'metadata\.(?P<name>\w+)\.(?P<kind>number|string|bool)_value')


@dataclass
class Made:
    """What a task made.

    Attributes:
      artifacts: by output.
      parameters: by output, plain values.
    """

    artifacts: dict[str, list[spec_pb2.RuntimeArtifact]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            'artifacts': {
                key: [json_format.MessageToDict(a) for a in made]
                for key, made in self.artifacts.items()
            },
            'parameters': self.parameters,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> 'Made':
        """Return what `to_dict` has written."""
        artifacts = {key: [_artifact(a) for a in made] for key, made in plain['artifacts'].items()}
        return cls(artifacts, plain['parameters'])


class Metadata:
    """A file with the artifacts of all pipelines that were rehearsed, oldest first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Any] = {'artifacts': [], 'cache': {}}
        if path.exists():
            self._kept = json.loads(path.read_text(encoding='utf-8'))

    def name_for(self, key: str) -> str:
        """Return the resource name of a new artifact.

        Args:
          key: What makes it unlike any other: run, task, output.
        """
        return f'projects/1/locations/local/metadataStores/default/artifacts/{key}'

    def add(self, context: str, made: Made) -> None:
        """Keep what a task made."""
        for artifacts in made.artifacts.values():
            self._kept['artifacts'] += [
                {'context': context, 'state': LIVE, 'artifact': json_format.MessageToDict(a)}
                for a in artifacts
            ]
        self._save()

    def query(self, context: str, condition: str, limit: int) -> list[spec_pb2.RuntimeArtifact]:
        """Return the newest artifacts of a context that meet a condition.

        Args:
          context: The pipeline: Vertex looks no further.
          condition: `schema_title="tfx.Model" AND state=LIVE AND …`.
          limit: How many at most; 0 is Vertex's default, one.

        Raises:
          RehearsalError: The condition can't be read.
        """
        terms = [_term(condition, text) for text in condition.split(' AND ')]
        found = [
            kept['artifact']
            for kept in reversed(self._kept['artifacts'])
            if kept['context'] == context and all(_meets(kept, *term) for term in terms)
        ]
        return [_artifact(a) for a in found[: limit or 1]]

    def cached(self, key: str) -> Made | None:
        """Return what a task with this key made, if there was one."""
        plain = self._kept['cache'].get(key)
        return Made.from_dict(plain) if plain else None

    def keep(self, key: str, made: Made) -> None:
        """Put what a task made into the cache."""
        self._kept['cache'][key] = made.to_dict()
        self._save()

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix('.part')
        part.write_text(json.dumps(self._kept), encoding='utf-8')
        part.replace(self._path)


def title_of(artifact_type: Mapping[str, Any]) -> str:
    """Return the title of an artifact's type, however it is given."""
    if 'schemaTitle' in artifact_type:
        return str(artifact_type['schemaTitle'])
    found = re.search(r'^title: *(\S+)', artifact_type.get('instanceSchema', ''), re.MULTILINE)
    return found[1] if found else ''


def _artifact(plain: Mapping[str, Any]) -> spec_pb2.RuntimeArtifact:
    return json_format.ParseDict(plain, spec_pb2.RuntimeArtifact())


def _term(condition: str, text: str) -> tuple[str, str]:
    match = _TERM.fullmatch(text)
    key = match['key'] if match else ''
    if not match or not (key in ('schema_title', 'name', 'uri', 'state') or _METADATA.match(key)):
        raise RehearsalError(f'query {condition}: {text.strip()!r} is no condition of artifacts')
    return key, match['value'].strip('"')


def _meets(kept: Mapping[str, Any], key: str, value: str) -> bool:
    artifact = kept['artifact']
    if key == 'state':
        return bool(kept['state'] == value)
    if key == 'schema_title':
        return title_of(artifact.get('type', {})) == value
    if named := _METADATA.fullmatch(key):
        found = artifact.get('metadata', {}).get(named['name'])
        match named['kind']:
            case 'number':
                return isinstance(found, float | int) and found == float(value)
            case 'bool':
                return isinstance(found, bool) and str(found).lower() == value
            case _:
                return isinstance(found, str) and found == value
    return bool(artifact.get(key) == value)
