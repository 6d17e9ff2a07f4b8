"""A Dockerfile, read as far as this project writes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Stage:
    """A stage of a build: what it begins with, and its instructions in order."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages(text: str) -> dict[str, Stage]:
    """Return the stages by name."""
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for word, rest in _instructions(text):
        if word == 'FROM':
            base, _, name = rest.partition(' AS ')
            current = found[name] = Stage(name, base)
        elif current:
            current.steps.append((word, rest))
    return found


def lineage(found: dict[str, Stage], name: str) -> list[Stage]:
    """Return a stage and those that it is made from, the first first."""
    chain: list[Stage] = []
    while name in found:
        chain.insert(0, found[name])
        name = found[name].base
    return chain


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r'\\\n\s*', '', text)
    for line in joined.splitlines():
        if line.strip() and not line.startswith('#'):
            word, _, rest = line.partition(' ')
            yield word, rest.strip()
