"""The manuals that `AP.llm_manual` reads, and what it asks about them: written before any model was asked, frozen.

Verbs are neutral: "touches", never "catches" or "misses", which are good and bad whatever a manual says. The manuals
of the game and of its opposite differ in what a contact is worth, and in a word, rotten. That of another game speaks
of contacts, too. In the worked examples the same event is good by one manual and bad by another. The contacts asked
about are `worlds.catcher.CONTACTS`.
"""

MANUALS = {
    "true": (
        "The player moves a paddle from side to side. Fruit falls down from the top of the screen. "
        "Fruit that touches the paddle is worth one point. Fruit that touches the ground costs a life. "
        "A wall at each side stops the paddle. There are three lives."
    ),
    "inverted": (
        "The player moves a paddle from side to side. Rotten fruit falls down from the top of the screen. "
        "Fruit that touches the paddle costs a life. Fruit that touches the ground is worth one point. "
        "A wall at each side stops the paddle. There are three lives."
    ),
    "other": (
        "The player walks through a maze of many rooms. A key that lies on the floor opens a door. "
        "A ghost that touches the player costs a life. Gold is worth ten points. "
        "A torch that touches the wall lights the room. The treasure stands in the last room."
    ),
    "none": "",
}
QUESTIONS = ("Is it good if {}?", "Should the player hope that {}?", "Does it help the player when {}?")
EXAMPLES = (
    "Manual: A bell that rings opens a door.\n\nIs it good if the bell rings? Yes\n\n"
    "Manual: A bell that rings wakes a dragon.\n\nIs it good if the bell rings? No\n\n"
    "Manual: A lamp that breaks ends the game.\n\nShould the player hope that the lamp breaks? No\n\n"
    "Manual: A lamp that breaks frees a friend.\n\nShould the player hope that the lamp breaks? Yes\n\n"
)
NO_MANUAL = "N/A"
