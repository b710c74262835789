"""Draw the picture of README: a digit as a sum of parts.

python tools/pictures.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from partwise import NMF

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "digits.png"
ROWS, TERMS = (10, 13, 22), 6


def main() -> None:
    """Write three digits, each beside its strongest parts and their sum."""
    X = load_digits().data
    model = NMF(n_components=16, random_state=0)
    W, H = model.fit_transform(X), model.components_
    figure, axes = plt.subplots(len(ROWS), TERMS + 2, figsize=(8.4, 3.3), layout="constrained", facecolor="white")
    for row, line in zip(ROWS, axes, strict=True):
        strongest = np.argsort(-W[row] * H.sum(axis=1))[:TERMS]
        pictures = [X[row], W[row] @ H, *(W[row, t] * H[t] for t in strongest)]
        titles = ["row of X", "sum of parts", "strongest", "2nd", "3rd", "4th", "5th", "6th"]
        for ax, picture, title in zip(line, pictures, titles, strict=True):
            ax.imshow(picture.reshape(8, 8), cmap="Greys", vmin=0, vmax=16)
            ax.set(xticks=[], yticks=[], title=title if row == ROWS[0] else "")
    figure.savefig(OUT, dpi=110)


if __name__ == "__main__":
    main()
