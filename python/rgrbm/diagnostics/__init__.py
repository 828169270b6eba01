"""What a trained RBM is like: how likely it makes data, what its units do, whether its chains mix, what it remembers.

May import ``plots``, ``rbm`` and what is below. What assumes visible units 0/1 is in ``machine`` alone.
"""

from rgrbm._support.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
