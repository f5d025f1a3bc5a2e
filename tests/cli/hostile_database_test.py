"""A database directory and names that somebody made to do harm (docs/operations.md)."""
import os
import random
import stat
import subprocess
import unittest

from program import OK, PROGRAM, ProgramTest

TEXT = 'Code,Description,Qty,Price\n' + ''.join(f'C{n % 50},Item {n % 50},{n + 1},1.5\n' for n in range(2000))
SECONDS = 60


class Private(ProgramTest):
    def test_only_the_owner_can_read_whatever_the_umask(self):
        for mask in (0o000, 0o022, 0o077):
            self.db = self.path(f'stock-{mask:o}.db')
            done = subprocess.run([PROGRAM, 'import', self.write('in.csv', TEXT), '--db', self.db],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                                  check=False, umask=mask)
            self.assertEqual(done.returncode, OK, done.stderr)
            self.assertEqual(stat.S_IMODE(os.stat(self.db).st_mode), 0o700)
            for root, directories, files in os.walk(self.db):
                for name in directories:
                    self.assertEqual(stat.S_IMODE(os.stat(os.path.join(root, name)).st_mode), 0o700, name)
                for name in files:
                    self.assertEqual(stat.S_IMODE(os.stat(os.path.join(root, name)).st_mode), 0o600, name)


class Names(ProgramTest):
    def test_no_name_reaches_the_file_system(self):
        before = set(os.listdir(self.directory)) | {'stock.db', 'in.csv'}
        evil = '../../evil'
        self.import_text(f'Code,Description,Qty,Price\n{evil},/etc/passwd,1,1\n', '--tenant', evil,
                         '--batch', evil)
        self.assertEqual(set(os.listdir(self.directory)), before)
        for root, directories, files in os.walk(self.directory):
            for name in directories + files:
                self.assertNotIn('evil', name, root)


class Hostile(ProgramTest):
    """The inspector answers: no crash, no hang, nothing written outside."""

    def setUp(self):
        super().setUp()
        self.import_text(TEXT)
        self.files = sorted(os.path.join(root, name) for root, _, names in os.walk(self.db) for name in names)

    def look(self):
        """Runs the readers; none dies of a signal, none takes long."""
        for arguments in (['status'], ['verify'], ['inventory', '--format', 'csv']):
            done = subprocess.run([PROGRAM, *arguments, '--db', self.db], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=False)
            self.assertGreaterEqual(done.returncode, 0, f'died of a signal: {arguments}\n{done.stderr!r}')

    def each_file(self, spoil):
        for path in self.files:
            if os.path.basename(path) == 'LOCK' or not os.path.exists(path) or not os.path.getsize(path):
                continue  # an import between may have replaced it
            with open(path, 'rb') as file:
                content = file.read()
            with self.subTest(file=os.path.relpath(path, self.db)):
                os.remove(path)
                spoil(path, content)
                self.look()
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.remove(path)
            with open(path, 'wb') as file:
                file.write(content)

    def test_pipes(self):
        self.each_file(lambda path, _: os.mkfifo(path))

    def test_directories(self):
        self.each_file(lambda path, _: os.mkdir(path))

    def test_random_bytes(self):
        rng = random.Random(11)

        def spoil(path, content):
            with open(path, 'wb') as file:
                file.write(rng.randbytes(min(len(content), 100000)))
        self.each_file(spoil)

    def test_huge_files_with_holes(self):
        def spoil(path, content):
            with open(path, 'wb') as file:
                file.write(content)
                file.truncate(1 << 36)
        self.each_file(spoil)

    def test_links_are_not_written_through(self):
        victim = self.write('victim', b'precious')

        def spoil(path, _):
            os.symlink(victim, path)
            subprocess.run([PROGRAM, 'import', self.path('in.csv'), '--batch', 'other', '--db', self.db],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=SECONDS, check=False)
            with open(victim, 'rb') as file:
                self.assertEqual(file.read(), b'precious', path)
        self.each_file(spoil)
        with open(victim, 'rb') as file:
            self.assertEqual(file.read(), b'precious')


if __name__ == '__main__':
    unittest.main()
