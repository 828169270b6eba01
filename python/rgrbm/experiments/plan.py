"""What a run will do, and about how long that takes."""

from typing import NamedTuple

_MINUTE, _HOUR = 60, 3600


class Plan(NamedTuple):
    """What a run will do.

    Attributes
    ----------
    work : str
        In words, with the parameters that matter.
    seconds : float or None
        How long that takes on two cores, extrapolated from the defaults; None where nothing is known.
    """

    work: str
    seconds: float | None = None

    @property
    def duration(self) -> str:
        """Roughly, in words; empty where nothing is known.

        Examples
        --------
        >>> from rgrbm.experiments.plan import Plan
        >>> [Plan("", seconds).duration for seconds in (3, 42, 70, 260, 5000, None)]
        ['a few seconds', 'about 40 seconds', 'about a minute', 'about 4 minutes', 'about 1.4 hours', '']
        """
        if self.seconds is None:
            return ""
        if self.seconds < 8:
            return "a few seconds"
        if self.seconds < 45:
            return f"about {round(self.seconds, -1):.0f} seconds"
        if self.seconds < 1.25 * _MINUTE:
            return "about a minute"
        if self.seconds < 1.75 * _MINUTE:
            return "about 1.5 minutes"
        if self.seconds < _HOUR - 30:
            return f"about {self.seconds / _MINUTE:.0f} minutes"
        return f"about {self.seconds / _HOUR:.2g} hours" if self.seconds < 100 * _HOUR else "more than four days"


def rounds_of_seeds(n_seeds: int, n_jobs: int) -> int:
    """How often the time of one training passes: the run's own, and the others as many at a time as there are jobs.

    Examples
    --------
    >>> from rgrbm.experiments.plan import rounds_of_seeds
    >>> [rounds_of_seeds(n, n_jobs=2) for n in (1, 2, 3, 4)]
    [1, 2, 2, 3]
    """
    return 1 + -(-(n_seeds - 1) // (n_jobs or 2))


def counted(n: int, one: str) -> str:
    """A number and what it counts, in the plural unless it is one.

    Examples
    --------
    >>> from rgrbm.experiments.plan import counted
    >>> counted(1, "seed"), counted(2000, "seed")
    ('1 seed', '2,000 seeds')
    """
    return f"{n:,} {one}{'' if n == 1 else 's'}"
