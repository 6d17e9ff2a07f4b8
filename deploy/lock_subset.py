"""Print the part of requirements.lock that an image needs, hashes included.

Which package brings which is in the lock's `# via` lines, so nothing is resolved again: all images
have the versions that the tests ran with.

    python lock_subset.py           what the pipeline needs: [project] dependencies
    python lock_subset.py server    an extra of pyproject.toml
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')
VIA = re.compile(r'^    #(?: via)?\s+(\S+)')


def canonical(name: str) -> str:
    """Return a project's name as PEP 503 has it."""
    return re.sub(r'[-_.]+', '-', name).lower()


def entries(lock: str) -> dict[str, str]:
    """Return the text of each package of a lock, by name, in its order."""
    blocks = re.split(r'^(?=[A-Za-z0-9])', lock, flags=re.MULTILINE)
    named = ((NAME.match(block), block) for block in blocks)
    return {canonical(match[0]): block for match, block in named if match}


def subset(lock: str, roots: Iterable[str]) -> str:
    """Return the entries of roots and of all that they bring.

    Raises:
      KeyError: A root is not in the lock.
    """
    held = entries(lock)
    brought: dict[str, list[str]] = {}
    for name, block in held.items():
        for line in block.splitlines():
            if via := VIA.match(line):
                brought.setdefault(canonical(via[1].partition('[')[0]), []).append(name)
    wanted: set[str] = set()
    todo = [canonical(root) for root in roots]
    while todo:
        name = todo.pop()
        if name not in held:
            raise KeyError(f'requirements.lock has no {name}; run make lock')
        if name not in wanted:
            wanted.add(name)
            todo += brought.get(name, [])
    return ''.join(block for name, block in held.items() if name in wanted)


def roots_of(project: dict[str, object], extra: str | None) -> list[str]:
    """Return the names of what a project, or an extra of it, asks for."""
    named = project['optional-dependencies'][extra] if extra else project['dependencies']  # type: ignore[index]
    return [match[0] for line in named if (match := NAME.match(line))]


def main(arguments: Sequence[str]) -> None:
    """Print the subset."""
    folder = Path.cwd()
    project = tomllib.loads((folder / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    roots = roots_of(project, arguments[0] if arguments else None)
    sys.stdout.write(subset((folder / 'requirements.lock').read_text(encoding='utf-8'), roots))


if __name__ == '__main__':
    main(sys.argv[1:])
