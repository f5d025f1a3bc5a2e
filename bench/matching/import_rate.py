"""What the mapping mode auto costs an import: whole processes of `tallystone import`, side by side.

A catalogue of made-up names (words of the engine's English list, few of them frequent, and a measure), then a file of
lines that name its items, some misspelled by one letter and some never seen. The same file is imported in the modes
exact and auto, each on a fresh copy of the same catalogue, in turns.

usage: import_rate.py --program build/bin/tallystone [--items N] [--lines N] [--misspelled PERCENT] [--unseen PERCENT]
"""
import argparse
import bisect
import csv
import itertools
import os
import random
import shutil
import string
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = os.path.join(HERE, '..', '..', 'engine', 'catalog', 'words', 'en.txt')
UNITS = ('mm', 'cm', 'ml', 'l', 'g', 'kg', 'pcs')
WORD_MIN = 5  # letters of a word that is misspelled


class Names:
    """Makes names of four to seven words."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        with open(WORDS, encoding='utf-8') as words:
            self.words = [word for word in words.read().split() if len(word) >= 4 and word.isascii()]
        self.random.shuffle(self.words)
        self.sums = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(self.words))))

    def name(self):
        words = [self.words[bisect.bisect(self.sums, self.random.random() * self.sums[-1] * 0.999)]
                 for _ in range(self.random.randint(3, 6))]
        return ' '.join(words) + f' {self.random.randint(1, 60)} {self.random.choice(UNITS)}'

    def misspelled(self, name):
        words = name.split()
        places = [place for place, word in enumerate(words) if len(word) >= WORD_MIN]
        if not places:
            return name
        place = self.random.choice(places)
        word, letter = words[place], self.random.choice(string.ascii_lowercase)
        at = self.random.randrange(len(word) - 1)
        words[place] = self.random.choice((word[:at] + letter + word[at:], word[:at] + word[at + 1:],
                                           word[:at] + letter + word[at + 1:],
                                           word[:at] + word[at + 1] + word[at] + word[at + 2:]))
        return ' '.join(words)


def write_lines(path, descriptions):
    with open(path, 'w', newline='', encoding='utf-8') as out:
        writer = csv.writer(out)
        writer.writerow(('description', 'quantity', 'unit_cost'))
        writer.writerows((description, 2, '1.5') for description in descriptions)


def lines_of(names, known, options):
    for _ in range(options.lines):
        kind = names.random.random() * 100
        if kind < options.unseen:
            yield names.name()
        elif kind < options.unseen + options.misspelled:
            yield names.misspelled(names.random.choice(known))
        else:
            yield names.random.choice(known)


def import_seconds(program, path, db, mode):
    start = time.perf_counter()
    subprocess.run([program, 'import', path, '--db', db, '--mapping', mode], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default='build/bin/tallystone')
    parser.add_argument('--items', type=int, default=100_000)
    parser.add_argument('--lines', type=int, default=1_000_000)
    parser.add_argument('--misspelled', type=float, default=2)
    parser.add_argument('--unseen', type=float, default=0.5)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--dir', default=None)
    options = parser.parse_args()
    names = Names(1)
    known = list({names.name() for _ in range(options.items)})
    with tempfile.TemporaryDirectory(dir=options.dir) as directory:
        catalogue, lines = os.path.join(directory, 'catalogue.csv'), os.path.join(directory, 'lines.csv')
        write_lines(catalogue, known)
        write_lines(lines, lines_of(names, known, options))
        base = os.path.join(directory, 'base')
        import_seconds(options.program, catalogue, base, 'exact')
        print(f'{options.lines:,} lines over {len(known):,} items, {options.misspelled} % misspelled, '
              f'{options.unseen} % never seen; lines/s of the whole process')
        for _ in range(options.rounds):
            rates = {}
            for mode in ('exact', 'auto'):
                db = os.path.join(directory, mode)
                shutil.copytree(base, db)
                rates[mode] = options.lines / import_seconds(options.program, lines, db, mode)
                shutil.rmtree(db)
            print(f'  exact {rates["exact"]:>9,.0f}   auto {rates["auto"]:>9,.0f}   '
                  f'auto / exact {rates["auto"] / rates["exact"]:.2f}')


if __name__ == '__main__':
    main()
