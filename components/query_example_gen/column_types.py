"""Which columns a tf.Example can hold."""

from components.query_example_gen.errors import QueryError

TYPES = {'INT64': 'INTEGER', 'FLOAT64': 'FLOAT', 'BOOL': 'BOOLEAN', 'STRING': 'STRING'}
"""Types that BigQueryExampleGen takes, as SQL and as BigQuery's schemas name them."""

_CASTS = {
    'NUMERIC': 'FLOAT64',
    'BIGNUMERIC': 'FLOAT64',
    **dict.fromkeys(('DATE', 'DATETIME', 'TIMESTAMP', 'TIME', 'INTERVAL'), 'STRING'),
}


def checked_type(column: str, type_: str) -> str:
    """Return a column's type as BigQuery's schemas name it, `REPEATED` before it for arrays.

    Args:
        column: Its name, for the error.
        type_: The type as SQL names it, such as `INT64` or `ARRAY<STRING>`.

    Raises:
        QueryError: A tf.Example can't hold it.
    """
    repeated = type_.startswith('ARRAY<')
    element = type_[6:-1] if repeated else type_
    if element not in TYPES:
        fix = 'leave it out'
        if element in _CASTS and not repeated:
            fix = f'write CAST({column} AS {_CASTS[element]}) AS {column}'
        raise QueryError(
            f'data.query: column {column} is {type_}, which tf.Example cannot hold; it holds '
            f'{", ".join(TYPES)} and arrays of them: {fix}'
        )
    return f'REPEATED {TYPES[element]}' if repeated else TYPES[element]
