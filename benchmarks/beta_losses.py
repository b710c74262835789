"""Itakura-Saito on power spectrograms: the default solver beside multiplicative updates, here and elsewhere.

    python -m benchmarks.beta_losses [--parts 12] [--iterations 300] [--seed 0] [--beta 0]

For each sound and each floor (-60 dB is 1e-6 of the largest power) the goal is the loss of solver='mu' after
--iterations. scikit-learn's 'mu' and torchnmf make the same updates, and get the same random start. The table has the
seconds of a whole call that reaches the goal, in CPU time of one thread, and the iterations of the default solver; a
dash where it did not reach it in so many. torchnmf is left out where it is not installed. The first sound is the one
that ships, the second lies in the shared data (`../shared/data`, or the folder that PARTWISE_SHARED_DATA names) and is
left out where it does not, the others are made of decaying partials and of noise.
"""

import argparse
import os
import time
import warnings
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.decomposition import NMF

from benchmarks.compare.problems import Array, beside
from partwise import factorize, initialize
from partwise.datasets import load_vibe_ace

RATE, SECONDS, WINDOW = 22_050, 8, 1024
FLOORS = (-60, -80, -100)


def main() -> None:
    """Print one line a sound and floor."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--parts", type=int, default=12)
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--beta", type=float, default=0.0)
    given = parser.parse_args()
    print(
        "sound, floor in dB, bins x frames | iterations, seconds of auto | mu, scikit-learn, torchnmf | loss after all"
    )
    for name, sound in sounds():
        for level in FLOORS:
            X = spectrogram(sound, level)
            print(f"{name:10} {level:5} {X.shape[0]} x {X.shape[1]:4} | {_line(X, given)}", flush=True)


def _line(X: Array, given: argparse.Namespace) -> str:
    """Return what to print of one spectrogram."""
    k, most, beta = given.parts, given.iterations, given.beta
    W, H = initialize(X, k, "random", random_state=given.seed)
    options: dict[str, Any] = {"loss": beta, "init": "random", "random_state": given.seed, "tol": 0}
    plain, mu = _timed(lambda: factorize(X, k, **options, solver="mu", max_iter=most))
    found = factorize(X, k, **options, max_iter=most)
    needed, seconds = int(np.searchsorted(-found.curve["loss"], -plain.curve["loss"][-1])) + 1, "-"
    if needed <= most:
        seconds = f"{_timed(lambda: factorize(X, k, **options, max_iter=needed))[1]:.3f}"
    model = NMF(k, beta_loss=beta, solver="mu", init="custom", tol=0, max_iter=most)
    _, sklearn = _timed(lambda: model.fit_transform(X, W=W.copy(), H=H.copy()))
    torch = f"{_torch(X, W, H, beta, most):.2f}" if find_spec("torchnmf") else "-"
    ratio = found.curve["loss"][-1] / plain.curve["loss"][-1]
    return f"{needed if seconds != '-' else '-':>4} {seconds:>6} | {mu:5.2f} {sklearn:5.2f} {torch:>5} | {ratio:.3f}"


def _timed(fit: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    found = fit()
    return found, time.process_time() - began


def _torch(X: Array, W: Array, H: Array, beta: float, iterations: int) -> float:
    import torch
    from torchnmf.nmf import NMF as TorchNMF

    torch.set_num_threads(1)
    data = torch.tensor(X.T)
    model = TorchNMF(W=torch.tensor(W), H=torch.tensor(np.ascontiguousarray(H.T)))
    return _timed(lambda: model.fit(data, beta=beta, tol=0, max_iter=iterations))[1]


def spectrogram(sound: Array, level: float) -> Array:
    """Return the power at each frequency and time, no lower than so many dB under the highest, over its mean."""
    window = np.hanning(WINDOW + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[:: WINDOW // 2]
    power = np.abs(np.fft.rfft(frames * window, axis=1)).T ** 2
    power = np.maximum(power, power.max() * 10 ** (level / 10))
    return np.ascontiguousarray(power / power.mean())


def sounds() -> Iterator[tuple[str, Array]]:
    """Yield names and samples."""
    yield "music 8 s", np.asarray(load_vibe_ace().samples, np.float64)
    with suppress(FileNotFoundError), wave.open(str(beside("audio_vibe_ace") / "vibe_ace_20s_mono_22050.wav")) as file:
        yield "music 20 s", np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    yield "notes", notes(np.random.default_rng(0), 40)
    yield "drums", drums(np.random.default_rng(1))


def notes(rng: np.random.Generator, count: int) -> Array:
    """Return notes of eight partials, the higher ones decaying sooner."""
    time_of, out = np.arange(SECONDS * RATE) / RATE, np.zeros(SECONDS * RATE)
    pitches = 110 * 2 ** (rng.choice([0, 2, 4, 7, 9, 12, 14, 16, 19, 24], 10) / 12)
    for start in rng.uniform(0, SECONDS - 1, count):
        since, pitch, level, decay = time_of - start, rng.choice(pitches), rng.uniform(0.2, 1), rng.uniform(2, 6)
        envelope = np.where(since >= 0, np.exp(-decay * np.maximum(since, 0)), 0)
        for partial in range(1, 9):
            wave_of = np.sin(2 * np.pi * pitch * partial * since + rng.uniform(0, 2 * np.pi))
            out += level / partial * envelope ** (1 + 0.3 * partial) * wave_of
    return out


def drums(rng: np.random.Generator) -> Array:
    """Return a few notes under a beat: a low drum, bright noise, broad noise, bright noise."""
    time_of, out = np.arange(SECONDS * RATE) / RATE, notes(rng, 16)
    for beat, start in enumerate(np.arange(0, SECONDS, 0.25)):
        since = np.maximum(time_of - start, 0)
        noise, started = rng.standard_normal(since.size), time_of >= start
        if beat % 4 == 0:
            phase = 2 * np.pi * (50 * since + 6 * (1 - np.exp(-30 * since)))
            out += 2 * np.sin(phase) * np.exp(-8 * since) * started
        elif beat % 4 == 2:
            out += noise * np.exp(-15 * since) * started
        else:
            out += 0.3 * np.diff(noise, prepend=0) * np.exp(-40 * since) * started
    return out


if __name__ == "__main__":
    main()
