"""Pictures that were found, as people read of them."""

from components.image_example_gen.check import Found

SHOWN = 20
"""Classes that are listed with their numbers."""


def about_pictures(found: Found) -> str:
    """Say how many pictures there are of each class and split, and what else there is to know."""
    splits = list(found.counts)
    lines = []
    for name, n in list(found.classes.items())[:SHOWN]:
        by_split = [f'{s} {found.counts[s].get(name, 0):,}' for s in splits if s]
        lines.append(f'  {name}: {n:,}' + (f' ({", ".join(by_split)})' if by_split else ''))
    more = len(found.classes) - SHOWN
    lines += [f'  and {more:,} more classes'] if more > 0 else []
    totals = [f'{s} {sum(found.counts[s].values()):,}' for s in splits if s]
    split = ', '.join(totals) or 'split by content'
    lines.append(f'{sum(found.classes.values()):,} pictures: {split}')
    if found.refused:
        lines.append(f'{found.refused:,} cannot be used, whatever they hold')
    return '\n'.join(lines + [f'note: {note}' for note in found.notes])
