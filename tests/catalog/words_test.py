"""The word lists of engine/catalog/words are what their README says, and know the words of the pairs in tests/catalog/pairs."""
import csv
import glob
import os
import re
import sys
import unicodedata
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = os.path.join(HERE, '..', '..', 'engine', 'catalog', 'words')


def lines(path):
    with open(path, encoding='utf-8') as file:
        return file.read().split('\n')[:-1]


def protected(path):
    """[(class, word)]"""
    found = []
    for line in lines(path):
        if line.strip() and not line.startswith('#'):
            name, _, words = line.partition(':')
            found += [(name, word) for word in words.split()]
    return found


def folded(text):
    return unicodedata.normalize('NFKC', text).casefold()


class Words(unittest.TestCase):
    def test_are_folded_sorted_letters_without_repetition(self):
        paths = glob.glob(os.path.join(WORDS, '*.txt'))
        self.assertGreaterEqual(len(paths), 11)
        for path in paths:
            words = lines(path)
            self.assertEqual(words, sorted(set(words)), path)
            for word in words:
                self.assertTrue(word.isalpha() and folded(word) == word and len(word) >= 3, (path, word))

    def test_protected_words_have_one_class(self):
        paths = glob.glob(os.path.join(WORDS, 'protected', '*.txt'))
        self.assertGreaterEqual(len(paths), 12)
        for path in paths:
            classes = protected(path)
            words = [word for _, word in classes]
            self.assertEqual(len(words), len(set(words)), path)
            for name, word in classes:
                self.assertRegex(name, '^[a-z]+$')
                self.assertTrue(folded(word) == word and not re.search('[0-9]', word), (path, word))

    def test_know_the_words_of_english_pairs_that_differ_in_one(self):
        known = set()
        for path in glob.glob(os.path.join(WORDS, '*.txt')):
            known.update(lines(path))
        for path in glob.glob(os.path.join(WORDS, 'protected', '*.txt')):
            known.update(word for _, word in protected(path))
        asked, missing = 0, []
        with open(os.path.join(HERE, 'pairs', 'must_not_merge.csv'), encoding='utf-8', newline='') as file:
            for row in csv.DictReader(file):
                left, right = (re.findall(r'\w+', folded(row[name])) for name in ('catalogue', 'line'))
                other = [word for word in right if word not in left]
                if (row['kind'], row['language']) == ('other_word', 'en') and len(other) == 1:
                    asked += 1
                    missing += [other[0]] if other[0] not in known else []
        self.assertGreater(asked, 40)
        self.assertLessEqual(len(missing) / asked, 0.05, missing)


if __name__ == '__main__':
    unittest.main()
