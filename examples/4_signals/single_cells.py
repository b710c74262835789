"""
Programs of single cells
========================

Genes that are active together form a program, and a cell runs a few programs at a time.
NMF of the counts also finds programs that several cell types share; clusters would only
separate the types.
"""

# %%
# The counts of 900 cells and 400 genes are simulated, in an AnnData object. Each of
# three cell types has a program of its own. A fourth program, of dividing cells, runs
# in a third of the cells of every type:
from tempfile import TemporaryDirectory

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

import partwise as pw
from partwise.integrations.anndata import nmf

rng = np.random.default_rng(0)
programs = rng.gamma(0.2, 1.0, (4, 400))
programs /= programs.sum(axis=1, keepdims=True)
kinds = rng.integers(3, size=900)
activity = 0.85 * np.eye(4)[kinds] + 0.05
activity[:, 3] = np.where(rng.random(900) < 1 / 3, rng.uniform(0.3, 0.8, 900), 0.02)
depth = rng.lognormal(7, 0.4, (900, 1))  # counts of a cell, about 1,100
counts = rng.poisson(
    depth * (activity / activity.sum(axis=1, keepdims=True)) @ programs
)
cells = pd.DataFrame(
    {"type": np.array(["B cell", "monocyte", "T cell"])[kinds]},
    index=[f"cell{i}" for i in range(900)],
)
genes = pd.DataFrame(index=[f"gene{j}" for j in range(400)])
adata = anndata.AnnData(
    sparse.csr_matrix(counts.astype(np.float32)), obs=cells, var=genes
)

# %%
# ``nmf`` writes the usage of programs to ``obsm`` and the programs to ``varm``, where
# scanpy looks for them:
nmf(adata, 4, beta_loss="kullback-leibler", random_state=0)
usage, found = adata.obsm["X_nmf"], adata.varm["nmf"].T
same = pw.match(programs, found)
print(adata)
print(f"cosines with the true programs: {same.similarity.round(3)}")

# %%
# Each bar is a cell. All types share the program of dividing cells:
names = ["program of B cells", "of monocytes", "of T cells", "of dividing cells"]
order = same.pairs[:, 1]
shares = usage[:, order] * found[order].sum(axis=1)
ax = pw.plot.weights(shares, groups=adata.obs["type"], labels=names)
ax.set_title("What each cell runs: programs, by type of cell")

# %%
# The largest genes of each program:
axes = pw.plot.components(
    found[order], feature_names=list(adata.var_names), n_top=6, labels=names
)
axes[0].figure.suptitle("The largest genes of each program")

# %%
# The AnnData object can be saved and read again, with the parameters of the fit and the
# reason why it stopped:
with TemporaryDirectory() as folder:
    adata.write_h5ad(f"{folder}/cells.h5ad")
    again = anndata.read_h5ad(f"{folder}/cells.h5ad")
print(
    np.array_equal(again.obsm["X_nmf"], usage),
    again.uns["nmf"]["params"]["n_components"],
    again.uns["nmf"]["reason"],
)
