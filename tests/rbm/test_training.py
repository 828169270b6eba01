"""The training loop by itself, on a trainer whose every call is recorded."""

import signal
import threading
import time

import numpy as np
import pytest
from rich.console import Console
from sklearn.exceptions import ConvergenceWarning

from rgrbm._support.interrupt import Interruption
from rgrbm._support.progress import progress_bar
from rgrbm.rbm.training import History, Settings, l1_strengths, learning_rates, train


@pytest.fixture(autouse=True)
def ctrl_c_interrupts():
    """As in a terminal: a shell that starts the tests in the background has them ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


class RecordingTrainer:
    """Keeps the epochs that it ran; its one weight is the sum of the learning rates so far."""

    def __init__(self, on_epoch=None):
        self.calls = []
        self.total = 0.0
        self.on_epoch = on_epoch

    @property
    def weights(self):
        return np.array([[self.total]])

    @property
    def visible_bias(self):
        return np.array([1.0])

    @property
    def hidden_bias(self):
        return np.array([2.0])

    def run(self, *, first_epoch, learning_rate, l1, **settings):
        self.calls.append((first_epoch, len(learning_rate), settings))
        self.total += learning_rate.sum()
        epochs = np.arange(first_epoch, first_epoch + len(learning_rate))
        if self.on_epoch is not None:
            for epoch in epochs:
                self.on_epoch(epoch)
        return {"reconstruction_error": 1.0 / (1 + epochs), "gradient_norm": 2.0 / (1 + epochs)}


SETTINGS = Settings(
    batch_size=7, k=2, gradient="pcd", centered=False, shuffle=False, l2=0.25, momentum=0.5, optimizer="adam",
    n_temperatures=4,
)  # fmt: skip


def run(n_epochs, trainer=None, **options):
    trainer = RecordingTrainer() if trainer is None else trainer
    rates = learning_rates(0.5, "linear", n_epochs)
    return train(trainer, rates, l1_strengths(0.1, 3, n_epochs), SETTINGS, **options), trainer


def test_every_epoch_is_run_once_and_in_order():
    history, trainer = run(1000)
    first = 0
    for start, length, settings in trainer.calls:
        assert start == first
        assert settings == {
            "l2": 0.25, "momentum": 0.5, "batch_size": 7, "k": 2, "gradient": "pcd", "centered": False,
            "shuffle": False, "optimizer": "adam", "n_temperatures": 4,
        }  # fmt: skip
        first += length
    assert first == 1000 == len(history)
    np.testing.assert_array_equal(history["reconstruction_error"], 1.0 / np.arange(1, 1001))
    np.testing.assert_array_equal(history["learning_rate"], learning_rates(0.5, "linear", 1000))
    np.testing.assert_array_equal(history["l1"], l1_strengths(0.1, 3, 1000))
    assert history.stopped is None
    assert len(trainer.calls) < 50  # cheap epochs are run many at a time


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("weights", 2e3, "its largest weight is 2e\\+03"),
        ("weights", -2e3, "its largest weight is 2e\\+03"),
        ("weights", np.nan, "its largest weight is nan"),
        ("visible_bias", np.inf, "a bias is not finite"),
        ("hidden_bias", np.nan, "a bias is not finite"),
    ],
)
def test_parameters_past_any_use_are_named(parameter, value, reason):
    class Broken(RecordingTrainer):
        pass

    setattr(
        Broken, parameter, property(lambda self: np.array([[value, 0.0]]) if len(self.calls) > 1 else np.zeros((1, 2)))
    )
    with pytest.warns(ConvergenceWarning, match=f"by epoch 5: {reason}") as warnings_seen:
        run(5, Broken())
    assert len(warnings_seen) == 1


def test_parameters_are_checked_ten_times_a_second_at_most():
    class Counting(RecordingTrainer):
        n_checks = 0

        @property
        def weights(self):
            self.n_checks += 1
            return super().weights

    started = time.monotonic()
    _, trainer = run(2000, Counting(), callbacks=[lambda progress: None])
    assert len(trainer.calls) == 2000
    assert trainer.n_checks <= 3 + 10 * (time.monotonic() - started)


def test_no_epochs():
    history, trainer = run(0)
    assert len(history) == 0
    assert trainer.calls == []


def test_slices_last_about_as_long_as_asked():
    import time

    history, trainer = run(60, RecordingTrainer(lambda epoch: time.sleep(0.002)), slice_seconds=0.01)
    assert max(length for _, length, _ in trainer.calls) <= 5
    assert history.seconds >= 60 * 0.002


def test_callbacks_see_an_immutable_view_at_their_interval():
    seen = []

    def keep(progress):
        seen.append((progress.epoch, progress.n_epochs, progress.measured["reconstruction_error"]))
        with pytest.raises(AttributeError):
            progress.epoch = 3
        with pytest.raises(AttributeError):
            progress.weights = None
        progress.weights[:] = 99  # a copy
        assert progress.visible_bias == [1.0]
        assert progress.hidden_bias == [2.0]

    history, trainer = run(10, callbacks=[keep], callback_interval=4)
    assert seen == [(4, 10, 1 / 4), (8, 10, 1 / 8), (10, 10, 1 / 10)]
    assert trainer.total == pytest.approx(history["learning_rate"].sum())


def test_a_callback_ends_training_and_the_others_are_still_called():
    called = []
    stop = [lambda p: p.epoch == 6, lambda p: called.append(p.epoch)]
    history, trainer = run(100, callbacks=stop, callback_interval=2)
    assert len(history) == 6
    assert called == [2, 4, 6]
    assert history.stopped == "callback"
    history, _ = run(100, trainer, history=history)
    assert len(history) == 100
    assert history.stopped is None
    assert trainer.total == pytest.approx(learning_rates(0.5, "linear", 100).sum())


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_after_a_whole_slice_and_training_can_go_on():
    def interrupt(epoch):
        if epoch == 5:
            signal.raise_signal(signal.SIGINT)

    saved = []
    trainer = RecordingTrainer(interrupt)
    history, _ = run(200, trainer, save=lambda h: saved.append(len(h)), slice_seconds=0.0)
    assert history.stopped == "interrupt"
    assert len(history) == 6
    assert saved == [6]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    history, _ = run(200, trainer, history=history)
    assert len(history) == 200
    assert trainer.total == pytest.approx(learning_rates(0.5, "linear", 200).sum())


def test_keyboard_interrupt_from_a_callback_ends_cleanly():
    def interrupt(progress):
        raise KeyboardInterrupt

    history, _ = run(10, callbacks=[interrupt])
    assert history.stopped == "interrupt"
    assert len(history) == 1


@pytest.mark.usefixtures("ctrl_c")
def test_a_second_ctrl_c_interrupts_at_once():
    with pytest.raises(KeyboardInterrupt), Interruption() as interruption:  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        assert interruption.requested
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_foreign_signal_handlers_are_left_alone():
    received = []
    previous = signal.signal(signal.SIGINT, lambda *_: received.append(1))
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGINT)
        assert received == [1]
        assert not interruption.requested
    finally:
        signal.signal(signal.SIGINT, previous)


def test_an_ignored_ctrl_c_stays_ignored():
    def interrupt(epoch):
        signal.raise_signal(signal.SIGINT)

    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        history, _ = run(3, RecordingTrainer(interrupt), slice_seconds=0.0)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, previous)
    assert history.stopped is None
    assert len(history) == 3


def test_training_works_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(len(run(10)[0])))
    thread.start()
    thread.join()
    assert results == [10]


def test_an_error_in_a_callback_still_saves():
    saved = []

    def fail(progress):
        raise RuntimeError("callback failed")

    with pytest.raises(RuntimeError, match="callback failed"):
        run(10, callbacks=[fail], save=lambda h: saved.append(len(h)))
    assert saved == [1]


def test_saves_at_the_interval():
    saved = []
    run(20, save=lambda h: saved.append(len(h)), save_interval=0.0, callbacks=[lambda p: None])
    assert saved == [*range(1, 21), 20]


def test_a_save_costs_little_of_the_time():
    """Without an interval: soon at first, then so that all of them take 1% of the time."""
    import time

    clock = {"now": 0.0}
    saved = []

    def epoch(number):
        clock["now"] += 0.1

    def save(history):
        saved.append(clock["now"])
        clock["now"] += 0.03

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock["now"])
        patch.setattr(time, "perf_counter", lambda: clock["now"])
        run(1000, RecordingTrainer(epoch), save=save)
    assert saved[0] <= 0.7
    assert saved[1] <= 6.2  # with the first one paid for
    assert np.all(np.abs(np.diff(saved[1:-1]) - 3) <= 0.2)
    assert 0.03 * (len(saved) - 1) <= 0.01 * clock["now"]  # all but the last, which there must be


@pytest.mark.parametrize("moment", ["epoch", "save"])
def test_an_impatient_user_loses_nothing(moment):
    """Ctrl-C thrice: what is saved is a whole slice, with the history that belongs to it."""
    saved = []

    def interrupt(*_):
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)

    def save(history):
        if moment == "save":
            interrupt()
        saved.append((len(history), trainer.total))

    trainer = RecordingTrainer(lambda epoch: interrupt() if moment == "epoch" and epoch == 5 else None)
    history, _ = run(20, trainer, save=save, slice_seconds=0.0)
    done = 6 if moment == "epoch" else 20
    assert history.stopped == "interrupt"
    assert saved == [(done, pytest.approx(learning_rates(0.5, "linear", 20)[:done].sum()))]


def test_schedules():
    np.testing.assert_allclose(learning_rates(2.0, "constant", 3), [2, 2, 2])
    np.testing.assert_allclose(learning_rates(2.0, "linear", 4), [2, 1.5, 1, 0.5])
    np.testing.assert_allclose(learning_rates(2.0, "cosine", 4)[[0, 2]], [2, 1])
    np.testing.assert_allclose(learning_rates(2.0, lambda e: 1 / (1 + e), 3), [2, 1, 2 / 3])
    np.testing.assert_allclose(learning_rates(2.0, [1, 0, 3], 3), [2, 0, 6])
    assert learning_rates(2.0, "linear", 0).shape == (0,)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("quadratic", "must be one of"),
        ([1.0, 2.0], r"expected shape \(3,\), got \(2,\)"),
        (lambda e: -1.0, "finite rates that are not negative"),
        (lambda e: float("inf"), "finite rates that are not negative"),
        (lambda e: [1.0, 2.0], r"expected shape \(3,\), got \(3, 2\)"),
        (lambda e: "1", "learning_rate_schedule must be real numbers"),
        ([[1.0], [1.0, 2.0]], "learning_rate_schedule must be real numbers in rows of one length"),
    ],
)
def test_bad_schedules(schedule, message):
    with pytest.raises((TypeError, ValueError), match=message):
        learning_rates(0.1, schedule, 3)


def test_l1_warmup():
    np.testing.assert_allclose(l1_strengths(0.3, 0, 3), [0.3] * 3)
    np.testing.assert_allclose(l1_strengths(0.3, 3, 5), [0, 0.1, 0.2, 0.3, 0.3])


def test_history_becomes_a_dataframe():
    pd = pytest.importorskip("pandas")
    history, _ = run(5)
    frame = history.to_frame()
    assert list(frame.columns) == ["learning_rate", "l1", "reconstruction_error", "gradient_norm"]
    pd.testing.assert_index_equal(frame.index, pd.RangeIndex(1, 6, name="epoch"))
    np.testing.assert_array_equal(frame["reconstruction_error"], history["reconstruction_error"])
    np.testing.assert_array_equal(history["epoch"], [1, 2, 3, 4, 5])


def test_history_is_read_only_and_consistent():
    history = History()
    history.append({"a": [1.0, 2.0]})
    with pytest.raises(ValueError, match="read-only"):
        history["a"][0] = 5
    with pytest.raises(ValueError, match="differ in length"):
        History().append({"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(KeyError):
        history["nothing"]
    assert history.last() == {"a": 2.0}
    assert repr(history).startswith("History(2 epochs in ")


def test_quantities_are_nan_in_epochs_without_them():
    history = History()
    with pytest.raises(ValueError, match="no epoch yet"):
        history.record("score", 1.0)
    history.append({"a": [1.0, 2.0]})
    history.record("score", 7.0)
    history.append({"a": [3.0], "b": [4.0]})
    np.testing.assert_array_equal(history["a"], [1, 2, 3])
    np.testing.assert_array_equal(history["b"], [np.nan, np.nan, 4])
    np.testing.assert_array_equal(history["score"], [np.nan, 7, np.nan])
    history.record("score", 8.0)
    np.testing.assert_array_equal(history["score"], [np.nan, 7, 8])


def test_progress_bar_shows_rate_and_note_in_terminals_only(capsys):
    import io

    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=160)
    with progress_bar("training", 10, unit="epochs", show=True, console=console) as advance:
        advance(4, "reconstruction error 0.1")
        advance(6, "reconstruction error 0.05")
    text = terminal.getvalue()
    assert "10/10" in text
    assert "epochs/s" in text
    assert "reconstruction error 0.05" in text

    pipe = io.StringIO()
    with progress_bar("training", 10, unit="epochs", show=True, console=Console(file=pipe)) as advance:
        advance(10, "")
    assert pipe.getvalue() == ""

    hidden = io.StringIO()
    console = Console(file=hidden, force_terminal=True)
    with progress_bar("training", 10, unit="epochs", show=False, console=console) as advance:
        advance(10, "")
    assert hidden.getvalue() == ""

    run(10, progress=True)
    assert capsys.readouterr() == ("", "")
