-- Queries over p (name, team, age, score) and q (team, city), each with the rows that GoogleSQL's
-- reference implementation gives for it, as Python tuples: in order where the query ends in ORDER BY.

SELECT name, age FROM p WHERE age > 30;
-- ('ann', 31)
-- ('cid', 40)
-- ('fay', 31)

SELECT * FROM q;
-- ('blue', 'Bern')
-- ('grey', None)
-- ('red', 'Rome')

SELECT * EXCEPT (age, score) FROM p WHERE age = 25;
-- ('bob', 'red')
-- ('dot', 'blue')

SELECT * REPLACE (UPPER(team) AS team) FROM q;
-- ('BLUE', 'Bern')
-- ('GREY', None)
-- ('RED', 'Rome')

SELECT q.*, p.name FROM q JOIN p ON p.team = q.team WHERE p.age < 30;
-- ('blue', 'Bern', 'dot')
-- ('red', 'Rome', 'bob')

SELECT p.name, city FROM p JOIN q USING (team);
-- ('ann', 'Rome')
-- ('bob', 'Rome')
-- ('cid', 'Bern')
-- ('dot', 'Bern')

SELECT team, name, city FROM p LEFT JOIN q USING (team);
-- (None, 'eve', None)
-- ('blue', 'cid', 'Bern')
-- ('blue', 'dot', 'Bern')
-- ('green', 'fay', None)
-- ('red', 'ann', 'Rome')
-- ('red', 'bob', 'Rome')

SELECT team, name, city FROM p RIGHT JOIN q USING (team);
-- ('blue', 'cid', 'Bern')
-- ('blue', 'dot', 'Bern')
-- ('grey', None, None)
-- ('red', 'ann', 'Rome')
-- ('red', 'bob', 'Rome')

SELECT team, name, city FROM p FULL JOIN q USING (team);
-- (None, 'eve', None)
-- ('blue', 'cid', 'Bern')
-- ('blue', 'dot', 'Bern')
-- ('green', 'fay', None)
-- ('grey', None, None)
-- ('red', 'ann', 'Rome')
-- ('red', 'bob', 'Rome')

SELECT * FROM q JOIN (SELECT team, COUNT(*) AS n FROM p GROUP BY team) USING (team);
-- ('blue', 'Bern', 2)
-- ('red', 'Rome', 2)

SELECT a.name, b.name AS other FROM p AS a JOIN p AS b ON a.age = b.age AND a.name < b.name;
-- ('ann', 'fay')
-- ('bob', 'dot')

SELECT a.name, b.name AS other FROM p a CROSS JOIN p b WHERE a.score = b.score AND a.name !=
b.name;
-- ('ann', 'fay')
-- ('fay', 'ann')

SELECT name, city FROM p, q WHERE p.team = q.team AND city = 'Bern';
-- ('cid', 'Bern')
-- ('dot', 'Bern')

SELECT team, COUNT(*) AS n, COUNT(age) AS ages, SUM(age) AS total, AVG(age) AS mean, MIN(score) AS
low, MAX(score) AS high FROM p GROUP BY team;
-- (None, 1, 0, None, None, 4.0, 4.0)
-- ('blue', 2, 2, 65, 32.5, NAN, NAN)
-- ('green', 1, 1, 31, 31.0, 1.5, 1.5)
-- ('red', 2, 2, 56, 28.0, 1.5, 1.5)

SELECT COUNT(*) AS n, COUNT(DISTINCT age) AS ages, COUNTIF(age > 30) AS old FROM p;
-- (6, 3, 3)

SELECT COUNT(*) AS n, SUM(age) AS total, MIN(name) AS first FROM p WHERE FALSE;
-- (0, None, None)

SELECT MIN(score) AS low, MAX(score) AS high FROM p WHERE NOT IS_NAN(score);
-- (-2.0, 4.0)

SELECT MIN(score) AS low, MAX(score) AS high FROM p;
-- (NAN, NAN)

SELECT SUM(DISTINCT age) AS total, AVG(DISTINCT age) AS mean FROM p;
-- (96, 32.0)

SELECT LOGICAL_AND(age > 20) AS every, LOGICAL_OR(age > 35) AS any_old FROM p;
-- (True, True)

SELECT STDDEV(age) AS a, VARIANCE(age) AS b, STDDEV_POP(age) AS c, VAR_POP(age) AS d FROM p WHERE
age IN (25, 31);
-- (3.4641016151377544, 12.0, 3.0, 9.0)

SELECT team, STRING_AGG(name, '+' ORDER BY name DESC) AS names FROM p GROUP BY team;
-- (None, 'eve')
-- ('blue', 'dot+cid')
-- ('green', 'fay')
-- ('red', 'bob+ann')

SELECT STRING_AGG(DISTINCT team ORDER BY team) AS teams FROM p;
-- ('blue,green,red',)

SELECT team, ARRAY_AGG(age ORDER BY age) AS ages, ARRAY_AGG(name ORDER BY age DESC, name LIMIT 1)
AS oldest FROM p WHERE age IS NOT NULL GROUP BY team;
-- ('blue', [25, 40], ['cid'])
-- ('green', [31], ['fay'])
-- ('red', [25, 31], ['ann'])

SELECT ARRAY_AGG(age IGNORE NULLS ORDER BY age DESC) AS ages FROM p;
-- ([40, 31, 31, 25, 25],)

SELECT age, COUNT(*) AS n FROM p GROUP BY 1 HAVING n > 1;
-- (25, 2)
-- (31, 2)

SELECT -age AS age, COUNT(*) AS n FROM p GROUP BY age;
-- (None, 1)
-- (-25, 2)
-- (-31, 2)
-- (-40, 1)

SELECT UPPER(team) AS team, COUNT(*) AS n FROM p GROUP BY team;
-- (None, 1)
-- ('BLUE', 2)
-- ('GREEN', 1)
-- ('RED', 2)

SELECT UPPER(team) AS team, COUNT(*) AS n FROM p GROUP BY p.team HAVING team IS NOT NULL;
-- ('BLUE', 2)
-- ('GREEN', 1)
-- ('RED', 2)

SELECT MOD(age, 2) AS odd, SUM(age) AS age FROM p GROUP BY odd HAVING age > 50;
-- (1, 112)

SELECT MOD(age, 2) AS odd, SUM(age) AS total FROM p GROUP BY MOD(age, 2);
-- (None, None)
-- (0, 40)
-- (1, 112)

SELECT score, COUNT(*) AS n FROM p GROUP BY score;
-- (None, 1)
-- (-2.0, 1)
-- (1.5, 2)
-- (4.0, 1)
-- (NAN, 1)

SELECT name FROM p WHERE score > 0;
-- ('ann',)
-- ('eve',)
-- ('fay',)

SELECT name FROM p WHERE NOT (score > 0);
-- ('cid',)
-- ('dot',)

SELECT name FROM p WHERE score != 1.5;
-- ('cid',)
-- ('dot',)
-- ('eve',)

SELECT name FROM p WHERE score = score;
-- ('ann',)
-- ('dot',)
-- ('eve',)
-- ('fay',)

SELECT name FROM p ORDER BY score, name;
-- ('bob',)
-- ('cid',)
-- ('dot',)
-- ('ann',)
-- ('fay',)
-- ('eve',)

SELECT name FROM p ORDER BY score DESC, name DESC;
-- ('eve',)
-- ('fay',)
-- ('ann',)
-- ('dot',)
-- ('cid',)
-- ('bob',)

SELECT name FROM p ORDER BY age NULLS LAST, name LIMIT 3;
-- ('bob',)
-- ('dot',)
-- ('ann',)

SELECT name, age FROM p ORDER BY 2 DESC, 1 LIMIT 2 OFFSET 1;
-- ('ann', 31)
-- ('fay', 31)

SELECT -age AS age FROM p WHERE age > 0 ORDER BY age LIMIT 1;
-- (-40,)

SELECT -age AS a FROM p WHERE age > 0 ORDER BY age LIMIT 1;
-- (-25,)

SELECT -age AS age FROM p WHERE age > 0 ORDER BY p.age, name LIMIT 1;
-- (-25,)

SELECT DISTINCT age FROM p ORDER BY age DESC;
-- (40,)
-- (31,)
-- (25,)
-- (None,)

SELECT DISTINCT team, age > 30 AS old FROM p WHERE team = 'red';
-- ('red', False)
-- ('red', True)

SELECT team FROM p UNION ALL SELECT team FROM q;
-- (None,)
-- ('blue',)
-- ('blue',)
-- ('blue',)
-- ('green',)
-- ('grey',)
-- ('red',)
-- ('red',)
-- ('red',)

SELECT team FROM p UNION DISTINCT SELECT team FROM q;
-- (None,)
-- ('blue',)
-- ('green',)
-- ('grey',)
-- ('red',)

SELECT team FROM p INTERSECT DISTINCT SELECT team FROM q;
-- ('blue',)
-- ('red',)

SELECT team FROM p EXCEPT DISTINCT SELECT team FROM q;
-- (None,)
-- ('green',)

SELECT age AS v FROM p WHERE age > 30 UNION ALL SELECT score FROM p WHERE score < 2;
-- (-2.0,)
-- (1.5,)
-- (1.5,)
-- (31.0,)
-- (31.0,)
-- (40.0,)

SELECT name, NULL AS city FROM p WHERE age = 40 UNION ALL SELECT team, city FROM q ORDER BY name;
-- ('blue', 'Bern')
-- ('cid', None)
-- ('grey', None)
-- ('red', 'Rome')

(SELECT name FROM p ORDER BY name LIMIT 1) UNION ALL (SELECT team FROM q ORDER BY team DESC LIMIT
1);
-- ('ann',)
-- ('red',)

WITH old AS (SELECT name, team FROM p WHERE age > 30), c AS (SELECT COUNT(*) AS n FROM old) SELECT
name, n FROM old, c;
-- ('ann', 3)
-- ('cid', 3)
-- ('fay', 3)

WITH a AS (SELECT 1 AS v), b AS (SELECT v + 1 AS v FROM a) SELECT v FROM b UNION ALL SELECT v FROM
a;
-- (1,)
-- (2,)

SELECT name, (SELECT COUNT(*) FROM p AS o WHERE o.age > p.age) AS older FROM p;
-- ('ann', 1)
-- ('bob', 3)
-- ('cid', 0)
-- ('dot', 3)
-- ('eve', 0)
-- ('fay', 1)

SELECT name FROM p WHERE EXISTS (SELECT 1 FROM q WHERE q.team = p.team);
-- ('ann',)
-- ('bob',)
-- ('cid',)
-- ('dot',)

SELECT name FROM p WHERE team IN (SELECT team FROM q);
-- ('ann',)
-- ('bob',)
-- ('cid',)
-- ('dot',)

SELECT name FROM p WHERE team NOT IN (SELECT team FROM q);
-- ('fay',)

SELECT name FROM p WHERE age = (SELECT MAX(age) FROM p);
-- ('cid',)

SELECT oldest, n FROM (SELECT MAX(age) AS oldest, COUNT(*) AS n FROM p GROUP BY team) WHERE n > 1;
-- (31, 2)
-- (40, 2)

SELECT name, letter FROM p, UNNEST(SPLIT(name, '')) AS letter WHERE letter IN ('a', 'b');
-- ('ann', 'a')
-- ('bob', 'b')
-- ('bob', 'b')
-- ('fay', 'a')

SELECT letter FROM UNNEST(['x', 'y']) AS letter;
-- ('x',)
-- ('y',)

SELECT name, ROW_NUMBER() OVER (ORDER BY age, name) AS r, RANK() OVER (ORDER BY age) AS k,
DENSE_RANK() OVER (ORDER BY age) AS d FROM p;
-- ('ann', 4, 4, 3)
-- ('bob', 2, 2, 2)
-- ('cid', 6, 6, 4)
-- ('dot', 3, 2, 2)
-- ('eve', 1, 1, 1)
-- ('fay', 5, 4, 3)

SELECT name, RANK() OVER (ORDER BY score DESC) AS k FROM p;
-- ('ann', 2)
-- ('bob', 6)
-- ('cid', 5)
-- ('dot', 4)
-- ('eve', 1)
-- ('fay', 2)

SELECT name, PERCENT_RANK() OVER (ORDER BY age) AS a, CUME_DIST() OVER (ORDER BY age) AS b,
NTILE(3) OVER (ORDER BY name) AS c FROM p;
-- ('ann', 0.6, 0.8333333333333334, 1)
-- ('bob', 0.2, 0.5, 1)
-- ('cid', 1.0, 1.0, 2)
-- ('dot', 0.2, 0.5, 2)
-- ('eve', 0.0, 0.16666666666666666, 3)
-- ('fay', 0.6, 0.8333333333333334, 3)

SELECT name, SUM(age) OVER (PARTITION BY team) AS t, COUNT(*) OVER () AS n, AVG(age) OVER (ORDER
BY name ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS m FROM p;
-- ('ann', 56, 6, 28.0)
-- ('bob', 56, 6, 32.0)
-- ('cid', 65, 6, 30.0)
-- ('dot', 65, 6, 32.5)
-- ('eve', None, 6, 28.0)
-- ('fay', 31, 6, 31.0)

SELECT name, SUM(age) OVER (ORDER BY name) AS s, SUM(age) OVER (ORDER BY name ROWS 1 PRECEDING) AS
w, SUM(age) OVER (ORDER BY age RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS r FROM p;
-- ('ann', 31, 31, 112)
-- ('bob', 56, 56, 50)
-- ('cid', 96, 65, 40)
-- ('dot', 121, 65, 50)
-- ('eve', 121, 25, None)
-- ('fay', 152, 31, 112)

SELECT name, LAG(age) OVER (ORDER BY name) AS a, LEAD(age, 2) OVER (ORDER BY name) AS b, LAG(age,
1, 0) OVER (ORDER BY name) AS c FROM p;
-- ('ann', None, 40, 0)
-- ('bob', 31, 25, 31)
-- ('cid', 25, None, 25)
-- ('dot', 40, 31, 40)
-- ('eve', 25, None, 25)
-- ('fay', None, None, None)

SELECT name, FIRST_VALUE(age) OVER (ORDER BY name) AS a, LAST_VALUE(age) OVER (ORDER BY name) AS
b, FIRST_VALUE(age IGNORE NULLS) OVER (ORDER BY name DESC ROWS BETWEEN 1 PRECEDING AND CURRENT
ROW) AS c, NTH_VALUE(name, 2) OVER (ORDER BY name) AS d FROM p;
-- ('ann', 31, 31, 25, None)
-- ('bob', 31, 25, 40, 'bob')
-- ('cid', 31, 40, 25, 'bob')
-- ('dot', 31, 25, 25, 'bob')
-- ('eve', 31, None, 31, 'bob')
-- ('fay', 31, 31, 31, 'bob')

SELECT name, MIN(score) OVER (PARTITION BY team) AS low FROM p;
-- ('ann', 1.5)
-- ('bob', 1.5)
-- ('cid', NAN)
-- ('dot', NAN)
-- ('eve', 4.0)
-- ('fay', 1.5)

SELECT name, SUM(age) OVER w AS s, COUNT(*) OVER w AS n FROM p WINDOW w AS (PARTITION BY team
ORDER BY name);
-- ('ann', 31, 1)
-- ('bob', 56, 2)
-- ('cid', 40, 1)
-- ('dot', 65, 2)
-- ('eve', None, 1)
-- ('fay', 31, 1)

SELECT name, team FROM p WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY team ORDER BY name
DESC) = 1;
-- ('bob', 'red')
-- ('dot', 'blue')
-- ('eve', None)
-- ('fay', 'green')

SELECT name, ROW_NUMBER() OVER (ORDER BY name) AS r FROM p WHERE TRUE QUALIFY r < 3;
-- ('ann', 1)
-- ('bob', 2)

SELECT NAME, P.Team AS t FROM p WHERE AGE = 40;
-- ('cid', 'blue')

SELECT name, IF(MOD(ABS(FARM_FINGERPRINT(name)), 10) < 8, 'train', 'eval') AS split FROM p;
-- ('ann', 'train')
-- ('bob', 'train')
-- ('cid', 'train')
-- ('dot', 'train')
-- ('eve', 'eval')
-- ('fay', 'train')

SELECT age / 2 AS half, age / SUM(age) OVER () AS share FROM p WHERE team = 'red';
-- (12.5, 0.44642857142857145)
-- (15.5, 0.5535714285714286)

SELECT SUM(age) / COUNT(*) AS mean, SUM(age) / 2 AS half FROM p;
-- (25.333333333333332, 76.0)

SELECT NULL AS nothing, 1 AS one;
-- (None, 1)

SELECT CASE team WHEN 'red' THEN 1 WHEN 'blue' THEN 2.5 END AS c FROM p;
-- (None,)
-- (None,)
-- (1.0,)
-- (1.0,)
-- (2.5,)
-- (2.5,)
