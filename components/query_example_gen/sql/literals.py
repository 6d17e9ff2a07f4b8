"""Functions whose DuckDB text depends on a literal argument: formats, patterns and digits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import types
from components.query_example_gen.sql.quoting import literal
from components.query_example_gen.sql.types import Typed

_MONTHS = ('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec')
_MONTH_ENDINGS = (
    'uary',
    'ruary',
    'ch',
    'il',
    '',
    'e',
    'y',
    'ust',
    'tember',
    'ober',
    'ember',
    'ember',
)
_MONTH_NAMES = '|'.join(
    f'{month}(?:{ending})?' for month, ending in zip(_MONTHS, _MONTH_ENDINGS, strict=True)
)

_DATE_ELEMENTS = {
    **{e: f"strftime({{}}, '{e}')" for e in ('%A', '%a', '%B', '%b', '%d', '%j', '%m', '%y')},
    **{e: f"strftime({{}}, '{e}')" for e in ('%G', '%U', '%u', '%V', '%W', '%w')},
    '%Y': 'CAST(year({}) AS VARCHAR)',
    '%F': "strftime({}, '%Y-%m-%d')",
    '%D': "strftime({}, '%m/%d/%y')",
    '%h': "strftime({}, '%b')",
    '%e': "lpad(CAST(day({}) AS VARCHAR), 2, ' ')",
    '%Q': 'CAST(quarter({}) AS VARCHAR)',
}
_TIME_ELEMENTS = {
    **{e: f"strftime({{}}, '{e}')" for e in ('%H', '%I', '%M', '%S', '%p')},
    '%T': "strftime({}, '%H:%M:%S')",
    '%R': "strftime({}, '%H:%M')",
}
_PARSE_ELEMENTS = {
    '%Y': ('year', r'\d{4}', r'\d{1,5}'),
    '%y': ('year2', r'\d{2}', r'\d{1,2}'),
    '%m': ('month', r'\d{2}', r'\d{1,2}'),
    '%d': ('day', r'\d{2}', r'\d{1,2}'),
    '%b': ('name', f'(?i:{_MONTH_NAMES})', f'(?i:{_MONTH_NAMES})'),
    '%B': ('name', f'(?i:{_MONTH_NAMES})', f'(?i:{_MONTH_NAMES})'),
    '%H': ('hour', r'(?:[01]\d|2[0-3])', r'(?:[01]?\d|2[0-3])'),
    '%M': ('minute', r'\d{2}', r'\d{1,2}'),
    '%S': ('second', r'[0-5]\d', r'\d{1,2}'),
}
_PARSE_ALIASES = {'%T': '%H:%M:%S', '%R': '%H:%M', '%h': '%b'}


def compile_call(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    """Compile one of `FUNCTIONS`.

    Args:
        name: BigQuery's name of the function, in upper case.
        args: Its compiled arguments.
        texts: For each argument the text of the literal that it is, else None.

    Raises:
        QueryError: Wrong arguments, no literal where one is needed, or an unknown element in it.
    """
    try:
        return _COMPILERS[name](name, args, texts)
    except IndexError:
        raise QueryError(f'{name}: too few arguments') from None


def _round(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    """Compile ROUND to n decimals, exactly: DuckDB's own takes 2.675 for the tie 2.68.

    A double is a tie at n decimals if and only if it is an odd multiple of 2^-(n+1); then it is
    rounded away from zero, and otherwise `format` rounds its exact decimal expansion.
    """
    value = _argument(name, args, 0, types.FLOAT64)
    digits = _literal(name, texts, 1)
    if len(args) != 2 or not re.fullmatch(r'\d{1,2}', digits) or int(digits) > 15:
        raise QueryError(f'ROUND takes (FLOAT64, n) with n from 0 to 15, got {digits}')
    n = int(digits)
    return Typed(
        f'bq_round({value}, {literal(f"{{:.{n}f}}")}, {2.0 ** (n + 1):.1f}, 1e{n})', 'FLOAT64'
    )


def _format_time(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    kind = name.removeprefix('FORMAT_')
    value = _argument(name, args, 1, kind)
    if len(args) != 2:
        raise QueryError(f'{name} takes 2 arguments; a time zone is not supported locally')
    if kind == types.TIMESTAMP:
        value = f'CAST({value} AS TIMESTAMP)'
    known = _DATE_ELEMENTS if kind == types.DATE else _DATE_ELEMENTS | _TIME_ELEMENTS
    pieces = [
        known[piece].format(value) if is_element else literal(piece)
        for piece, is_element in _elements(name, _literal(name, texts, 0), known)
    ]
    return Typed(f'({" || ".join(pieces) or literal("")})', types.STRING)


def _parse_time(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    """Compile PARSE_DATE and its kin to a regular expression whose groups are the fields.

    Text that only a more lenient reading takes, such as one digit for a month that another number
    follows at once, is an error here and not NULL, so that nothing differs unseen.
    """
    safe, _, base = name.rpartition('.')
    kind = base.removeprefix('PARSE_')
    text = _argument(name, args, 1, types.STRING)
    if len(args) != 2:
        raise QueryError(f'{name} takes 2 arguments; a time zone is not supported locally')
    format_ = _literal(name, texts, 0)
    for alias, meaning in _PARSE_ALIASES.items():
        format_ = format_.replace(alias, meaning)
    pieces = list(_elements(name, format_, _PARSE_ELEMENTS))
    fields: dict[str, int] = {}
    strict = loose = ''
    for i, (piece, is_element) in enumerate(pieces):
        if not is_element:
            strict += re.escape(piece)
            loose += re.sub(r'(\\\s|\s)+', r'\\s*', re.escape(piece))
            continue
        field, exact, lenient = _PARSE_ELEMENTS[piece]
        if field in fields or (kind == types.DATE and field in ('hour', 'minute', 'second')):
            raise QueryError(f"{name}: the element {piece} has no place in '{format_}'")
        fields[field] = len(fields) + 1
        apart = i + 1 == len(pieces) or not (pieces[i + 1][1] or pieces[i + 1][0][0].isdigit())
        strict += f'({lenient if apart and field not in ("year", "year2", "second") else exact})'
        loose += f'({lenient})'

    def field_text(field: str, default: str) -> str:
        if field not in fields:
            return default
        return f'CAST(regexp_extract({text}, {literal(strict)}, {fields[field]}) AS BIGINT)'

    year = field_text('year', '1970')
    if 'year2' in fields:
        year = f'bq_century({field_text("year2", "")})'
    month = field_text('month', '1')
    if 'name' in fields:
        found = f'regexp_extract({text}, {literal(strict)}, {fields["name"]})'
        month = f'list_position({list(_MONTHS)}, left(lower({found}), 3))'
    day = field_text('day', '1')
    hour, minute, second = (field_text(f, '0') for f in ('hour', 'minute', 'second'))
    value = f"printf('%04d-%02d-%02d', {year}, {month}, {day})"
    if kind != types.DATE:
        value += f" || printf(' %02d:%02d:%02d', {hour}, {minute}, {second})"
    loose = rf'\s*{loose}\s*'
    parsed = (
        f'bq_parse({text}, {literal(strict)}, {literal(loose)},'
        f' TRY_CAST({value} AS {types.TO_DUCKDB[kind]}))'
    )
    return Typed(parsed if safe else f"bq_strict({text}, {parsed}, '{name}')", kind)


def _format(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    format_ = _literal(name, texts, 0)
    pieces, used = [], 0
    for match in re.finditer(r'%%|%([-+ 0]*\d*(?:\.\d+)?)([a-zA-Z])|%|[^%]+', format_):
        flags, verb = match.groups()
        if match[0] == '%%':
            pieces.append(literal('%'))
        elif verb is None and match[0] != '%':
            pieces.append(literal(match[0]))
        elif verb in ('d', 'i') and '.' not in flags:
            used += 1
            value = _argument(name, args, used, types.INT64)
            pieces.append(f'printf({literal(f"%{flags}d")}, {value})')
        elif verb == 'f':
            used += 1
            value = _argument(name, args, used, types.FLOAT64)
            pieces.append(f'printf({literal(match[0])}, bq_plain({value}))')
        elif verb == 's' and not flags:
            used += 1
            pieces.append(_argument(name, args, used, types.STRING))
        else:
            raise QueryError(
                f'FORMAT: `{match[0]}` is not known to mean the same locally as on BigQuery;'
                ' known: %d, %i and %f with flags and width, %s, %%'
            )
    if used + 1 != len(args):
        raise QueryError(f"FORMAT '{format_}' takes {used} values, got {len(args) - 1}")
    return Typed(f'({" || ".join(pieces) or literal("")})', types.STRING)


def _regexp_extract(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    text = _argument(name, args, 0, types.STRING)
    pattern = _literal(name, texts, 1)
    if len(args) != 2:
        raise QueryError(f'{name} takes 2 arguments locally: (STRING, pattern)')
    group = _group(name, pattern)
    if name == 'REGEXP_EXTRACT_ALL':
        all_ = f'regexp_extract_all({text}, {literal(pattern)}, {group})'
        return Typed(all_, types.array_of(types.STRING))
    extracted = f'regexp_extract({text}, {literal(pattern)}, {group})'
    matches = f'regexp_matches({text}, {literal(pattern)})'
    return Typed(f'(CASE WHEN {matches} THEN {extracted} END)', types.STRING)


def _regexp_replace(name: str, args: Sequence[Typed], texts: Sequence[str | None]) -> Typed:
    text, pattern, by = (_argument(name, args, i, types.STRING) for i in range(3))
    if len(args) != 3:
        raise QueryError('REGEXP_REPLACE takes 3 arguments')
    return Typed(f"regexp_replace({text}, {pattern}, {by}, 'g')", types.STRING)


def _group(name: str, pattern: str) -> int:
    """Return the number of the capturing group: 0 for none, else 1.

    Raises:
        QueryError: There are several, or it may take no part in a match: then BigQuery gives NULL
            where DuckDB gives an empty string.
    """
    stripped = re.sub(r'\\.|\[\^?\]?(?:\\.|[^\]])*\]', 'x', pattern, flags=re.DOTALL)
    captures = re.findall(r'\((?!\?)|\(\?P?<', stripped)
    if not captures:
        return 0
    if len(captures) > 1:
        raise QueryError(f"{name} takes a pattern with at most one group, got r'{pattern}'")
    outside, depth, inside = '', 0, False
    for match in re.finditer(r'\((?!\?)|\(\?P?<|[()]|.', stripped, flags=re.DOTALL):
        token = match[0]
        inside = inside or (token in captures and depth == 0)
        depth += token.startswith('(') - (token == ')')
        if depth == 0:
            outside += 'group' if inside else token
            inside = False
    if 'group' not in outside or '|' in outside or re.search(r'group([?*]|\{0)', outside):
        raise QueryError(
            f"{name}: the group in r'{pattern}' may take no part in a match, which is not known to"
            ' mean the same locally as on BigQuery; make the group mandatory'
        )
    return 1


def _elements(name: str, format_: str, known: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a time format, and for each whether it is a `%` element."""
    for match in re.finditer(r'%(E\d*\S|.)?|[^%]+', format_, flags=re.DOTALL):
        piece = match[0]
        if piece == '%%':
            yield '%', False
        elif not piece.startswith('%'):
            yield piece, False
        elif piece in known:
            yield piece, True
        else:
            raise QueryError(
                f'{name}: `{piece}` is not known to mean the same locally as on BigQuery;'
                f' known: {" ".join(known)}'
            )


def _argument(name: str, args: Sequence[Typed], index: int, to: str) -> str:
    value = types.coerce(args[index], to)
    if value is None:
        raise QueryError(f'{name}: argument {index + 1} must be {to}, got {args[index].type}')
    return value.text


def _literal(name: str, texts: Sequence[str | None], index: int) -> str:
    text = texts[index]
    if text is None:
        raise QueryError(f'{name}: argument {index + 1} must be a literal to be checked')
    return text


_COMPILERS: dict[str, Callable[[str, Sequence[Typed], Sequence[str | None]], Typed]] = {
    'FORMAT': _format,
    'FORMAT_DATE': _format_time,
    'FORMAT_DATETIME': _format_time,
    'FORMAT_TIMESTAMP': _format_time,
    'PARSE_DATE': _parse_time,
    'PARSE_DATETIME': _parse_time,
    'PARSE_TIMESTAMP': _parse_time,
    'SAFE.PARSE_DATE': _parse_time,
    'SAFE.PARSE_DATETIME': _parse_time,
    'SAFE.PARSE_TIMESTAMP': _parse_time,
    'REGEXP_EXTRACT': _regexp_extract,
    'REGEXP_EXTRACT_ALL': _regexp_extract,
    'REGEXP_REPLACE': _regexp_replace,
    'ROUND': _round,
}

FUNCTIONS = tuple(_COMPILERS)
