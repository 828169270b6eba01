"""What an import brings in: nobody waits for libraries that they do not use, and every name is there all the same."""

import importlib.metadata
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import rgrbm
from rgrbm.experiments.catalogue import EXPERIMENTS

FOLDER = Path(rgrbm.__file__).parent
ROOMS = sorted(".".join(stub.parent.relative_to(FOLDER.parent).parts) for stub in FOLDER.rglob("__init__.pyi"))
HEAVY = ("sklearn", "scipy", "matplotlib", "typer", "rich", "pooch", "joblib", "pandas", "tqdm", "numpy")
COMMAND_LINE = "import sys; sys.argv = ['rgrbm', *{!r}]; from rgrbm.cli import app; app(standalone_mode=False)"


def brought_in(code, unwanted):
    """Which of the unwanted modules a fresh process has imported after running the code."""
    after = f"import sys; print(*(name for name in {unwanted!r} if name in sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{after}"], capture_output=True, text=True, check=True)
    return done.stderr.split()


def test_the_package_alone_brings_in_nothing():
    assert brought_in("import rgrbm", HEAVY) == []


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_bring_in_nothing_before_a_name_is_used(room):
    assert brought_in(f"import {room}; dir({room})", HEAVY) == []


def test_sampling_brings_in_no_machine_learning_and_no_figures():
    code = "import rgrbm; rgrbm.IsingModel((4, 4), 0.4).sample(3, seed=0)"
    unwanted = ("sklearn", "matplotlib", "scipy", "pooch", "typer", "rich", "pandas")
    assert brought_in(code, unwanted) == []


@pytest.mark.parametrize("name", ["load_model", "BernoulliRBM", "diagnose"])
def test_estimators_bring_in_no_figures(name):
    assert brought_in(f"import rgrbm; rgrbm.{name}", ("matplotlib", "pooch", "typer", "rich")) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([e.command, "--help"] for e in EXPERIMENTS)])
def test_help_brings_in_no_experiment(arguments):
    unwanted = ("sklearn", "matplotlib", "scipy", "pandas", "rgrbm.experiments.experiment", "rgrbm.report.page")
    assert brought_in(COMMAND_LINE.format(arguments), unwanted) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_is_there_and_listed(room):
    module = importlib.import_module(room)
    assert module.__all__
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:  # a function with the name of a module would be replaced by it, once that is imported
        assert inspect.ismodule(getattr(module, name)) == (name in _modules(module)), f"{room}.{name}"
    everything = {}
    exec(f"from {room} import *", everything)
    assert set(module.__all__) <= set(everything)


def _modules(package):
    """Modules in the folder of a package; the top level shows those of rooms too."""
    inside = {path.stem for path in Path(package.__file__).parent.iterdir() if path.name[0] not in "._"}
    return inside | {"masks"} if package is rgrbm else inside


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'rgrbm' has no attribute 'IsingModell'") as caught:
        _ = rgrbm.IsingModell
    assert (caught.value.name, caught.value.obj) == ("IsingModell", rgrbm)
    with pytest.raises(ImportError, match="IsingModell"):
        from rgrbm import IsingModell  # noqa: F401


def test_version():
    assert rgrbm.__version__ == importlib.metadata.version("rgrbm")
    assert "__version__" in dir(rgrbm)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.command)
def test_the_catalogue_says_what_the_experiments_say(experiment):
    assert experiment.summary == inspect.getdoc(experiment.run)
    assert callable(experiment.tables)
