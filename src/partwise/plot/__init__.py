"""Pictures of models and of what is known about them, with matplotlib (``pip install 'partwise[plot]'``).

Each function draws on the Axes that it is given, or on new ones, and returns them: ``ax.figure.savefig("a.png")``.
Colours can be told apart in grey print and by the colour blind.
"""

from partwise.plot.comparison import comparison
from partwise.plot.components import components, words
from partwise.plot.convergence import convergence
from partwise.plot.residuals import residuals
from partwise.plot.selection import consensus, rank
from partwise.plot.signature import signature
from partwise.plot.spectra import endmembers, spectrogram
from partwise.plot.weights import weights

__all__ = [
    "comparison",
    "components",
    "consensus",
    "convergence",
    "endmembers",
    "rank",
    "residuals",
    "signature",
    "spectrogram",
    "weights",
    "words",
]
