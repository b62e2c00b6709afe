"""What a page may ask: the kinds of jobs, one file each, and what all of them share in base.py."""

from lab.protocol import band, card, catch, dream, house, learn, plan, play, rate, tank, teach

KINDS = {
    "plan": plan.KIND,
    "learn": learn.KIND,
    "band": band.KIND,
    "play": play.KIND,
    "card": card.KIND,
    "catch": catch.KIND,
    "dream": dream.KIND,
    "teach": teach.KIND,
    "rate": rate.KIND,
    "tank": tank.KIND,
    "house": house.KIND,
}
