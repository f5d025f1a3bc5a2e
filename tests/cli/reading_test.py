"""The commands that look at a database, and what they do to streams."""
import json
import os
import resource
import subprocess
import time
import unittest

from program import CORRUPTION, DEAD_LETTERS, INPUT, IO, NOT_FOUND, OK, PROGRAM, USAGE, ProgramTest

READERS = [['inventory'], ['items'], ['items', 'show', 'x'], ['transactions'], ['batches'], ['batch', 'show', 'x'],
           ['status'], ['status', '--quick'], ['stats'], ['verify'], ['dead-letters', 'list'],
           ['dead-letters', 'show'], ['dead-letters', 'export'], ['dead-letters', 'summary'],
           ['dead-letters', 'retry', '--all', '--dry-run'], ['review', 'list']]
WRITERS = [['resume'], ['dead-letters', 'retry', '--all'], ['dead-letters', 'drop', '--all']]


class Missing(ProgramTest):
    def test_database_that_is_not_there_is_not_created(self):
        for command in READERS + WRITERS:
            with self.subTest(command):
                answer = self.run_program(*command, '--db', self.db, code=NOT_FOUND)
                self.assertEqual(answer.out, b'')
                self.assertNotEqual(answer.err, '')
                self.assertFalse(os.path.exists(self.db))


class Listings(ProgramTest):
    def setUp(self):
        super().setUp()
        self.import_text('T,Code,Description,Qty,Price,Date,Vendor,GTIN,Unit,InvoiceNo,Line Id\n'
                         'uk,A,"Apple, ""red""",1.50,2,2026-01-01,Grower,4006381333931,box,I1,7\n'
                         'uk,B,Pear,2,0.000001,2026-01-02,,,,,\n'
                         'fr,A,Pomme,3,1,2026-01-03,,,,,\n', '--tenant-column', 'T', '--batch', 'b1')

    def test_transactions_have_every_field(self):
        rows = self.run_program('transactions', '--db', self.db, '--tenant', 'uk', '--code', 'A', '--format',
                                'csv').rows
        self.assertEqual(len(rows), 1)
        row = rows[0]
        self.assertEqual([row['quantity'], row['unit_cost'], row['description'], row['vendor'], row['gtin'],
                          row['unit'], row['document'], row['time'], row['line_id'], row['batch'], row['line']],
                         ['1.5', '2', 'Apple, "red"', 'Grower', '4006381333931', 'box', 'I1', '2026-01-01', '7',
                          'b1', '1'])

    def test_filters_and_limit(self):
        self.assertEqual([row['tenant'] for row in self.inventory('--code', 'A')], ['uk', 'fr'])
        self.assertEqual([row['code'] for row in self.inventory('--tenant', 'uk', '--code', 'B')], ['B'])
        self.assertEqual([row['code'] for row in self.inventory('--tenant', 'uk', '--item', '2')], ['B'])
        self.assertEqual([row['tenant'] for row in self.inventory('--item', '1')], ['uk', 'fr'])
        self.assertEqual(len(self.inventory('--limit', '2')), 2)

    def test_decimals_are_strings_in_json_and_exact(self):
        document = self.run_program('inventory', '--db', self.db, '--json').json
        self.assertEqual(document['schema_version'], 1)
        self.assertGreater(document['as_of_lsn'], 0)
        self.assertEqual([(row['on_hand'], row['value'], row['lines']) for row in document['inventory']],
                         [('1.5', '3', 1), ('2', '0.000002', 1), ('3', '3', 1)])
        objects = self.run_program('inventory', '--db', self.db, '--format', 'ndjson').objects
        self.assertEqual(objects, document['inventory'])

    def test_cells_for_a_spreadsheet(self):
        self.import_text('Code,Description,Qty,Price\n=1+1,@x,-3,1\n-5,"+a,b",x,-1\n', '--tenant', '=t', '--batch',
                         '+b', code=DEAD_LETTERS, name='formulas.csv')
        exact, safe = ('=t', '=1+1', '@x', '-3', '-3'), ("'=t", "'=1+1", "'@x", '-3', '-3')
        for flags, expected in ([], exact), (['--spreadsheet-safe'], safe):
            rows = self.inventory('--tenant', '=t', *flags)
            self.assertEqual([tuple(row[name] for name in ('tenant', 'code', 'description', 'on_hand', 'value'))
                              for row in rows], [expected])
        sent = ["'=t", "'+b", "'-5", "'+a,b", 'x', "'-1"]
        columns = ['tenant', 'batch', 'code', 'description', 'quantity', 'unit_cost']
        for command in (['list', '--format', 'csv'], ['show', '--format', 'csv'], ['export']):
            answer = self.run_program('dead-letters', *command, '--db', self.db, '--spreadsheet-safe')
            self.assertEqual([[row[name] for name in columns] for row in answer.rows], [sent])
        for command in (['items'], ['transactions'], ['batches'], ['batch', 'show', '+b']):
            arguments = [*command, '--db', self.db, '--tenant', '=t', '--format', 'csv', '--spreadsheet-safe']
            self.assertEqual(self.run_program(*arguments).rows[0]['tenant'], "'=t")
        again = ['import', self.path('formulas.csv'), '--db', self.db, '--tenant', '=t', '--batch', '+b',
                 '--outcomes', '-']
        for flags, codes in ([], ['=1+1', '-5']), (['--spreadsheet-safe'], ["'=1+1", "'-5"]):
            self.assertEqual([row['code'] for row in self.run_program(*again, *flags, code=DEAD_LETTERS).rows], codes)

    def test_cells_for_a_spreadsheet_are_for_csv_only(self):
        for arguments in (['inventory'], ['inventory', '--json'],
                          ['dead-letters', 'export', '--format', 'ndjson'], ['import', '-']):
            self.run_program(*arguments, '--db', self.db, '--spreadsheet-safe', code=USAGE)
        self.assertEqual(len(self.inventory('--spreadsheet-safe')), 3)

    def test_every_listing_has_every_format(self):
        for command in (['inventory'], ['items'], ['transactions'], ['batches'], ['dead-letters', 'list'],
                        ['dead-letters', 'summary'], ['batch', 'show', 'b1', '--tenant', 'uk', '--lines'],
                        ['batch', 'show', 'b1', '--tenant', 'uk', '--failed'],
                        ['batch', 'show', 'b1', '--tenant', 'uk', '--chunks']):
            table = self.run_program(*command, '--db', self.db).text.splitlines()
            rows = self.run_program(*command, '--db', self.db, '--format', 'csv').rows
            document = self.run_program(*command, '--db', self.db, '--format', 'json').json
            objects = self.run_program(*command, '--db', self.db, '--format', 'ndjson').objects
            self.assertEqual(len(table), len(rows) + 2, command)
            self.assertEqual(len(rows), len(objects), command)
            self.assertIn(objects, document.values(), command)

    def test_batch_show(self):
        rows = self.run_program('batch', 'show', 'b1', '--db', self.db, '--tenant', 'uk', '--lines', '--format',
                                'csv').rows
        self.assertEqual([(row['line'], row['outcome'], row['item']) for row in rows],
                         [('1', 'accepted', '1'), ('2', 'accepted', '2')])
        self.run_program('batch', 'show', 'b2', '--db', self.db, code=NOT_FOUND)

    def test_status_and_verify(self):
        status = self.status()
        self.assertEqual((status['schema_version'], status['tenants'], status['items'], status['transactions'],
                          status['batches'], status['batches_unfinished'], status['dead_letters']),
                         (1, 2, 3, 3, 2, 0, 0))
        self.assertRegex(status['state_digest'], '^[0-9a-f]{32}$')
        report = self.run_program('verify', '--db', self.db, '--json').json
        self.assertEqual((report['sound'], report['lines_checked'], report['findings']), (True, 3, []))
        self.assertIn('state digest', self.run_program('status', '--db', self.db).text)

    def test_resume_of_a_finished_database(self):
        document = self.run_program('resume', '--db', self.db, '--json').json
        self.assertEqual((document['lines_replayed'], document['batches_unfinished']), (0, 0))
        self.assertIn('no batch is unfinished', self.run_program('resume', '--db', self.db).text)

    def test_readers_change_no_file(self):
        before = self.database_files()
        for command in READERS:
            self.run_program(*command, '--db', self.db, code=None)
        self.assertEqual(self.database_files().keys(), before.keys())
        self.assertEqual(self.database_files(), before)


class Damaged(ProgramTest):
    def test_damage_is_reported_never_shown_as_data(self):
        self.import_text('Code,Qty,Price\n' + ''.join(f'C{row % 50},1,1\n' for row in range(40000)))
        tables = [os.path.join(folder, name) for folder, _, names in os.walk(self.db) for name in names
                  if name.endswith('.sst')]
        self.assertTrue(tables)
        for table in tables:
            with open(table, 'r+b') as content:
                size = os.path.getsize(table)
                content.seek(size // 3)
                content.write(b'\x5a' * min(64, size // 3))
        answer = self.run_program('verify', '--db', self.db, code=CORRUPTION)
        self.assertNotEqual(answer.err + answer.text, '')


class Streams(ProgramTest):
    def setUp(self):
        super().setUp()
        self.import_text('Code,Qty,Price\n' + ''.join(f'C{row},1,1\n' for row in range(30000)))

    def test_broken_pipe_is_quiet(self):
        for command in (['inventory', '--format', 'csv'], ['transactions', '--format', 'ndjson'], ['items']):
            with subprocess.Popen([PROGRAM, *command, '--db', self.db], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as running:
                running.stdout.read(10)
                running.stdout.close()
                err = running.stderr.read()
                self.assertEqual(running.wait(timeout=60), OK, err)
                self.assertEqual(err, b'')

    def test_broken_pipe_of_outcomes_does_not_stop_an_import(self):
        text = 'Code,Qty,Price\n' + ''.join(f'D{row},1,1\n' for row in range(30000))
        path = self.write('d.csv', text)
        with subprocess.Popen([PROGRAM, 'import', path, '--db', self.db, '--outcomes', '-'],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            running.stdout.read(10)
            running.stdout.close()
            running.stderr.read()
            self.assertEqual(running.wait(timeout=60), OK)
        self.assertEqual(self.status()['transactions'], 60000)

    def test_full_device_is_an_error(self):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([PROGRAM, 'inventory', '--format', 'csv', '--db', self.db], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, IO)
        self.assertNotEqual(done.stderr, b'')

    def test_data_on_stdout_everything_else_on_stderr(self):
        answer = self.run_program('inventory', '--db', self.db, '--format', 'csv')
        self.assertEqual(answer.err, '')
        answer = self.run_program('import', self.write('bad.csv', 'x\n'), '--db', self.db, code=INPUT)
        self.assertEqual(answer.out, b'')

    def test_tables_have_no_escape_codes(self):
        self.assertNotIn('\x1b', self.run_program('inventory', '--db', self.db, '--limit', '5').text)
        json.loads(self.run_program('inventory', '--db', self.db, '--json').text)


class OpenFiles(ProgramTest):
    def test_as_many_as_the_system_lets_it(self):
        """Or a reader of a store with many files stumbles over a writer that removes one."""
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300))
        with self.start_program('import', '-', '--db', self.db, '--batch', 'b', preexec_fn=few) as running:
            end = time.monotonic() + 20
            while (found := resource.prlimit(running.pid, resource.RLIMIT_NOFILE)) != (300, 300) and time.monotonic() < end:
                time.sleep(0.01)
            running.stdin.close()
        self.assertEqual(found, (300, 300))


if __name__ == '__main__':
    unittest.main()
