"""A served page, and a database with something of everything in it: what the tests of the page share."""
import contextlib
import csv
import glob
import http.client
import io
import json
import os
import re
import signal
import urllib.parse

from program import CORRUPTION, DEAD_LETTERS, OK, ProgramTest

SCRIPT = '<script>window.harmed = 1</script>'
IMAGE = '<img src=x onerror="window.harmed = 2">'
CLOSING = '</script><script>window.harmed = 3</script>'
SHELL = "o'clock; $(touch harmed) `touch harmed` \\"
TURNED = 'left \u202eright\u202c \u2028 \x1b[31mred\x07 \x85'

FRAMES = ('Code,Description,Vendor,Qty,Price\n'
          'F20,Wooden picture frame oak 20 cm,north,10,2.25\n'
          'L1,Small glass lamp with chain,north,-5,3\n')
NEW_NAMES = ('Description,Vendor,Qty,Price\n'
             'Wooden picture frame oak 20 cm set,north,3,2\n'
             'Something else entirely,north,1,1\n')


def csv_text(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


class Served:
    """A running `tallystone serve`."""

    def __init__(self, process):
        self.process = process
        self.url = process.stdout.readline().decode().strip()
        parts = urllib.parse.urlsplit(self.url)
        self.port = parts.port
        self.path = parts.path

    def ask(self, path=None, method='GET', headers=None, body=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            connection.request(method, self.path if path is None else path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def data(self, name):
        status, _, body = self.ask(self.path + 'api/' + name)
        assert status == 200, (status, body)
        return json.loads(body)


class PageTest(ProgramTest):
    def fill(self):
        """Two tenants, failed lines, an unfinished review, and texts that nobody should send."""
        self.import_text(FRAMES, '--batch', 'frames', '--tenant', 'acme')
        self.import_text(NEW_NAMES, '--batch', 'new names', '--tenant', 'acme', '--mapping', 'suggest')
        rows = [[SCRIPT, IMAGE, '2', '1.50'], ['X1', CLOSING, 'six', '1'], ['X2', TURNED, '0', '1'],
                ['X3', SHELL, '1', '0.000001'], ['=X4', SCRIPT, '', IMAGE]]
        self.import_text(csv_text(['Code', 'Description', 'Qty', 'Price'], rows), '--tenant', CLOSING.replace('/', ''),
                         '--batch', SHELL, code=DEAD_LETTERS)

    def report(self, *arguments, code=OK):
        """(the page, its data)"""
        self.run_program('report', '--db', self.db, '--html', self.path('report.html'), *arguments, code=code)
        return self.read_report()

    def read_report(self):
        with open(self.path('report.html'), encoding='utf-8') as file:
            page = file.read()
        text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL).group(1)
        return page, json.loads(text)

    def make_unsound(self):
        """A database that can be read and whose batch does not add up, of a program with a mistake put in (engine/base/canary.h)."""
        path = self.write('mistake.csv', 'Code,Qty,Price\nA,1,1\nB,x,1\n')
        self.run_program('import', path, '--db', self.db, '--batch', 'wrong', code=None,
                         env={**os.environ, 'TALLYSTONE_CANARY': 'dead_letter_forgotten'})
        if self.run_program('verify', '--db', self.db, code=None).code == OK:
            self.skipTest('SKIPPED: the program is built without canaries')

    def reports_of_damage(self, *arguments):
        """Damages each file of the store in turn; yields (answer, data) where there is a page, which is not of all."""
        for table in glob.glob(os.path.join(self.db, 'store/db/*.sst')):
            with open(table, 'r+b') as file:
                content = file.read()
                file.seek(len(content) // 3)
                file.write(b'\x55' * 16)
            if os.path.exists(self.path('report.html')):
                os.remove(self.path('report.html'))
            answer = self.run_program('report', '--db', self.db, '--html', self.path('report.html'), *arguments, code=CORRUPTION)
            if os.path.exists(self.path('report.html')):  # otherwise it cannot be opened at all
                yield answer, self.read_report()[1]
            with open(table, 'wb') as file:
                file.write(content)

    @contextlib.contextmanager
    def served(self, *arguments):
        with self.start_program('serve', '--db', self.db, *arguments) as process:
            try:
                yield Served(process)
            finally:
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(timeout=30), OK)
