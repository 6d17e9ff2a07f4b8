"""Published margins of United States births, 2001 to 2008, for `natality.py` to draw from.

Totals, percentages and means only: nothing here comes from the record of a birth. Each comment
names its source:

* NVSR: National Vital Statistics Reports, "Births: Final Data for YEAR" (NCHS).
* HUS: "Health, United States" of a year (NCHS), its tables from birth certificates.
* CHUSA, WHUSA: "Child Health USA" and "Women's Health USA" of a year (HRSA), after NVSR.
* WONDER: CDC WONDER, natality 2016, births by sex, week of gestation (from the last menses) and
  100 g of weight, as Synthea publishes them in `birthweights.csv`.
* SSA: births a day, 2001 to 2008, Social Security Administration, published by FiveThirtyEight.
* BQ: results that public notebooks and posts print of queries on the BigQuery table itself.

*From memory* marks a published figure that was not looked up again; *assumed* marks a guess, which
only shapes how columns move together.
"""

# Births a year from 2001, and the share of boys over those years. NVSR 2001 to 2008.
FIRST_YEAR = 2001
BIRTHS = (4025933, 4021726, 4089950, 4112052, 4138349, 4265555, 4316233, 4247694)
MALE = 0.5117
# Percent of births by month, and by weekday from Sunday. SSA.
MONTHS = (8.169, 7.598, 8.334, 7.994, 8.376, 8.290, 8.757, 8.906, 8.677, 8.532, 8.029, 8.337)
WEEKDAYS = (9.445, 14.864, 16.505, 16.291, 16.194, 15.901, 10.801)

# Thousands of births by state, 2003. NVSR 2003, from memory. The table has no state after 2004.
LAST_YEAR_WITH_STATE = 2004
STATES = {
    "AL": 60, "AK": 10, "AZ": 91, "AR": 38, "CA": 541, "CO": 69, "CT": 43, "DE": 11, "DC": 8,
    "FL": 212, "GA": 136, "HI": 18, "ID": 22, "IL": 182, "IN": 86, "IA": 38, "KS": 39, "KY": 55,
    "LA": 65, "ME": 14, "MD": 75, "MA": 80, "MI": 131, "MN": 70, "MS": 42, "MO": 77, "MT": 11,
    "NE": 26, "NV": 34, "NH": 14, "NJ": 117, "NM": 28, "NY": 254, "NC": 118, "ND": 8, "OH": 152,
    "OK": 51, "OR": 46, "PA": 146, "RI": 13, "SC": 56, "SD": 11, "TN": 79, "TX": 377, "UT": 50,
    "VT": 7, "VA": 101, "WA": 80, "WV": 21, "WI": 70, "WY": 7,
}  # fmt: skip

# Births by race of mother, 2002, by the table's codes; other Asians, whom it has no code for, in 9.
# HUS 2004, table 4; Chinese (4), Japanese (5) and Filipino (7) from memory: their sum is HUS's.
WHITE, BLACK, NATIVE = 1, 2, 3
RACES = {1: 3174760, 2: 593691, 3: 42368, 4: 33673, 5: 9264, 6: 6772, 7: 33016, 9: 128182}

# Percent of births by age of mother. All: 2008, CHUSA 2010 (both ends from memory of NVSR 2008).
# Black mothers: 2000, Am J Public Health 2010;100:707, table 1.
AGE_EDGES = (12, 15, 20, 25, 30, 35, 40, 45, 55)
AGES = (0.14, 10.16, 24.8, 28.2, 22.5, 11.5, 2.5, 0.2)
AGES_BLACK = (0.63, 19.47, 32.70, 22.66, 14.99, 7.77, 1.70, 0.08)

# Percent unmarried. By the ages above: 2003, "America's Children" 2005, figure POP7.B (40 and over
# as the thirties). All: 2003 and 2008, NVSR. White and black: 2003, "Indicators of Welfare
# Dependence" 2008 (ASPE), table C-1. Native and Asian: 2005, WHUSA 2007.
UNMARRIED_BY_AGE = (97.0, 81.0, 53.0, 26.0, 15.0, 15.0, 15.0, 15.0)
UNMARRIED_2003, UNMARRIED_2008 = 34.6, 40.6
UNMARRIED_BY_RACE = {WHITE: 29.0, BLACK: 68.0, NATIVE: 63.3}
UNMARRIED_ASIAN = 16.2

# Percent who smoked, 2003, by the ages above and by race. HUS 2006, table 12. The column starts in
# 2003; California asked from 2007, and Florida's answers compare until 2003 (KIDS COUNT, notes).
SMOKED = 10.7
SMOKED_BY_AGE = (5.3, 15.4, 16.1, 9.4, 6.5, 6.8, 8.0, 8.0)
SMOKED_BY_RACE = {WHITE: 11.6, BLACK: 8.1, NATIVE: 18.1}
SMOKED_ASIAN = 2.2
SMOKING_FROM, SMOKING_FROM_IN_CALIFORNIA, SMOKING_UNTIL_IN_FLORIDA = 2003, 2007, 2003

# Births by order: first, second, ... eighth and later. NVSR 2014, table 2.
ORDERS = (1550475, 1267334, 667446, 283953, 110565, 46045, 20771, 21589)

# Pounds gained: 13.0 % under 16 and 20.0 % over 40 (2004, WHUSA 2007), mean 30.5 (Proc Natl Acad
# Sci 2013;110:12265, table 1); what lies between is assumed. California does not report it.
GAIN_SHARES, GAIN_POUNDS = (0.0, 0.13, 0.5, 0.8, 0.97, 1.0), (0.0, 15.5, 30.0, 40.5, 60.0, 98.0)

# Babies per 1,000 born as twins, triplets, quadruplets: 2006 and 2007, NVSR 2009. More by 6 % a
# year of mother's age: about 16 per 1,000 at 19, 50 at 38 (from memory of NVSR 2005).
MULTIPLES = {2: 32.2, 3: 1.41, 4: 0.08}
MULTIPLES_BY_YEAR_OF_AGE = 0.06

# Percent by weeks of gestation: under 28, 28-31, 32-33, 34-36, 37-38, 39, 40, 41, 42 and over.
# Single births: 2005, NVSR 2011. Multiple births: under 32 and under 37 weeks from NVSR 2002,
# twins' 34-36 from MMWR 2009;58:1451, the rest assumed so that NVSR 2002's mean weeks come out.
WEEK_EDGES = (17, 28, 32, 34, 37, 39, 40, 41, 42, 48)
WEEKS = {
    1: (0.6, 1.0, 1.3, 8.1, 28.3, 26.0, 19.8, 8.9, 6.0),
    2: (3.5, 8.4, 8.2, 38.1, 31.5, 6.0, 2.8, 0.9, 0.6),
    3: (9.0, 27.1, 24.0, 32.3, 6.0, 1.0, 0.4, 0.1, 0.1),
    4: (22.0, 37.9, 20.0, 16.9, 3.2, 0.0, 0.0, 0.0, 0.0),
}
# Births by single week from 17, which say how each of the above divides. 28 to 41: single girls,
# 1997 and 1998 (BMC Pregnancy Childbirth 2005;5:3, table 2). Before and after: WONDER.
SINGLE_WEEKS = (
    250, 358, 512, 874, 1162, 1534, 2241, 2899, 3338, 3928, 4563, 5838, 7000, 9742, 12493, 17168,
    25282, 44275, 75238, 133386, 267501, 563676, 885523, 851848, 455313, 76986, 38130, 20311, 10990,
    6340, 4371,
)  # fmt: skip
# How much oftener black mothers' babies are born under 32 weeks and in 32-36, by the first four of
# the above. 2005, Pediatrics, annual summary of vital statistics for 2006: 4.17 of 2.03 % and 14.2
# of 10.7 %.
BLACK_RISKS = (2.05, 2.05, 1.33, 1.33)

# Girls' weight by week: week, mean g, standard deviation. WONDER. Up to week 34 its weights have
# two humps: of births in that week, given here, and of later ones, whose last menses was
# misremembered (told apart by fitting two normal curves).
GROWTH = (
    (17, 260, 30), (20, 340, 60), (22, 470, 102), (24, 628, 137), (26, 826, 198), (28, 1069, 264),
    (30, 1370, 310), (32, 1739, 331), (34, 2156, 381), (35, 2638, 558), (36, 2797, 512),
    (37, 2973, 483), (38, 3168, 455), (39, 3334, 430), (40, 3417, 429), (41, 3471, 447),
    (42, 3409, 469), (43, 3369, 469), (44, 3348, 486), (46, 3297, 513),
)  # fmt: skip
# The misdated ones: week, share, mean g. WONDER has none over 3,000 g before week 28.
MISDATED = (
    (20, 0.05, 800), (22, 0.10, 1190), (24, 0.14, 2020), (26, 0.15, 2370), (28, 0.26, 2900),
    (30, 0.30, 3010), (32, 0.30, 2990), (34, 0.31, 3020), (35, 0.0, 3020),
)  # fmt: skip
MISDATED_SD = 540.0
BOY = 1.041  # a boy's weight over a girl's, alike from week 28 to 42. WONDER.
# Against 2016: term babies have lost weight since 2000 (Obstet Gynecol 2010;115:357). Set to
# come near the mean, 7.24 lb, and standard deviation, 1.31 lb, of 13,523 births from 2001 on. BQ.
MEAN_OVER_2016, SPREAD_OVER_2016 = 1.01, 0.97

# What moves weight within a week, as a share of it. Smoking: 166 g at term (Arch Prev Med
# 2016;1:8). First birth: 110 g, and 20 g a kg gained (J Epidemiol 2016;26:371, table 2). Multiple
# births: set to meet NVSR 2002's 2,347 g and 1,687 g. Black mothers: set to meet 11.3 % of single
# babies under 2,500 g (Am J Public Health, as above). Asian mothers: assumed.
SMOKING_EFFECT = -166 / 3332
FIRST_BIRTH_EFFECT = -110 / 3332
EFFECT_OF_A_POUND_GAINED = 20 * 0.4536 / 3332
PLURALITY_EFFECTS = {1: 0.0, 2: -0.15, 3: -0.20, 4: -0.20}
RACE_EFFECTS = {WHITE: 0.0, BLACK: -0.045, NATIVE: 0.0}
ASIAN_EFFECT = -0.04

GRAMS_AT_LEAST, GRAMS_AT_MOST = 227, 8165  # what NCHS accepts, from memory
POUNDS_PER_GRAM = 0.00220462262  # the table's own factor: 3,430 g is 7.5618555866 lb. BQ.
GRAMS_PER_OUNCE = 28.349523125
WEIGHED_IN_OUNCES = 0.5  # assumed; a certificate gives pounds and ounces, or grams

# Babies by Apgar score at five minutes, 0 to 10: Virginia, January 2003. BQ.
APGAR = (3, 13, 9, 5, 10, 21, 44, 124, 525, 6958, 280)

# Unknown: 13 of those 8,005 scores, and of 13,531 births from 2001 on 8 weights and 96 weeks, all
# NULL. BQ.
APGAR_UNKNOWN = 13 / 8005
WEIGHT_UNKNOWN, GESTATION_UNKNOWN = 8 / 13531, 96 / 13531
# No age of mother is unknown in the real table, as NCHS imputes it. These few are made up, so that
# missing ages are met too.
MOTHER_AGE_UNKNOWN = 0.002

# Years that fathers are older (AUA 2017, PD13-03; the spread is assumed). No age is on about 13 %
# of certificates (from memory of NVSR 2005), taken as all of unmarried mothers; the table says 99.
FATHER_OLDER, FATHER_OLDER_SD = 2.6, 5.0
FATHER_UNKNOWN_IF_UNMARRIED, UNKNOWN_AGE = 0.36, 99
