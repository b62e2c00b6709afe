"""The rooms behind `environment`: one file a world, and what all of them use.

making             worlds by their names, looked at once
model              the model of a tabular world: P in any form, and arrays
catcher            the game of Catcher: its dynamics, single, vectorised, drawn
windy_catcher      Catcher with a drifting wind and a mist, for World Models
changing_maze      mazes that change at a step: Dyna's
point_maze         a point that is pushed round a wall: offline data, Day 7
text_room          a room that is told in words: a language model as the policy, Day 7
crafting           a valley where a verb and a thing do something, or nothing: goals to explore by, Day 7
blocks             blocks that a hand piles up, told in words: a language model as the world model, Day 7
errands            a house where deeds are done that somebody wishes for: rewards from a language model, Day 7
house              a house with a robot that is asked for something: a language model as the planner, Day 7
house_picture      how it looks
picture_room       a room as a small picture, and sentences about it: a picture as the reward, Day 7
quadruple_tank     four tanks and two pumps, whose levels are to be held: plant control, Day 7
tank_mimic         their mimic diagram
sort               programs that sort two or three numbers, instruction by instruction: AlphaDev's
minatar            five small Atari games, planes of true and false: the extra minatar
cart_pole          Gymnasium's CartPole, many at once: its dynamics, and a vector form
lasting_cart_pole  a CartPole that goes on when the pole has fallen: Day 6's
vector_form        many worlds of an id at once, started anew in the same step
processes          the same, stepped by other processes
spawning           processes that start afresh: what they see of the script that runs here
frames             pictures as an agent sees them: gray, small, stacked
saving             the state of a world, for checkpoints
window             a window that shows frames
"""
