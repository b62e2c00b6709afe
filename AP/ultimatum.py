"""The ultimatum game for a judge of offers: would she refuse this one? (Kwon et al. 2023; Day 7)

Somebody is offered a part of the money, and refuses where it is too small a part, or, under the opposite rule, too
large a one. A language model is told the rule, and four offers with what she did, and is asked about nineteen other
ones. Where Yes ends and No begins is set by four more offers that the user has labelled: 0 means nothing.

Accuracy alone misleads: of the offers, 5 of 19 are below 30%, and who always says No is right in 0.74. So the share
of Yes stands beside it, and what counts is balanced accuracy, which is 0.5 for every constant. The questions were
written before they were asked, and are frozen.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from AP.llm_exam import auc

OFFERS = tuple(f"{part} of 100" for part in range(5, 100, 5))
ASK_OFFER = "Offer: {offer}. Does she refuse?"
SUMS = {  # {a share in percent: (offers of the worked examples, offers that the user has labelled)}
    30: (("6 of 40", "24 of 40", "75 of 150", "30 of 150"), ("20 of 200", "80 of 200", "140 of 200", "44 of 200")),
    60: (
        ("10 of 40", "30 of 40", "120 of 150", "75 of 150"),
        ("60 of 200", "136 of 200", "180 of 200", "104 of 200"),
    ),
}


@dataclass(frozen=True)
class Game:
    """The ultimatum game with somebody who refuses offers below a share of the money, or above it.

    Attributes:
        percent: the share.
        below: whether offers below it are refused, else those above.
        ruled: whether the prompt says so.
        shown: whether it shows worked examples.
    """

    percent: int
    below: bool = True
    ruled: bool = True
    shown: bool = True

    def refuses(self, offer):
        """Whether an offer such as "6 of 40" is refused."""
        part, total = map(int, offer.split(" of "))
        return 100 * part < self.percent * total if self.below else 100 * part > self.percent * total

    def prompt(self, offer):
        """The question whether it is."""
        rule = f"Ana refuses offers {'below' if self.below else 'above'} {self.percent}% of the money."
        lines = [rule if self.ruled else "Ana is offered a part of the money."]
        for shot in SUMS[self.percent][0] if self.shown else ():
            lines.append(f"{ASK_OFFER.format(offer=shot)} {'Yes' if self.refuses(shot) else 'No'}")
        return "\n".join(lines) + "\n\n" + ASK_OFFER.format(offer=offer)

    @property
    def labelled(self):
        """Offers that the user has labelled, of another sum than any other; two are refused."""
        return SUMS[self.percent][1]


GAMES = {
    "below 30%": Game(30), "below 60%": Game(60), "above 30%": Game(30, below=False),
    "below 30%, no examples": Game(30, shown=False), "nothing said": Game(30, ruled=False, shown=False),
}  # fmt: skip


def divide(odds, positive):
    """Halfway between the mean log-odds of labelled examples [n] whose answer is Yes, and of the others."""
    odds, positive = np.asarray(odds), np.asarray(positive, bool)
    return (odds[positive].mean() + odds[~positive].mean()) / 2


class Verdict(NamedTuple):
    """How well refusals are told: the share of Yes among right answers, and among those given; the share that is
    right; the mean of the shares that are right among Yes and among No; and whatever the threshold, the AUC."""

    base: float
    said: float
    accuracy: float
    balanced: float
    auc: float


def verdict(odds, refused, threshold):
    """The `Verdict` of log-odds [n] on offers of which [n] are refused."""
    said, refused = np.asarray(odds) > threshold, np.asarray(refused, bool)
    balanced = (said[refused].mean() + (~said[~refused]).mean()) / 2
    shares = refused.mean(), said.mean(), (said == refused).mean(), balanced, auc(odds, refused)
    return Verdict(*map(float, shares))


def play_games(model):
    """{game: `Verdict`}, with a threshold that divides four labelled offers."""
    results = {}
    for name, game in GAMES.items():
        odds, told = ([model.yes_no(game.prompt(offer)) for offer in offers] for offers in (OFFERS, game.labelled))
        threshold = divide(told, [game.refuses(offer) for offer in game.labelled])
        results[name] = verdict(odds, [game.refuses(offer) for offer in OFFERS], threshold)
    return results
