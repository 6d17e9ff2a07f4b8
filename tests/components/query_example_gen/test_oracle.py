"""The values in `meanings.py` are those of GoogleSQL's reference implementation."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from components.query_example_gen.sql import translate
from tests.components.query_example_gen.meanings import BY_ROW, CONSTANT, ERROR, ROWS, TYPES
from tests.components.query_example_gen.test_meanings import DATES, same

api = pytest.importorskip('zetasql.api')
types = pytest.importorskip('zetasql.types')

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def evaluate() -> Callable[[str], Any]:
    """Evaluate a query of one column: returns its values, or ERROR."""
    language = types.LanguageOptions.maximum_features()
    language.product_mode = types.ProductMode.PRODUCT_EXTERNAL
    functions = types.ZetaSQLBuiltinFunctionOptions(language_options=language)
    catalog = api.CatalogBuilder('c').with_builtin_functions(functions).build()
    options = types.AnalyzerOptions(language_options=language, default_timezone='UTC')

    def run(query: str) -> Any:
        builder = api.PreparedQuery.builder().set_sql(query)
        builder = builder.set_analyzer_options(options).set_catalog(catalog)
        try:
            with builder.prepare() as prepared:
                found = prepared.execute().content.table_data.row
                return [plain(row.cell[-1]) for row in found]
        except Exception:  # a base class of its own for each kind of fault
            return ERROR

    return run


def plain(value: Any) -> Any:
    for kind in ('int64_value', 'bool_value', 'double_value', 'string_value'):
        if (found := getattr(value, kind)) is not None:
            return found
    if value.array_value is not None:
        return [plain(element) for element in value.array_value.element]
    return None


def literal(value: object, type_: str) -> str:
    if value is None:
        return f'CAST(NULL AS {type_})'
    text = str(value).replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t')
    return f'CAST("{text}" AS {type_})' if type_ != 'STRING' else f'"{text}"'


def query_of(expression: str, rows: Sequence[tuple]) -> str:
    translated = translate(f'SELECT {expression} AS v FROM t', ['t'], lambda _: TYPES)
    if translated.columns['v'] in DATES:
        expression = f'CAST({expression} AS STRING)'
    selects = []
    for i, row in enumerate(rows):
        columns = zip(row, TYPES.items(), strict=True)
        listed = (f'{literal(value, type_)} AS {name}' for value, (name, type_) in columns)
        selects.append(f'SELECT {i} AS row_number, {", ".join(listed)}')
    table = ' UNION ALL '.join(selects)
    return f'WITH t AS ({table}) SELECT row_number, {expression} AS v FROM t ORDER BY 1'


def check(found: Any, expected: Sequence[object]) -> None:
    assert len(found) == len(expected)
    for value, should in zip(found, expected, strict=True):
        # An empty array comes as no value.
        assert same(value, should) or (value is None and should == [])


@pytest.mark.parametrize('expression', BY_ROW)
def test_of_columns(evaluate: Callable[[str], Any], expression: str) -> None:
    values = list(zip(ROWS, BY_ROW[expression], strict=True))
    check(
        evaluate(query_of(expression, [row for row, value in values if value is not ERROR])),
        [value for _, value in values if value is not ERROR],
    )
    for row, value in values:
        if value is ERROR:
            assert evaluate(query_of(expression, [row])) is ERROR


@pytest.mark.parametrize('expression', CONSTANT)
def test_of_literals(evaluate: Callable[[str], Any], expression: str) -> None:
    found = evaluate(query_of(expression, ROWS[:1]))
    if CONSTANT[expression] is ERROR:
        assert found is ERROR
    else:
        check(found, [CONSTANT[expression]])
