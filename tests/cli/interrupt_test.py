"""An import that is interrupted, at any moment and in any way, ends the same when it is run again."""
import os
import random
import signal
import time
import unittest

from program import INTERRUPTED, OK, ProgramTest

ROWS = 60000


def make_text(rows=ROWS):
    rng = random.Random(5)
    lines = ['T,Inv,Code,Qty,Price']
    for row in range(rows):
        quantity = 'x' if row % 997 == 0 else str(rng.randrange(1, 9))
        lines.append(f't{row % 3},{row // 20},C{rng.randrange(2000)},{quantity},{rng.randrange(1, 900) / 100}')
    return '\n'.join(lines) + '\n'


class Interrupted(ProgramTest):
    OPTIONS = ['--tenant-column', 'T', '--batch-column', 'Inv']

    def setUp(self):
        super().setUp()
        self.file = self.write('in.csv', make_text())
        self.db = self.path('reference.db')
        self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=1)
        self.expected = self.digest()
        self.db = self.path('stock.db')

    def test_killed_at_random_moments(self):
        seed = int(os.environ.get('TALLYSTONE_SEED', '11'))
        runs = int(os.environ.get('TALLYSTONE_KILLS', '12'))
        rng = random.Random(seed)
        kills = 0
        for run in range(runs):
            with self.start_program('import', self.file, '--db', self.db, *self.OPTIONS) as running:
                time.sleep(rng.uniform(0, 0.25))
                running.kill()
                running.communicate(timeout=60)
            kills += running.returncode == -signal.SIGKILL
            if os.path.exists(self.db) and run % 4 == 0:
                self.run_program('verify', '--db', self.db, code=None)
        self.assertGreater(kills, 0, 'nothing was interrupted')
        self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=1)
        self.assertEqual(self.digest(), self.expected, f'seed {seed}')
        self.assert_sound()

    def test_signals_end_safely_and_say_how_to_continue(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                self.db = self.path(f'{number}.db')
                codes = set()
                delay = 0.05
                for _ in range(20):
                    with self.start_program('import', self.file, '--db', self.db, *self.OPTIONS) as running:
                        time.sleep(delay)
                        running.send_signal(number)
                        _, err = running.communicate(timeout=60)
                    if running.returncode == -number:  # a slowed program that had not begun yet
                        delay *= 2
                        continue
                    codes.add(running.returncode)
                    if running.returncode != INTERRUPTED:
                        break
                    self.assertIn(b'interrupted', err)
                self.assertIn(INTERRUPTED, codes)
                self.run_program('import', self.file, '--db', self.db, *self.OPTIONS, code=1)
                self.assertEqual(self.digest(), self.expected)

    def test_signal_while_waiting_for_input_is_heard(self):
        with self.start_program('import', '-', '--db', self.db, '--batch', 'b') as running:
            running.stdin.write(b'Code,Qty,Price\n' + b'A,1,1\n' * 10000)
            running.stdin.flush()
            time.sleep(0.5)
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=60)
        self.assertEqual(running.returncode, INTERRUPTED, err)
        self.assertIn(b'again to continue', err)
        self.assertEqual(self.on_hand(), {('default', 'A'): '8192'}, 'whole blocks only')
        unfinished = self.run_program('resume', '--db', self.db, '--json').json['unfinished']
        self.assertEqual([(batch['batch'], batch['lines']) for batch in unfinished], [('b', 8192)])
        answer = self.run_program('import', '-', '--db', self.db, '--batch', 'b', '--json',
                                  stdin=b'Code,Qty,Price\n' + b'A,1,1\n' * 10000, code=OK)
        self.assertEqual((answer.json['continued'], answer.json['lines_new']), (1, 10000 - 8192))
        self.assertEqual(self.on_hand(), {('default', 'A'): '10000'})
        self.assert_sound()

    def test_signal_while_spooling_applies_nothing(self):
        with self.start_program('import', '-', '--db', self.db) as running:
            running.stdin.write(b'Code,Qty,Price\nA,1,1\n')
            running.stdin.flush()
            time.sleep(0.3)
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
        self.assertEqual(running.returncode, INTERRUPTED)
        self.assertFalse(os.path.exists(self.db))


if __name__ == '__main__':
    unittest.main()
