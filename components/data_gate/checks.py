"""Checks that hold for any data: rows in every split, a label to learn, features with values."""

from collections.abc import Iterator, Mapping

from components.data_gate.check import Check, listed, of_rows
from components.data_gate.column_stats import Column, Split
from components.data_gate.settings import DataGateTerms

Counts = Mapping[str, int]
"""Class name -> rows."""


def check_rows(splits: Mapping[str, Split], wanted: tuple[str, ...]) -> Iterator[Check]:
    """Check that every split that is needed has rows."""
    fix = 'give it a larger share in data.split, or let the query return more rows'
    for name in wanted:
        rows = splits[name].rows if name in splits else 0
        seen = f'{rows:,}' if name in splits else 'no such split'
        yield Check('rows', name, None, rows > 0, 'rows', seen, rows, fix)


def check_label(
    splits: Mapping[str, Split], terms: DataGateTerms, classes: Mapping[str, Counts]
) -> Iterator[Check]:
    """Check that every row has a label, and that there is something to learn of it.

    Args:
        splits: statistics by name of the split; those without rows are left out.
        terms: what the gate asks for.
        classes: rows by class and split; not used for regression.
    """
    train = splits.get('train')
    for split in splits.values():
        yield _label_in_every_row(split, terms.label)
        column = split.columns.get(terms.label)
        if column is None or not column.present:
            continue
        if terms.task == 'regression':
            yield _label_is_a_number(split, terms.label, column)
            if split is train and column.type != 'STRING':
                yield _label_varies(split, terms.label, column)
        else:
            if terms.classes is not None:
                yield _classes_as_named(split, terms, classes[split.name])
            if split is train:
                yield _enough_classes(split, terms, classes['train'])
            elif classes.get('train'):
                yield _classes_of_train(split, terms, classes)


def check_features(train: Split, names: tuple[str, ...]) -> Iterator[Check]:
    """Check that every feature is there, and holds a value somewhere, in the train split."""
    for name in names:
        column = train.columns.get(name)
        present = column.present if column else 0
        if column is None:
            seen, fix = 'no such column', 'add it to the query, or take it out of features'
        else:
            seen = f'one in {of_rows(present, train.rows)}'
            fix = 'take it out of features, or mend the query'
        missing = train.rows - present
        yield Check('feature', 'train', name, present > 0, 'a value', seen, missing, fix)


def _label_in_every_row(split: Split, label: str) -> Check:
    column = split.columns.get(label)
    missing = column.missing if column else split.rows
    seen = f'none in {of_rows(missing, split.rows)}'
    fix = f'add `WHERE {label} IS NOT NULL` to the query'
    if column is None:
        seen, fix = 'no such column', f'let the query return {label}'
    elif column.nan or column.infinite:
        seen += ' (NULL, NaN or infinite)'
        fix = f'add `WHERE {label} - {label} = 0` to the query, which none of these meets'
    elif (column.counts or {}).get(''):
        seen += " (NULL or '')"
        fix = f"add `WHERE {label} != ''` to the query"
    expected = 'a label in every row'
    return Check('label', split.name, label, not missing, expected, seen, missing, fix)


def _label_is_a_number(split: Split, label: str, column: Column) -> Check:
    passed = column.type != 'STRING'
    seen = f'{column.type} in {of_rows(column.present, split.rows)}'
    if column.counts:
        seen += f': {listed(column.counts)}'
    fix = f'CAST({label} AS FLOAT64) in the query, or set task: multiclass'
    return Check('label', split.name, label, passed, 'numbers', seen, column.present, fix)


def _label_varies(train: Split, label: str, column: Column) -> Check:
    low, high = column.numbers.min, column.numbers.max
    seen = f'{low:g} to {high:g} in {of_rows(column.present, train.rows)}'
    fix = 'mend the query, or choose another label'
    expected = 'more than one value'
    return Check('label', 'train', label, low < high, expected, seen, column.present, fix)


def _enough_classes(train: Split, terms: DataGateTerms, counts: Counts) -> Check:
    binary = terms.task == 'binary'
    expected = '2 classes' if binary else f'at least {terms.min_classes} classes'
    too_few = len(counts) < terms.min_classes
    too_many = binary and terms.classes is None and len(counts) > 2
    rows = sum(counts.values())
    seen = f'{len(counts)} in {of_rows(rows, train.rows)}: {listed(counts)}'
    fix = 'set task: multiclass, or map the label to two values in the query'
    if too_few:
        fix = 'mend the query (a WHERE may leave one class only), or choose another label'
    passed = not too_few and not too_many
    return Check('classes', 'train', terms.label, passed, expected, seen, rows, fix)


def _classes_as_named(split: Split, terms: DataGateTerms, counts: Counts) -> Check:
    named = terms.classes or ()
    others = {name: rows for name, rows in counts.items() if name not in named}
    expected = f'no class but {", ".join(f"`{name}`" for name in named)}'
    fix = 'name them under classes, or leave these rows out in the query'
    rows = sum(others.values())
    seen = _others(others, split)
    return Check('classes', split.name, terms.label, not others, expected, seen, rows, fix)


def _classes_of_train(split: Split, terms: DataGateTerms, classes: Mapping[str, Counts]) -> Check:
    train = classes['train']
    counts = classes[split.name].items()
    others = {c: rows for c, rows in counts if c not in train and c in (terms.classes or [c])}
    rows = sum(others.values())
    passed = rows <= terms.bounds.unseen_classes * split.rows
    expected = 'only classes that split `train` has'
    fix = (
        'give train a larger share in data.split, leave these rows out in the query, '
        'or raise data_gate.unseen_classes'
    )
    seen = _others(others, split)
    return Check('classes', split.name, terms.label, passed, expected, seen, rows, fix)


def _others(others: Counts, split: Split) -> str:
    if not others:
        return 'no others'
    return f'others in {of_rows(sum(others.values()), split.rows)}: {listed(others)}'
