"""
Notes in a spectrogram
======================

A spectrogram shows how loud each frequency is at each moment. NMF splits it into
spectra, such as those of chords and drums, and shows when each of them sounds.
"""

# %%
# Eight seconds of "Vibe Ace" by `Kevin MacLeod <https://incompetech.com>`_ (`CC BY 3.0
# <https://creativecommons.org/licenses/by/3.0/>`_) come with partwise. A row of X is
# one moment, a column is a frequency, and entries are powers:
import numpy as np
from matplotlib import pyplot as plt
from scipy.signal import stft

import partwise as pw

sound = pw.datasets.load_vibe_ace()
rate, hop = sound.sample_rate, 256
frequencies, times, waves = stft(sound.samples, rate, nperseg=1024, noverlap=1024 - hop)
X = np.square(np.abs(waves)).T
X += 1e-10  # silence is 100 dB below full scale, so that no entry is zero
print(sound)

figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
shades = ax.pcolormesh(
    times,
    frequencies / 1000,
    10 * np.log10(X.T),
    cmap="cividis",
    vmin=-90,
    rasterized=True,
)
ax.set(
    xlabel="time (s)",
    ylabel="frequency (kHz)",
    title="Spectrogram: notes below, drums from second 1.4 on",
)
figure.colorbar(shades, label="power (dB)")

# %%
# The Itakura-Saito divergence depends on ratios alone: quiet overtones and cymbals
# count as much as the loud bass. Of eight parts, one is a chord that is played five
# times, and three are chords that are held. Another one is the noise of drums: it
# reaches the highest frequencies, and is silent for the first 1.4 seconds.
model = pw.NMF(
    8, beta_loss="itakura-saito", init="random", max_iter=1000, random_state=0
).fit(X)
spectra, _ = pw.plot.spectrogram(model, rate, hop, power=True)
spectra.figure.suptitle(
    "Eight parts by the Itakura-Saito divergence, and when they sound"
)

# %%
# With the squared error, loud sounds count far more than quiet ones: most parts are
# notes of the bass, and no part is the drums alone.
squared = pw.NMF(8, init="random", max_iter=1000, random_state=0).fit(X)
spectra, _ = pw.plot.spectrogram(squared, rate, hop, power=True)
spectra.figure.suptitle("Eight parts by the squared error, and when they sound")
