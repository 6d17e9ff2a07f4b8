"""What is not known to mean the same on BigQuery is refused, by name and place."""

import pytest

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import translate

TABLES = {
    'd.t': {
        'name': 'STRING',
        'age': 'INT64',
        'score': 'FLOAT64',
        'born': 'DATE',
        'seen': 'TIMESTAMP',
        'price': 'NUMERIC',
        'tags': 'ARRAY<STRING>',
        'extra': 'STRUCT',
    },
    'd.births': {'weight_pounds': 'FLOAT64'},
}

REFUSED = {
    # Not the same on every run.
    'SELECT RAND() AS r FROM d.t': 'RAND gives other values on every run',
    'SELECT GENERATE_UUID() AS id FROM d.t': 'GENERATE_UUID gives other values',
    'SELECT name FROM d.t WHERE born < CURRENT_DATE()': 'CURRENT_DATE gives other values',
    'SELECT CURRENT_TIMESTAMP AS now': 'unknown column `CURRENT_TIMESTAMP`',
    'SELECT ANY_VALUE(name) AS n FROM d.t': 'ANY_VALUE may give another value',
    'SELECT APPROX_COUNT_DISTINCT(name) AS n FROM d.t': 'APPROX_COUNT_DISTINCT is approximate',
    'SELECT name FROM d.t TABLESAMPLE SYSTEM (10 PERCENT)': '`d.t TABLESAMPLE SYSTEM (10 PERCENT)`',
    'SELECT name FROM d.t LIMIT 5': 'LIMIT without ORDER BY',
    'SELECT ROW_NUMBER() OVER () AS n FROM d.t': 'ROW_NUMBER without ORDER BY',
    'SELECT STRING_AGG(name) AS n FROM d.t': 'STRING_AGG without ORDER BY',
    "SELECT name FROM d.t FOR SYSTEM_TIME AS OF '2020-01-01'": 'SYSTEM_TIME',
    # Not on the list.
    'SELECT SOUNDEX(name) AS s FROM d.t': '`SOUNDEX` is not known to mean the same locally',
    'SELECT NORMALIZE(name) AS s FROM d.t': '`NORMALIZE`',
    'SELECT SAFE.SUBSTR(name, 1) AS s FROM d.t': '`SAFE.SUBSTR`',
    'SELECT MY_UDF(name) AS s FROM d.t': '`MY_UDF`',
    'SELECT CAST(age AS NUMERIC) AS n FROM d.t': '`CAST(age AS NUMERIC)`',
    "SELECT CAST(born AS STRING FORMAT 'YYYY') AS s FROM d.t": 'with FORMAT',
    'SELECT STRUCT(age) AS s FROM d.t': '`STRUCT`',
    'SELECT age & 1 AS a FROM d.t': '`age & 1`',
    'SELECT extra.age AS a FROM d.t': 'unknown table `extra`',
    'SELECT tag FROM d.t, UNNEST(tags) AS tag WITH OFFSET AS i': 'with OFFSET',
    'SELECT AS STRUCT name FROM d.t': 'with KIND',
    'SELECT name FROM d.t GROUP BY ROLLUP (name)': '`ROLLUP (name)`',
    'SELECT age FROM d.t GROUP BY ALL': 'with ALL',
    'WITH RECURSIVE r AS (SELECT 1 AS n) SELECT n FROM r': 'with RECURSIVE',
    "SELECT FORMAT_DATE('%Z', born) AS z FROM d.t": '`%Z`',
    "SELECT PARSE_DATE('%c', name) AS z FROM d.t": '`%c`',
    'SELECT PARSE_DATE(name, name) AS z FROM d.t': 'argument 1 must be a literal',
    "SELECT FORMAT('%t', age) AS z FROM d.t": '`%t`',
    "SELECT REGEXP_EXTRACT(name, r'(a)?b') AS z FROM d.t": 'may take no part in a match',
    "SELECT REGEXP_EXTRACT(name, r'(a)|b') AS z FROM d.t": 'may take no part in a match',
    "SELECT REGEXP_EXTRACT(name, r'(a)(b)') AS z FROM d.t": 'at most one group',
    'SELECT DATE_TRUNC(born, DECADE) AS z FROM d.t': 'the part DECADE',
    'SELECT TIMESTAMP_DIFF(seen, seen, MONTH) AS z FROM d.t': 'the part MONTH',
    'SELECT EXTRACT(HOUR FROM born) AS z FROM d.t': 'the part HOUR',
    "SELECT EXTRACT(HOUR FROM seen AT TIME ZONE 'UTC') AS z FROM d.t": 'AT TIME ZONE',
    'SELECT name FROM d.t UNION ALL SELECT name FROM d.t EXCEPT DISTINCT SELECT name FROM d.t': (
        'in parentheses'
    ),
    'SELECT COUNT(score) OVER (PARTITION BY score) AS n FROM d.t': 'cannot take FLOAT64 `score`',
    'SELECT SUM(price) AS p FROM d.t': 'SUM takes (INT64) or (FLOAT64), got (NUMERIC)',
    'SELECT price * 2 AS p FROM d.t': '`*` cannot take (NUMERIC, INT64)',
    # Wrong on BigQuery too.
    'SELECT name = 1 AS b FROM d.t': '`=` cannot take (STRING, INT64)',
    'SELECT LENGTH(age) AS n FROM d.t': 'LENGTH takes (STRING), got (INT64)',
    'SELECT IF(age, 1, 2) AS n FROM d.t': '`age` must be BOOL, it is INT64',
    "SELECT COALESCE(age, 'none') AS n FROM d.t": 'COALESCE takes (T, ...), got (INT64, STRING)',
    'SELECT CASE WHEN TRUE THEN age ELSE name END AS n FROM d.t': 'INT64, STRING do not fit',
    'SELECT CAST(born AS INT64) AS n FROM d.t': 'no cast from DATE to INT64',
    'SELECT nam FROM d.t': 'unknown column `nam` (did you mean `name`?); columns here: name, age',
    'SELECT x.name FROM d.t': 'unknown table `x` before `.name`; tables here: t',
    'SELECT name FROM d.t, d.births, d.t AS u': 'column `name` is ambiguous; name its table',
    'SELECT t FROM d.t': '`t` alone is the table of that name',
    'SELECT weight FROM d.birth': 'unknown table `d.birth` (did you mean `d.births`?)',
    'SELECT name FROM `d.births_*`': 'unknown table `d.births_*`',
    'SELECT age + 1 FROM d.t': 'column 1 of `SELECT age + 1 FROM d.t` has no name',
    'SELECT n FROM (SELECT COUNT(*) FROM d.t)': 'column 1 of `SELECT COUNT(*) FROM d.t` has no',
    'SELECT name, age AS Name FROM d.t': 'the result has two columns `Name`',
    'SELECT name FROM d.t JOIN d.births': 'needs ON or USING',
    'SELECT name FROM d.t ORDER BY 3': 'there is no column 3; the query has 1',
    'SELECT name FROM d.t UNION ALL SELECT age FROM d.t': 'column `name` is STRING on one side',
    'SELECT 9223372036854775808 AS n': '9223372036854775808 does not fit INT64',
    'SELECT RANK() AS n FROM d.t': 'RANK needs an OVER clause',
    # Not a query.
    'DELETE FROM d.t WHERE TRUE': 'exactly one SELECT, found DELETE FROM d.t WHERE TRUE',
    'SELECT 1 AS a; SELECT 2 AS b': 'exactly one SELECT, found SELECT 1 AS a, SELECT 2 AS b',
    '-- nothing': 'exactly one SELECT, found nothing',
    'SELECT name FROM d.t WHERE age > @age': 'query parameter `@age` has no value',
    'SELECT name FROM d.t WHERE age > ?': 'query parameter `?` has no value',
    'SELECT name,\n  age FROM\nWHERE age > 1': 'SQL line 3, column 1: cannot read on at `WHERE`',
    "SELECT 'abc AS s": 'a string or comment is not closed',
    "SELECT 'it''s' AS s": 'SQL line 1, column 12',
    'SELECT name FROM [d:t]': 'cannot read on at `[`',
}


@pytest.mark.parametrize('query', REFUSED)
def test_is_refused_in_one_line(query: str) -> None:
    with pytest.raises(QueryError) as error:
        translate(query, TABLES, TABLES.__getitem__)
    assert REFUSED[query] in str(error.value)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('query', 'place'),
    [
        ('SELECT\n  name,\n  SOUNDEX(name) AS s\nFROM d.t', 'SQL line 3, column 3: '),
        ('SELECT name\nFROM d.t\nWHERE agee > 3', 'SQL line 3, column 7: '),
        ('SELECT name\nFROM `d.nosuch`', 'SQL line 2, column 6: '),
    ],
)
def test_the_place_is_told(query: str, place: str) -> None:
    with pytest.raises(QueryError) as error:
        translate(query, TABLES, TABLES.__getitem__)
    assert str(error.value).startswith(place)


def test_a_fault_of_a_file_has_no_place_in_the_query() -> None:
    def broken(name: str) -> dict[str, str]:
        raise QueryError(f'data.local: {name}: no such file')

    with pytest.raises(QueryError, match=r'^data\.local: d\.t: no such file$'):
        translate('SELECT name FROM d.t', TABLES, broken)
