"""The handwritten digits that come with scikit-learn, as pictures."""

import numpy as np

from components.image_example_gen.listing import Listing, table_of
from components.image_example_gen.settings import DIGITS

BRIGHTEST = 16
"""Value of white in them."""


def list_digits() -> Listing:
    """List the 1,797 digits: 8 x 8 pixels, gray, white on black.

    From "Optical Recognition of Handwritten Digits", UCI, 1998 (CC BY 4.0).
    """
    import sklearn
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.round(found.images * (255 / BRIGHTEST)).astype(np.uint8)
    return Listing(
        table=table_of(
            [f'{DIGITS}/{i:04}' for i in range(len(pixels))], [str(n) for n in found.target]
        ),
        read=lambda row: pixels[row],
        stamps=lambda: [sklearn.__version__] * len(pixels),
    )
