"""The database of each older format opens, says what it said, can be written to; newer ones are refused. So does each backup.

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
BACKUPS = sorted(glob.glob(os.path.join(make_golden.HERE, 'backup_*.json')))
NAMES = sorted(glob.glob(os.path.join(make_golden.HERE, 'format_*.json')))


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def columns_of(older, newer):
    """`newer` with the columns that `older` has: a format may get more of them."""
    names = next(csv.reader(io.StringIO(older)))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, extrasaction='ignore', lineterminator='\n')
    writer.writeheader()
    writer.writerows(csv.DictReader(io.StringIO(newer)))
    return out.getvalue()


def digest(db):
    return json.loads(run('status', '--db', db, '--json').stdout)['state_digest']


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

    def test_is_read_as_it_was_written(self):
        for _, db, expected in self.each():
            self.assertEqual(digest(db), expected['state_digest'])
            tables = make_golden.listing(PROGRAM, db)
            for table, text in expected['tables'].items():
                self.assertEqual(columns_of(text, tables[table]), text, table)
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
                self.assertEqual(digest(db) != expected['state_digest'], changes)
            self.assertEqual(run('verify', '--db', db).returncode, 0)


class GoldenBackups(unittest.TestCase):
    def each(self):
        self.assertGreater(len(BACKUPS), 0)
        for name in BACKUPS:
            with self.subTest(name=os.path.basename(name)), tempfile.TemporaryDirectory() as directory:
                with tarfile.open(name.replace('.json', '.tar.xz')) as archive:
                    archive.extractall(directory)
                with open(name, encoding='utf-8') as file:
                    yield directory, os.path.join(directory, 'saved'), json.load(file)

    def call(self, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, 0, (arguments, done))
        return done.stdout.decode()

    def test_is_read_as_it_was_written(self):
        for directory, saved, expected in self.each():
            listed = json.loads(self.call('backup', '--list', saved, '--json'))
            self.assertEqual({key: listed[key] for key in expected['list']}, expected['list'])
            self.assertEqual([file['final'] for file in listed['files']], [True, True, False])
            self.assertTrue(json.loads(self.call('backup', '--check', saved, '--json'))['sound'])
            db = os.path.join(directory, 'new.db')
            restored = json.loads(self.call('restore', '--from', saved, '--db', db, '--verify', '--json'))
            self.assertTrue(restored['digest_compared'])
            self.assertEqual(restored['state_digest'], expected['list']['state_digest'])
            for table, text in expected['tables'].items():
                answer = self.call(*table.split(), '--db', db, '--format', 'csv')
                self.assertEqual(columns_of(text, answer), text, table)
            earlier = os.path.join(directory, 'earlier.db')
            self.call('restore', '--from', saved, '--db', earlier, '--as-of', str(listed['files'][0]['last_lsn']), '--verify')

    def test_goes_on(self):
        for directory, saved, expected in self.each():
            db, new = os.path.join(directory, 'stock.db'), os.path.join(directory, 'new.db')
            self.call('resume', '--db', db)
            self.call('backup', '--db', db, '--to', saved)
            files = json.loads(self.call('backup', '--list', saved, '--json'))['files']
            self.assertEqual(files[:2], expected['list']['files'][:2])  # final ones stay as they are
            self.assertTrue(all(file['final'] for file in files))
            self.call('restore', '--from', saved, '--db', new, '--verify')
            self.assertEqual(digest(new), digest(db))


if __name__ == '__main__':
    unittest.main()
