"""A class says what kind of method it is, and inherits what it doesn't say."""

from framework.agent import Agent
from framework.method import Method


def test_an_agent_keeps_a_function_and_is_like_any_method_otherwise():
    kinds = [name for name in vars(Method) if not name.startswith("_")]
    assert [name for name in kinds if getattr(Agent, name) != getattr(Method, name)] == ["kept_in"]
