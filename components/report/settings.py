"""What a report shows beyond what every report does, and all that the Report needs to know."""

from typing import Any, Literal

from pydantic import Field

from components.evaluator.settings import Gate
from transforms.features import Settings


class ReportSettings(Settings):
    """What the report of a run looks into."""

    slices: tuple[str, ...] | None = Field(
        None,
        description='Columns whose values, alone and in pairs, are searched for the worst slices; '
        'the first 8 count. By default those of gate.slices, then the features.',
    )
    min_examples: int = Field(
        100, ge=2, description='Fewest rows of a slice to be among the worst.'
    )
    importance_rows: int = Field(
        4000,
        ge=0,
        description='Rows that permutation importance is measured on, at most: fewer are used '
        'where there are many columns. 0: it is not measured.',
    )
    importance_seconds: float = Field(
        20, gt=0, description='Time after which it is not begun for another column.'
    )
    mistakes: int = Field(24, ge=0, le=60, description='Worst rows, or pictures, to show.')


class ReportTerms(Settings):
    """All that the Report needs to know; travels as its `config`."""

    name: str = Field(description="The recipe's name.")
    about: str = Field('', description='What it is about, in a line.')
    task: Literal['regression', 'binary', 'multiclass']
    label: str
    unit: str = Field('', description='Unit of the label.')
    split: str = Field(description='Split that was judged.')
    gate: Gate
    features: tuple[str, ...] = Field((), description='Columns that the model is made from.')
    bucketed: tuple[str, ...] = Field((), description='Those that are cut into quantile buckets.')
    searched: tuple[str, ...] = Field((), description='Settings that a search varies.')
    report: ReportSettings = ReportSettings()
    recipe: dict[str, Any] = Field(default_factory=dict, description='The whole recipe.')

    @property
    def slice_columns(self) -> tuple[str, ...]:
        """Columns to search for the worst slices."""
        if self.report.slices is not None:
            return self.report.slices
        of_gate = [column for gate in self.gate.slices for column in gate.by]
        return tuple(dict.fromkeys([*of_gate, *self.features]))
