"""Programs that use scikit-learn's NMF through other libraries, run as they are and under `patch_sklearn`."""
