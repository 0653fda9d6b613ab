"""fit(): exact resumption, the best state kept whatever happens, clear words, one display of fixed size."""

import json
import math
import re
import signal
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from course_kit import callbacks
from course_kit.callbacks import Display, Samples
from course_kit.runs import state
from course_kit.runs import store as store_module
from course_kit.runs.store import Keeping
from course_kit.training import Callback, Run, fit, to_take, warm_then_fall
from course_kit.views import learning
from course_kit.views.learning import HEIGHT, WIDTH, curve, final, running

pytestmark = pytest.mark.usefixtures("one_thread")


def model(seed=0, dropout=0.3):
    """Dropout draws, batch norm keeps statistics, Adam keeps moments: all of it must survive a pause."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1))


X = torch.linspace(-2, 2, 40)[:, None]
Y = torch.sin(2 * X)


def drawn(generator):
    rows = torch.randint(len(X), (16,), generator=generator)
    return X[rows], Y[rows]


def shuffled():
    data = torch.utils.data.TensorDataset(X, Y)
    return torch.utils.data.DataLoader(data, batch_size=12, shuffle=True)


LISTED = [(X[i : i + 13], Y[i : i + 13]) for i in range(0, 39, 13)]


def squares(net, batch):
    return (net(batch[0]) - batch[1]).pow(2).mean()


def held_out(net):
    torch.rand(3)  # an evaluation may draw; nothing after it must notice
    return squares(net, (X, Y))


def quiet(net, batches=drawn, loss=squares, **options):
    return fit(net, batches, loss, **({"steps": 20, "show": False} | options))


def same(a, b):
    """Bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def weights(net):
    return {name: x.clone() for name, x in net.state_dict().items()}


@pytest.mark.parametrize(
    ("make", "lr", "clip", "schedule", "seed", "options"),
    [(torch.optim.Adam, 0.01, None, lambda step: 1.0, 0, {}),
     (torch.optim.SGD, 0.5, 0.05, lambda step: 1 / (1 + step), 7, "all")],
    ids=["as it is", "with everything"],
)  # fmt: skip
def test_it_is_the_loop_that_one_writes_by_hand(make, lr, clip, schedule, seed, options):
    if options == "all":
        options = {"optimizer": make, "lr": lr, "clip": clip, "schedule": schedule, "seed": seed}
    net, ours, losses = model(), model(), []
    run = quiet(net, LISTED, steps=5, **options)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        optimizer = make(ours.parameters(), lr=lr)
        for step in range(5):
            loss = squares(ours, LISTED[step % 3])
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(ours.parameters(), clip or math.inf)
            optimizer.param_groups[0]["lr"] = lr * schedule(step)
            optimizer.step()
    assert same(weights(net), weights(ours)) and run.history == {"loss": ([0, 1, 2, 3, 4], losses)}


class TestResuming:
    @pytest.mark.parametrize("batches", [drawn, LISTED, shuffled()], ids=["function", "list", "loader"])
    @pytest.mark.parametrize("optimizer", [None, torch.optim.SGD])
    @pytest.mark.parametrize("evaluate", [None, held_out])
    def test_n_steps_are_k_and_then_the_rest(self, batches, optimizer, evaluate):
        options = {"optimizer": optimizer, "evaluate": evaluate, "schedule": lambda step: 1 / (1 + step), "clip": 1.0}
        once, parts = model(), model()
        whole = quiet(once, batches, steps=23, every=4, **options)
        run = quiet(parts, batches, steps=7, every=4, **options)
        torch.rand(5)  # what happens in between in the global random state makes no difference
        run = quiet(parts, batches, steps=8, every=4, resume=run, **options)
        run = quiet(parts, batches, steps=23, every=4, resume=run, **options)
        assert run.step == whole.step == 23
        assert run.history["loss"] == whole.history["loss"]
        assert same(run.last.model, whole.last.model)
        if evaluate is None:
            assert same(weights(once), weights(parts))

    def test_the_same_cell_again_goes_on(self):
        net, whole = model(), model()
        assert quiet(net, steps=6, resume=True).step == 6  # nothing to resume yet
        run = quiet(net, steps=15, resume=True)
        quiet(whole, steps=15)
        assert run.step == 15 and same(weights(net), weights(whole))
        assert "done already" in run.resume().message
        assert quiet(net, steps=3).step == 3, "without resume= it starts anew"

    def test_resumes_from_the_last_state_not_from_the_best(self):
        net, whole, bad = model(), model(), iter(range(1000))
        judged = {"evaluate": lambda _: float(next(bad)), "every": 5}  # gets worse and worse: step 0 is best
        before = weights(net)
        run = quiet(net, steps=10, **judged)
        assert run.best.step == 0 and same(weights(net), before)
        run = quiet(net, steps=20, resume=run, **judged)
        assert same(run.last.model, quiet(whole, steps=20).last.model)

    def test_another_model_is_refused(self):
        run = quiet(model())
        with pytest.raises(ValueError, match="another model"):
            quiet(nn.Linear(1, 1), resume=run)

    def test_same_seed_same_run_other_seed_another(self):
        runs = [quiet(model(), seed=seed).history["loss"][1] for seed in (3, 3, 4)]
        assert runs[0] == runs[1] != runs[2]

    def test_leaves_global_random_state_mode_and_gradients_alone(self):
        net = model().eval()
        torch.manual_seed(5)
        before = torch.get_rng_state()
        quiet(net, evaluate=held_out)
        assert torch.equal(torch.get_rng_state(), before) and not net.training and torch.is_grad_enabled()


class TestBest:
    def test_the_model_holds_the_best_state(self):
        net, measured = model(dropout=0.0), []

        def evaluate(net):
            measured.append((abs(len(measured) - 40.5), weights(net)))  # best after 40 steps
            return {"held-out": measured[-1][0], "other": 7.0}

        run = quiet(net, steps=60, lr=0.3, every=1, evaluate=evaluate)
        value, state = min(measured, key=lambda pair: pair[0])
        assert run.best.value == value and run.best.metrics["other"] == 7.0
        assert run.best.step == 40 and same(weights(net), state)
        assert len(run.history["held-out"][0]) == 61 and run.history["other"][1] == [7.0] * 61

    def test_higher_is_better(self):
        grows = iter([1.0, 5.0, 3.0])
        run = quiet(model(), every=10, higher_is_better=True, evaluate=lambda _: next(grows))
        assert (run.best.value, run.best.step) == (5.0, 10)

    def test_nan_is_never_best(self):
        values = iter([2.0, float("nan"), 3.0])
        assert quiet(model(), every=10, evaluate=lambda _: next(values)).best.value == 2.0


class TestEnds:
    def test_nan_names_the_learning_rate_and_keeps_what_was_sound(self):
        calls = iter(range(1000))

        def breaks(net, batch):
            return squares(net, batch) * (float("nan") if next(calls) == 13 else 1.0)

        net = model()
        run = quiet(net, loss=breaks, lr=0.5, every=5, evaluate=held_out)
        assert run.stopped == "diverged"
        assert "NaN" in run.message and "learning rate, 0.5," in run.message and "lr=0.05" in run.message
        assert f"after step {run.best.step}" in run.message
        assert all(x.isfinite().all() for x in net.state_dict().values())
        again = quiet(net, lr=0.01, every=5, evaluate=held_out, resume=run)
        assert again.step == 20 and again.stopped is None and again.best.value <= run.best.value

    def test_a_loss_may_be_negative(self):
        """A log-likelihood, say: what falls below zero is sound, and what rises from it a little has not exploded."""
        script = iter([-1.0, -30.0, -20.0, *[-0.5] * 12, 0.1, 0.1, 0.1, 0.1, 0.1, math.nan])
        run = quiet(model(), loss=lambda net, batch: squares(net, batch) * 0 + next(script), steps=30, every=1)
        assert run.stopped == "diverged" and run.step == 20 and "NaN" in run.message

    def test_nan_from_the_start_points_at_the_data(self):
        run = quiet(model(), [(X * float("nan"), Y)])
        assert run.stopped == "diverged" and "Look at the data" in run.message and run.best is None

    def test_weights_that_blow_up_after_the_last_loss(self):
        class Blows(torch.optim.SGD):
            def step(self):
                with torch.no_grad():
                    for p in self.param_groups[0]["params"]:
                        p.fill_(float("inf"))

        net = nn.Linear(1, 1)
        run = quiet(net, LISTED, optimizer=Blows, steps=1)
        assert run.stopped == "diverged" and net.weight.isfinite().all()

    def test_an_error_in_the_loss_is_raised_and_nothing_is_lost(self):
        net, calls = model(), iter(range(100))

        def fails(net, batch):
            if next(calls) == 12:
                raise RuntimeError("no such luck")
            return squares(net, batch)

        with pytest.raises(RuntimeError, match="no such luck"):
            quiet(net, loss=fails, every=4)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        run = quiet(net, steps=20, every=4, resume=True)
        assert run.step == 20 and same(weights(net), weights_of_a_whole_run(20))

    @pytest.mark.parametrize(
        ("options", "name"),
        [({"batches": iter(LISTED)}, "batches"), ({"batches": []}, "batches"), ({"steps": -1}, "steps is -1"),
         ({"steps": 0}, "steps is 0"), ({"steps": 2.5}, "steps is 2.5"),
         ({"steps": "5"}, "steps is '5'"), ({"every": -2}, "every is -2"), ({"clip": -1}, "clip"),
         ({"clip": 0}, "clip"), ({"clip": math.nan}, "clip"),
         ({"schedule": lambda step: -1.0}, "schedule"), ({"schedule": lambda step: math.nan}, "schedule"),
         ({"loss": lambda net, batch: 3.0}, "loss"), ({"loss": lambda net, batch: net(batch[0])}, "loss"),
         ({"loss": lambda net, batch: squares(net, batch).detach()}, "loss"), ({"lr": -1.0}, "learning rate")],
    )  # fmt: skip
    def test_what_would_be_wrong_in_silence_or_much_later(self, options, name):
        with pytest.raises(ValueError, match=name):
            quiet(model(), **options)

    @pytest.mark.parametrize("evaluate", [lambda net: None, lambda net: {"BLEU": torch.ones(3)}])
    def test_an_evaluation_gives_numbers(self, evaluate):
        with pytest.raises((TypeError, ValueError, RuntimeError)):
            quiet(model(), evaluate=evaluate)

    def test_a_model_that_is_trained_already_is_not_trained_on_in_silence(self, capsys):
        net = model()
        for steps, behind in ((3, 0), (2, 3), (1, 5)):
            run = fit(net, LISTED, squares, steps=steps)
            said = capsys.readouterr().out
            assert (f"{behind} steps of training behind it" in said.splitlines()[0]) == (behind > 0)
        fit(net, LISTED, squares, steps=2, resume=run)
        assert "behind it" not in capsys.readouterr().out

    def test_nothing_to_train(self):
        with pytest.raises(ValueError, match="parameter"):
            quiet(nn.Sequential())


def weights_of_a_whole_run(steps):
    net = model()
    quiet(net, steps=steps, every=4)
    return weights(net)


def press():
    signal.raise_signal(signal.SIGINT)


class TestStopButton:
    """■ is a SIGINT: it may come at any moment."""

    def stopped(self, **options):
        net = model()
        run = quiet(net, steps=20, every=4, **options)
        assert run.stopped == "by hand" and "by hand after" in run.message and isinstance(run, Run)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and net.training
        best = run.best
        assert "again: it begins at its top. To go on" in run.message or not run.step
        again = quiet(model(), steps=30, resume=run, loss=self.loss_that(press, at=2))
        assert again.message.endswith(f"Run the cell again: it goes on from step {again.step}.")
        run = quiet(net, steps=20, every=4, resume=run)
        assert run.step == 20 and same(run.last.model, weights_of_a_whole_run(20)), "resumed bit for bit"
        return best

    def loss_that(self, does, at):
        calls = iter(range(1000))

        def loss(net, batch):
            value = squares(net, batch)
            if next(calls) == at:
                does()
            return value

        return loss

    def test_in_a_step_waits_for_its_end(self):
        net = model()
        run = quiet(net, steps=20, every=4, loss=self.loss_that(press, at=9))
        assert run.stopped == "by hand" and run.step == 10
        self.stopped(loss=self.loss_that(press, at=9))

    def test_twice_in_a_step_does_not_wait(self):
        def twice():
            press()
            press()
            raise AssertionError("the second should not wait")

        self.stopped(loss=self.loss_that(twice, at=9))

    def test_in_the_middle_of_an_update(self):
        class Torn(torch.optim.Adam):
            calls = 0

            def step(self):
                Torn.calls += 1
                if Torn.calls == 7:
                    with torch.no_grad():
                        self.param_groups[0]["params"][0].fill_(99.0)
                    raise KeyboardInterrupt
                return super().step()

        net = model()
        run = quiet(net, steps=20, every=4, optimizer=Torn)
        assert run.stopped == "by hand" and run.step == 4 and net[0].weight.abs().max() < 50
        run = quiet(net, steps=20, every=4, resume=run, optimizer=torch.optim.Adam)
        assert same(weights(net), weights_of_a_whole_run(20))

    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_in_an_evaluation_stops_at_once(self, times):
        calls = iter(range(100))

        def evaluate(net):
            if next(calls) == 2:
                net.eval()
                torch.rand(7)
                for _ in range(times):
                    press()
                raise AssertionError("it should have stopped")
            return held_out(net)

        assert self.stopped(evaluate=evaluate).step in (0, 4)

    def test_while_the_picture_is_drawn(self, monkeypatch):
        monkeypatch.setattr(callbacks, "in_notebook", lambda: True)
        monkeypatch.setattr(callbacks, "PERIOD", 0)
        monkeypatch.setattr(Display, "put", lambda self, bundle: press())
        run = quiet(model(), steps=5, show=True, callbacks=[Display()])
        assert run.stopped == "by hand" and run.step == 1


def panels(bundle):
    """The charts in what stays after a training."""
    spec = json.loads(re.search(r'<script type="application/json">(.*?)</script>', bundle["text/html"])[1])[0]
    return spec["panels"]


class TestDisplay:
    def test_a_terminal_gets_a_few_lines(self, capsys):
        run = fit(model(), drawn, squares, steps=1000, evaluate=held_out)
        lines = capsys.readouterr().out.splitlines()
        assert 3 <= len(lines) <= 8 and lines[-1] == run.message and quiet(model()).step == 20
        assert capsys.readouterr().out == ""

    def run(self, steps=50, done=50, **history):
        curves = {"loss": (list(range(done)), [1 / (1 + i) for i in range(done)])} | history
        return Run(model(), steps, step=done, history=curves, message="50 steps.")

    def test_size_is_fixed(self):
        heights = {re.search(r"min-height:\d+px", running(self.run(done=n), "x")).group() for n in (0, 1, 50)}
        assert len(heights) == 1
        assert all(f'viewBox="0 0 {WIDTH} {HEIGHT}"' in curve(self.run(done=n)) for n in (0, 1, 50))
        ends = [re.search(r">(\d+) steps<", curve(self.run(done=n)))[1] for n in (0, 4, 5, 30)]
        assert ends == ["4", "7", "7", "50"], "an axis begins short: no line is upright"
        assert "tabular-nums" in running(self.run(), "x") and "<progress aria-label=" in running(self.run(), "x")

    def test_the_number_beside_a_noisy_curve_is_where_its_line_ends(self):
        noisy = self.run(100, 100, loss=(list(range(100)), [2.0, 4.0] * 50))
        assert " 3</div>" in running(noisy, "x") and noisy.status().endswith(" 4")

    def test_one_step_is_one_and_what_it_is_compared_with_goes_across(self):
        assert quiet(model(), steps=1).message.startswith("1 step.")
        once = self.run(1, 1)
        assert curve(once).count(">1</text>") == 1 and ">1 step</text>" in curve(once)  # the one number, once
        assert panels(final(once, "x", compare={"guess": 0.5}))[0]["series"][1]["count"] == 2
        assert learning._judged(self.run(done=3), False)["loss"][0] == [1, 2, 3]  # as its note and its status count

    def test_what_stays_is_a_picture_with_alt_text(self):
        bundle = final(self.run(**{"held-out": ([0, 50], [1.0, 0.1])}), "How well?")
        assert "alt=" in bundle["text/html"] and "held-out" in bundle["text/html"]
        assert "50 steps." in bundle["text/html"] and bundle["text/plain"] == "50 steps."
        stopped = self.run()
        stopped.stopped, said = "by hand", '<div class="course-stopped" role="status">■ 50 steps.</div>'
        assert final(stopped, "How well?")["text/html"].startswith(said)  # in sight behind a guess: reading.css
        assert final(self.run(done=0), "How well?")["text/html"] == said
        apart = final(self.run(accuracy=([0, 50], [0.1, 0.9])), "How well?", apart=True)
        assert [panel["ylabel"] for panel in panels(apart)] == ["accuracy"]  # what is judged

    def test_accuracies_stand_apart_from_losses_and_no_name_covers_another(self):
        names = ("loss, both", "MLM accuracy", "NSP accuracy", "MLM loss", "NSP loss")
        run = self.run(**{name: ([0, 50], [1.0, 0.5]) for name in names})
        assert [panel["title"] for panel in panels(final(run, "Both"))] == ["loss", "measured on the way"]
        heights = sorted(int(y) for y, name in re.findall(r'y="(\d+)"[^>]*>([^<]+)<', curve(run)) if name in names)
        ends = {int(x) for x, name in re.findall(r'x="(\d+)"[^>]*>([^<]+)<', curve(run)) if name in names}
        assert min(ends) > WIDTH - 120, "no line goes there"
        assert len(heights) == 5 and min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 12

    def test_what_falls_far_has_a_log_axis(self):
        far, earlier = self.run(loss=([0, 50], [10.0, 0.1])), self.run(loss=([0, 50], [9.0, 0.3])).history["loss"]
        (alone,) = panels(final(far, "How well?"))
        (beside,) = panels(final(far, "How well?", compare={"guessing": 9.5, "before": earlier}))
        assert [alone["log"], beside["log"]] == ["y", "y"]
        assert [one["kind"] for one in beside["series"]] == ["line", "dashed", "dashed"]
        assert "guessing" in curve(self.run(done=0), compare={"guessing": 9.5, "before": earlier})

    def test_a_long_history_is_the_mean_of_each_stretch_with_its_reach(self):
        steps, *drawn = learning._means(list(range(400)), [1.0, 3.0] * 200)
        assert len(steps) == learning.STRETCHES and (steps[0], [set(part) for part in drawn]) == (4, [{2}, {1}, {3}])
        assert steps[-1] == 399, "read where the training ended"
        (panel,) = panels(final(self.run(steps=400, done=400), "How well?"))
        assert [one["kind"] for one in panel["series"]] == ["line", "band"]


def test_at_most_four_updates_a_second(monkeypatch):
    shown, steps = [], []  # each step takes a 64th of a second
    monkeypatch.setattr(callbacks, "in_notebook", lambda: True)
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(monotonic=lambda: len(steps) / 64))
    monkeypatch.setattr(Display, "put", lambda self, bundle, told=None: shown.append(len(steps)))

    def counted(net, batch):
        steps.append(0)
        return squares(net, batch)

    quiet(model(), loss=counted, steps=52, show=True, callbacks=[Display()])
    assert shown == [16, 32, 48, 52], "and at its end"


def test_a_run_resumed_without_evaluation_keeps_what_it_learned_there():
    """And the other way round: a training loss and a held-out number are not compared with each other."""
    torch.manual_seed(0)
    model, batches = nn.Linear(2, 1), [torch.ones(4, 2)]
    loss = lambda m, b: m(b).pow(2).mean()  # noqa: E731
    first = fit(model, batches, loss, steps=4, evaluate=lambda m: 1.0, show=False)
    assert first.best.step == 0 and first.best.metrics == {"held-out": 1.0}
    more = fit(model, batches, loss, steps=8, resume=first, show=False)
    assert more.best.step == 8 and more.best.metrics["loss"] == more.history["loss"][1][-1]
    assert torch.equal(model.weight, more.last.model["weight"])
    last = fit(model, batches, loss, steps=9, resume=more, evaluate=lambda m: -1.0, higher_is_better=True, show=False)
    assert last.best.metrics == {"held-out": -1.0}


def test_the_rate_warms_and_falls():
    rate = warm_then_fall(100, warm_up=10)
    found = [rate(step) for step in (0, 4, 9, 53, 99, 100, 1000)]
    assert found == pytest.approx([0.1, 0.5, 0.94, 0.5, 0.04, 0.03, 0.03])
    assert warm_then_fall(1000)(19) == 0.5, "over 40 steps, where nothing else is said"
    for steps, warm_up in ((1, 40), (30, 300), (100, 40), (200, 40), (1600, 300)):
        rates = [warm_then_fall(steps, warm_up)(step) for step in range(steps)]
        assert 0.85 <= max(rates) < 1.03, "it comes near the rate, however short"
    as_recorded = [min((step + 1) / 300, 1.03 - step / 1600) for step in range(1600)]
    assert rates == as_recorded, "up to a fifth of the steps the warm-up is as long as it is asked to be"
    with pytest.raises(ValueError, match="steps is '5'"):
        warm_then_fall("5")


def test_tests_of_a_page_take_a_tenth_of_the_steps_and_at_least_three(monkeypatch):
    monkeypatch.setenv("COURSE_TRAININGS", "short")
    assert [to_take(steps) for steps in (1, 3, 20, 600)] == [1, 3, 3, 60]
    model = torch.nn.Linear(1, 1)
    assert fit(model, [torch.ones(1, 1)], lambda m, x: m(x).mean(), steps=50, show=False).step == 5


class TestCallbacks:
    def test_they_are_told_in_this_order(self):
        class Told(Callback):
            def __init__(self):
                self.moments = []

            def begin(self, run, asked):
                self.moments.append(("begin", run.step, asked["steps"]))

            def after_step(self, run):
                self.moments.append(("step", run.step))

            def after_evaluation(self, run):
                self.moments.append(("evaluation", run.step, run.model.training, torch.is_grad_enabled()))

            def end(self, run):
                self.moments.append(("end", run.message))

        told = Told()
        run = quiet(model(), steps=2, every=2, evaluate=held_out, callbacks=[told])
        steps = [("step", 1), ("step", 2)]
        looks = [("evaluation", step, False, False) for step in (0, 2)]
        assert told.moments == [("begin", 0, 2), looks[0], *steps, looks[1], ("end", run.message)]

    def test_one_may_end_the_training(self):
        class Enough(Callback):
            def after_step(self, run):
                if run.step == 3:
                    run.stopped = "on a plateau"

        run = quiet(model(), evaluate=held_out, every=10, callbacks=[Enough()])
        assert run.step == 3 and run.stopped in run.message and run.history["held-out"][0] == [0, 3]

    @pytest.mark.parametrize("kind", [Display, Keeping])
    @pytest.mark.parametrize("broken", ["put", "running", "final", "pack", "fingerprint"])
    def test_a_display_that_fails_costs_nothing(self, kind, broken, monkeypatch, tmp_path):
        def fails(*arguments, **more):
            raise OSError("no such luck")

        monkeypatch.setenv("COURSE_KEPT_DIR", str(tmp_path))
        monkeypatch.setattr(callbacks, "in_notebook", lambda: True)
        monkeypatch.setattr(callbacks, "PERIOD", 0)
        places = {"put": Display, "running": learning, "final": learning, "pack": state, "fingerprint": store_module}
        monkeypatch.setattr(Display, "put", lambda self, bundle: None)
        monkeypatch.setattr(places[broken], broken, fails)
        net = model()
        run = quiet(net, steps=9, show=True, callbacks=[kind()])
        assert run.step == 9 and run.stopped is None and same(weights(net), weights_of_a_whole_run(9))


def test_samples_are_taken_on_the_way_and_change_nothing():
    runs = []
    for watching in ([], [Samples(lambda model: torch.rand(1).item() >= 0 and str(model.training))]):
        model = nn.Linear(1, 1)
        nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
        loss = lambda model, x: (model(x) - 1).square().mean()  # noqa: E731
        runs.append(fit(model, [torch.ones(2, 1)], loss, steps=40, callbacks=watching, show=False))
    assert runs[1].samples == {2: "False", 10: "False", 40: "False"} and not runs[0].samples
    assert runs[0].history == runs[1].history
