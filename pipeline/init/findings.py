"""What a recipe can be made of: label, features and split, found in a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from components.query_example_gen.duckdb_text import identifier as quoted
from components.query_example_gen.settings import Split
from pipeline.init.errors import InitError
from pipeline.init.kinds import Guess, guess_kind
from pipeline.init.label import Label, choose_label, guess_label
from pipeline.init.names import clean_names, identifier, unused
from pipeline.init.profile import Column, profile
from pipeline.init.sizing import split_for
from pipeline.init.split import split_by_column
from pipeline.init.table import Table
from transforms.features import output_names

FEWEST_ROWS = 50
"""With fewer, no split is large enough to judge a model by."""

SAME_NUMBER = 0.999999
"""Correlation above which a number is the label itself, perhaps in other units."""


@dataclass(frozen=True)
class Findings:
    """What was found in a table. Names are those that columns have in the recipe.

    Attributes:
      rows: Rows of the table.
      label: What is predicted.
      label_name: Its name.
      label_why: Why that column.
      features: Name -> guess, of the columns that are learnt from.
      left_out: Guesses of the others.
      split: How rows are split.
      split_sql: Name -> expression of the column that tells the split, if one does.
    """

    rows: int
    label: Label
    label_name: str
    label_why: str
    features: Mapping[str, Guess]
    left_out: Sequence[Guess]
    split: Split
    split_sql: Mapping[str, str]

    @property
    def judged(self) -> int:
        """About how many rows a model is judged by; a tenth, where a column tells them."""
        shares = self.split.into
        return self.rows * shares['test'] // sum(shares.values())


def look(table: Table, asked: str | None) -> Findings:
    """Look at a table.

    Args:
      table: The table.
      asked: Name of the label; None to guess.

    Raises:
      InitError: It has too few rows, no label that can be learnt, or nothing to learn it from.
    """
    if table.rows < FEWEST_ROWS:
        raise InitError(
            f'{table.rows} rows are too few: at least {FEWEST_ROWS} are needed, to learn from '
            'some of them and judge by others'
        )
    columns = profile(table.connection, table.sample, table.types)
    told, split = split_by_column(table.connection, table.sample, columns)
    column, why = choose_label([c for c in columns if c is not told], asked)
    label = guess_label(table.connection, table.all, column)
    guesses = [
        _unless_copy(table, label, guess_kind(c)) for c in columns if c not in (column, told)
    ]
    if told and not split:
        guesses.append(Guess(told, None, 'tells splits, but others than train, eval and test'))
    learnt = [g for g in guesses if g.feature]
    if not learnt:
        reasons = '; '.join(f'{g.column.name}: {g.why}' for g in guesses) or 'no other column'
        raise InitError(f'nothing to learn {column.name!r} from: {reasons}')
    label_name, *names = clean_names([column.name, *(g.column.name for g in learnt)])
    features = _named_apart(label_name, dict(zip(names, learnt, strict=True)))
    split_sql = {}
    if told and split:
        name = unused(clean_names([told.name])[0], _folded([label_name, *features]))
        split, split_sql = split.model_copy(update={'column': name}), {name: identifier(told.name)}
    return Findings(
        rows=table.rows,
        label=label,
        label_name=label_name,
        label_why=why,
        features=features,
        left_out=[g for g in guesses if not g.feature],
        split=split or split_for(table.rows),
        split_sql=split_sql,
    )


def _unless_copy(table: Table, label: Label, guess: Guess) -> Guess:
    """Leave a column out that tells the label exactly: the model would learn nothing else."""
    if guess.feature and _is_copy(table, label.column, guess.column):
        return replace(guess, feature=None, why='tells the label exactly, one to one')
    return guess


def _is_copy(table: Table, label: Column, column: Column) -> bool:
    x, y = quoted(column.name), quoted(label.name)
    if column.distinct == label.distinct <= column.present // 5:
        pairs = f'count(DISTINCT ({x}, {y}))'
        return _single(table, f'{pairs} FILTER ({x} IS NOT NULL AND {y} IS NOT NULL)') == (
            label.distinct
        )
    if column.low is None or label.low is None or column.type == 'STRING' or label.type == 'STRING':
        return False
    correlation = _single(table, f'corr(CAST({x} AS DOUBLE), CAST({y} AS DOUBLE))')
    return correlation is not None and abs(correlation) > SAME_NUMBER


def _single(table: Table, measure: str) -> float | None:
    row = table.connection.execute(f'SELECT {measure} FROM {table.sample}').fetchone()
    assert row is not None
    return row[0]


def _named_apart(label_name: str, guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Rename features until no two become a transformed feature of the same name."""
    features: dict[str, Guess] = {}
    made = {label_name}
    for name, guess in guesses.items():
        assert guess.feature is not None
        taken = _folded([label_name, *guesses, *features])
        own = name
        while made & {*output_names(own, guess.feature)}:
            own = unused(name, taken)
            taken.append(own.casefold())
        features[own] = guess
        made |= {*output_names(own, guess.feature)}
    return features


def _folded(names: Sequence[str]) -> list[str]:
    return [name.casefold() for name in names]
