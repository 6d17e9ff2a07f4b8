"""Resources that outlive the process, and how they are listed."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import proto
from google.api_core import exceptions
from google.protobuf import json_format

from tests.fakes.world import World

M = TypeVar('M', bound=proto.Message)

PARENT = re.compile(r'projects/([a-z0-9:.-]+)/locations/([a-z]+-[a-z]+\d+)')
TERM = re.compile(r'([\w.]+)\s*(!=|=|:|>=|<=|>|<)\s*("(?:[^"\\]|\\.)*"|[^\s()]+)')
PAGE = 100


class Resources(Generic[M]):
    """Messages by name, each in a file of its own; those that go out are copies."""

    def __init__(self, world: World, kind: str, type_: type[M]) -> None:
        """Use those that are there.

        Args:
            world: has the folder.
            kind: as in their names: `endpoints`.
            type_: of the messages.
        """
        self._kind, self._type = kind, type_
        self._folder = world.root / 'vertex' / kind
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._held: dict[str, M] = {}
        for path in sorted(self._folder.glob('*.json')):
            kept = json.loads(path.read_text())
            self._held[kept['key']] = type_.from_json(json.dumps(kept['resource']))

    def new_name(self, parent: str, wanted: str = '') -> str:
        """Return a name that is free.

        Raises:
            AlreadyExists: The one that is wanted isn't.
        """
        check_parent(parent)
        name = f'{parent}/{self._kind}/{wanted or uuid.uuid4().int % 10**19}'
        if name in self._held:
            raise exceptions.AlreadyExists(f'Resource already exists: {name}')
        return name

    def put(self, resource: M, key: str = '') -> M:
        """Keep a message.

        Args:
            resource: the message.
            key: its name, if that in the message is shared with others.
        """
        name = key or str(getattr(resource, 'name', ''))
        kept = self._type(resource)
        data = {'key': name, 'resource': json_format.MessageToDict(self._type.pb(kept))}
        with self._lock:
            self._held[name] = kept
            self._file(name).write_text(json.dumps(data, indent=1))
        return self._type(kept)

    def get(self, name: str) -> M:
        """Return one.

        Raises:
            NotFound: There is none of the name.
        """
        with self._lock:
            if name not in self._held:
                raise exceptions.NotFound(f'The {self._type.__name__} does not exist: {name}')
            return self._type(self._held[name])

    def remove(self, name: str) -> None:
        """Forget one.

        Raises:
            NotFound: There is none of the name.
        """
        with self._lock:
            self.get(name)
            del self._held[name]
            self._file(name).unlink()

    def all(self, parent: str = '') -> list[M]:
        """Return all, or those of a parent; newest first."""
        with self._lock:
            found = [m for n, m in self._held.items() if not parent or n.startswith(f'{parent}/')]
            return [self._type(message) for message in reversed(found)]

    def _file(self, name: str) -> Path:
        return self._folder / f'{quote(name, safe="")}.json'


def page(
    messages: Iterable[M], request: Any, fields: Iterable[str] = ('name', 'display_name')
) -> tuple[list[M], str]:
    """Return the messages that a request to list asks for, and the token of the next page.

    Args:
        messages: all of them.
        request: may have `filter`, `order_by`, `page_size`, `page_token`.
        fields: that can be filtered by, beside `labels`.

    Raises:
        InvalidArgument: The filter, the order or the token is none.
    """
    wanted = matcher(getattr(request, 'filter', ''), fields)
    found = [message for message in messages if wanted(message)]
    for term in reversed([t for t in getattr(request, 'order_by', '').split(',') if t.strip()]):
        name, _, way = term.strip().partition(' ')
        if name not in ('create_time', 'update_time', 'display_name', 'start_time', 'end_time'):
            raise exceptions.InvalidArgument(f'Invalid order_by field: {name}')
        found.sort(key=lambda m: str(getattr(m, name)), reverse=way.strip() == 'desc')
    token = request.page_token or '0'
    if not token.isdecimal():
        raise exceptions.InvalidArgument(f'Invalid page token: {token}')
    start = int(token)
    stop = start + (request.page_size or PAGE)
    return found[start:stop], str(stop) if stop < len(found) else ''


def matcher(text: str, fields: Iterable[str]) -> Callable[[Any], bool]:
    """Return the test that a filter is: terms with AND or OR between, no parentheses.

    Raises:
        InvalidArgument: It can't be read, or names what can't be filtered by.
    """
    known = set(fields)
    any_of = []
    for side in re.split(r'\s+OR\s+', text.strip()) if text.strip() else []:
        all_of = []
        for term in re.split(r'\s+AND\s+', side):
            match = TERM.fullmatch(term.strip())
            if not match:
                raise exceptions.InvalidArgument(f'Invalid filter expression: {text!r}')
            key, sign, value = match.groups()
            snake = re.sub(r'(?<!^)(?=[A-Z])', '_', key).lower()
            if not key.startswith('labels.') and snake not in known:
                raise exceptions.InvalidArgument(f'Invalid filter field: {key}')
            all_of.append((key if key.startswith('labels.') else snake, sign, value.strip('"')))
        any_of.append(all_of)
    return lambda m: (
        not any_of or any(all(_holds(m, *term) for term in all_of) for all_of in any_of)
    )


def check_parent(parent: str) -> None:
    """Refuse what is no project and region.

    Raises:
        InvalidArgument: It is none.
    """
    if not PARENT.fullmatch(parent):
        raise exceptions.InvalidArgument(
            f'Invalid resource name {parent!r}: expected projects/PROJECT/locations/REGION'
        )


def _holds(message: Any, key: str, sign: str, value: str) -> bool:
    if key.startswith('labels.'):
        labels = dict(message.labels)
        name = key.removeprefix('labels.')
        if sign == ':':
            return name in labels and value in ('*', labels[name])
        found = labels.get(name)
        return (found == value) if sign == '=' else (found != value)
    raw = getattr(message, key)
    found = raw.name if hasattr(raw, 'name') else str(raw)
    if key == 'name':
        found = found.rpartition('/')[2] if '/' not in value else found
    elif hasattr(raw, 'isoformat'):
        found = raw.isoformat()
    tests: dict[str, Callable[[], bool]] = {
        '=': lambda: found == value,
        '!=': lambda: found != value,
        ':': lambda: value == '*' or value in found,
        '>': lambda: found > value,
        '<': lambda: found < value,
        '>=': lambda: found >= value,
        '<=': lambda: found <= value,
    }
    return tests[sign]()
