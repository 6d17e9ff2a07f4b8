"""What splits are called, in folders and columns."""

WORDS = {
    'train': ('train', 'training', 'trn'),
    'eval': ('eval', 'evaluation', 'valid', 'validation', 'validate', 'val', 'dev'),
    'test': ('test', 'testing', 'tst', 'holdout'),
}
"""Split -> what it may be called."""


def split_meant(name: str) -> str | None:
    """Return the split that is meant by a name, if any."""
    name = name.strip().casefold()
    return next((split for split, words in WORDS.items() if name in words), None)
