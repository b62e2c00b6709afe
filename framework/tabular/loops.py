"""Plain Python loops, made fast by numba where the world is large enough to be worth its start-up second."""

from functools import cache

LARGE = 1_000  # states; below this a plain loop has finished before numba is even imported


@cache
def fast(function):
    """The same function as machine code. It must consist of loops and NumPy arrays only."""
    import numba  # here, since it takes half a second

    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder to cache in can be written
        return numba.njit(nogil=True)(function)
