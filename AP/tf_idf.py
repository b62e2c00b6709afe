"""Which of some texts is most like a query, by the words that they share: TF-IDF, for pages on texts (Day 7)."""

import re
from collections import Counter

import numpy as np


def words(text):
    return re.findall(r"[a-z]+", text.lower())


class TfIdf:
    """Texts that can be searched; a word counts the more, the fewer of them have it.

    Args:
        texts: at least one.
    """

    def __init__(self, texts):
        bags = [Counter(words(text)) for text in texts]
        self.vocabulary = sorted(set().union(*bags))
        self.counts = np.array([[bag[word] for word in self.vocabulary] for bag in bags], float)  # [S, W]

    def similarity(self, query):
        """The cosine [S] of a query and each text; words weigh log(texts / those that have the word)."""
        bag = Counter(words(query))
        weight = np.log(len(self.counts) / (self.counts > 0).sum(axis=0))  # [W], 0 for a word that all have
        asked = weight * [bag[word] for word in self.vocabulary]
        rows = weight * self.counts
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(asked)
        return np.divide(rows @ asked, lengths, out=np.zeros(len(rows)), where=lengths > 0)
