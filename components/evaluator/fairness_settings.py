"""How far groups of people may be apart: the usual criteria of fairness, and bounds on them."""

from pydantic import Field

from components.evaluator.setting_types import OneOrMore
from transforms.features import Settings

CRITERIA: dict[str, dict[str, str]] = {
    'regression': {
        'mean_error_parity': 'gap of the mean of prediction less label, in units of the label',
        'mae_parity': 'gap of the mean absolute error, in units of the label',
    },
    'binary': {
        'demographic_parity': 'gap of the share that is answered with the second class',
        'equal_opportunity': 'gap of the recall: of those of the second class, how many are found',
        'equalized_odds': 'larger of two gaps: of the recall, and of the share of false alarms '
        'among those of the first class',
        'predictive_parity': 'gap of the precision: of those found, how many are right',
        'accuracy_parity': 'gap of the share of right answers',
    },
    'multiclass': {
        'demographic_parity': 'largest gap of any class in the share answered with it',
        'equal_opportunity': 'largest gap of any class in recall',
        'predictive_parity': 'largest gap of any class in precision',
        'accuracy_parity': 'gap of the share of right answers',
    },
}
"""Task -> criterion -> what it measures; answers are by probability 0.5, or the likeliest class."""


class MaxGap(Settings):
    """How far apart groups may be."""

    max_gap: float = Field(
        ge=0, description='Largest difference between two groups that passes: 0.1 is ten points.'
    )


class FairnessGate(Settings):
    """Groups of people by a sensitive column, and how far apart they may be."""

    by: OneOrMore = Field(
        description='Column, or columns together, whose values make the groups; need not be a '
        'feature.'
    )
    criteria: dict[str, MaxGap] = Field(
        default_factory=dict,
        description='Bounds by criterion. All criteria of the task are measured in any case.',
    )
    min_examples: int = Field(
        50,
        ge=1,
        description='Groups with fewer rows that a criterion counts (of the second class, for '
        'equal_opportunity) are shown, not compared.',
    )
