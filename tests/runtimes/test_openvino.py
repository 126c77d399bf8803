"""How compiled graphs are held."""

import weakref

import numpy as np

from isegformer.runtimes.openvino import _CompiledGraph


class Held:
    """Something whose end can be seen."""


class Model:
    outputs = ()

    def __init__(self, gone):
        self.gone = gone

    def create_infer_request(self):
        request = Held()
        weakref.finalize(request, self.gone.append, "request")
        return request


def test_weights_outlive_what_computes_with_them():
    gone = []
    stored = np.zeros(3, np.uint8)
    weakref.finalize(stored, gone.append, "weights")
    graph = _CompiledGraph(Model(gone), stored=stored)
    del stored
    del graph
    assert gone == ["request", "weights"]
