#!/usr/bin/env python3
"""Measures the mapping of names of one shop to the catalogue of another: Abt-Buy, 1,081 names and 1,092 items.

The names of Buy are imported as a catalogue, the names of Abt mapped as lines with --mapping auto; descriptions and
prices are not used. The true pairs are known (Koepcke, Thor, Rahm, PVLDB 3(1), 2010).

  bookings   what auto books by itself. Precision: right of all booked. Recall: right of the names with a true match
  review     the names with a true match that have one among the first 1, 5 and 20 candidates; the item that a line is
             booked on is its first. Beside it rankings that are well known (rankings.py), over the same catalogue, each
             twice: with words split at all punctuation, and with hyphens and full stops left out (joined)
"""
import itertools
import time
from collections import Counter, defaultdict

from mapped_names import (booked_on, candidates_of, map_names, options_of, percent, print_table, read_csv, words_of,
                          write_json)
from rankings import SoftTfIdf, TfIdf, TrigramJaccard, joined_words_of

ENCODING = 'latin-1'
FIRST = (1, 5, 20)
BASELINES = {'tf-idf cosine of words': TfIdf, 'trigram Jaccard': TrigramJaccard,
             'soft TF-IDF, Jaro-Winkler >= 0.9': SoftTfIdf}
SPLITS = {'': words_of, ', joined': joined_words_of}


def read_names(path):
    return {row['id']: row['name'] for row in read_csv(path, ENCODING)}


def read_truth(path):
    """Abt id -> the Buy ids that it means."""
    truth = defaultdict(set)
    for row in read_csv(path, ENCODING):
        truth[row['idAbt']].add(row['idBuy'])
    return truth


def count_bookings(outcomes, truth):
    """`outcomes`: Abt id -> outcome."""
    bookings, rules = Counter(booked=0, right=0, names=0), Counter()
    for abt, outcome in outcomes.items():
        code = booked_on(outcome)
        bookings['names'] += bool(truth.get(abt))
        if code is not None:
            bookings['booked'] += 1
            bookings['right'] += code in truth.get(abt, ())
            rules[outcome['decided_by']] += 1
    return bookings, rules


def count_hits(ranked, truth):
    """`ranked`: Abt id -> Buy ids, best first. How many have a true one among the first 1, 5, 20."""
    return {first: sum(not truth[abt].isdisjoint(buys[:first]) for abt, buys in ranked.items() if abt in truth)
            for first in FIRST}


def rank_all(baseline, split, abt, buy):
    ids = list(buy)
    ranking = baseline(list(buy.values()), split)
    return {key: [ids[place] for place in ranking.rank(name, max(FIRST))] for key, name in abt.items()}


def print_bookings(bookings, rules):
    by_rule = ', '.join(f'{rule} {count}' for rule, count in sorted(rules.items()))
    print_table(f'Bookings of --mapping auto ({by_rule})', ['', 'booked', 'right', 'wrong', 'precision', 'recall'],
                [['auto', bookings['booked'], bookings['right'], bookings['booked'] - bookings['right'],
                  percent(bookings['right'], bookings['booked']), percent(bookings['right'], bookings['names'])]])


def print_hits(hits, names, seconds):
    rows = [[label, *(percent(of_label[first], names) for first in FIRST), f'{seconds[label]:.1f} s']
            for label, of_label in hits.items()]
    print_table(f'Review: share of {names} names with a true match among the first candidates',
                ['ranking', *(f'first {first}' for first in FIRST), 'time'], rows)


def parse_options():
    parser = options_of(__doc__)
    for name in ('abt', 'buy', 'mapping'):
        parser.add_argument(f'--{name}', required=True, metavar='FILE', help='CSV, plain or .zst')
    return parser.parse_args()


def main():
    options = parse_options()
    abt, buy = read_names(options.abt), read_names(options.buy)
    truth = read_truth(options.mapping)
    hits, seconds = {}, {}
    start = time.monotonic()
    outcomes = dict(zip(abt, map_names(options.program, buy, list(abt.values()))))
    seconds['tallystone'] = time.monotonic() - start
    hits['tallystone'] = count_hits({key: candidates_of(outcome) for key, outcome in outcomes.items()}, truth)
    for baseline, suffix in itertools.product(BASELINES, SPLITS):
        label = baseline + suffix
        start = time.monotonic()
        hits[label] = count_hits(rank_all(BASELINES[baseline], SPLITS[suffix], abt, buy), truth)
        seconds[label] = time.monotonic() - start
    bookings, rules = count_bookings(outcomes, truth)
    print(f'{len(buy)} items, {len(abt)} names')
    print_bookings(bookings, rules)
    print_hits(hits, bookings['names'], seconds)
    write_json(options.json, {'items': len(buy), 'names': len(abt), 'bookings': bookings, 'rules': rules,
                              'hits': hits})


if __name__ == '__main__':
    main()
