"""What kind of method a class is, said by the class itself; docs/METHODS.md maps all of the course by it."""


class Method:
    """The base of all that learns or plans. A class says where it differs.

    Attributes:
        model_is: "none"; "known", from the world; or "learnt", from experience.
        based_on: what the policy comes from: "value"; "policy", parameters of its own; or "reward", one that is
            inferred from demonstrations, and then planned with.
        prediction_target: what a value is moved towards: an "estimate", by other values; the "actual return"; or a
            "label", where a policy is told by a teacher what to do.
        policy_learnt: whose values are learnt, or whose steps a policy learns from: "on-policy", those of the policy
            that acts; "off-policy", another's; "planning" where nobody acts.
        backup: "expectation", over all that may follow, or a "sample" of it.
        kept_in: "table", or "function", whose parameters are fewer than the states.
    """

    model_is = "none"
    based_on = "value"
    prediction_target = "estimate"
    policy_learnt = "on-policy"
    backup = "sample"
    kept_in = "table"
