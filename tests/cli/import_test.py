"""tallystone import: formats, batches, outcomes, summaries, exit codes."""
import gzip
import json
import os
import time
import unittest

from program import DEAD_LETTERS, INPUT, IO, LOCKED, NOT_FOUND, OK, USAGE, ProgramTest

LINES = 'Code,Description,Qty,Price,Date\nA,Apple,3,1.50,2026-01-01\nB,Pear,-1,2,2026-01-02\nA,Apple,4.5,1.25,\n'


class Files(ProgramTest):
    def test_balances_are_exact_sums(self):
        self.import_text(LINES)
        rows = self.inventory()
        self.assertEqual([list(row)[:7] for row in rows][0],
                         ['tenant', 'code', 'description', 'on_hand', 'value', 'lines', 'last_time'])
        self.assertEqual([list(row.values())[:7] for row in rows],
                         [['default', 'A', 'Apple', '7.5', '10.125', '2', '2026-01-01'],
                          ['default', 'B', 'Pear', '-1', '-2', '1', '2026-01-02']])
        self.assert_sound()

    def test_same_lines_in_every_format_make_the_same_balances(self):
        expected = {('default', 'A'): '7.5', ('default', 'B'): '-1'}
        fields = ['Code', 'Qty', 'Price']
        values = [['A', '3', '1.50'], ['B', '-1', '2'], ['A', '4.5', '1.25']]
        objects = [dict(zip(fields, value)) for value in values]
        numbers = '\n'.join('{"sku":"%s","qty":%s,"price":%s}' % tuple(value) for value in values)
        forms = {
            'plain.csv': '\n'.join(','.join(value) for value in [fields] + values),
            'semicolon.csv': '\n'.join(';'.join(value) for value in [fields] + values),
            'tab.tsv': '\n'.join('\t'.join(value) for value in [fields] + values),
            'pipe.txt': '\r\n'.join('|'.join(value) for value in [fields] + values),
            'bom.csv': '\ufeff' + '\n'.join(','.join(value) for value in [fields] + values),
            'quoted.csv': '\n'.join(','.join(f'"{cell}"' for cell in value) for value in [fields] + values),
            'text.jsonl': '\n'.join(json.dumps(entry) for entry in objects),
            'numbers.ndjson': numbers,
            'unnamed': numbers,
        }
        forms['packed.csv.gz'] = gzip.compress(forms['plain.csv'].encode())
        forms['packed.jsonl.gz'] = gzip.compress(numbers.encode())
        forms['packed_unnamed'] = gzip.compress(forms['plain.csv'].encode())
        for name, content in forms.items():
            with self.subTest(name):
                self.db = self.path(name + '.db')
                self.import_text(content, name=name)
                self.assertEqual(self.on_hand(), expected)

    def test_options_name_columns_delimiter_encoding_and_format(self):
        text = 'Artikel#Menge#Bezeichnung\nX#2#Sch\xe4kel\n'.encode('latin-1')
        self.import_text(text, '--delimiter', '#', '--encoding', 'latin-1', '--format', 'csv', '--column',
                         'code=Artikel', '--column', 'quantity=menge', '--column', 'description=Bezeichnung')
        self.assertEqual(self.inventory()[0]['description'], 'Schäkel')

    def test_standard_input_is_a_file_like_any_other(self):
        self.run_program('import', '-', '--db', self.db, stdin=LINES.encode())
        answer = self.run_program('import', '-', '--db', self.db, stdin=LINES.encode())
        self.assertIn('already imported: 3 lines, 0 new', answer.text)
        answer = self.import_text(LINES)
        self.assertIn('already imported', answer.text, 'the content makes the batch id')

    def test_missing_cost_is_zero_and_said(self):
        answer = self.import_text('Code,Qty\nA,1\n')
        self.assertIn('no unit cost', answer.err)
        self.assertEqual(self.inventory()[0]['value'], '0')


class Repeated(ProgramTest):
    def test_importing_again_changes_nothing_and_says_so(self):
        self.import_text(LINES)
        before = self.digest()
        answer = self.import_text(LINES, '--json')
        self.assertEqual(answer.json['already_imported'], True)
        self.assertEqual(answer.json['lines_new'], 0)
        self.assertEqual(answer.json['resent'], 1)
        self.assertEqual(self.digest(), before)

    def test_outcomes_of_a_repeated_import_are_the_same(self):
        text = 'Code,Qty,Price\nA,1,1\nB,x,1\n,1,1\nC,0,1\nD,1,\n'
        first, second = self.path('1.csv'), self.path('2.csv')
        self.import_text(text, '--outcomes', first, code=DEAD_LETTERS)
        self.import_text(text, '--outcomes', second, code=DEAD_LETTERS)
        with open(first, 'rb') as one, open(second, 'rb') as two:
            content = one.read()
            self.assertEqual(content.decode().splitlines(),
                             ['line,outcome,item,code,decided_by,score,candidates', '1,accepted,1,A,created,,',
                              '2,bad_quantity,,B,,,', '3,no_item,,,,,', '4,zero_quantity,,C,,,', '5,bad_price,,D,,,'])
            again = two.read().decode().splitlines()
        self.assertEqual([row.split(',')[:3] for row in again],
                         [row.split(',')[:3] for row in content.decode().splitlines()])

    def test_same_id_with_other_content_is_refused_and_changes_nothing(self):
        self.import_text(LINES, '--batch', 'b1')
        before = self.digest()
        answer = self.import_text(LINES.replace('4.5', '4.6'), '--batch', 'b1', code=INPUT)
        self.assertIn('b1', answer.err)
        self.assertIn('3', answer.err, 'the first differing line')
        self.assertEqual(self.digest(), before)

    def test_shorter_and_longer_content_under_the_same_id_are_refused(self):
        self.import_text(LINES, '--batch', 'b1')
        before = self.digest()
        self.import_text(LINES + 'A,Apple,1,1,\n', '--batch', 'b1', code=None)
        self.import_text('\n'.join(LINES.splitlines()[:3]), '--batch', 'b1', code=None)
        self.assertEqual(self.digest(), before)

    def test_refused_batch_does_not_stop_the_others(self):
        text = 'Inv,Code,Qty,Price\n1,A,1,1\n2,B,1,1\n'
        self.import_text(text, '--batch-column', 'Inv')
        changed = 'Inv,Code,Qty,Price\n1,A,1,1\n2,B,7,1\n3,C,1,1\n2,B,1,1\n'
        answer = self.import_text(changed, '--batch-column', 'Inv', '--outcomes', '-', code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['outcome']) for row in answer.rows],
                         [('1', 'accepted'), ('2', 'batch_conflict'), ('3', 'accepted'), ('4', 'batch_conflict')])
        self.assertEqual(self.on_hand(), {('default', 'A'): '1', ('default', 'B'): '1', ('default', 'C'): '1'})
        self.assert_sound()


class Batches(ProgramTest):
    def test_lines_of_a_batch_need_not_stand_together(self):
        self.import_text('Inv,Code,Qty,Price\n1,A,1,1\n2,A,1,1\n1,B,1,1\n', '--batch-column', 'inv')
        rows = self.run_program('batches', '--db', self.db, '--format', 'csv').rows
        self.assertEqual([(row['batch'], row['lines'], row['finished']) for row in rows],
                         [('1', '2', 'true'), ('2', '1', 'true')])

    def test_a_tenant_column_makes_a_batch_for_each_tenant(self):
        answer = self.import_text('Country,Code,Qty,Price\nUK,A,1,1\nFR,A,2,1\nUK,A,3,1\n', '--tenant-column',
                                  'country', '--json')
        self.assertEqual(answer.json['batches'], 2)
        self.assertEqual(answer.json['tenants'], 2)
        self.assertEqual(self.on_hand(), {('UK', 'A'): '4', ('FR', 'A'): '2'})

    def test_rows_without_tenant_or_batch_are_dead_letters(self):
        text = 'T,B,Code,Qty,Price\nx,1,A,1,1\n,1,A,1,1\nx,,A,1,1\nx,1\n'
        answer = self.import_text(text, '--tenant-column', 'T', '--batch-column', 'B', '--outcomes', '-',
                                  code=DEAD_LETTERS)
        self.assertEqual([row['outcome'] for row in answer.rows],
                         ['accepted', 'bad_tenant', 'bad_batch', 'bad_columns'])
        letters = self.run_program('dead-letters', 'export', '--db', self.db).rows
        self.assertEqual(sorted(row['raw'] for row in letters), sorted([',1,A,1,1', 'x,,A,1,1', 'x,1']))

    def test_too_many_open_batches_refuse_late_lines_rather_than_lose_them(self):
        rows = [f'{batch},C,1,1' for batch in range(9000)] + ['0,C,1,1']
        answer = self.import_text('Inv,Code,Qty,Price\n' + '\n'.join(rows), '--batch-column', 'Inv',
                                  '--open-batches', '10', '--json', code=DEAD_LETTERS)
        self.assertEqual(answer.json['lines_refused'], 1)
        self.assertEqual(answer.json['items_processed'], 9000)
        self.assertIn('--open-batches', answer.err)

    def test_files_together_are_files_one_by_one(self):
        one = self.write('one.csv', 'Code,Qty,Price\nA,1,1\n')
        two = self.write('two.csv', 'Code,Qty,Price\nB,x,1\n')
        answer = self.run_program('import', one, two, one, '--db', self.db, '--json', code=DEAD_LETTERS)
        self.assertEqual([entry['lines'] for entry in answer.json['files']], [1, 1, 1])
        self.assertEqual(answer.json['failed_items'],
                         [{'file': two, 'line': 1, 'code': 'B', 'error': 'bad_quantity'}])
        self.assertEqual(self.on_hand(), {('default', 'A'): '1'})


class Answers(ProgramTest):
    def test_json_summary_adds_up(self):
        answer = self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\n', '--json', code=DEAD_LETTERS).json
        self.assertEqual(answer['schema_version'], 1)
        self.assertEqual(answer['status'], 'partial_success')
        self.assertEqual(answer['items_processed'] + answer['items_failed'], 2)
        self.assertEqual(answer['outcomes'], {'accepted': 1, 'bad_quantity': 1})
        self.assertEqual(answer['level'], 'applied')
        self.assertGreater(answer['processing_time'], 0)
        self.assertGreater(answer['lsn'], 0)

    def test_unknown_items_can_be_rejected(self):
        self.import_text('Code,Qty,Price\nA,1,1\n')
        answer = self.import_text('Code,Qty,Price\nA,2,1\nZ,1,1\n', '--unknown-items', 'reject', '--outcomes',
                                  '-', code=DEAD_LETTERS)
        self.assertEqual([row['outcome'] for row in answer.rows], ['accepted', 'unknown_item'])

    def test_outcomes_give_the_code_of_the_item_a_description_means(self):
        answer = self.import_text('Code,Description,Qty,Price\nA,Apple,1,1\n,APPLE ,1,1\n', '--outcomes', '-')
        self.assertEqual([(row['item'], row['code'], row['decided_by']) for row in answer.rows],
                         [('1', 'A', 'created'), ('1', 'A', 'alias')])

    def test_outcomes_as_ndjson(self):
        self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\n', '--outcomes', self.path('o.ndjson'), code=DEAD_LETTERS)
        with open(self.path('o.ndjson'), encoding='utf-8') as outcomes:
            rows = [json.loads(line) for line in outcomes]
        self.assertEqual([(row['line'], row['outcome'], row['item']) for row in rows],
                         [(1, 'accepted', 1), (2, 'bad_quantity', None)])

    def test_dry_run_books_nothing_and_creates_nothing(self):
        text = 'Code,Qty,Price\nA,1,1\nB,x,1\nA,1,1\n'
        answer = self.import_text(text, '--dry-run', '--outcomes', '-', code=DEAD_LETTERS)
        self.assertEqual([(row['outcome'], row['item'], row['decided_by']) for row in answer.rows],
                         [('accepted', '1', 'created'), ('bad_quantity', '', ''), ('accepted', '1', 'code')])
        self.assertFalse(os.path.exists(self.db))
        self.import_text('Code,Qty,Price\nA,1,1\n')
        before = self.digest()
        answer = self.import_text(text, '--dry-run', '--json', code=DEAD_LETTERS)
        self.assertEqual(answer.json['dry_run'], True)
        self.assertEqual(self.digest(), before)

    def test_dry_run_says_what_the_import_then_does(self):
        text = 'Code,Description,Qty,Price\nA,Apple,1,1\n,apple,2,1\nB,,0,1\n,Pear,1,1\nC,Apple,1,1\n,apple,1,1\n'
        dry = self.import_text(text, '--dry-run', '--outcomes', '-', code=DEAD_LETTERS)
        real = self.import_text(text, '--outcomes', '-', code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['outcome'], row['item'], row['decided_by']) for row in dry.rows],
                         [(row['line'], row['outcome'], row['item'], row['decided_by']) for row in real.rows])


class Refusals(ProgramTest):
    def test_usage_errors(self):
        path = self.write('in.csv', LINES)
        for arguments in [[], ['import'], ['import', path], ['import', path, '--db'],
                          ['import', path, '--db', self.db, '--column', 'nonsense'],
                          ['import', path, '--db', self.db, '--column', 'nosuch=Qty'],
                          ['import', path, '--db', self.db, '--tenant', 'a', '--tenant-column', 'b'],
                          ['import', path, '--db', self.db, '--batch', 'a', '--batch-column', 'b'],
                          ['import', path, path, '--db', self.db, '--batch', 'a'],
                          ['import', '-', '-', '--db', self.db],
                          ['import', path, '--db', self.db, '--json', '--outcomes', '-'],
                          ['import', path, '--db', self.db, '--tenant', 'a\nb'],
                          ['import', path, '--db', self.db, '--batch', 'x' * 257],
                          ['import', path, '--db', self.db, '--format', 'xml'],
                          ['import', path, '--db', self.db, '--delimiter', '"'],
                          ['nonsense'], ['inventory'], ['dead-letters'], ['batch', 'show'],
                          ['dead-letters', 'drop', '--db', self.db],
                          ['dead-letters', 'list', '--db', self.db, '--cause', 'nonsense'],
                          ['dead-letters', 'retry', '--db', self.db, '--line', '1']]:
            with self.subTest(arguments):
                answer = self.run_program(*arguments, code=USAGE)
                self.assertEqual(answer.out, b'')
                self.assertNotEqual(answer.err, '')
        self.assertFalse(os.path.exists(self.db))

    def test_help_has_examples_for_every_command(self):
        for command in [['import'], ['inventory'], ['items'], ['transactions'], ['batches'], ['batch', 'show'],
                        ['dead-letters', 'list'], ['dead-letters', 'show'], ['dead-letters', 'retry'],
                        ['dead-letters', 'drop'], ['dead-letters', 'export'], ['status'], ['verify'], ['resume']]:
            self.assertIn('Examples:', self.run_program(*command, '--help').text, command)
        self.assertIn('tallystone 0.', self.run_program('--version').text)

    def test_missing_file(self):
        self.run_program('import', self.path('nosuch.csv'), '--db', self.db, code=NOT_FOUND)
        self.assertFalse(os.path.exists(self.db))

    def test_one_bad_file_among_several_applies_nothing(self):
        good = self.write('good.csv', LINES)
        bad = self.write('bad.csv', 'nothing,known\n1,2\n')
        answer = self.run_program('import', good, bad, '--db', self.db, code=INPUT)
        self.assertIn('bad.csv', answer.err)
        self.assertIn('"nothing"', answer.err)
        self.assertIn('Quantity', answer.err)
        self.assertFalse(os.path.exists(self.db))

    def test_outcomes_that_cannot_be_written(self):
        self.import_text(LINES, '--outcomes', self.path('no/such/directory/o.csv'), code=IO)
        self.import_text(LINES, '--outcomes', '/dev/full', code=IO)

    def test_a_directory_that_is_no_database_is_left_alone(self):
        os.mkdir(self.db)
        self.write('stock.db/precious.txt', 'mine')
        self.import_text(LINES, code=None)
        with open(os.path.join(self.db, 'precious.txt'), encoding='utf-8') as precious:
            self.assertEqual(precious.read(), 'mine')


class Locked(ProgramTest):
    def test_second_writer_is_refused_at_once_and_readers_are_not(self):
        self.import_text(LINES)
        segments = os.path.join(self.db, 'log')
        before = sorted(os.listdir(segments))
        with self.start_program('import', '-', '--db', self.db, '--batch', 'slow', '--json') as running:
            running.stdin.write(b'Code,Qty,Price\nZ,1,1\n')
            running.stdin.flush()
            # It opens the database when it has seen a header. To try would be to race with it; that it has it, a new
            # segment of the log says.
            deadline = time.monotonic() + 60
            while sorted(os.listdir(segments)) == before and time.monotonic() < deadline:
                time.sleep(0.01)
            answer = self.import_text('Code,Qty,Price\nY,1,1\n', code=None)
            self.assertEqual(answer.code, LOCKED, answer.err)
            self.run_program('resume', '--db', self.db, code=LOCKED)
            self.assertIn(('default', 'A'), self.on_hand())
            out, _ = running.communicate(timeout=60)
        self.assertEqual(running.returncode, OK)
        self.assertEqual(json.loads(out)['items_processed'], 1)
        self.assertEqual(self.on_hand()[('default', 'Z')], '1')


if __name__ == '__main__':
    unittest.main()
