"""The functions and operators known to mean the same locally as on BigQuery.

This is the allow-list: one line per signature, with the DuckDB text that means the same. `T` is
any one scalar type that all the arguments marked so coerce to; `TEXT` is anything that casts to
STRING; `ANY` is any type; `...` repeats the last parameter. In the templates `{0}`, `{1}`, … are
the arguments and `{all:SEP}` all of them joined by SEP; names that start with `bq_` are the macros
in `macros.sql`. The expected values in the tests come from GoogleSQL's reference implementation.
"""

from __future__ import annotations

from components.query_example_gen.sql.signatures import parse_table

_SCALARS = """
+(INT64, INT64) -> INT64                        ({0} + {1})
+(FLOAT64, FLOAT64) -> FLOAT64                  ({0} + {1})
+(DATE, INT64) -> DATE                          bq_date_add_days({0}, {1})
+(INT64, DATE) -> DATE                          bq_date_add_days({1}, {0})
-(INT64, INT64) -> INT64                        ({0} - {1})
-(FLOAT64, FLOAT64) -> FLOAT64                  ({0} - {1})
-(DATE, INT64) -> DATE                          bq_date_add_days({0}, -{1})
-(INT64) -> INT64                               (-{0})
-(FLOAT64) -> FLOAT64                           (-{0})
*(INT64, INT64) -> INT64                        ({0} * {1})
*(FLOAT64, FLOAT64) -> FLOAT64                  ({0} * {1})
/(FLOAT64, FLOAT64) -> FLOAT64                  bq_divide({0}, {1})
||(STRING, STRING) -> STRING                    ({0} || {1})
=(FLOAT64, FLOAT64) -> BOOL                     bq_float_eq({0}, {1})
=(T, T) -> BOOL                                 ({0} = {1})
!=(FLOAT64, FLOAT64) -> BOOL                    bq_float_ne({0}, {1})
!=(T, T) -> BOOL                                ({0} <> {1})
<(FLOAT64, FLOAT64) -> BOOL                     bq_float_gt({1}, {0})
<(T, T) -> BOOL                                 ({0} < {1})
<=(FLOAT64, FLOAT64) -> BOOL                    bq_float_ge({1}, {0})
<=(T, T) -> BOOL                                ({0} <= {1})
>(FLOAT64, FLOAT64) -> BOOL                     bq_float_gt({0}, {1})
>(T, T) -> BOOL                                 ({0} > {1})
>=(FLOAT64, FLOAT64) -> BOOL                    bq_float_ge({0}, {1})
>=(T, T) -> BOOL                                ({0} >= {1})
LIKE(STRING, STRING) -> BOOL                    ({0} LIKE {1} ESCAPE '\\')
AND(BOOL, BOOL) -> BOOL                         ({0} AND {1})
OR(BOOL, BOOL) -> BOOL                          ({0} OR {1})
NOT(BOOL) -> BOOL                               (NOT {0})

ABS(INT64) -> INT64                             abs({0})
ABS(FLOAT64) -> FLOAT64                         abs({0})
SIGN(INT64) -> INT64                            CAST(sign({0}) AS BIGINT)
SIGN(FLOAT64) -> FLOAT64                        bq_sign({0})
ROUND(FLOAT64) -> FLOAT64                       round({0})
TRUNC(FLOAT64) -> FLOAT64                       trunc({0})
CEIL(FLOAT64) -> FLOAT64                        ceil({0})
CEILING(FLOAT64) -> FLOAT64                     ceil({0})
FLOOR(FLOAT64) -> FLOAT64                       floor({0})
SQRT(FLOAT64) -> FLOAT64                        bq_sqrt({0})
EXP(FLOAT64) -> FLOAT64                         bq_exp({0})
LN(FLOAT64) -> FLOAT64                          bq_ln({0})
LOG(FLOAT64) -> FLOAT64                         bq_ln({0})
LOG10(FLOAT64) -> FLOAT64                       bq_log10({0})
POW(FLOAT64, FLOAT64) -> FLOAT64                bq_pow({0}, {1})
POWER(FLOAT64, FLOAT64) -> FLOAT64              bq_pow({0}, {1})
SIN(FLOAT64) -> FLOAT64                         bq_sin({0})
COS(FLOAT64) -> FLOAT64                         bq_cos({0})
TAN(FLOAT64) -> FLOAT64                         bq_tan({0})
ASIN(FLOAT64) -> FLOAT64                        bq_asin({0})
ACOS(FLOAT64) -> FLOAT64                        bq_acos({0})
ATAN(FLOAT64) -> FLOAT64                        atan({0})
ATAN2(FLOAT64, FLOAT64) -> FLOAT64              atan2({0}, {1})
MOD(INT64, INT64) -> INT64                      ({0} % {1})
DIV(INT64, INT64) -> INT64                      ({0} // {1})
SAFE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64        bq_safe_divide({0}, {1})
IEEE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64        ({0} / {1})
IS_NAN(FLOAT64) -> BOOL                         isnan({0})
IS_INF(FLOAT64) -> BOOL                         isinf({0})
SAFE.LN(FLOAT64) -> FLOAT64                     bq_try_ln({0})
SAFE.LOG(FLOAT64) -> FLOAT64                    bq_try_ln({0})
SAFE.LOG10(FLOAT64) -> FLOAT64                  bq_try_log10({0})
SAFE.SQRT(FLOAT64) -> FLOAT64                   bq_try_sqrt({0})

COALESCE(T...) -> T                             coalesce({all:, })
IFNULL(T, T) -> T                               coalesce({0}, {1})
NULLIF(FLOAT64, FLOAT64) -> FLOAT64             bq_float_nullif({0}, {1})
NULLIF(T, T) -> T                               nullif({0}, {1})
GREATEST(FLOAT64...) -> FLOAT64                 bq_float_greatest([{all:, }])
GREATEST(T...) -> T                             bq_greatest([{all:, }])
LEAST(FLOAT64...) -> FLOAT64                    bq_float_least([{all:, }])
LEAST(T...) -> T                                bq_least([{all:, }])

CONCAT(TEXT...) -> STRING                       ({all: || })
LENGTH(STRING) -> INT64                         length({0})
CHAR_LENGTH(STRING) -> INT64                    length({0})
CHARACTER_LENGTH(STRING) -> INT64               length({0})
BYTE_LENGTH(STRING) -> INT64                    strlen({0})
OCTET_LENGTH(STRING) -> INT64                   strlen({0})
LOWER(STRING) -> STRING                         bq_lower({0})
UPPER(STRING) -> STRING                         bq_upper({0})
TRIM(STRING) -> STRING                          bq_trim({0})
LTRIM(STRING) -> STRING                         bq_ltrim({0})
RTRIM(STRING) -> STRING                         bq_rtrim({0})
TRIM(STRING, STRING) -> STRING                  trim({0}, {1})
LTRIM(STRING, STRING) -> STRING                 ltrim({0}, {1})
RTRIM(STRING, STRING) -> STRING                 rtrim({0}, {1})
SUBSTR(STRING, INT64) -> STRING                 bq_substr({0}, {1})
SUBSTR(STRING, INT64, INT64) -> STRING          bq_substr_length({0}, {1}, {2})
SUBSTRING(STRING, INT64) -> STRING              bq_substr({0}, {1})
SUBSTRING(STRING, INT64, INT64) -> STRING       bq_substr_length({0}, {1}, {2})
LEFT(STRING, INT64) -> STRING                   bq_left({0}, {1})
RIGHT(STRING, INT64) -> STRING                  bq_right({0}, {1})
LPAD(STRING, INT64) -> STRING                   bq_lpad({0}, {1}, ' ')
LPAD(STRING, INT64, STRING) -> STRING           bq_lpad({0}, {1}, {2})
RPAD(STRING, INT64) -> STRING                   bq_rpad({0}, {1}, ' ')
RPAD(STRING, INT64, STRING) -> STRING           bq_rpad({0}, {1}, {2})
REPEAT(STRING, INT64) -> STRING                 bq_repeat({0}, {1})
REPLACE(STRING, STRING, STRING) -> STRING       replace({0}, {1}, {2})
REVERSE(STRING) -> STRING                       bq_reverse({0})
STRPOS(STRING, STRING) -> INT64                 strpos({0}, {1})
INSTR(STRING, STRING) -> INT64                  strpos({0}, {1})
STARTS_WITH(STRING, STRING) -> BOOL             starts_with({0}, {1})
ENDS_WITH(STRING, STRING) -> BOOL               ends_with({0}, {1})
SPLIT(STRING) -> ARRAY<STRING>                  bq_split({0}, ',')
SPLIT(STRING, STRING) -> ARRAY<STRING>          bq_split({0}, {1})
REGEXP_CONTAINS(STRING, STRING) -> BOOL         regexp_matches({0}, {1})
FARM_FINGERPRINT(STRING) -> INT64               farm_fingerprint({0})

ARRAY_LENGTH(ARRAY<T>) -> INT64                 len({0})
ARRAY_TO_STRING(ARRAY<STRING>, STRING) -> STRING array_to_string({0}, {1})

DATE(INT64, INT64, INT64) -> DATE               bq_make_date({0}, {1}, {2})
DATE(DATETIME) -> DATE                          CAST({0} AS DATE)
DATE(TIMESTAMP) -> DATE                         bq_timestamp_to_date({0})
DATETIME(TIMESTAMP) -> DATETIME                 CAST({0} AS TIMESTAMP)
DATETIME(DATE) -> DATETIME                      CAST({0} AS TIMESTAMP)
TIMESTAMP(DATETIME) -> TIMESTAMP                CAST({0} AS TIMESTAMPTZ)
TIMESTAMP(DATE) -> TIMESTAMP                    CAST({0} AS TIMESTAMPTZ)
TIMESTAMP(STRING) -> TIMESTAMP                  bq_to_timestamp({0})
UNIX_DATE(DATE) -> INT64                        date_diff('day', DATE '1970-01-01', {0})
DATE_FROM_UNIX_DATE(INT64) -> DATE              bq_date_add_days(DATE '1970-01-01', {0})
UNIX_SECONDS(TIMESTAMP) -> INT64                bq_floor_div(epoch_us({0}), 1000000)
UNIX_MILLIS(TIMESTAMP) -> INT64                 bq_floor_div(epoch_us({0}), 1000)
UNIX_MICROS(TIMESTAMP) -> INT64                 epoch_us({0})
TIMESTAMP_SECONDS(INT64) -> TIMESTAMP           bq_timestamp_micros({0} * 1000000)
TIMESTAMP_MILLIS(INT64) -> TIMESTAMP            bq_timestamp_micros({0} * 1000)
TIMESTAMP_MICROS(INT64) -> TIMESTAMP            bq_timestamp_micros({0})
"""

_AGGREGATES = """
COUNT(ANY) -> INT64                             count({distinct}{0}){over}
COUNTIF(BOOL) -> INT64                          count(*) FILTER (WHERE {0}){over}
SUM(INT64) -> INT64                             CAST(sum({distinct}{0}){over} AS BIGINT)
SUM(FLOAT64) -> FLOAT64                         sum({distinct}{0}){over}
AVG(FLOAT64) -> FLOAT64                         avg({distinct}{0}){over}
MIN(FLOAT64) -> FLOAT64                         bq_nan_or(max({0}){over}, min({0}){over})
MIN(T) -> T                                     min({0}){over}
MAX(T) -> T                                     max({0}){over}
LOGICAL_AND(BOOL) -> BOOL                       bool_and({0}){over}
LOGICAL_OR(BOOL) -> BOOL                        bool_or({0}){over}
STDDEV(FLOAT64) -> FLOAT64                      stddev_samp({0}){over}
STDDEV_SAMP(FLOAT64) -> FLOAT64                 stddev_samp({0}){over}
STDDEV_POP(FLOAT64) -> FLOAT64                  stddev_pop({0}){over}
VARIANCE(FLOAT64) -> FLOAT64                    var_samp({0}){over}
VAR_SAMP(FLOAT64) -> FLOAT64                    var_samp({0}){over}
VAR_POP(FLOAT64) -> FLOAT64                     var_pop({0}){over}
"""

_WINDOWS = """
ROW_NUMBER() -> INT64                           row_number(){over}
RANK() -> INT64                                 rank(){over}
DENSE_RANK() -> INT64                           dense_rank(){over}
PERCENT_RANK() -> FLOAT64                       percent_rank(){over}
CUME_DIST() -> FLOAT64                          cume_dist(){over}
NTILE(INT64) -> INT64                           ntile({0}){over}
LAG(T) -> T                                     lag({0}){over}
LAG(T, INT64) -> T                              lag({0}, {1}){over}
LAG(T, INT64, T) -> T                           lag({0}, {1}, {2}){over}
LEAD(T) -> T                                    lead({0}){over}
LEAD(T, INT64) -> T                             lead({0}, {1}){over}
LEAD(T, INT64, T) -> T                          lead({0}, {1}, {2}){over}
FIRST_VALUE(T) -> T                             first_value({0}{nulls}){over}
LAST_VALUE(T) -> T                              last_value({0}{nulls}){over}
NTH_VALUE(T, INT64) -> T                        nth_value({0}, {1}{nulls}){over}
"""

VARYING = {
    **dict.fromkeys(('RAND', 'GENERATE_UUID', 'SESSION_USER'), 'gives other values on every run'),
    **dict.fromkeys(
        ('CURRENT_DATE', 'CURRENT_DATETIME', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'),
        'gives other values on every run; write the date that is meant',
    ),
    'ANY_VALUE': 'may give another value on every run; use MIN or MAX',
    'APPROX_COUNT_DISTINCT': 'is approximate; use COUNT(DISTINCT …)',
    'APPROX_QUANTILES': 'is approximate',
    'APPROX_TOP_COUNT': 'is approximate',
}
"""Functions refused because no two runs need agree, with the reason or the fix."""

SCALARS = parse_table(_SCALARS)
AGGREGATES = parse_table(_AGGREGATES)
WINDOWS = parse_table(_WINDOWS)
