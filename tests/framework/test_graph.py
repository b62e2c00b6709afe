"""Methods that are graphs: arrays in and out, traced once, other shapes refused, and usable inside one another."""

import copy
from collections import namedtuple

import numpy as np
import pytest

from framework.graph import Graph, compiled, same_shape
from framework.tf import tf

Pair = namedtuple("Pair", "one other")


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
