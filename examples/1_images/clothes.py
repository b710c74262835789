"""
Clothes: parts beside PCA
=========================

NMF finds the parts that clothes share: sleeves, legs, soles. PCA describes the same
images with a lower error, but its components also subtract from pixels, so none of them
looks like a piece of clothing.
"""

# %%
# A thousand images of 28 x 28 pixels come with partwise, a hundred for each of ten
# classes:
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA

import partwise as pw

clothes = pw.datasets.load_fashion_mnist()
X = clothes.images.reshape(1000, 784) / 255
print(clothes)

# %%
# Here are sixteen parts, from a start without random numbers. Dark pixels have large
# values:
model = pw.NMF(16, init="nndsvda", max_iter=500).fit(X)
axes = pw.plot.components(model, shape=(28, 28), labels=[""] * 16)
axes[0].figure.suptitle("Sixteen parts of clothes by NMF: sleeves, legs, soles, bags")

# %%
# Here are sixteen components of PCA. Orange adds to a pixel, violet subtracts from it:
pca = PCA(16, random_state=0).fit(X)
figure, axes = plt.subplots(2, 8, figsize=(6.4, 2.0), layout="constrained")
for ax, component in zip(axes.flat, pca.components_, strict=True):
    limit = abs(component).max()
    ax.imshow(component.reshape(28, 28), cmap="PuOr_r", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
figure.suptitle("Sixteen components of PCA: orange adds, violet subtracts")

# %%
# The picture shows the weights of all images, by class. Trousers are mostly part 7, and
# sneakers mostly part 9. Coats, pullovers and shirts have the same parts, so these
# classes are hard to distinguish.
ax = pw.plot.weights(model, groups=[clothes.names[c] for c in clothes.labels])
ax.set_title("What each image is made of, by class")

# %%
# The error of NMF, compared with the lowest possible error of 16 components (SVD):
print(pw.compare_with_svd(X, 16, random_state=0))
