"""Methods that are graphs: arrays in and out, traced once, other shapes refused, and usable inside one another."""

import copy
import os
import subprocess
import sys
import tempfile
import traceback
from collections import namedtuple

import numpy as np
import pytest

from framework.graph import Graph, compiled, same_shape
from framework.tf import tf

Pair = namedtuple("Pair", "one other")
Riap = namedtuple("Riap", "other one")


class Machine:
    """With a variable, as an agent has them."""

    def __init__(self):
        self.scale = tf.Variable(2.0)

    @compiled
    def scaled(self, x):
        """x times the scale."""
        return x * self.scale

    @compiled
    def itself(self, x):
        return x

    @compiled
    def first_of(self, nested):
        return tf.nest.flatten(nested)[0]

    @compiled
    def checked(self, x):
        for i in tf.range(2):
            if x[i, 0] < 0:
                x = x + tf.ones(3)  # the line of the mistake, for [N, 2]
        return x

    @compiled
    def grow(self, by):
        self.scale.assign_add(by)

    @compiled
    def both(self, pair, number):
        return {"sum": pair.one + number, "pair": Pair(pair.other, self.scaled(pair.one))}

    @compiled(free=2, xla="dense")
    def total(self, batches):
        total = 0.0
        for k in tf.range(tf.shape(batches)[0]):
            total += tf.reduce_sum(batches[k])
        return total


def test_arrays_go_in_and_come_out_and_any_number_of_rows_is_one_trace():
    machine = Machine()
    for rows in (3, 1, 64):
        out = machine.scaled(np.ones((rows, 4)))
        assert (type(out), out.dtype, out.shape) == (np.ndarray, np.float32, (rows, 4))
        assert (out == 2).all()
    assert isinstance(machine.scaled, Graph)
    assert machine.scaled.traces == 1
    machine.scale.assign(3.0)
    assert machine.scaled(np.ones((2, 4)))[0, 0] == 3


@pytest.mark.parametrize("shape", [(3,), (3, 5), (3, 4, 1)])
def test_what_does_not_fit_the_first_call_is_refused_in_a_sentence(shape):
    machine = Machine()
    machine.scaled(np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"does not fit \(None, 4\)"):
        machine.scaled(np.ones(shape))
    with pytest.raises(ValueError, match="scaled was first called with 1 arrays; got 2"):
        machine.scaled((np.ones((3, 4)), np.ones((3, 4))))
    assert machine.scaled.traces == 1


def test_named_tuples_dicts_and_numbers_are_taken_apart_and_put_together():
    machine = Machine()
    for number in (1, 5):
        out = machine.both(Pair(np.ones(2), np.zeros((2, 3))), float(number))
        assert out["sum"].tolist() == [1 + number] * 2
        assert isinstance(out["pair"], Pair)
        assert out["pair"].other.tolist() == [2, 2]  # by a graph inside the graph
    assert (machine.both.traces, machine.scaled.traces) == (1, 0)


@pytest.mark.parametrize(
    ("first", "other", "words"),
    [
        (Pair(1.0, 2.0), Riap(1.0, 2.0), r"\(\(one=array, other=array\)\); got \(\(other=array, one"),
        (Pair(1.0, 2.0), (1.0, 2.0), r"got \(\(array, array\)\)"),
        ({"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 2.0}, r"\(\{a: array, b: array\}\); got \(\{a: array, c: array\}\)"),
        ((1.0, (2.0, 3.0)), ((1.0, 2.0), 3.0), r"first called with \(\(array, \(array, array\)\)\); got"),
        (1.0, {"a": 1.0}, r"first called with \(array\); got \(\{a: array\}\)"),
        ({"a": 1.0}, 1.0, r"first called with \(\{a: array\}\); got \(array\)"),
        (Pair({"a": 1.0}, 2.0), Pair({"b": 1.0}, 2.0), r"one=\{a: array\}"),
    ],
)
def test_what_is_nested_otherwise_than_at_the_first_call_is_refused(first, other, words):
    machine = Machine()
    for _ in range(3):
        machine.first_of(first)
    with pytest.raises(ValueError, match=words):
        machine.first_of(other)
    assert machine.first_of(first) == 1
    assert machine.first_of.traces == 1


def test_the_order_of_a_dict_does_not_matter():
    machine = Machine()
    assert machine.first_of({"a": 1.0, "b": 2.0}) == 1
    assert machine.first_of({"b": 2.0, "a": 1.0}) == 1


def test_arguments_by_name_are_refused_in_a_sentence():
    machine = Machine()
    for call in (lambda: machine.scaled(x=np.ones(3)), lambda: Machine.scaled(machine, x=np.ones(3))):
        with pytest.raises(TypeError, match=r"^scaled is a graph and takes arguments in order; got x by name$"):
            call()


def test_a_method_may_change_a_variable_and_return_nothing():
    machine = Machine()
    assert machine.grow(np.float32(3.0)) is None
    assert float(machine.scale) == 5


def test_two_axes_may_be_free_and_a_loop_is_part_of_the_graph():
    machine = Machine()
    assert machine.total(np.ones((2, 3))) == 6
    assert machine.total(np.ones((4, 5))) == 20
    assert machine.total.traces == 1


def test_inside_another_graph_a_method_gives_and_takes_tensors():
    machine = Machine()

    @tf.function
    def twice(x):
        return machine.scaled(machine.scaled(x))

    assert twice(tf.ones(3)).numpy().tolist() == [4, 4, 4]
    assert tf.is_tensor(machine.scaled.inside(tf.ones(3)))


def test_each_object_has_its_own_graph_and_a_test_may_put_something_else_there():
    one, other = Machine(), Machine()
    other.scale.assign(5.0)
    assert (one.scaled(np.ones(1)), other.scaled(np.ones(1))) == (2, 5)
    one.scaled = lambda x: "else"
    assert one.scaled(0) == "else"
    assert Machine.scaled.__doc__ == "x times the scale."
    assert Machine.scaled(other, np.ones(1)) == 5


def test_a_copy_has_graphs_of_its_own():
    one = Machine()
    one.scaled(np.ones(1))
    other = copy.copy(one)
    other.scale = tf.Variable(7.0)
    assert (one.scaled(np.ones(1)), other.scaled(np.ones(1)), one.scaled(np.ones(1))) == (2, 7, 2)


def test_real_numbers_are_not_cut_to_whole_ones():
    machine = Machine()
    assert machine.itself(np.array([300])).tolist() == [300]
    with pytest.raises(ValueError, match="itself was first called with whole numbers there; got float64"):
        machine.itself(np.array([1.7]))


def test_a_subclass_may_go_on_where_the_method_of_its_base_ended():
    class Tripled(Machine):
        @compiled
        def scaled(self, x):
            return 3 * super().scaled(x)

    machine = Tripled()
    for _ in range(2):
        assert machine.scaled(np.ones(1)) == 6


def test_same_shape_tells_a_column_from_a_row():
    same_shape(tf.ones(4), np.zeros(4))
    with pytest.raises(ValueError, match="incompatible"):
        same_shape(tf.ones(4), tf.ones((4, 1)))


@pytest.mark.parametrize(("shape", "further"), [((2, 3, 4), True), ((2, 3, 8, 8, 1), False)])
def test_xla_is_for_dense_networks_and_not_for_pictures(shape, further):
    machine = Machine()
    machine.total(np.ones(shape))
    assert bool(machine.total._graph.function_def.attr["_XlaMustCompile"].b) == further


def test_an_error_in_a_graph_names_the_line_of_the_method():
    with pytest.raises(ValueError, match="must be equal") as caught:
        Machine().checked(np.ones((2, 2)))
    assert "the line of the mistake" in "".join(traceback.format_exception(caught.value))


def test_tracing_leaves_no_files_however_the_process_ends(tmp_path):
    program = f"""
import os, sys, tempfile
sys.path.insert(0, {str(__file__).rpartition("tests")[0] + "tests/framework"!r})
import numpy as np
from test_graph import Machine
machine = Machine()
for _ in range(2):
    machine.total(np.ones((2, 3)))
    machine.checked(np.ones((2, 3)))
machine = Machine()  # what was made for the first serves the second
machine.checked(-np.ones((2, 3)))
with tempfile.NamedTemporaryFile() as file:
    assert os.path.dirname(file.name) == os.environ["TMPDIR"], "temporary files go where they went before"
os._exit(9)
"""
    env = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (9, "")
    assert list(tmp_path.iterdir()) == []


def test_temporary_files_go_where_they_went_before_after_an_error_too():
    before = tempfile.gettempdir()
    with pytest.raises(ValueError, match="must be equal"):
        Machine().checked(np.ones((2, 2)))
    assert tempfile.gettempdir() == before
