"""Drives the tallystone program: what the tests of tests/cli share.

The program is named by the environment: TALLYSTONE.
"""
import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest

# Tests share their cores with other tests: what gives way would wait for them.
os.environ.setdefault('TALLYSTONE_PRIORITY', 'normal')
PROGRAM = os.environ.get('TALLYSTONE', 'tallystone')

# Exit codes.
OK, DEAD_LETTERS, USAGE, NOT_FOUND, LOCKED, CORRUPTION, INPUT, IO, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 74, 130


class Answer:
    """What a run of the program gave."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode('utf-8', 'replace')

    @property
    def text(self):
        # CSV is exact, so bytes that are not UTF-8 come out as they went in.
        return self.out.decode('utf-8', 'surrogateescape')

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def rows(self):
        """CSV output as dictionaries."""
        return list(csv.DictReader(io.StringIO(self.text, newline='')))

    @property
    def objects(self):
        """NDJSON output."""
        return [json.loads(line) for line in self.text.splitlines()]


class ProgramTest(unittest.TestCase):
    """A test with a directory of its own."""

    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='tallystone-cli-')
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.db = self.path('stock.db')

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        """Writes a file (str or bytes) and gives its path."""
        data = content.encode('utf-8') if isinstance(content, str) else content
        with open(self.path(name), 'wb') as out:
            out.write(data)
        return self.path(name)

    def run_program(self, *arguments, stdin=b'', code=OK, **options):
        """Runs the program; `code` is the exit code expected, None for any."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False, **options)
        answer = Answer(done)
        if code is not None:
            self.assertEqual(answer.code, code, f'{arguments}\n{answer.out!r}\n{answer.err}')
        else:
            self.assertGreaterEqual(answer.code, 0, f'died of a signal: {arguments}\n{answer.err}')
        return answer

    def start_program(self, *arguments, **options):
        """A process that runs; a context manager that closes its pipes and waits for its end."""
        return subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def database_files(self):
        """What every file of the database contains, by its path."""
        found = {}
        for folder, _, names in os.walk(self.db):
            for name in names:
                with open(os.path.join(folder, name), 'rb') as content:
                    found[os.path.join(folder, name)] = content.read()
        return found

    def import_text(self, text, *arguments, name='in.csv', code=OK):
        return self.run_program('import', self.write(name, text), '--db', self.db, *arguments, code=code)

    def inventory(self, *arguments):
        return self.run_program('inventory', '--db', self.db, '--format', 'csv', *arguments).rows

    def on_hand(self):
        """{(tenant, code): on hand}"""
        return {(row['tenant'], row['code']): row['on_hand'] for row in self.inventory()}

    def status(self):
        return self.run_program('status', '--db', self.db, '--json').json

    def digest(self):
        return self.status()['state_digest']

    def assert_sound(self):
        self.run_program('verify', '--db', self.db)
