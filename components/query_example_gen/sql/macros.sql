-- What BigQuery's functions mean, in DuckDB SQL. Checked against GoogleSQL's reference
-- implementation; DuckDB's own function is used directly wherever it agrees.
-- TimeZone must be UTC, BigQuery's default.

-- Errors ---------------------------------------------------------------------------------------
CREATE MACRO bq_strict(x, y, kind) AS
  CASE WHEN y IS NULL AND x IS NOT NULL
       THEN error('bigquery: ' || kind || ' cannot take the value ''' || CAST(x AS VARCHAR) || '''')
       ELSE y END;

-- FLOAT64: NaN equals nothing and is neither above nor below anything; DuckDB has it largest -----
CREATE MACRO bq_float_eq(a, b) AS (a = b AND NOT (isnan(a) AND b IS NOT NULL));
CREATE MACRO bq_float_ne(a, b) AS (a <> b OR (isnan(a) AND isnan(b)));
CREATE MACRO bq_float_gt(a, b) AS (a > b AND NOT (isnan(a) AND b IS NOT NULL));
CREATE MACRO bq_float_ge(a, b) AS (a >= b AND NOT (isnan(a) AND b IS NOT NULL));
CREATE MACRO bq_float_nullif(a, b) AS CASE WHEN bq_float_eq(a, b) THEN NULL ELSE a END;
CREATE MACRO bq_nan_or(m, x) AS CASE WHEN isnan(m) THEN m ELSE x END;
CREATE MACRO bq_greatest(xs) AS CASE WHEN list_count(xs) = len(xs) THEN list_max(xs) END;
CREATE MACRO bq_least(xs) AS CASE WHEN list_count(xs) = len(xs) THEN list_min(xs) END;
CREATE MACRO bq_float_greatest(xs) AS bq_greatest(xs);
CREATE MACRO bq_float_least(xs) AS
  CASE WHEN list_count(xs) = len(xs) THEN bq_nan_or(list_max(xs), list_min(xs)) END;

-- Numbers --------------------------------------------------------------------------------------
CREATE MACRO bq_divide(a, b) AS
  CASE WHEN b = 0 AND a IS NOT NULL
       THEN error('bigquery: division by zero; SAFE_DIVIDE gives NULL instead')
       ELSE a / b END;
CREATE MACRO bq_safe_divide(a, b) AS
  CASE WHEN b = 0 OR (isinf(a / b) AND NOT isinf(a)) THEN NULL ELSE a / b END;
CREATE MACRO bq_floor_div(a, b) AS (a - (a % b + b) % b) // b;
CREATE MACRO bq_round(x, pattern, halves, scale) AS
  CASE WHEN abs(x) >= 1e15 OR NOT isfinite(x) THEN x
       WHEN abs(x * halves) % 2 = 1 THEN round(x * scale) / scale
       ELSE CAST(format(pattern, x) AS DOUBLE) END;
-- Without the sign that a zero or NaN may have.
CREATE MACRO bq_plain(x) AS CASE WHEN isnan(x) THEN CAST('nan' AS DOUBLE) ELSE x + 0 END;
CREATE MACRO bq_sign(x) AS CASE WHEN isnan(x) THEN x ELSE CAST(sign(x) AS DOUBLE) END;
CREATE MACRO bq_try_ln(x) AS
  CASE WHEN x > 0 THEN ln(x) WHEN isinf(x) THEN CAST('nan' AS DOUBLE) END;
CREATE MACRO bq_try_log10(x) AS
  CASE WHEN x > 0 THEN log10(x) WHEN isinf(x) THEN CAST('nan' AS DOUBLE) END;
CREATE MACRO bq_try_sqrt(x) AS CASE WHEN x >= 0 THEN sqrt(x) END;
CREATE MACRO bq_ln(x) AS bq_strict(x, bq_try_ln(x), 'LN');
CREATE MACRO bq_log10(x) AS bq_strict(x, bq_try_log10(x), 'LOG10');
CREATE MACRO bq_sqrt(x) AS bq_strict(x, bq_try_sqrt(x), 'SQRT');
CREATE MACRO bq_exp(x) AS
  bq_strict(x, CASE WHEN isinf(x) OR NOT isinf(exp(x)) THEN exp(x) END, 'EXP');
CREATE MACRO bq_pow(a, b) AS
  CASE WHEN isfinite(a) AND isfinite(b) AND NOT isfinite(pow(a, b))
       THEN error('bigquery: POW has no finite value for ' || a || ', ' || b) ELSE pow(a, b) END;
CREATE MACRO bq_sin(x) AS CASE WHEN isinf(x) THEN CAST('nan' AS DOUBLE) ELSE sin(x) END;
CREATE MACRO bq_cos(x) AS CASE WHEN isinf(x) THEN CAST('nan' AS DOUBLE) ELSE cos(x) END;
CREATE MACRO bq_tan(x) AS CASE WHEN isinf(x) THEN CAST('nan' AS DOUBLE) ELSE tan(x) END;
CREATE MACRO bq_asin(x) AS
  bq_strict(x, CASE WHEN isnan(x) OR abs(x) <= 1 THEN asin(x) END, 'ASIN');
CREATE MACRO bq_acos(x) AS
  bq_strict(x, CASE WHEN isnan(x) OR abs(x) <= 1 THEN acos(x) END, 'ACOS');

-- Casts ----------------------------------------------------------------------------------------
CREATE MACRO bq_float_to_string(x) AS
  CASE WHEN x = 0 THEN '0'
       WHEN isnan(x) THEN 'nan'
       WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END
       WHEN CAST(format('{:.15g}', x) AS DOUBLE) = x THEN format('{:.15g}', x)
       ELSE format('{:.17g}', x) END;
CREATE MACRO bq_try_float_to_int64(x) AS TRY_CAST(round(x) AS BIGINT);
CREATE MACRO bq_float_to_int64(x) AS bq_strict(x, bq_try_float_to_int64(x), 'CAST AS INT64');
CREATE MACRO bq_numeric_to_float64(x) AS CAST(CAST(x AS VARCHAR) AS DOUBLE);
CREATE MACRO bq_numeric_to_int64(x) AS CAST(round(x) AS BIGINT);
CREATE MACRO bq_numeric_to_string(x) AS
  CASE WHEN contains(CAST(x AS VARCHAR), '.') THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.')
       ELSE CAST(x AS VARCHAR) END;
CREATE MACRO bq_try_to_int64(s) AS
  CASE WHEN regexp_full_match(s, '\s*[+-]?\d+\s*') THEN TRY_CAST(trim(s, E' \t\n\r\f') AS BIGINT)
       WHEN regexp_matches(s, '0[xX]') THEN error('bigquery: hexadecimal text ' || s) END;
CREATE MACRO bq_try_to_float64(s) AS
  CASE WHEN regexp_full_match(s, '\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:inf|infinity|nan))\s*')
       THEN CAST(trim(s, E' \t\n\r\f') AS DOUBLE)
       WHEN regexp_matches(s, '0[xX]') THEN error('bigquery: hexadecimal text ' || s) END;
CREATE MACRO bq_try_to_bool(s) AS
  CASE lower(s) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END;
CREATE MACRO bq_try_to_date(s) AS
  CASE WHEN regexp_full_match(s, '\d{4}-\d{1,2}-\d{1,2}') AND NOT starts_with(s, '0000')
       THEN TRY_CAST(s AS DATE) END;
CREATE MACRO bq_try_to_datetime(s) AS
  CASE WHEN regexp_matches(s, '^\d+-.*:60(\.\d+)?$') THEN error('bigquery: leap second in ' || s)
       WHEN regexp_full_match(s, '\d{4}-\d{1,2}-\d{1,2}([ Tt]([01]?\d|2[0-3]):\d{1,2}:\d{1,2}(\.\d{1,6})?)?')
            AND NOT starts_with(s, '0000')
       THEN TRY_CAST(translate(s, 'Tt', '  ') AS TIMESTAMP) END;
CREATE MACRO bq_offset(zone) AS
  to_minutes((CASE WHEN starts_with(zone, '-') THEN -1 ELSE 1 END)
             * (CAST(regexp_extract(zone, '\d+') AS INTEGER) * 60
                + coalesce(TRY_CAST(regexp_extract(zone, ':(\d+)', 1) AS INTEGER), 0)));
CREATE MACRO bq_try_to_timestamp(s) AS
  CASE WHEN regexp_matches(regexp_replace(s, 'UTC$', ''), '^\d+-\d+-\d.*[A-Za-z]{2}')
       THEN error('bigquery: time zone names are not known locally: ' || s)
       WHEN regexp_matches(s, '[ Tt].*[+-]\d{1,2}(:\d{2})?$')
       THEN CAST(bq_try_to_datetime(regexp_replace(s, '[+-]\d{1,2}(:\d{2})?$', '')) AS TIMESTAMPTZ)
            - bq_offset(regexp_extract(s, '[+-]\d{1,2}(:\d{2})?$'))
       ELSE CAST(bq_try_to_datetime(regexp_replace(s, '(Z|z| ?UTC)$', '')) AS TIMESTAMPTZ) END;
CREATE MACRO bq_to_int64(s) AS bq_strict(s, bq_try_to_int64(s), 'CAST AS INT64');
CREATE MACRO bq_to_float64(s) AS bq_strict(s, bq_try_to_float64(s), 'CAST AS FLOAT64');
CREATE MACRO bq_to_bool(s) AS bq_strict(s, bq_try_to_bool(s), 'CAST AS BOOL');
CREATE MACRO bq_to_date(s) AS bq_strict(s, bq_try_to_date(s), 'CAST AS DATE');
CREATE MACRO bq_to_datetime(s) AS bq_strict(s, bq_try_to_datetime(s), 'CAST AS DATETIME');
CREATE MACRO bq_to_timestamp(s) AS bq_strict(s, bq_try_to_timestamp(s), 'CAST AS TIMESTAMP');

-- Strings --------------------------------------------------------------------------------------
-- The letters that DuckDB's case mapping does not know, or maps to one letter and not to several.
CREATE MACRO bq_upper(s) AS
  CASE WHEN regexp_matches(s, '[\x{149}\x{19B}\x{1F0}\x{264}\x{390}\x{3B0}\x{587}\x{1C8A}\x{1E96}-\x{1E9A}\x{1F50}-\x{1FFC}\x{A7CD}\x{A7DB}\x{FB00}-\x{FB17}\x{10D70}-\x{10D85}]')
       THEN error('bigquery: UPPER cannot take the letters of ' || s)
       ELSE upper(replace(s, 'ß', 'SS')) END;
CREATE MACRO bq_lower(s) AS
  CASE WHEN regexp_matches(s, '[\x{130}\x{3A3}\x{1C89}\x{A7CB}\x{A7CC}\x{A7DA}\x{A7DC}\x{10D50}-\x{10D65}]')
       THEN error('bigquery: LOWER cannot take the letters of ' || s)
       ELSE lower(s) END;
CREATE MACRO bq_ltrim(s) AS regexp_replace(s, '^[\s\v\x{85}\p{Z}]+', '');
CREATE MACRO bq_rtrim(s) AS regexp_replace(s, '[\s\v\x{85}\p{Z}]+$', '');
CREATE MACRO bq_trim(s) AS bq_rtrim(bq_ltrim(s));
CREATE MACRO bq_substr(s, start) AS
  substring(s, CASE WHEN start = 0 OR start < -length(s) THEN 1 ELSE start END);
CREATE MACRO bq_substr_length(s, start, n) AS
  CASE WHEN n < 0 THEN error('bigquery: SUBSTR cannot take the length ' || n)
       ELSE substring(s, CASE WHEN start = 0 OR start < -length(s) THEN 1 ELSE start END, n) END;
CREATE MACRO bq_left(s, n) AS
  CASE WHEN n < 0 THEN error('bigquery: LEFT cannot take the length ' || n) ELSE left(s, n) END;
CREATE MACRO bq_right(s, n) AS
  CASE WHEN n < 0 THEN error('bigquery: RIGHT cannot take the length ' || n) ELSE right(s, n) END;
CREATE MACRO bq_lpad(s, n, pad) AS
  CASE WHEN n < 0 OR pad = '' THEN error('bigquery: LPAD cannot take the length ' || n)
       ELSE lpad(s, CAST(n AS INTEGER), pad) END;
CREATE MACRO bq_rpad(s, n, pad) AS
  CASE WHEN n < 0 OR pad = '' THEN error('bigquery: RPAD cannot take the length ' || n)
       ELSE rpad(s, CAST(n AS INTEGER), pad) END;
CREATE MACRO bq_repeat(s, n) AS
  CASE WHEN n < 0 THEN error('bigquery: REPEAT cannot take the count ' || n) ELSE repeat(s, n) END;
CREATE MACRO bq_characters(s) AS regexp_extract_all(s, '(?s).');
CREATE MACRO bq_reverse(s) AS array_to_string(list_reverse(bq_characters(s)), '');
CREATE MACRO bq_split(s, separator) AS
  CASE WHEN s = '' THEN [''] WHEN separator = '' THEN bq_characters(s)
       ELSE string_split(s, separator) END;

-- Dates and times ------------------------------------------------------------------------------
CREATE MACRO bq_date_add_days(d, n) AS d + CAST(n AS INTEGER);
CREATE MACRO bq_date_add_months(d, n) AS CAST(d + to_months(CAST(n AS INTEGER)) AS DATE);
-- Week of the year, from 0; weeks start on ISO weekday `first`, and the first one is in full.
CREATE MACRO bq_week(d, first) AS (dayofyear(d) + 6 - (isodow(d) - first + 7) % 7) // 7;
CREATE MACRO bq_make_date(y, m, d) AS
  CASE WHEN y < 1 OR y > 9999 THEN error('bigquery: DATE cannot take the year ' || y)
       ELSE make_date(y, m, d) END;
CREATE MACRO bq_timestamp_to_date(t) AS CAST(CAST(t AS TIMESTAMP) AS DATE);
CREATE MACRO bq_timestamp_micros(n) AS CAST(make_timestamp(n) AS TIMESTAMPTZ);
CREATE MACRO bq_datetime_to_string(t) AS
  strftime(t, '%Y-%m-%d %H:%M:%S')
  || CASE WHEN extract('microsecond' FROM t) % 1000000 = 0 THEN ''
          WHEN extract('microsecond' FROM t) % 1000 = 0 THEN strftime(t, '.%g')
          ELSE strftime(t, '.%f') END;
CREATE MACRO bq_timestamp_to_string(t) AS bq_datetime_to_string(CAST(t AS TIMESTAMP)) || '+00';
CREATE MACRO bq_century(y) AS CASE WHEN y < 69 THEN 2000 + y ELSE 1900 + y END;
CREATE MACRO bq_parse(s, strict, loose, parsed) AS
  CASE WHEN regexp_full_match(s, strict) THEN parsed
       WHEN regexp_full_match(s, loose)
       THEN error('bigquery: ''' || s || ''' fits the format only loosely') END;

-- Arrays; `i` counts from 1 -----------------------------------------------------------------------
CREATE MACRO bq_try_element(xs, i) AS CASE WHEN i BETWEEN 1 AND len(xs) THEN xs[i] END;
CREATE MACRO bq_element(xs, i) AS
  CASE WHEN i BETWEEN 1 AND len(xs) OR xs IS NULL OR i IS NULL THEN xs[i]
       ELSE error('bigquery: array index ' || i || ' is out of bounds') END;
