"""Judgements, metrics, honest statistics, comparisons and reports over the app's own pipeline."""
