"""What the program says to people: mistakes on the command line by name, counts that are so, tables that can be read."""
import os
import pty
import signal
import time
import unittest

from program import CORRUPTION, DEAD_LETTERS, INTERRUPTED, IO, LOCKED, NOT_FOUND, OK, PROGRAM, USAGE, ProgramTest

NAMES = ('Code,Description,Vendor,Qty,Price\n'
         'F20,Wooden picture frame oak 20 cm,north,10,2\n'
         ',Wooden picture frame oak 20 cm set,north,3,2\n'
         'B1,Vase,south,6 pcs,2\n')


class Usage(ProgramTest):
    def wrong(self, *arguments):
        answer = self.run_program(*arguments, code=USAGE)
        self.assertEqual(answer.out, b'')
        self.assertTrue(answer.err.startswith('tallystone: '), answer.err)
        self.assertEqual(answer.err.count('\n'), 1, answer.err)
        return answer.err

    def test_mistakes_are_named(self):
        for arguments, words in (
                (['inventry'], ["no command 'inventry'", "did you mean 'inventory'?"]),
                (['nothing', 'at', 'all'], ["no command 'nothing'"]),
                (['inventory', '--bd', 'g.db'], ["no option '--bd' of tallystone inventory", "'--db'"]),
                (['inventory', '--bd=g.db'], ["no option '--bd'", "'--db'"]),
                (['items', '--db', 'g.db', 'show', 'A1'], ["--db stands before 'show'"]),
                (['dead-letters', 'lst', '--db', 'g.db'], ["no command 'lst'", "'list'"]),
                (['dead-letters'], ['needs a command', 'tallystone dead-letters --help']),
                ([], ['needs a command', 'tallystone --help']),
                (['inventory'], ['--db is required', 'tallystone inventory --help']),
                (['status', '--db', 'g.db', 'more'], ["takes no 'more'"]),
        ):
            said = self.wrong(*arguments)
            for word in words:
                self.assertIn(word, said)

    def test_numbers_are_numbers(self):
        for command in (['inventory', '--limit'], ['items', '--limit'], ['transactions', '--limit'], ['batches', '--limit'],
                        ['dead-letters', 'list', '--limit'], ['dead-letters', 'summary', '--limit'], ['review', 'list', '--limit'],
                        ['inventory', '--item'], ['dead-letters', 'list', '--batch', 'b', '--line'], ['stats', '--count'],
                        ['log', 'cat', '--limit'], ['scan', 'items', '--limit'],
                        ['review', 'accept', '--is', '1', '--item'], ['review', 'reject', '--item', '1', '--is']):
            for number in ('-1', '0', '99999999999999999999', '1x', ''):
                with self.subTest(command=command, number=number):
                    said = self.wrong(*command[:-1], '--db', self.db, f'{command[-1]}={number}')
                    self.assertLess(len(said), 200, said)

    def test_every_command_has_examples(self):
        for command in ('batch', 'dead-letters', 'review', 'log', 'config'):
            self.assertIn('Examples:', self.run_program(command, '--help').text, command)


class Answers(ProgramTest):
    def setUp(self):
        super().setUp()
        self.import_text(NAMES, '--batch', 'b1', '--mapping', 'suggest', code=DEAD_LETTERS)

    def test_a_range_that_is_none(self):
        for flags in (['--from', '10', '--to', '5'], ['--from', '2026-11-25', '--to', '2026-11-24']):
            for command in (['inventory'], ['transactions'], ['batches'], ['dead-letters', 'list'], ['review', 'list']):
                self.assertIn('behind', self.run_program(*command, '--db', self.db, *flags, code=USAGE).err)

    def test_no_rows_and_a_mistyped_name_are_two_things(self):
        for command in (['inventory'], ['items'], ['transactions'], ['batches']):
            for flags in (['--code', 'bogus'], ['--item', '99'], ['--batch', 'bogus'], ['--tenant', 'bogus'],
                          ['--tenant', 'default', '--code', 'bogus']):
                with self.subTest(command=command, flags=flags):
                    answer = self.run_program(*command, '--db', self.db, *flags, code=NOT_FOUND)
                    self.assertIn('bogus' if flags[-1] == 'bogus' else '99', answer.err)
        self.assertEqual(self.run_program('transactions', '--db', self.db, '--code', 'F20', '--from', '1000').err[:7], '0 rows,')

    def test_tables_say_how_many_rows_as_of_which_lsn(self):
        for command in (['inventory'], ['items'], ['transactions'], ['batches'], ['dead-letters', 'list'],
                        ['dead-letters', 'summary'], ['review', 'list'], ['batch', 'show', 'b1', '--lines']):
            with self.subTest(command):
                rows = len(self.run_program(*command, '--db', self.db, '--format', 'csv').rows)
                word = 'row' if rows == 1 else 'rows'
                self.assertRegex(self.run_program(*command, '--db', self.db).err, rf'^{rows} {word}, as of LSN \d+\n$')
                self.assertEqual(self.run_program(*command, '--db', self.db, '--format', 'csv').err, '')

    def on_terminal(self, *arguments, columns=80):
        """What a person sees of stdout and stderr, on a terminal of this width."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.system(f'stty cols {columns} -onlcr')
            os.execv(PROGRAM, [PROGRAM, *arguments])
        seen = b''
        try:
            while True:
                seen += os.read(terminal, 65536)
        except OSError:
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
        return seen.decode('utf-8', 'replace').replace('\r\n', '\n')

    def test_the_row_count_stands_below_the_table(self):
        for command in (['dead-letters', 'summary'], ['inventory'], ['review', 'list'], ['batch', 'show', 'b1', '--lines']):
            with self.subTest(command):
                self.assertRegex(self.on_terminal(*command, '--db', self.db).splitlines()[-1], r'^\d+ rows?, as of LSN')

    def test_whole_cells_on_request(self):
        narrow = self.on_terminal('inventory', '--db', self.db, columns=90)
        self.assertNotIn('Wooden picture frame oak 20 cm set', narrow)
        self.assertIn('…', narrow)
        self.assertLessEqual(max(map(len, narrow.splitlines())), 90)
        wide = self.on_terminal('inventory', '--db', self.db, '--wide', columns=90)
        self.assertIn('Wooden picture frame oak 20 cm set', wide)
        self.assertNotIn('…', wide)

    def test_an_item_of_one_of_several_tenants(self):
        self.run_program('import', self.write('o.csv', 'Code,Qty,Price\nO1,1,1\nF20,1,1\n'), '--db', self.db, '--tenant', 'other')
        self.assertEqual(self.run_program('items', 'show', 'O1', '--db', self.db, '--json').json['tenant'], 'other')
        several = self.run_program('items', 'show', 'F20', '--db', self.db, code=USAGE).err
        self.assertIn('--tenant (default, other)', several)
        self.assertEqual(self.run_program('items', 'show', 'F20', '--db', self.db, '--tenant', 'other', '--json').json['on_hand'], '1')
        self.run_program('items', 'show', 'nobody', '--db', self.db, code=NOT_FOUND)

    def test_one_is_not_many(self):
        self.assertIn('1 batch, 1 dead letter checked', self.run_program('verify', '--db', self.db).text)
        copy = self.path('copy.db')
        self.run_program('import', self.write('c.csv', NAMES), '--db', copy, '--batch', 'b1', '--mapping', 'suggest', code=DEAD_LETTERS)
        self.run_program('dead-letters', 'drop', '--db', copy, '--all')
        self.assertIn(' difference', self.run_program('diff', self.db, copy, code=1).err)

    def test_verify_quick_says_what_it_did_not_look_at(self):
        quick = self.run_program('verify', '--quick', '--db', self.db)
        self.assertIn('2 booked lines', quick.text)
        self.assertNotIn('dead letter', quick.text)
        self.assertIsNone(self.run_program('verify', '--quick', '--db', self.db, '--json').json['dead_letters_checked'])
        self.assertEqual(self.run_program('verify', '--db', self.db, '--json').json['dead_letters_checked'], 1)

    def test_stats_does_not_say_as_of_0(self):
        document = self.run_program('stats', '--db', self.db, '--interval', '0.1', '--json').json
        self.assertNotEqual(document.get('as_of_lsn'), 0)
        self.assertGreater(document['samples'][0]['as_of_lsn'], 0)

    def test_repair_of_a_sound_store_changes_nothing(self):
        before = self.database_files()
        answer = self.run_program('repair', '--db', self.db)
        self.assertIn('sound', answer.text)
        self.assertIn('nothing was changed', answer.text)
        self.assertNotIn('kept', answer.text)
        self.assertEqual(self.database_files(), before)

    def test_an_answer_that_was_given_before(self):
        accept = ['review', 'accept', '--db', self.db, '--item', '2', '--is', '1']
        self.assertTrue(self.run_program(*accept).text.startswith('1 line moved to item 1'))
        self.assertIn('nothing was changed', self.run_program(*accept).text)
        self.assertTrue(self.run_program(*accept, '--json').json['said_before'])

    def test_a_split_of_what_no_line_has(self):
        answer = self.run_program('review', 'split', '--db', self.db, '--item', '1', '--text', 'Wodden frame', code=NOT_FOUND)
        self.assertIn("no line called 'Wodden frame'", answer.err)
        self.assertEqual(len(self.inventory()), 2)

    def test_who_holds_the_lock(self):
        with self.start_program('import', '-', '--db', self.db, '--batch', 'x') as running:
            running.stdin.write(b'Code,Qty,Price\n' + b'A,1,1\n' * 9000)
            running.stdin.flush()
            for _ in range(100):
                if self.run_program('transactions', '--db', self.db, '--batch', 'x', '--limit', '1', code=None).code == OK:
                    break
                time.sleep(0.05)
            said = self.run_program('resume', '--db', self.db, code=LOCKED).err
            self.assertIn(f'(process {running.pid})', said)
            self.assertIn('only look', said)
            running.kill()
            running.communicate()

    def test_a_status_of_a_long_cause(self):
        self.import_text('Code,Qty,Price\nA,' + '9' * 30 + ',1\n', '--batch', 'huge', name='huge.csv', code=DEAD_LETTERS)
        self.assertIn('  quantity_out_of_range  1\n', self.run_program('status', '--db', self.db).text)
        again = self.run_program('import', self.path('huge.csv'), '--db', self.db, '--batch', 'huge', '--dry-run', code=DEAD_LETTERS)
        values = [line.split(' 1')[0] for line in again.text.splitlines()[1:] if line.startswith(('  batches', '  quantity'))]
        self.assertEqual(len({len(line) for line in values}), 1, again.text)


class Import(ProgramTest):
    def test_outcomes_that_cannot_be_written_leave_no_database(self):
        self.import_text('Code,Qty,Price\nA,1,1\n', '--outcomes', self.path('nodir/o.csv'), code=IO)
        self.assertFalse(os.path.exists(self.db))

    def test_a_second_column_for_a_field_is_told(self):
        answer = self.import_text('Code,SKU,Qty,Price\nC1,S1,1,1\n')
        self.assertIn('"SKU", not from "Code"', answer.err)
        self.assertIn('--column code=HEADER', answer.err)
        self.assertEqual(self.import_text('Code,SKU,Qty,Price\nC1,S1,1,1\n', '--column', 'code=Code', '--batch', 'b', name='b.csv').err, '')

    def test_what_was_interrupted_has_its_batches(self):
        with self.start_program('import', '-', '--db', self.db, '--batch', 'b', '--json') as running:
            running.stdin.write(b'Code,Qty,Price\n' + b'A,1,1\n' * 9000)
            running.stdin.flush()
            for _ in range(100):
                if self.run_program('batches', '--db', self.db, '--format', 'csv', code=None).rows:
                    break
                time.sleep(0.05)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        self.assertEqual(running.returncode, INTERRUPTED, err)
        self.assertIn(b'"batches":1,', out)
        self.assertIn(b'"unfinished":1,', out)

    def test_an_export_as_json_has_no_line_that_json_would_change(self):
        self.import_text('Code,Qty,Price\nB,x,1\n', '--batch', 'b1', code=DEAD_LETTERS)
        bad = self.write('bad.csv', b'Code,Description,Qty,Price\nA,G\xfcnther,1,1\n')
        self.run_program('import', bad, '--db', self.db, '--batch', 'b2', code=DEAD_LETTERS)
        export = ['dead-letters', 'export', '--db', self.db]
        answer = self.run_program(*export, '--format', 'ndjson', code=DEAD_LETTERS)
        self.assertEqual([row['code'] for row in answer.objects], ['B'])
        self.assertIn('1 line', answer.err)
        self.assertEqual(len(self.run_program(*export).rows), 2)
        self.assertIn('--tenant-column tenant', self.run_program('dead-letters', 'export', '--help').text)

    def test_resume_does_not_list_a_thousand_batches(self):
        rows = self.write('in.csv', 'B,Code,Qty,Price\n' + ''.join(f'{row % 20000},A,1,{row}\n' for row in range(600000)))
        with self.start_program('import', rows, '--db', self.db, '--batch-column', 'B') as running:
            for _ in range(300):
                if self.run_program('batches', '--db', self.db, '--limit', '1', '--format', 'csv', code=None).text.count('\n') > 1:
                    break
                time.sleep(0.01)
            running.kill()
            running.communicate()
        answer = self.run_program('resume', '--db', self.db)
        self.assertLess(len(answer.text.splitlines()), 30)
        self.assertIn('tallystone batches --unfinished --db', answer.text)


class Signals(ProgramTest):
    def test_the_first_ends_a_command_that_looks(self):
        rows = ''.join(f'C{row % 5000},1,{row}\n' for row in range(400000))
        self.import_text('Code,Qty,Price\n' + rows)
        for command in (['status'], ['verify'], ['digest'], ['transactions']):
            codes = set()
            for delay in (0.03, 0.06, 0.1, 0.15, 0.2):
                with self.start_program(*command, '--db', self.db) as running:
                    time.sleep(delay)
                    running.send_signal(signal.SIGSTOP)  # so that it cannot come to its end meanwhile
                    running.send_signal(signal.SIGINT)
                    running.send_signal(signal.SIGCONT)
                    running.communicate(timeout=60)
                codes.add(running.returncode)
            self.assertLessEqual(codes, {INTERRUPTED, OK, -signal.SIGINT}, command)  # done, or not begun
            self.assertIn(INTERRUPTED, codes, command)


class Rocks(ProgramTest):
    def test_nothing_of_the_inner_life_of_the_store_is_said(self):
        """A large window is loaded as sorted files, of which RocksDB warns once in a process, and again each thousand."""
        rows = ''.join(f'C{row % 30000},1,1\n' for row in range(60000))
        self.assertEqual(self.import_text('Code,Qty,Price\n' + rows).err, '')

    def test_a_file_that_is_gone_is_named_once_and_rightly(self):
        self.import_text('Code,Qty,Price\n' + ''.join(f'C{row % 50},1,1\n' for row in range(40000)))
        folder = os.path.join(self.db, 'store', 'db')
        gone = sorted(name for name in os.listdir(folder) if name.endswith('.sst'))[0]
        os.unlink(os.path.join(folder, gone))
        answer = self.run_program('import', self.write('m.csv', 'Code,Qty,Price\nA,1,1\n'), '--db', self.db, code=CORRUPTION)
        self.assertNotIn('.ldb', answer.err)
        said = [line for line in answer.err.splitlines() if 'what can be mended' not in line]
        self.assertEqual(len(said), 1, answer.err)
        self.assertIn(f'{gone} is missing', said[0])


if __name__ == '__main__':
    unittest.main()
