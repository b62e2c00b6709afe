"""What `FN.reproducibility` prints."""

from FN.reproducibility_statistics import needed

WIDE = 48  # the first column


def names_of(found):
    """A and B, as the pools are called."""
    return [f"{rate:g}" for rate in found["learning_rates"]]


def report(found):
    """Lines: what `FN.reproducibility.study` gives, number by number."""
    a, b = names_of(found)
    seeds, ten, deviations = found["pools"][a]["seeds"], found["choices"], found["table"]["deviations"]
    steps = found["steps"]
    yield f"{found['runs']} runs of {steps[-1]:,} steps, with {len(steps)} evaluations; A: {a}, B: {b}"
    yield f"\n{f'learning rate; seeds {seeds[0]} to {seeds[-1]}':>{WIDE}}  IQM and 95% interval      mean    std"
    for rate, pool in found["pools"].items():
        between = "{:.0f}, {:.0f} to {:.0f}".format(pool["iqm"], *pool["interval"])
        yield f"{rate:>{WIDE}}  {between:20} {pool['mean']:9.1f} {pool['std']:6.1f}"
    rows = {
        f"ten seeds of A as five and five, in {found['halves']['ways']} ways": "",
        "Welch's test at 5% says that they differ": f"{found['halves']['significant']:.1%}",
        "the surest way": f"p = {found['halves']['p']:.4f}",
        "score of B less that of A": "",
        "all seeds": f"{ten['truth']:+.1f}, p = {ten['p']:.2g}",
        f"seeds {seeds[0]} to {seeds[9]}": f"{ten['of_the_ten']:+.1f}",
        "14,400 choices of three of these for A and for B": "",
        "say that B is better": f"{ten['b_better']:.1%}",
        "say that A is better": f"{ten['a_better']:.1%}",
        "the opposite of all seeds": f"{ten['against']:.1%}",
        "and by at least as much": f"{ten['far_against']:.1%}",
        "standard deviation of A's score": "",
        "other starts of the network, the same worlds": f"{deviations['network']:.0f}",
        "the same start, other worlds and actions": f"{deviations['worlds']:.0f}",
        "both": f"{deviations['both']:.0f}",
    }
    yield from (f"{text:>{WIDE}}  {value}" if value else f"\n{text}" for text, value in rows.items())
    yield f"\n{'two runs of one seed':{WIDE}}  weights part  returns part  last ones apart"
    for kind, of_kind in found["pairs"].items():
        for seed, pair in of_kind.items():
            parts = [f"evaluation {at}" if at else "never" for at in (pair["weights_part"], pair["returns_part"])]
            yield f"{f'{kind}, {seed}':>{WIDE}}  {parts[0]:>12}  {parts[1]:>12}  {pair['apart'][-1]:15.1f}"
    yield f"\n{'n seeds':>{WIDE}}" + "".join(f"{n:>8}" for n in found["sizes"])
    for name, what in (
        ("bootstrap", "95% intervals of A's IQM that hold it"),
        ("student", "of the mean, by Student's t"),
    ):
        yield f"{what:>{WIDE}}" + "".join(f"{one[name]:8.1%}" for one in found["coverage"])
    for rate, test, shares, enough in powers_of(found):
        what = f"finds A or {rate}, {test}" if enough else f"false positives, {test}"
        yield f"{what:>{WIDE}}" + "".join(f"{share:8.1%}" for share in shares) + f"  {enough}"


def powers_of(found):
    """(learning rate, test, shares that find it [sizes], from which n on 80% do) of every power; "" for A and A."""
    a, _ = names_of(found)
    for rate, powers in found["power"].items():
        better = found["pools"][rate]["mean"] > found["pools"][a]["mean"]
        for test in ("welch", "improvement"):
            if rate == a:
                yield rate, test, [sum(one[test]) for one in powers], ""
            else:
                shares = [one[test][0 if better else 1] for one in powers]
                enough = needed(found["sizes"], shares)
                yield rate, test, shares, f"80% from {enough} seeds" if enough else "80% never"
