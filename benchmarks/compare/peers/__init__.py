"""The libraries in the races: one file a library."""

from benchmarks.compare.peers import (
    gensim,
    nimfa,
    nmf_torch,
    nn_fac,
    partwise,
    scikit_learn,
    spams,
    tensorly,
    torchnmf,
)
from benchmarks.compare.peers.base import Peer, Task

__all__ = ["LEFT_OUT", "PEERS", "Peer", "Task"]

MODULES = (partwise, scikit_learn, tensorly, nn_fac, spams, gensim, nimfa, torchnmf, nmf_torch)
PEERS: dict[str, Peer] = {peer.name: peer for module in MODULES for peer in module.PEERS}
LEFT_OUT = {
    "implicit": "its factors may be negative, and its objective weighs entries by confidence: another problem",
    "Surprise": "its NMF fits known ratings alone and leaves the unknown open: rating completion, another problem",
}
