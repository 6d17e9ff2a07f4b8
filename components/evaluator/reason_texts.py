"""Numbers in the reasons why a model was not blessed."""


def distinct(value: float, bound: float) -> tuple[str, str]:
    """Format two numbers with as many digits, from 4, as tell them apart."""
    for digits in range(4, 18):
        pair = f'{value:.{digits}g}', f'{bound:.{digits}g}'
        if pair[0] != pair[1] or value == bound:
            break
    return pair
