"""The rooms behind `environment`: one file a world, and what all of them use.

catcher     the game of Catcher: its dynamics, single, vectorised, drawn
cart_pole   Gymnasium's CartPole, many at once, started anew in the same step
frames      pictures as an agent sees them: gray, small, stacked
saving      the state of a world, for checkpoints
window      a window that shows frames
"""
