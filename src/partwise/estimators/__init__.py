"""Estimators: scikit-learn's conventions on top of factorize."""
