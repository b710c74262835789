"""
Drums and notes: separating a sound
===================================

Parts of a spectrogram can be turned back into sounds. Each part gets its share of the
sound at every moment and frequency. The sum of these sounds is the recording.
"""

# %%
# Eight seconds of "Vibe Ace" by `Kevin MacLeod <https://incompetech.com>`_ (`CC BY 3.0
# <https://creativecommons.org/licenses/by/3.0/>`_), as amplitudes, and ten parts of
# them by the Kullback-Leibler divergence:
import numpy as np
from matplotlib import pyplot as plt
from scipy.signal import istft, stft

import partwise as pw

sound = pw.datasets.load_vibe_ace()
window = {"fs": sound.sample_rate, "nperseg": 1024, "noverlap": 768}
frequencies, times, waves = stft(sound.samples, **window)
model = pw.NMF(10, beta_loss="kullback-leibler", init="random", random_state=0)
W = model.fit_transform(np.abs(waves).T)
H = model.components_

# %%
# We put the parts into three groups by the frequency of most of their amplitude: bass,
# notes in the middle, and drums above.
centre = (H @ frequencies) / H.sum(axis=1)
groups = {
    "bass": centre < 400,
    "notes": (centre >= 400) & (centre < 1200),
    "drums": centre >= 1200,
}
for name, chosen in groups.items():
    middles = np.sort(centre[chosen]).round().astype(int)
    print(f"{name:<6} {chosen.sum()} parts, centred at {middles} Hz")

# %%
# The mask of a group is its share of the model at each moment and frequency. It
# multiplies the complex spectrogram, and ``istft`` makes a sound of it. The shares add
# up to one, so the sounds add up to the recording, except for rounding:
whole = W @ H
masked = {
    name: waves * (W[:, chosen] @ H[chosen] / whole).T
    for name, chosen in groups.items()
}
sounds = {
    name: istft(spectrum, **window)[1][: len(sound.samples)]
    for name, spectrum in masked.items()
}
off = np.abs(sum(sounds.values()) - sound.samples).max()
print(f"largest difference of their sum from the recording: {off:.0e}")

figure, axes = plt.subplots(
    3, 1, figsize=(6.4, 5), layout="constrained", sharex=True, sharey=True
)
for ax, (name, spectrum) in zip(axes, masked.items(), strict=True):
    loud = 20 * np.log10(np.abs(spectrum) + 1e-6)
    shades = ax.pcolormesh(
        times,
        frequencies / 1000,
        loud,
        cmap="cividis",
        vmin=-90,
        vmax=-25,
        rasterized=True,
    )
    ax.set(title=name, ylabel="kHz")
axes[-1].set_xlabel("time (s)")
figure.colorbar(shades, ax=axes, label="dB")
figure.suptitle("Spectrograms of the three sounds")

# %%
# The same sounds as waves show that the drums begin at second 1.4:
figure, axes = plt.subplots(3, 1, figsize=(6.4, 3.6), layout="constrained", sharex=True)
for ax, (name, samples) in zip(axes, sounds.items(), strict=True):
    ax.plot(np.arange(len(samples)) / sound.sample_rate, samples, linewidth=0.3)
    ax.set_title(name)
axes[-1].set_xlabel("time (s)")
figure.suptitle("The three sounds over time, each on a scale of its own")
