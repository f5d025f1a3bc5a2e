"""The database of each older format opens, says what it said, can be written to; newer ones are refused.

usage: golden_test.py TALLYSTONE
"""
import glob
import csv
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True
import make_golden

PROGRAM = os.path.abspath(sys.argv.pop())
NAMES = sorted(glob.glob(os.path.join(make_golden.HERE, 'format_*.json')))


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


class Golden(unittest.TestCase):
    def each(self):
        self.assertGreater(len(NAMES), 0)
        for name in NAMES:
            with self.subTest(name=os.path.basename(name)), tempfile.TemporaryDirectory() as directory:
                with tarfile.open(name.replace('.json', '.tar.xz')) as archive:
                    archive.extractall(directory)
                db = os.path.join(directory, 'stock.db')
                if name.endswith('format_1.json'):  # later ones are read as they are
                    self.upgrade(name, db)
                with open(name, encoding='utf-8') as file:
                    yield directory, db, json.load(file)

    def upgrade(self, name, db):
        """A reader changes nothing, so it says what will; the first writer makes the store anew and keeps the old one."""
        number = re.search('[0-9]+', os.path.basename(name)).group()
        for command in (['inventory'], ['verify'], ['status'], ['repair', '--dry-run']):
            refused = run(*command, '--db', db)
            self.assertEqual(refused.returncode, 5 if 'repair' in command else 8, (command, refused))
            said = refused.stdout.decode() + refused.stderr.decode()
            self.assertRegex(said, f'store format {number}.*`tallystone resume`')
        self.assertEqual(sorted(os.listdir(db)), ['LOCK', 'log', 'store'])
        done = run('resume', '--db', db)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(f'{db}/store.older-1', done.stderr.decode())
        self.assertEqual(sorted(os.listdir(db)), ['LOCK', 'log', 'store', 'store.older-1'])

    @staticmethod
    def columns_of(older, newer):
        """`newer` with the columns that `older` has: a format may get more of them."""
        names = next(csv.reader(io.StringIO(older)))
        out = io.StringIO()
        writer = csv.DictWriter(out, names, extrasaction='ignore', lineterminator='\n')
        writer.writeheader()
        writer.writerows(csv.DictReader(io.StringIO(newer)))
        return out.getvalue()

    def digest(self, db):
        return json.loads(run('status', '--db', db, '--json').stdout)['state_digest']

    def test_is_read_as_it_was_written(self):
        for _, db, expected in self.each():
            self.assertEqual(self.digest(db), expected['state_digest'])
            tables = make_golden.listing(PROGRAM, db)
            for table, text in expected['tables'].items():
                self.assertEqual(self.columns_of(text, tables[table]), text, table)
            for arguments in (['verify'], ['verify', '--quick']):
                self.assertEqual(run(*arguments, '--db', db).returncode, 0, arguments)

    def test_goes_on(self):
        for directory, db, expected in self.each():
            path = os.path.join(directory, 'again.csv')
            for text, batch, changes in ((make_golden.rows(0, 120), 'b0', False), ('Code,Qty,Price\nC1,1,1\n', 'new', True)):
                with open(path, 'w', encoding='utf-8') as out:
                    out.write(text)
                done = run('import', path, '--db', db, '--tenant', 'acme', '--batch', batch)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertEqual(self.digest(db) != expected['state_digest'], changes)
            self.assertEqual(run('verify', '--db', db).returncode, 0)


if __name__ == '__main__':
    unittest.main()
