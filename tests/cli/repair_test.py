"""Damage, as an operator meets it: what the program says, and what mends it."""
import glob
import os
import unittest

from program import CORRUPTION, DEAD_LETTERS, LOCKED, OK, USAGE, ProgramTest
from interrupt_test import make_text


class Repair(ProgramTest):
    def setUp(self):
        super().setUp()
        # A window large enough for sorted files.
        self.import_text(make_text(60000), '--tenant-column', 'T', '--batch-column', 'Inv', code=DEAD_LETTERS)
        self.expected = self.digest()

    def files(self, pattern):
        return sorted(glob.glob(os.path.join(self.db, pattern)))

    def test_of_a_sound_database_changes_nothing(self):
        dry = self.run_program('repair', '--db', self.db, '--dry-run')
        self.assertIn('the store was sound', dry.text)
        self.assertEqual(self.files('*damaged*'), [])
        answer = self.run_program('repair', '--db', self.db)
        self.assertIn('nothing was changed', answer.text)
        self.assertEqual(self.files('*damaged*'), [])
        self.assertEqual(self.digest(), self.expected)
        self.assert_sound()
        self.run_program('verify', '--quick', '--db', self.db)
        self.assertIn('the log is sound', self.run_program('repair', '--salvage-log', '--db', self.db).text)

    def test_each_file_of_the_store_damaged(self):
        repaired = refused = named = 0
        for table in self.files('store/db/*.sst'):
            with open(table, 'r+b') as file:
                content = file.read()
                file.seek(len(content) // 3)
                file.write(b'\x55' * 16)
            first = self.run_program('repair', '--db', self.db, '--dry-run', code=None)
            answer = self.run_program('repair', '--db', self.db, code=None)
            self.assertIn(answer.code, (OK, CORRUPTION))
            if answer.code == OK:
                repaired += first.code == CORRUPTION
                self.assertEqual(self.digest(), self.expected)
                self.assert_sound()
                os.rename(os.path.join(self.db, 'store'), os.path.join(self.db, 'unused'))
                os.rename(self.files('store.damaged-*')[0], os.path.join(self.db, 'store'))
                os.rename(os.path.join(self.db, 'unused'), self.path(os.path.basename(table)))
            else:
                refused += 1
                # Blocks, or the marker: the message leads out of it.
                self.assertIn('restore a backup', answer.err)
                self.assertIn('restore a backup', first.err)
                self.assertEqual(self.files('*damaged*'), [])
                named |= 'blocks, LSN ' in answer.err and "of batch '" in answer.err
            with open(table, 'wb') as file:
                file.write(content)
            for left in self.files('*damaged*'):
                os.rename(left, self.path(os.path.basename(table) + os.path.basename(left)))
        self.assertGreater(repaired, 0)
        self.assertTrue(named, 'the damaged blocks are not named')
        self.assertEqual(self.digest(), self.expected)

    def test_a_file_that_cannot_be_opened_is_named(self):
        for table in self.files('store/db/*.sst'):
            with open(table, 'r+b') as file:
                content = file.read()
                file.seek(-10, os.SEEK_END)  # the version of its format
                file.write(b'\x55')
            for arguments in (['verify'], ['verify', '--quick'], ['import', '-', '--batch', 'b']):
                answer = self.run_program(*arguments, '--db', self.db, stdin=b'Code,Qty,Price\nA,1,1\n', code=CORRUPTION)
                self.assertIn('cannot be read: ' + os.path.basename(table), answer.out.decode() + answer.err)
            os.rename(table, self.path('moved.sst'))
            answer = self.run_program('verify', '--db', self.db, code=CORRUPTION)
            self.assertIn(os.path.basename(table) + ' is missing', answer.err)
            with open(table, 'wb') as file:
                file.write(content)
        self.assertEqual(self.digest(), self.expected)

    def test_one_item_of_a_sound_database(self):
        answer = self.run_program('repair', '--db', self.db, '--tenant', 't1', '--code', 'C7')
        self.assertIn('the item is sound', answer.text)
        self.run_program('repair', '--db', self.db, '--code', 'C7', code=USAGE)
        self.run_program('repair', '--db', self.db, '--tenant', 't1', '--code', 'nothing', code=3)

    def test_while_somebody_writes_is_refused(self):
        with self.start_program('import', '-', '--db', self.db, '--batch', 'open') as running:
            running.stdin.write(b'Code,Qty,Price\n' + b'A,1,1\n' * 10000)
            running.stdin.flush()
            while not self.run_program('status', '--db', self.db, '--json').json['transactions'] > 38000:
                pass
            self.run_program('repair', '--db', self.db, code=LOCKED)
            self.run_program('repair', '--salvage-log', '--db', self.db, code=LOCKED)
            running.kill()


if __name__ == '__main__':
    unittest.main()
