"""A network answers at once, and by its runtime as soon as that is ready."""

import subprocess
import sys
import threading

import torch

from isegformer.errors import ConfigError
from isegformer.runtimes import Prepared, Trial, WarmUp


def prepared(engine):
    return Prepared(engine=engine, trials=(Trial(runtime="fast", difference=0.0, refusal=None),))


class Constant:
    """Answers with one number."""

    click_radius_px = 2.0
    device = torch.device("cpu")

    def __init__(self, number):
        self.number = number

    def embed(self, image):
        return image

    def logits(self, embedded, hint):
        return torch.full((1,), self.number)

    def encode_key(self, frame):
        return f"keys of {self.number}"

    def encode_value(self, frame, keys, *, mask, others):
        return torch.full((1,), self.number)

    def decode(self, readout, keys):
        return torch.full((1,), -self.number)


def test_answers_come_before_and_after_the_change():
    may_go_on = threading.Event()

    def prepare():
        assert may_go_on.wait(30)
        return prepared(Constant(2.0))

    warm_up = WarmUp()
    clicks = warm_up.clicks(Constant(1.0), prepare)
    propagation = warm_up.propagation(Constant(3.0), lambda: prepared(Constant(4.0)))
    warm_up.start()
    assert clicks.logits(clicks.embed(None), None) == 1.0
    assert (clicks.click_radius_px, clicks.device) == (2.0, torch.device("cpu"))
    may_go_on.set()
    warm_up.wait(30)
    assert clicks.logits(clicks.embed(None), None) == 2.0
    assert propagation.encode_key(None) == "keys of 4.0"
    assert propagation.encode_value(None, None, mask=None, others=None) == 4.0
    assert propagation.decode(None, None) == -4.0
    assert propagation.device == torch.device("cpu")


def test_where_preparing_fails_the_first_goes_on_and_others_are_prepared(caplog):
    def fail():
        raise ConfigError("nothing works")

    warm_up = WarmUp()
    clicks = warm_up.clicks(Constant(1.0), fail)
    propagation = warm_up.propagation(Constant(3.0), lambda: prepared(Constant(4.0)))
    warm_up.start()
    warm_up.wait(30)
    assert clicks.logits(None, None) == 1.0
    assert propagation.encode_key(None) == "keys of 4.0"
    assert "nothing works" in caplog.text


_ENDS_WHILE_PREPARING = """
import threading
from isegformer.errors import ConfigError
from isegformer.runtimes import WarmUp
def first():
    threading.main_thread().join()
    print("first went on to its end", flush=True)
    raise ConfigError("nothing to change over to")
def second():
    print("second was begun", flush=True)
    raise ConfigError("nothing to change over to")
warm_up = WarmUp()
warm_up.clicks(None, first)
warm_up.clicks(None, second)
warm_up.start()
"""


def test_a_program_that_ends_waits_for_the_network_under_way_and_begins_no_other():
    done = subprocess.run(
        [sys.executable, "-c", _ENDS_WHILE_PREPARING], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "first went on to its end\n"), done.stderr
