"""cNMF (Kotliar et al. 2019): programs of 1,000 simulated cells by 20 fits. Quality: cosine to the true programs."""

import sys
import tempfile
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from time import perf_counter

import anndata
import numpy as np
import pandas as pd
import scipy.sparse as sp
from cnmf import cNMF
from scipy.optimize import linear_sum_assignment

warnings.simplefilter("ignore")
K = 7
rng = np.random.default_rng(0)
programs = rng.gamma(0.2, 1.0, (K, 1000))
usage = rng.dirichlet(np.full(K, 0.3), 1000)
rates = usage @ (programs / programs.sum(axis=1, keepdims=True)) * rng.gamma(5.0, 600.0, (1000, 1))
counts = rng.poisson(rates).astype(float)
cells = anndata.AnnData(
    sp.csr_matrix(counts),
    pd.DataFrame(index=[f"cell {i}" for i in range(1000)]),
    pd.DataFrame(index=[f"gene {j}" for j in range(1000)]),
)
with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
    cells.write_h5ad(Path(folder) / "counts.h5ad")
    job = cNMF(output_dir=folder, name="job")
    job.prepare(f"{folder}/counts.h5ad", components=[K], n_iter=20, seed=0, num_highvar_genes=1000)
    begun = perf_counter()
    job.factorize()
    seconds = perf_counter() - begun
    job.combine()
    job.consensus(K, density_threshold=2.0, show_clustering=False)
    found = job.load_results(K, 2.0)[2]  # genes by programs, in transcripts
found = found.to_numpy().T if found.shape[1] == K else found.to_numpy()
angles = (found / np.linalg.norm(found, axis=1, keepdims=True)) @ (
    programs / np.linalg.norm(programs, axis=1)[:, None]
).T
quality = angles[linear_sum_assignment(-angles)].mean()
print(seconds, quality)
