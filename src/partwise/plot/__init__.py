"""Pictures of models and of what is known about them, with matplotlib (``pip install 'partwise[plot]'``).

Each function draws on the Axes that it is given, or on new ones, and returns them: ``ax.figure.savefig("a.png")``.
Colours can be told apart in grey print and by the colour blind.
"""

from partwise.plot.components import components, words
from partwise.plot.convergence import convergence
from partwise.plot.selection import consensus, rank
from partwise.plot.weights import weights

__all__ = ["components", "consensus", "convergence", "rank", "weights", "words"]
