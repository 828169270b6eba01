"""How every run keeps the diagnosis of the RBM that it has trained."""

from typing import Any

from rgrbm.diagnostics.diagnosis import Diagnosis
from rgrbm.experiments.run_folder import RunFolder


def keep_diagnosis(diagnosis: Diagnosis, results: dict[str, Any], folder: RunFolder) -> None:
    """Put its numbers into the results and its picture into the folder."""
    results["diagnosis"] = diagnosis.to_dict()
    caption = "Diagnosis. Weights, units, chains and likelihood of the trained RBM."
    folder.save_figure(diagnosis.plot(), "diagnosis.png", caption)
