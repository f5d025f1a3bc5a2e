"""Known ways to rank a catalogue by likeness to a name, for comparison. All see the names only.

Each takes the function that splits a name into words: words_of, or joined_words_of, which suits codes of makers.
Frequencies are those of the catalogue; a word that it does not have counts as one of a single name. Equal scores stand
in the order of the catalogue.
"""
import math
from collections import Counter, defaultdict
from functools import lru_cache

from mapped_names import words_of


def joined_words_of(name):
    """As words_of, but hyphens and full stops are left out before: PS-LX350H is pslx350h."""
    return words_of(name.replace('-', '').replace('.', ''))


def jaro(one, other):
    """The Jaro similarity of two words, 0 to 1."""
    if one == other:
        return 1.0
    reach = max(len(one), len(other)) // 2 - 1
    taken = [False] * len(other)
    matched = []
    for place, letter in enumerate(one):
        for near in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not taken[near] and other[near] == letter:
                taken[near] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    in_other = [letter for letter, is_taken in zip(other, taken) if is_taken]
    transposed = sum(left != right for left, right in zip(matched, in_other)) / 2
    count = len(matched)
    return (count / len(one) + count / len(other) + (count - transposed) / count) / 3


def winkler(likeness, one, other):
    """Raises a Jaro similarity by the letters that both words begin with, at most 4, a tenth each."""
    prefix = 0
    while prefix < min(4, len(one), len(other)) and one[prefix] == other[prefix]:
        prefix += 1
    return likeness + prefix * 0.1 * (1 - likeness)


@lru_cache(maxsize=None)
def jaro_winkler(one, other):
    return winkler(jaro(one, other), one, other)


def may_reach(threshold, one, other, letters_one, letters_other):
    """False only if jaro_winkler is below: no more letters can match than both have, and none be out of order."""
    shorter, longer = sorted((len(one), len(other)))
    if winkler((2 + shorter / longer) / 3, one, other) < threshold:
        return False
    common = (letters_one & letters_other).total()
    return winkler((common / len(one) + common / len(other) + 1) / 3, one, other) >= threshold


class WordVectors:
    """The names of a catalogue as vectors of length 1: log(frequency in the name + 1) * log(names / names with it)."""

    def __init__(self, names, split):
        self.split = split
        self.names = len(names)
        self.names_with = Counter(word for name in names for word in set(split(name)))
        self.postings = defaultdict(list)       # word -> (place of the name, weight)
        for place, name in enumerate(names):
            for word, weight in self.vector(name).items():
                self.postings[word].append((place, weight))

    def vector(self, name):
        weights = {word: math.log(count + 1) * math.log(self.names / self.names_with.get(word, 1))
                   for word, count in Counter(self.split(name)).items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}


def best_first(scores, count):
    """The places with the highest scores."""
    return sorted(scores, key=lambda place: (-scores[place], place))[:count]


class TfIdf:
    """The cosine of the word vectors."""

    def __init__(self, names, split):
        self.vectors = WordVectors(names, split)

    def rank(self, name, count):
        scores = Counter()
        for word, weight in self.vectors.vector(name).items():
            for place, other in self.vectors.postings.get(word, ()):
                scores[place] += weight * other
        return best_first(scores, count)


class TrigramJaccard:
    """Shared trigrams by all trigrams of both, of the words with one blank between, before and behind them."""

    def __init__(self, names, split):
        self.split = split
        self.sets = [self.trigrams(name) for name in names]

    def trigrams(self, name):
        text = f' {" ".join(self.split(name))} '
        return {text[place:place + 3] for place in range(len(text) - 2)}

    def rank(self, name, count):
        trigrams = self.trigrams(name)
        scores = {}
        for place, other in enumerate(self.sets):
            shared = len(trigrams & other)
            if shared:
                scores[place] = shared / (len(trigrams) + len(other) - shared)
        return best_first(scores, count)


class SoftTfIdf:
    """Soft TF-IDF (Cohen, Ravikumar, Fienberg, 2003) with Jaro-Winkler of at least 0.9.

    Each word of the name counts with the most like word of the other one: weight * weight * likeness.
    """
    THRESHOLD = 0.9

    def __init__(self, names, split):
        self.vectors = WordVectors(names, split)
        self.words = [(word, Counter(word)) for word in sorted(self.vectors.postings)]
        self.close = {}

    def close_words(self, word):
        """(likeness, word of the catalogue), the most like first; no word is passed over that is close."""
        if word not in self.close:
            letters = Counter(word)
            close = [(jaro_winkler(word, other), other) for other, others_letters in self.words
                     if may_reach(self.THRESHOLD, word, other, letters, others_letters)]
            self.close[word] = sorted((pair for pair in close if pair[0] >= self.THRESHOLD),
                                      key=lambda pair: (-pair[0], pair[1]))
        return self.close[word]

    def rank(self, name, count):
        scores = Counter()
        for word, weight in self.vectors.vector(name).items():
            seen = set()
            for likeness, other in self.close_words(word):
                for place, others_weight in self.vectors.postings[other]:
                    if place not in seen:
                        seen.add(place)
                        scores[place] += weight * others_weight * likeness
        return best_first(scores, count)
