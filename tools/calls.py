"""Who calls whom in a program that runs: the public functions and methods that its parts call of each other.

    watch = Watch(parts)
    watch.run(lambda: train(config))
    watch.calls          {(caller, callee, name, moment): Call}

Python's own profiler watches; nothing is changed of what it looks at, and nothing has to be known beforehand of who
calls whom. A graph (`framework.graph.compiled`) counts as the method that it was made of; what is called while one is
traced does not count, for it happens once.
"""

import inspect
import sys
from dataclasses import dataclass, field

import numpy as np

ITERATED = "for"  # the name of a call of __iter__: one each time that it goes on


@dataclass(frozen=True)
class Fields:
    """A NamedTuple: the name of its class, and {field: what `kind` says of it}."""

    name: str
    fields: dict


@dataclass
class Call:
    """A function that one part calls of another: how often, and with what the first time."""

    count: int = 0
    arguments: dict = field(default_factory=dict)  # {name: its `kind`}, but for those that were None
    result: object = None  # a `kind`; of a plain tuple a list of them, of a dict its keys as another dict's


class Watch:
    """Records the calls between parts, while `run` runs.

    Args:
        parts: {part: modules, classes and functions that it is made of}; what two have is the first's.
        moments: {function: name}; a call has the name of the innermost of these that it happened in, else "".
        within: {part: another}; what the first does for the other, the other does.
        at_call: function (caller, name, count), called just before each call.

    Attributes:
        calls: {(caller, callee, name, moment): `Call`}.
    """

    def __init__(self, parts, moments=None, within=None, at_call=None):
        from framework.graph import Graph  # here, since it loads TensorFlow

        self._graph_called, self._graph_traced = Graph.__call__.__code__, Graph._trace.__code__
        self._functions = {}  # code: (part, name)
        for part, members in parts.items():
            for code, name in (one for member in members for one in _functions(member)):
                self._functions.setdefault(code, (part, name))
        self._classes = {one: part for part, members in parts.items() for one in members if inspect.isclass(one)}
        self._moments = {inspect.unwrap(function).__code__: name for function, name in (moments or {}).items()}
        self._within, self._at_call = within or {}, at_call
        self.calls, self._open = {}, {}

    def run(self, program):
        """Call a function without arguments; returns what it returns."""
        before = sys.getprofile()
        sys.setprofile(self._notice)
        try:
            return program()
        finally:
            sys.setprofile(before)
            self._open = {}

    def _notice(self, frame, event, argument):
        """What Python tells of each call and return."""
        if event == "call" and (frame.f_code in self._functions or frame.f_code is self._graph_called):
            call = self._begun(frame)
            if call:
                self._open[frame] = call
        elif event == "return" and frame in self._open:
            call = self._open.pop(frame)
            if call.count == 1:
                call.result = _result(argument)

    def _begun(self, frame):
        """The `Call` that begins with a frame; None where it is none between two parts."""
        callee, name, arguments = self._callee(frame)
        caller, moment = self._caller(frame.f_back)
        if not name or None in (caller, callee) or caller in (callee, self._within.get(callee)):
            return None
        call = self.calls.setdefault((caller, callee, name, moment), Call())
        call.count += 1
        if call.count == 1:
            call.arguments = {name: kind(value) for name, value in arguments.items() if value is not None}
        if self._at_call:
            self._at_call(caller, name, call.count)
        return call

    def _callee(self, frame):
        """(part, name, {name: argument}) of what is called."""
        if frame.f_code in self._functions:
            return *self._functions[frame.f_code], _arguments(frame)
        graph = frame.f_locals["self"]
        part = next((part for one, part in self._classes.items() if isinstance(graph.owner, one)), None)
        names = inspect.signature(graph.inside).parameters
        return part, graph.name, dict(zip(names, frame.f_locals["args"], strict=True))

    def _caller(self, frame):
        """(part, moment) of what called: the innermost frames that tell. No part does so while a graph is traced."""
        caller, moment = None, ""
        while frame is not None:
            if frame.f_code is self._graph_traced:
                return None, ""
            part, _ = self._functions.get(frame.f_code, (None, ""))
            if caller is None or (part and part == self._within.get(caller)):
                caller = part
            moment = moment or self._moments.get(frame.f_code, "")
            frame = frame.f_back
        return caller, moment


def kind(value):
    """The shape of an array; the name of a class of this repository's, a NamedTuple's with `Fields`; else None."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Fields(type(value).__name__, {name: kind(part) for name, part in value._asdict().items()})
    return type(value).__name__ if type(value).__module__.split(".")[0] in ("framework", "FN") else None


def _result(result):
    if isinstance(result, dict):
        return dict.fromkeys(result)
    return [kind(part) for part in result] if type(result) is tuple else kind(result)


def _arguments(frame):
    """{name: value} of a function's arguments: those of ** by their own names, words of * by themselves."""
    code, values = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    found = {name: values[name] for name in code.co_varnames[:count] if name != "self"}
    rest = list(code.co_varnames[count:])
    if code.co_flags & inspect.CO_VARARGS:
        found = {word: word for word in values[rest.pop(0)] if isinstance(word, str)} | found
    if code.co_flags & inspect.CO_VARKEYWORDS:
        found |= values[rest.pop(0)]
    return found


def _functions(member):
    """(code, name) of every function of a module or a class, or of a function; "" where it is not called by name."""
    if inspect.ismodule(member):
        for value in vars(member).values():
            if getattr(value, "__module__", None) == member.__name__:
                yield from _functions(value)
    elif inspect.isclass(member):
        # What is called like a function goes by the name of its module, which it is the purpose of.
        special = {"__init__": member.__name__, "__call__": member.__module__.split(".")[-1], "__iter__": ITERATED}
        for name, value in vars(member).items():
            if isinstance(value, property):
                yield value.fget.__code__, ""
            elif inspect.isfunction(value):
                yield inspect.unwrap(value).__code__, special.get(name, _public(name))
    elif inspect.isfunction(member):
        yield inspect.unwrap(member).__code__, _public(member.__name__)


def _public(name):
    return "" if name.startswith("_") else name
