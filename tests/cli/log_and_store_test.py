"""log, scan, get, digest, compact, config: looking underneath, also of damage and beside a writer."""
import os
import re
import subprocess
import unittest

from program import CORRUPTION, DEAD_LETTERS, LOCKED, NOT_FOUND, OK, PROGRAM, USAGE, ProgramTest

FAMILIES = ['meta', 'tenants', 'items', 'aliases', 'records', 'balances', 'postings', 'blocks', 'batches',
            'dead-letters']


def listings():
    yield ['log', 'ls']
    yield ['log', 'cat']
    yield ['log', 'cat', '--lines']
    yield ['config', 'show']
    yield ['config', 'show', '--origin']
    for family in FAMILIES:
        yield ['scan', family]


class LogAndStore(ProgramTest):
    def setUp(self):
        super().setUp()
        rows = ''.join(f'C{row % 40},Thing {row % 40},{row}.5,2\n' for row in range(1200))
        self.import_text('Code,Description,Qty,Price\n' + rows + 'X,,none,1\n', '--batch', 'in/1', code=DEAD_LETTERS)

    def log_file(self):
        folder = os.path.join(self.db, 'log')
        return os.path.join(folder, sorted(name for name in os.listdir(folder) if name[0] != 'f')[0])

    def flip(self, offset):
        with open(self.log_file(), 'r+b') as log:
            log.seek(offset)
            byte = log.read(1)[0]
            log.seek(offset)
            log.write(bytes([byte ^ 0x20]))

    def cat(self, *arguments, code=OK):
        return self.run_program('log', 'cat', '--db', self.db, '--format', 'ndjson', *arguments, code=code)

    def test_every_listing_has_every_format(self):
        for command in listings():
            with self.subTest(command):
                table = self.run_program(*command, '--db', self.db).text.splitlines()
                rows = self.run_program(*command, '--db', self.db, '--format', 'csv').rows
                document = self.run_program(*command, '--db', self.db, '--json').json
                objects = self.run_program(*command, '--db', self.db, '--format', 'ndjson').objects
                self.assertEqual(len(table), len(rows) + 2)
                self.assertEqual((document['schema_version'], document['as_of_lsn']), (1, 4))
                self.assertIn(objects, document.values())
                self.assertEqual(len(rows), len(objects))
                self.assertEqual(rows == [], command == ['scan', 'records'])

    def test_records_and_their_lines(self):
        records = self.cat().objects
        self.assertEqual([(record['lsn'], record['first_line'], record['lines'], record['flags'])
                          for record in records],
                         [(1, 1, 500, 'first new_tenant'), (2, 501, 500, ''), (3, 1001, 201, ''), (4, 1202, 0, 'last')])
        self.assertEqual([(record['batch'], record['failed']) for record in records],
                         [('in/1', 0), ('in/1', 0), ('in/1', 1), ('in/1', 0)])
        lines = self.cat('--lines', '--from', '2', '--to', '2').objects
        self.assertEqual(len(lines), 500)
        self.assertEqual([lines[0][name] for name in ('line', 'outcome', 'decided_by', 'item', 'code', 'description',
                                                      'quantity', 'unit_cost')],
                         [501, 'accepted', 'code', 21, 'C20', 'Thing 20', '500.5', '2'])
        failed = self.cat('--lines', '--from', '3').objects[-1]
        self.assertEqual((failed['line'], failed['outcome'], failed['quantity'], failed['item']),
                         (1201, 'bad_quantity', 'none', None))
        self.assertEqual(len(self.cat('--lines', '--limit', '7').objects), 7)
        self.assertEqual(self.cat('--tenant', 'nobody').objects, [])

    def test_damage_is_shown_skipped_and_told(self):
        records = self.cat().objects
        self.flip(records[1]['offset'] + 100)
        answer = self.cat(code=CORRUPTION)
        self.assertEqual([(row['kind'], row['lsn'], row['last_lsn']) for row in answer.objects],
                         [('record', 1, None), ('damage', 2, 2), ('record', 3, None), ('record', 4, None)])
        self.assertEqual(answer.objects[1]['offset'], records[1]['offset'])
        self.assertIn('no line is lost', answer.err)
        self.assertEqual([row['kind'] for row in self.cat('--lines', '--from', '2', '--limit', '2',
                                                          code=CORRUPTION).objects], ['damage', 'line'])
        # Whatever part is shown, the exit code is about the log.
        self.assertEqual([row['kind'] for row in self.cat('--from', '3', code=CORRUPTION).objects], ['record', 'record'])
        self.assertEqual([row['kind'] for row in self.cat('--limit', '1', code=CORRUPTION).objects], ['record'])
        segment = self.run_program('log', 'ls', '--db', self.db, '--format', 'ndjson', code=CORRUPTION).objects[0]
        self.assertEqual((segment['damage'], segment['records']), (1, 3))
        report = self.run_program('log', 'verify', '--db', self.db, '--json', code=CORRUPTION).json
        self.assertEqual((report['sound'], report['damage_count'], report['records']), (False, 1, 3))
        damage = report['damage'][0]
        self.assertEqual((damage['file'], damage['first_lsn'], damage['last_lsn'], damage['in_store']),
                         (self.log_file(), 2, 2, True))
        text = self.run_program('log', 'verify', '--db', self.db, code=CORRUPTION).text
        self.assertRegex(text, r'^DAMAGED: 1 place: 3 records')

    def test_torn_tail_is_a_note(self):
        self.flip(self.cat().objects[-1]['offset'] + 45)
        answer = self.cat(code=CORRUPTION)
        self.assertEqual([row['kind'] for row in answer.objects], ['record', 'record', 'record', 'torn_tail'])
        # For the store has what is torn here, so somebody was told of it.
        report = self.run_program('log', 'verify', '--db', self.db, '--json', code=CORRUPTION).json
        self.assertTrue(report['torn_tail'])
        self.assertIn('the log ends with record 3', report['damage'][0]['what'])

    def test_sound_log(self):
        self.assertEqual(self.run_program('log', 'verify', '--db', self.db).text,
                         'sound: 4 records with 1,201 lines in 1 segment checked, as of LSN 4; the store has '
                         'everything up to LSN 4\n')

    def test_log_is_read_where_the_store_cannot_be(self):
        os.remove(os.path.join(self.db, 'store', 'db', 'CURRENT'))
        answer = self.cat()
        self.assertEqual([row['batch'] for row in answer.objects], ['in/1'] * 4)
        self.assertIn('the store cannot be read', answer.err)

    def test_texts_of_lines_do_not_reach_a_terminal_as_they_are(self):
        self.import_text('Code,Description,Qty,Price\nE\x1b[31m,\x1b]0;x\x07,1,1\n', '--batch', 'b\u202e2',
                         name='evil.csv')
        for command in (['log', 'cat', '--lines'], ['log', 'cat'], ['scan', 'items'], ['scan', 'batches'],
                        ['scan', 'aliases']):
            answer = self.run_program(*command, '--db', self.db)
            self.assertNotRegex(answer.text, '[\x1b\x07\u202e]')

    def test_get_by_key(self):
        def get(family, *keys, code=OK):
            return self.run_program('get', family, *keys, '--db', self.db, '--format', 'ndjson', code=code)

        self.assertEqual([row['key'] for row in get('balances', '1/3', '1/1').objects], ['1/3', '1/1'])
        self.assertEqual(get('batches', '1/in/1').objects[0]['lines'], 1201)
        self.assertEqual(get('dead-letters', '1/in/1/1201').objects[0]['cause'], 'bad_quantity')
        self.assertEqual(len(get('dead-letters', '1/in/1/').objects), 1)
        self.assertEqual(get('meta', 'applied_lsn').objects[0]['value'], '4')
        answer = get('items', '1/1', '1/41', '1/2', code=NOT_FOUND)
        self.assertEqual([row['key'] for row in answer.objects], ['1/1', '1/2'])
        self.assertIn("'1/41'", answer.err)
        for family, key in (('items', 'x'), ('blocks', '1/2'), ('nothing', '1')):
            self.assertEqual(get(family, key, code=USAGE).out, b'')

    def test_ranges_of_a_scan(self):
        def keys(family, *arguments):
            rows = self.run_program('scan', family, '--db', self.db, '--format', 'csv', *arguments).rows
            return [row['key'] for row in rows]

        self.assertEqual(keys('items', '--from', '1/39'), ['1/39', '1/40'])
        self.assertEqual(keys('blocks', '--from', '2', '--to', '3'), ['2', '3'])
        self.assertEqual(keys('balances', '--limit', '2'), ['1/1', '1/2'])
        self.assertEqual(keys('postings', '--from', '1/1', '--to', '1/1'), ['1/1/1', '1/1/2', '1/1/3'])
        self.assertEqual(len(keys('items', '--tenant', 'default')), 40)
        self.run_program('scan', 'items', '--db', self.db, '--tenant', 'nobody', code=NOT_FOUND)

    def test_digest_is_that_of_status(self):
        digest = self.run_program('digest', '--db', self.db).text
        self.assertEqual(digest, f'{self.digest()}  as of LSN 4\n')
        self.assertEqual(self.run_program('digest', '--db', self.db, '--json').json,
                         {'schema_version': 1, 'as_of_lsn': 4, 'state_digest': self.digest()})

    def test_compact_changes_no_content(self):
        digest = self.digest()
        self.assertRegex(self.run_program('compact', '--db', self.db).text, r'^compacted: the store has .* before')
        document = self.run_program('compact', '--db', self.db, '--json').json
        self.assertGreater(document['bytes_before'], 0)
        self.assertGreater(document['bytes_after'], 0)
        self.assertEqual(self.digest(), digest)
        self.assert_sound()

    def test_beside_a_writer(self):
        rows = ''.join(f'D{row % 500},1,1\n' for row in range(300_000))
        with self.start_program('import', '-', '--db', self.db, '--batch', 'live', '--format', 'csv') as writer:
            writer.stdin.write(('Code,Qty,Price\n' + rows).encode())
            writer.stdin.flush()
            for _ in range(500):
                if any(row['batch'] == 'live' for row in self.cat().objects):
                    break
            else:
                self.fail('the writer logs nothing')
            for command in listings():
                self.run_program(*command, '--db', self.db, '--format', 'csv')
            self.run_program('log', 'verify', '--db', self.db)
            self.run_program('digest', '--db', self.db)
            self.run_program('compact', '--db', self.db, code=LOCKED)
            writer.stdin.close()
            writer.stdout.read()
            writer.stderr.read()
            self.assertEqual(writer.wait(timeout=60), OK)
        self.run_program('log', 'verify', '--db', self.db)

    def test_config_says_where_settings_come_from(self):
        self.run_program('mapping', '--db', self.db, '--mapping', 'suggest')
        rows = self.run_program('config', 'show', '--origin', '--db', self.db, '--format', 'csv').rows
        found = {row['name']: (row['value'], row['origin']) for row in rows}
        self.assertEqual(found['tenant.default.mapping'], ('suggest', 'tenant'))
        self.assertEqual(found['options.items_max'], ('20000000', 'default'))
        self.assertEqual(found['store.format'][1], 'database')
        self.assertEqual(found['log.format'], ('1', 'build'))

    def test_readers_change_nothing_and_create_nothing(self):
        readers = [*listings(), ['log', 'verify'], ['digest'], ['get', 'items', '1/1']]
        before = self.database_files()
        for command in readers:
            self.run_program(*command, '--db', self.db)
            answer = self.run_program(*command, '--db', self.path('none'), code=NOT_FOUND)
            self.assertEqual(answer.out, b'')
        self.assertEqual(self.database_files(), before)
        self.run_program('compact', '--db', self.path('none'), code=NOT_FOUND)
        self.assertFalse(os.path.exists(self.path('none')))

    def test_broken_pipe_is_quiet(self):
        for command in (['log', 'cat', '--lines'], ['scan', 'balances']):
            with subprocess.Popen([PROGRAM, *command, '--db', self.db, '--format', 'csv'], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as running:
                running.stdout.read(5)
                running.stdout.close()
                err = running.stderr.read()
                self.assertEqual(running.wait(timeout=60), OK, err)
                self.assertEqual(err, b'')

    def test_help_has_an_example(self):
        for command in (['log', 'ls'], ['log', 'cat'], ['log', 'verify'], ['scan'], ['get'], ['digest'], ['compact'],
                        ['config', 'show']):
            text = self.run_program(*command, '--help').text
            self.assertTrue(re.search('Examples:\n +tallystone ' + ' '.join(command), text), command)


if __name__ == '__main__':
    unittest.main()
