#!/usr/bin/env python3
"""Measures which items misspelled and otherwise changed names of a real catalogue are booked on.

The distinct upper-case descriptions of the file, longer than 5 letters, are the names. A fifth of them, chosen at
random, is held out; the others are imported, each with a code of its own. Then each imported name is changed once in
each of these ways and mapped with --mapping auto:

  typo     in a word of 4 letters or more, one is left out, put in, replaced, or swapped with its neighbour
  typo2    the same twice, maybe in one word
  drop     one word of three or more is left out
  swap     two neighbouring words change places
  abbr     a word of 5 letters or more is cut to its first 3 or 4, with or without a full stop

and the held-out names are mapped as they are (unseen).

`right` is a line booked on an item of the wanted name. Names of the same words, whatever their order and punctuation,
are the same name (WRAP, CAROUSEL and WRAP CAROUSEL). A change that makes another name of the file is left out. What is
not booked is for review: `first 5` counts the lines with the wanted item among the first five candidates.
"""
import random
import string
from collections import Counter, defaultdict, namedtuple

from mapped_names import (booked_on, candidates_of, map_names, options_of, percent, print_table, read_csv, words_of,
                          write_json)

LETTERS_MIN = 4         # of a word that gets a typo; what is shorter is never taken for a misspelling
ABBREVIATED_MIN = 5     # letters of a word that is cut
LONG_NAME = 4           # words; shorter names are never repaired
LENGTH_MAX = 10         # this and longer words are counted together

Line = namedtuple('Line', 'kind text wanted')   # wanted: the name that text was made of


def same_words(name):
    """Equal for names that count as the same."""
    return tuple(sorted(words_of(name)))


def pick_word(rng, words, letters_min):
    """The place of a word of letters only, at least so many; None if there is none."""
    places = [place for place, word in enumerate(words) if len(word) >= letters_min and word.isalpha()]
    return rng.choice(places) if places else None


def leave_out(rng, word):
    place = rng.randrange(len(word))
    return word[:place] + word[place + 1:]


def put_in(rng, word):
    place = rng.randrange(len(word) + 1)
    return word[:place] + rng.choice(string.ascii_uppercase) + word[place:]


def replace(rng, word):
    place = rng.randrange(len(word))
    letter = rng.choice([letter for letter in string.ascii_uppercase if letter != word[place]])
    return word[:place] + letter + word[place + 1:]


def swap_letters(rng, word):
    places = [place for place in range(len(word) - 1) if word[place] != word[place + 1]]
    if not places:
        return word
    place = rng.choice(places)
    return word[:place] + word[place + 1] + word[place] + word[place + 2:]


def typo(rng, words):
    place = pick_word(rng, words, LETTERS_MIN)
    if place is not None:
        words[place] = rng.choice((leave_out, put_in, replace, swap_letters))(rng, words[place])


def two_typos(rng, words):
    typo(rng, words)
    typo(rng, words)


def drop_word(rng, words):
    places = [place for place, word in enumerate(words) if words_of(word)]
    if len(places) >= 3:
        del words[rng.choice(places)]


def swap_words(rng, words):
    places = [place for place in range(len(words) - 1) if words_of(words[place]) and words_of(words[place + 1])]
    if places:
        place = rng.choice(places)
        words[place], words[place + 1] = words[place + 1], words[place]


def abbreviate(rng, words):
    place = pick_word(rng, words, ABBREVIATED_MIN)
    if place is not None:
        words[place] = words[place][:rng.choice((3, 4))] + rng.choice(('', '.'))


KINDS = {'typo': typo, 'typo2': two_typos, 'drop': drop_word, 'swap': swap_words, 'abbr': abbreviate}


def names_of(path):
    """The distinct upper-case descriptions of the file with more than 5 letters."""
    names = {}
    for row in read_csv(path):
        name = row['Description'].strip()
        if name == name.upper() and sum(map(str.isalpha, name)) > 5:
            names[name] = None
    return list(names)


def changed(seed, kind, names, others):
    """The names changed in the way of `kind`, as lines, and how many became another one of `names` and `others`."""
    rng = random.Random(f'{seed}/{kind}')
    known = {same_words(name) for name in (*names, *others)}
    lines, left_out = [], 0
    for name in names:
        words = name.split()
        KINDS[kind](rng, words)
        if words == name.split():
            continue
        text = ' '.join(words)
        if same_words(text) != same_words(name) and same_words(text) in known:
            left_out += 1
        else:
            lines.append(Line(kind, text, name))
    return lines, left_out


def result_of(line, outcome, catalogue):
    """right, wrong, first5 or not5."""
    is_wanted = [same_words(catalogue[code]) == same_words(line.wanted) for code in candidates_of(outcome)[:5]]
    if booked_on(outcome) is not None:
        return 'right' if is_wanted[0] else 'wrong'
    return 'first5' if any(is_wanted) else 'not5'


def print_kinds(counts, left_out):
    rows = []
    for kind in KINDS:
        count = counts[kind]
        total = count.total()
        rows.append([kind, total])
        for result in ('right', 'wrong', 'first5', 'not5'):
            rows[-1] += [count[result], percent(count[result], total)]
        rows[-1].append(left_out[kind])
    print_table('Changed names: booked right, booked wrong, for review with the item in the first 5, and not',
                ['kind', 'lines', 'right', '', 'wrong', '', 'first 5', '', 'not', '', 'left out'], rows)


def misspelled(line):
    """The word with the typo, as it was and as it is."""
    return next((was, now) for was, now in zip(line.wanted.split(), line.text.split()) if was != now)


def lengths_of(mapped):
    """By the length of the misspelled word in names of four words and more: lines, right, wrong, too short."""
    lengths = defaultdict(Counter)
    for line, _, result in mapped:
        if line.kind != 'typo' or sum(bool(words_of(word)) for word in line.wanted.split()) < LONG_NAME:
            continue
        was, now = misspelled(line)
        length = lengths[min(len(was), LENGTH_MAX)]
        length['lines'] += 1
        length[result] += 1
        length['short'] += len(now) < LETTERS_MIN
    return lengths


def print_lengths(lengths):
    groups = [(f'{length}{"+" if length == LENGTH_MAX else ""}', [length]) for length in sorted(lengths)]
    groups += [('5+', [length for length in lengths if length >= 5]), ('all', list(lengths))]
    rows = []
    for label, members in groups:
        count = sum((lengths[member] for member in members), Counter())
        lines = count['lines']
        rows.append([label, lines, count['right'], percent(count['right'], lines), count['wrong'], count['short'],
                     percent(count['short'], lines)])
    print_table(f'One typo, names of {LONG_NAME} words and more, by the letters of the word it is in; '
                f'too short: it leaves\nfewer than {LETTERS_MIN} letters, which cannot be told',
                ['letters', 'lines', 'right', '', 'wrong', 'too short', ''], rows)


def unseen_of(mapped, catalogue):
    """Unseen names, by whether the catalogue has one of the same words: lines, and what became of them."""
    known = {same_words(name) for name in catalogue.values()}
    unseen = {True: Counter(), False: Counter()}
    for line, outcome, result in mapped:
        if line.kind == 'unseen':
            count = unseen[same_words(line.text) in known]
            count['lines'] += 1
            count[result if booked_on(outcome) else 'review'] += 1
    return unseen


def print_unseen(unseen):
    rows = []
    for has, label in ((True, 'one of the same words'), (False, 'none')):
        count = unseen[has]
        rows.append([label, count['lines'], count['right'], count['wrong'], count['review'],
                     percent(count['wrong'], count['lines'])])
    print_table('Unseen names; the catalogue has ...',
                ['', 'lines', 'booked on it', 'on another', 'not booked', 'on another'], rows)


def print_bookings(mapped, catalogue):
    """What is to be looked at by eye."""
    print('\nUnseen names that were booked, and every wrong booking: kind, rule, name -> item (wanted)\n')
    for line, outcome, result in mapped:
        if booked_on(outcome) and (line.kind == 'unseen' or result == 'wrong'):
            wanted = '' if line.kind == 'unseen' else f' ({line.wanted})'
            print(f'  {line.kind:6} {outcome["decided_by"]:6} {line.text} -> {catalogue[booked_on(outcome)]}{wanted}')


def parse_options():
    parser = options_of(__doc__)
    parser.add_argument('--data', required=True, metavar='FILE', help='CSV with a column Description, plain or .zst')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--list-unseen', action='store_true',
                        help='print the unseen names that were booked, and the wrong bookings')
    return parser.parse_args()


def main():
    options = parse_options()
    names = names_of(options.data)
    random.Random(options.seed).shuffle(names)
    unseen, known = names[:len(names) // 5], names[len(names) // 5:]
    catalogue = {f'C{number}': name for number, name in enumerate(known)}
    lines, left_out = [], {}
    for kind in KINDS:
        of_kind, left_out[kind] = changed(options.seed, kind, known, unseen)
        lines += of_kind
    lines += [Line('unseen', name, name) for name in unseen]
    outcomes = map_names(options.program, catalogue, [line.text for line in lines])
    mapped = [(line, outcome, result_of(line, outcome, catalogue)) for line, outcome in zip(lines, outcomes)]
    counts = defaultdict(Counter)
    for line, _, result in mapped:
        counts[line.kind][result] += 1
    print(f'seed {options.seed}: {len(known)} names in the catalogue, {len(unseen)} held out, {len(lines)} lines')
    print_kinds(counts, left_out)
    lengths = lengths_of(mapped)
    print_lengths(lengths)
    unseen_counts = unseen_of(mapped, catalogue)
    print_unseen(unseen_counts)
    if options.list_unseen:
        print_bookings(mapped, catalogue)
    write_json(options.json, {'seed': options.seed, 'catalogue': len(known), 'kinds': counts, 'left_out': left_out,
                              'typos_by_length': lengths,
                              'unseen': {'same_words': unseen_counts[True], 'none': unseen_counts[False]}})


if __name__ == '__main__':
    main()
