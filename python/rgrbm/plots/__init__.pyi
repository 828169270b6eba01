from rgrbm.plots.diagnosis import plot_diagnosis
from rgrbm.plots.flow import plot_learned_flow, plot_rbm_flow
from rgrbm.plots.images import plot_filters, plot_image_pairs, plot_samples
from rgrbm.plots.ring import plot_correlation, plot_couplings, plot_learning_curve, plot_reconstruction, plot_weights
from rgrbm.plots.time_series import plot_time_series

__all__ = [
    "plot_correlation",
    "plot_couplings",
    "plot_diagnosis",
    "plot_filters",
    "plot_image_pairs",
    "plot_learned_flow",
    "plot_learning_curve",
    "plot_rbm_flow",
    "plot_reconstruction",
    "plot_samples",
    "plot_time_series",
    "plot_weights",
]
