"""Labels of resources, as Google Cloud takes them."""

import re
from collections.abc import Mapping

from google.api_core import exceptions

KEY, VALUE = re.compile(r'[a-z][a-z0-9_-]{0,62}'), re.compile(r'[a-z0-9_-]{0,63}')
MOST = 64


def check_labels(labels: Mapping[str, str]) -> None:
    """Refuse labels that Google Cloud does not take.

    Raises:
        InvalidArgument: There are too many, or one is not as it must be.
    """
    if len(labels) > MOST:
        raise exceptions.InvalidArgument(f'{len(labels)} labels; at most {MOST} are allowed.')
    for key, value in labels.items():
        if not KEY.fullmatch(key) or not VALUE.fullmatch(value):
            raise exceptions.InvalidArgument(
                f'Invalid label {key!r}: {value!r}; expected lower-case letters, digits, _ and -.'
            )
