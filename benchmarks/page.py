"""docs/performance.md, made of the results."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / 'docs' / 'performance.md'
NOTES = Path(__file__).parent / 'notes.md'
"""What profiles showed: written by hand, and put at the end of the page."""

LIBRARIES = ('tfx', 'tensorflow', 'apache-beam', 'duckdb')


def write(results: Mapping[str, dict[str, Any]], sections: Iterable[str]) -> None:
    """Write the page.

    Args:
        results: By cell.
        sections: One of each kind of benchmark.
    """
    head = f'# Performance\n\nWritten by `make bench`. {_circumstances(results)}'
    parts = [head, *sections, NOTES.read_text(encoding='utf-8').strip()]
    PAGE.write_text('\n\n'.join(parts) + '\n', encoding='utf-8')


def _circumstances(results: Mapping[str, dict[str, Any]]) -> str:
    machines = [result['machine'] for result in results.values()]
    kinds = sorted({f'{m["cores"]} cores of {m["cpu"]}, {m["memory_gib"]} GiB' for m in machines})
    dates = sorted(result['date'][:10] for result in results.values())
    load = max(m['load'] for m in machines)
    libraries = ', '.join(f'{name} {metadata.version(name)}' for name in LIBRARIES)
    when = ' to '.join(dict.fromkeys((dates[0], dates[-1])))
    return (
        f'Measured on {when} on {" and ".join(kinds)}, with {libraries}. Every cell ran in a '
        'process of its own, one after the other; memory is that of all its processes together. '
        f'The highest load average at the start of a cell was {load}.'
    )
