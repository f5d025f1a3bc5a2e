"""A disk that is really full: the import stops with a clear message; with room again the same command finishes.

Runs in a mount namespace of its own, on a small tmpfs. Skips loudly where that is not allowed.
"""
import os
import subprocess
import sys
import unittest

from program import DEAD_LETTERS, IO, ProgramTest
from interrupt_test import make_text

INSIDE = 'TALLYSTONE_TEST_IN_NAMESPACE'
MIB = 1024 * 1024


class DiskFull(ProgramTest):
    OPTIONS = ['--tenant-column', 'T', '--batch-column', 'Inv']
    ROWS = 200000

    def setUp(self):
        super().setUp()
        self.file = self.write('in.csv', make_text(self.ROWS))
        self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=DEAD_LETTERS)
        self.expected = self.digest()
        self.disk = self.path('disk')
        os.mkdir(self.disk)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', self.disk], check=True)
        self.addCleanup(subprocess.run, ['umount', self.disk], check=True)
        self.db = os.path.join(self.disk, 'stock.db')

    def fill(self, left):
        """A file that leaves `left` bytes of room."""
        with open(os.path.join(self.disk, 'other'), 'wb') as other:
            room = os.statvfs(self.disk)
            os.posix_fallocate(other.fileno(), 0, max(1, room.f_bavail * room.f_frsize - left))

    def free(self):
        os.unlink(os.path.join(self.disk, 'other'))

    def test_import_stops_and_goes_on_when_there_is_room(self):
        for left in (0, 64 * 1024, MIB, 3 * MIB, 5 * MIB):
            with self.subTest(left):
                self.fill(left)
                answer = self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=IO)
                self.assertRegex(answer.err, 'No space left on device|disk is full')
                self.assertNotIn('assert', answer.err)
                # What is in can be read while the disk is full.
                if os.path.exists(os.path.join(self.db, 'log')):
                    self.run_program('inventory', '--db', self.db, '--format', 'csv', code=None)
                self.free()
        self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=DEAD_LETTERS)
        self.assertEqual(self.digest(), self.expected)
        self.assert_sound()

    def test_a_retry_that_stops_says_what_it_did(self):
        self.import_text('Code,Qty,Price\n' + ''.join(f'A{row},x,1\n' for row in range(4000)), '--batch', 'b', code=DEAD_LETTERS)
        retry = ['dead-letters', 'retry', '--db', self.db, '--batch', 'b', '--set', 'quantity=1', '--format', 'csv']
        # Of little room it depends on the moment of a drain whether any is left for the first retry.
        stopped, done = 0, 0
        while done == 0:
            stopped += 1
            self.fill((64 + 64 * stopped) * 1024)
            answer = self.run_program(*retry, code=IO)
            self.free()
            done = len(answer.rows)
            if done > 0:
                self.assertIn(f'stopped after {done:,} dead letters: {done:,} booked, 0 failed again; run', answer.err)
            else:
                self.assertRegex(answer.err, 'No space left on device|disk is full')
        # One more each time may be in the log, without having been acknowledged.
        left = len(self.run_program(*retry).rows)
        self.assertLessEqual(left, 4000 - done)
        self.assertGreaterEqual(left, 4000 - done - stopped)
        self.assert_sound()

    def test_fills_again_and_again(self):
        """Each time a little more room, as of a disk that people clean up by hand: always goes on, ends the same."""
        runs = 0
        for room in range(MIB, 60 * MIB, 3 * MIB):
            self.fill(room)
            answer = self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=None)
            self.free()
            runs += 1
            if answer.code != IO:
                break
        self.assertEqual(answer.code, DEAD_LETTERS, answer.err)
        self.assertGreater(runs, 1)
        self.assertEqual(self.digest(), self.expected)
        self.assertEqual(self.status()['dead_letters'],
                         sum(row % 997 == 0 for row in range(self.ROWS)), 'no good line is a dead letter')
        self.assert_sound()


if __name__ == '__main__':
    if INSIDE not in os.environ:
        unshare = ['unshare', '--mount', '--map-root-user']
        if subprocess.run([*unshare, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            print('SKIPPED: disk full tests: no mount namespaces here', file=sys.stderr)
            sys.exit(0)
        os.execvpe('unshare', [*unshare, sys.executable, *sys.argv], {**os.environ, INSIDE: '1'})
    unittest.main()
