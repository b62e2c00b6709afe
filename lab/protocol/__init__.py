"""What a page may ask: the kinds of jobs, one file each, and what all of them share in base.py."""

from lab.protocol import band, card, catch, learn, plan, play, teach

KINDS = {
    "plan": plan.KIND,
    "learn": learn.KIND,
    "band": band.KIND,
    "play": play.KIND,
    "card": card.KIND,
    "catch": catch.KIND,
    "teach": teach.KIND,
}
