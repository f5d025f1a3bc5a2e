"""Backup, restore and diff, as an operator uses them."""
import os
import signal
import stat
import threading
import time
import unittest

from program import CORRUPTION, DEAD_LETTERS, INPUT, NOT_FOUND, OK, USAGE, ProgramTest
from interrupt_test import make_text

DIFFERENT = 1


class Backup(ProgramTest):
    def setUp(self):
        super().setUp()
        self.backup = self.path('backup')
        self.new = self.path('new.db')

    def take(self, **options):
        return self.run_program('backup', '--db', self.db, '--to', self.backup, '--json', **options)

    def restore(self, *arguments, **options):
        return self.run_program('restore', '--from', self.backup, '--db', self.new, *arguments, **options)

    def import_lines(self, count=20000, code=DEAD_LETTERS):
        self.import_text(make_text(count), '--tenant-column', 'T', '--batch-column', 'Inv', code=code)

    def test_of_a_database_that_is_being_written(self):
        text = make_text(150000).encode()
        digests = []
        with self.start_program('import', '-', '--db', self.db, '--tenant-column', 'T', '--batch-column', 'Inv') as running:
            threading.Thread(target=lambda: (running.stdin.write(text), running.stdin.close())).start()
            # Its output is a few lines: it fits the pipes.
            while running.poll() is None:
                taken = self.run_program('backup', '--db', self.db, '--to', self.backup, '--json', code=None)
                if taken.code == OK:
                    digests.append(taken.json['state_digest'])
                    self.restore('--verify')
                    self.assertEqual(self.run_program('status', '--db', self.new, '--json').json['state_digest'], digests[-1])
                    os.rename(self.new, self.path(f'restored-{len(digests)}'))
                else:
                    self.assertEqual(taken.code, NOT_FOUND, taken.err)  # not made yet
                    time.sleep(0.01)
        self.assertGreater(len(set(digests)), 1)
        self.assertEqual(self.take().json['state_digest'], self.digest())
        self.restore('--verify')
        self.run_program('diff', self.db, self.new)

    def test_the_second_one_adds_what_is_new(self):
        self.import_lines()
        first = self.take().json
        self.assertEqual(self.take().json['blocks_written'], 0)
        self.import_text('Code,Qty,Price\nX,1,2\n')
        second = self.take().json
        self.assertLess(second['blocks_written'], 5)
        self.assertEqual(second['backups'], 3)
        self.assertEqual(second['files'][:len(first['files'])], first['files'])
        listed = self.run_program('backup', '--list', self.backup, '--json').json
        self.assertEqual(listed['files'], second['files'])
        self.assertEqual(listed, self.run_program('restore', '--from', self.backup, '--list', '--json').json)
        self.assertIn(second['state_digest'], self.run_program('backup', '--list', self.backup).text)
        for name in [self.backup, *(os.path.join(self.backup, name) for name in os.listdir(self.backup))]:
            self.assertEqual(stat.S_IMODE(os.stat(name).st_mode), 0o700 if name == self.backup else 0o600, name)

    def test_an_earlier_state_can_be_restored(self):
        self.import_lines(3000)
        before = self.status()
        self.import_text('Code,Qty,Price\nX,1,2\n')
        self.take()
        answer = self.restore('--as-of', before['as_of_lsn'], '--json').json
        self.assertEqual(answer['state_digest'], before['state_digest'])
        self.assertFalse(answer['digest_compared'])
        self.run_program('diff', self.db, self.new, code=DIFFERENT)

    def test_damage_is_named_and_what_stands_before_it_comes_back(self):
        self.import_lines(3000)
        self.import_text(make_text(3000), '--tenant', 'u', '--batch', 'whole', code=DEAD_LETTERS)
        self.take()
        self.assertIn('sound', self.run_program('backup', '--check', self.backup).text)
        path = os.path.join(self.backup, '0000000001.blocks')
        with open(path, 'r+b') as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        check = self.run_program('backup', '--check', self.backup, '--json', code=CORRUPTION).json
        self.assertEqual(check['damages_count'], 1)
        self.assertEqual(check['damages'][0]['file'], '0000000001.blocks')
        self.assertEqual(check['damages'][0]['first_lsn_lost'], check['whole_up_to_lsn'] + 1)
        self.assertIn('0000000001.blocks', self.run_program('backup', '--check', self.backup, code=CORRUPTION).text)
        answer = self.restore(code=CORRUPTION)
        self.assertIn('0000000001.blocks at byte', answer.err)
        self.assertFalse(os.path.exists(self.new))
        self.restore('--as-of', check['whole_up_to_lsn'], '--verify')

    def test_a_restore_that_was_killed_leaves_no_database(self):
        self.import_lines(60000)
        self.take()
        killed = 0
        for delay in (0.01, 0.03, 0.06, 0.1):
            with self.start_program('restore', '--from', self.backup, '--db', self.new) as running:
                time.sleep(delay)
                running.send_signal(signal.SIGKILL)
            if os.path.exists(self.new):
                self.assertEqual(self.run_program('status', '--db', self.new, '--json').json['state_digest'], self.digest())
                break
            killed += 1
            self.run_program('status', '--db', self.new, code=NOT_FOUND)
        self.assertGreater(killed, 0)
        if not os.path.exists(self.new):
            self.restore('--verify')
        self.run_program('diff', self.db, self.new)
        self.assertFalse(os.path.exists(self.new + '.restoring'))

    def test_what_is_refused(self):
        self.import_lines(2000)
        self.run_program('backup', '--db', self.path('nothing'), '--to', self.backup, code=NOT_FOUND)
        self.assertFalse(os.path.exists(self.backup))
        self.run_program('backup', '--db', self.db, code=USAGE)
        self.run_program('backup', '--db', self.db, '--list', self.backup, code=USAGE)
        self.run_program('backup', '--list', self.backup, code=NOT_FOUND)
        self.run_program('backup', '--check', self.db, code=NOT_FOUND)
        answer = self.run_program('backup', '--db', self.db, '--to', self.db, code=USAGE)
        self.assertIn('directory of its own', answer.err)
        self.restore(code=NOT_FOUND)
        self.take()
        self.run_program('restore', '--from', self.backup, code=USAGE)
        self.restore()
        self.assertIn('is there already', self.restore(code=USAGE).err)
        answer = self.run_program('backup', '--db', self.new, '--to', self.backup, code=INPUT)
        self.assertIn('another database', answer.err)


class Diff(ProgramTest):
    def import_into(self, name, text, *arguments, code=OK):
        self.db = self.path(name)
        self.import_text(text, *arguments, code=code)

    def diff(self, *arguments, code=DIFFERENT):
        return self.run_program('diff', self.path('a'), self.path('b'), *arguments, code=code)

    def test_one_changed_line(self):
        rows = [f'C{number % 90},{number},2.5,D{number}\n' for number in range(1, 5000)]
        head = 'Code,Qty,Price,Document\n'
        self.import_into('a', head + ''.join(rows), '--batch', 'b1')
        rows[1233] = rows[1233].replace(',D1234', ',D\x1b[31m')
        self.import_into('b', head + ''.join(rows), '--batch', 'b1')
        expected = {'kind': 'line', 'change': 'changed', 'tenant': 'default', 'batch': 'b1', 'line': 1234, 'name': '',
                    'field': 'document', 'a': 'D1234', 'b': 'D\x1b[31m'}
        answer = self.diff('--json').json
        self.assertEqual(answer['differences'], [expected])
        self.assertGreater(answer['as_of_lsn_a'], 0)
        self.assertGreater(answer['as_of_lsn_b'], 0)
        self.assertEqual(self.diff('--format', 'ndjson').objects, [expected])
        row = self.diff('--format', 'csv').rows[0]
        self.assertEqual((row['line'], row['a']), ('1234', 'D1234'))
        table = self.diff()
        self.assertIn('D1234', table.text)
        self.assertNotIn('\x1b', table.text + table.err)
        self.assertIn('1 difference (line 1)', table.err)

    def test_equal_content_in_another_order(self):
        text = make_text(3000).splitlines(keepends=True)
        self.import_into('a', ''.join(text), '--tenant-column', 'T', '--batch-column', 'Inv', code=None)
        self.import_into('b', 'Code,Qty,Price\nZ9,1,1\n', '--batch', 'first')
        self.import_into('b', ''.join(text), '--tenant-column', 'T', '--batch-column', 'Inv', code=None)
        self.import_into('a', 'Code,Qty,Price\nZ9,1.0,1.00\n', '--batch', 'first')
        answer = self.diff(code=OK)
        self.assertIn('equal: ', answer.err)
        self.assertEqual(self.diff('--json', code=OK).json['differences'], [])

    def test_limit_and_what_is_not_there(self):
        self.import_into('a', 'Code,Qty,Price\n' + ''.join(f'A{n},1,1\n' for n in range(100)))
        self.import_into('b', 'Code,Qty,Price\n' + ''.join(f'B{n},1,1\n' for n in range(100)))
        self.assertEqual(len(self.diff('--limit', '7', '--format', 'csv').rows), 7)
        self.run_program('diff', self.path('a'), self.path('nothing'), code=NOT_FOUND)
        self.run_program('diff', self.path('a'), code=USAGE)


if __name__ == '__main__':
    unittest.main()
