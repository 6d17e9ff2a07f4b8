from components.evaluator.errors import EvaluationError, find_evaluation_error


def test_an_error_is_found_in_the_text_that_beam_makes_of_it():
    wrapped = RuntimeError(
        'Traceback (most recent call last):\n'
        '  File "x.py", line 1, in process\n'
        'components.evaluator.errors.EvaluationError: no column plurlity\n'
        '\n'
        'During handling of the above exception, another exception occurred:\n'
        '\n'
        'Traceback (most recent call last):\n'
        'components.evaluator.errors.EvaluationError: no column plurlity '
        "[while running 'ExtractSliceKeys/ParDo']\n"
    )
    found = find_evaluation_error(wrapped)
    assert isinstance(found, EvaluationError)
    assert str(found) == 'no column plurlity'


def test_an_error_is_found_as_a_cause():
    try:
        try:
            raise EvaluationError('no rows')
        except EvaluationError as error:
            raise RuntimeError('failed') from error
    except RuntimeError as error:
        assert str(find_evaluation_error(error)) == 'no rows'


def test_other_errors_are_not_taken_for_one():
    assert find_evaluation_error(ValueError('no column x')) is None
    assert find_evaluation_error(RuntimeError('an EvaluationError happened')) is None
