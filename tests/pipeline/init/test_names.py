import pytest
import sqlglot

from pipeline.init.names import clean_names, identifier, literal, recipe_name


def test_clean_names_are_kept_where_they_are_clean() -> None:
    assert clean_names(['Age', 'hours_per_week']) == ['Age', 'hours_per_week']


def test_odd_names_become_ascii_words() -> None:
    names = clean_names(['Total price (€)', 'größe', '2nd floor', '_hidden', 'Año', '数量'])
    assert names == [
        'total_price',
        'grosse',
        'c_2nd_floor',
        'hidden',
        'ano',
        'column_6',
    ]


def test_names_that_differ_in_case_or_signs_only_are_told_apart() -> None:
    names = clean_names(['Size', 'size', 'size!', 'size', ''])
    assert names == ['Size', 'size_2', 'size_3', 'size_4', 'column_5']


@pytest.mark.parametrize('name', ['order', 'Total price (€)', 'we`ird', 'group', '1st'])
def test_identifiers_read_back_as_the_name(name: str) -> None:
    query = sqlglot.parse_one(f'SELECT {identifier(name)} FROM t', read='bigquery')
    assert query.expressions[0].name == name


def test_plain_identifiers_are_not_quoted() -> None:
    assert identifier('mother_age') == 'mother_age'


@pytest.mark.parametrize('value', ["it's", 'say "no"', 'back\\slash', 'two\nlines', 'naïve', '{}'])
def test_literals_read_back_as_the_value(value: str) -> None:
    query = sqlglot.parse_one(f'SELECT {literal(value)}', read='bigquery')
    assert query.expressions[0].this == value


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('wine', 'wine'),
        ('Sales 2021 (final)', 'sales-2021-final'),
        ('2021_sales', 'data-2021-sales'),
        ('数量', 'data'),
        ('c-3po', 'c-3po'),
        ('x' * 80, 'x' * 60),
    ],
)
def test_recipe_names(text: str, name: str) -> None:
    assert recipe_name(text) == name
