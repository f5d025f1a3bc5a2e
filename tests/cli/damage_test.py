"""A damaged log, met with every command: they say the same of it, and what to run leads out of it."""
import atexit
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from program import CORRUPTION, DEAD_LETTERS, IO, OK, PROGRAM, ProgramTest

READERS = (['status'], ['status', '--quick'], ['verify'], ['inventory'], ['batches'], ['log', 'ls'], ['log', 'cat', '--limit', '1'],
           ['log', 'verify'], ['digest'], ['stats'], ['export'], ['repair', '--dry-run'], ['repair', '--salvage-log', '--dry-run'])


class Damage(ProgramTest):
    kept = None  # made once: the store has what came first, the log two killed imports, a segment each

    def setUp(self):
        super().setUp()
        if Damage.kept is None:
            Damage.kept = tempfile.mkdtemp(prefix='tallystone-damage-')
            atexit.register(shutil.rmtree, Damage.kept)
            self.kill_two_imports()
            shutil.copytree(self.db, os.path.join(Damage.kept, 'stock.db'))
        self.fresh()
        before = self.status()
        self.applied, self.last = before['applied_lsn'], before['as_of_lsn']
        self.whole = before['state_digest']

    def kill_two_imports(self):
        """16,384 lines of each are durable, and not in the store."""
        self.import_text('Code,Qty,Price\nFIRST,1,1\nBAD,x,1\n', '--batch', 'first', code=DEAD_LETTERS)
        empty = self.path('empty.db')
        shutil.copytree(self.db, empty)
        for _ in range(20):
            shutil.rmtree(self.db)
            shutil.copytree(empty, self.db)
            if self.kill_an_import('a', 16384) and self.kill_an_import('b', 32768):
                return
        self.fail('the imports could not be killed before their lines were in the store')

    def kill_an_import(self, batch, tail_lines):
        """Whether so many lines are in the log alone then. The engine drains a window of two seconds."""
        text = 'Code,Qty,Price\n' + ''.join(f'C{row % 700},2,1\n' for row in range(20000))
        with self.start_program('import', '-', '--db', self.db, '--batch', batch) as running:
            running.stdin.write(text.encode())
            running.stdin.flush()
            for _ in range(60):
                seen = self.run_program('status', '--quick', '--json', '--db', self.db, code=None)
                if seen.code == OK and seen.json['tail_lines'] >= tail_lines:
                    break
                time.sleep(0.01)
            running.send_signal(signal.SIGKILL)
            running.communicate(timeout=60)
        return self.status()['tail_lines'] == tail_lines

    def segments(self):
        return sorted(glob.glob(os.path.join(self.db, 'log', '0*.log')))

    def spoil(self, path, at, content=b'\xff\xff\xff'):
        with open(path, 'r+b') as file:
            file.seek(at)
            file.write(content)

    def fresh(self):
        shutil.rmtree(self.db, ignore_errors=True)
        shutil.copytree(os.path.join(self.kept, 'stock.db'), self.db)

    def all_say_so(self, readers=READERS):
        """Every command has exit code 5 and names a next command for this database."""
        for arguments in readers:
            answer = self.run_program(*arguments, '--db', self.db, code=CORRUPTION)
            self.assertIn(f'--db {self.db}', answer.err, arguments)
            self.assertNotIn('the log moved on', answer.err)
        answer = self.run_program('import', '-', '--db', self.db, '--batch', 'next', stdin=b'Code,Qty,Price\nA,1,1\n', code=CORRUPTION)
        self.assertIn(f'--db {self.db}', answer.err)

    def follow(self):
        """Runs what the commands say is next, from `status` on, until one has changed something."""
        answer = self.run_program('status', '--db', self.db, code=CORRUPTION)
        for _ in range(4):
            said = re.findall(r'(?:by|next|do): (tallystone .*)$', answer.err, re.M)
            self.assertTrue(said, answer.err)
            words = shlex.split(said[-1])
            answer = self.run_program(*words[1:], code=None)
            if answer.code == OK:
                return answer
        self.fail('the advice leads in circles')
        return None

    def test_damage_that_the_store_does_not_need_costs_nothing(self):
        for index in (0, 1):
            with self.subTest(index):
                self.fresh()
                self.spoil(self.segments()[index], 10)
                self.all_say_so()
                self.assertIn('no line is lost', self.run_program('log', 'verify', '--db', self.db, code=CORRUPTION).text)
                report = self.run_program('log', 'verify', '--db', self.db, '--json', code=CORRUPTION).json
                self.assertEqual((report['state'], report['usable_last_lsn'], report['stranded']), ('not_needed', self.last, []))
                answer = self.follow()
                self.assertIn(f'LSN {self.applied + 1}..{self.last} ', answer.text)
                self.assertEqual(self.digest(), self.whole)
                self.assert_sound()
                self.run_program('resume', '--db', self.db)
                self.assertEqual(self.digest(), self.whole)

    def test_damage_above_the_store_keeps_what_is_before_it_and_names_what_is_behind(self):
        records = self.run_program('log', 'cat', '--db', self.db, '--format', 'ndjson').objects
        behind = [record for record in records if record['lsn'] > self.applied]
        bad = behind[len(behind) // 2]
        self.spoil(self.segments()[bad['segment'] - int(os.path.basename(self.segments()[0])[:10])], bad['offset'] + 60)
        self.all_say_so()
        dry = self.run_program('repair', '--salvage-log', '--dry-run', '--db', self.db, '--json', code=CORRUPTION).json
        lost = {}
        for record in behind:
            if record['lsn'] > bad['lsn']:
                lost.setdefault(record['batch'], []).append(record)
        self.assertEqual((dry['state'], dry['usable_last_lsn'], dry['changed']), ('lost', bad['lsn'] - 1, False))
        self.assertEqual(dry['stranded_records'], sum(map(len, lost.values())))
        self.assertEqual(dry['stranded_lines'], sum(record['lines'] for all in lost.values() for record in all))
        self.assertEqual([(batch['batch'], batch['records'], batch['first_lsn'], batch['last_lsn']) for batch in dry['stranded']],
                         [(name, len(all), all[0]['lsn'], all[-1]['lsn']) for name, all in lost.items()])
        answer = self.run_program('repair', '--salvage-log', '--db', self.db, '--format', 'ndjson')
        self.assertEqual(answer.objects, dry['stranded'])
        self.assertEqual(self.status()['as_of_lsn'], bad['lsn'] - 1)
        self.assert_sound()
        # What was put aside can still be read.
        kept = self.run_program('log', 'cat', '--db', self.db, '--log', 'log.damaged-1', '--format', 'ndjson', code=CORRUPTION)
        self.assertEqual([record['lsn'] for record in kept.objects if record['kind'] == 'record'],
                         [record['lsn'] for record in records if record['lsn'] != bad['lsn']])
        self.run_program('log', 'cat', '--db', self.db, '--log', '../log', code=2)
        self.run_program('log', 'ls', '--db', self.db, '--log', 'log.damaged-7', code=3)

    def test_a_last_segment_that_is_zeroed_or_empty_is_no_sound_log(self):
        for size in (0, os.path.getsize(self.segments()[-1])):
            self.fresh()
            with open(self.segments()[-1], 'wb') as file:
                file.truncate(size)
            self.all_say_so()
            self.follow()
            self.run_program('resume', '--db', self.db)
            self.assert_sound()

    def test_a_log_that_is_gone_is_told_loudly(self):
        for how in (shutil.rmtree, lambda log: [os.remove(path) for path in glob.glob(log + '/*')]):
            self.fresh()
            how(os.path.join(self.db, 'log'))
            self.all_say_so([reader for reader in READERS if reader[0] not in ('inventory', 'batches', 'digest', 'stats', 'export')])
            answer = self.run_program('status', '--db', self.db, code=CORRUPTION)
            self.assertRegex(answer.text, r'(?m)^log +GONE$')
            self.assertIn(f'what was logged behind LSN {self.applied} is lost, if anything was: send the latest batches again', answer.text)
            self.assertIn('log_absent', [note['name'] for note in self.run_program('status', '--json', '--db', self.db, code=CORRUPTION).json['notes']])
            self.assertNotIn('no line is lost', self.run_program('log', 'verify', '--db', self.db, code=CORRUPTION).text)
            # What the store has can be read, with a warning.
            saved = tempfile.mkdtemp(dir=self.directory)
            for reader in (['inventory'], ['batches'], ['digest'], ['stats'], ['export'], ['backup', '--to', saved]):
                self.assertIn('THE LOG IS NOT SOUND', self.run_program(*reader, '--db', self.db).err)
            self.follow()
            self.assert_sound()
            self.run_program('import', '-', '--db', self.db, '--batch', 'next', stdin=b'Code,Qty,Price\nA,1,1\n')

    def test_a_segment_that_is_gone_for_good_is_no_race(self):
        segments = self.segments()
        self.assertEqual(len(segments), 2)
        os.remove(segments[0])
        self.all_say_so()
        self.follow()
        self.assert_sound()

    def test_a_sound_store_is_not_made_anew_for_a_damaged_log(self):
        self.spoil(self.segments()[0], 4200)
        answer = self.run_program('repair', '--db', self.db, code=CORRUPTION)
        self.assertIn('the store was sound', answer.text)
        self.assertIn('THE LOG IS NOT SOUND', answer.text)
        self.assertIn(f'--salvage-log --dry-run --db {self.db}', answer.err)
        self.assertEqual(glob.glob(self.db + '/*damaged*'), [])

    @unittest.skipIf(os.getuid() != 0 or not shutil.which('setpriv'), 'needs to become somebody else')
    def test_what_may_not_be_read_is_not_called_missing(self):
        os.chmod(self.directory, 0o755)
        for command in ('status', 'inventory', 'verify'):
            done = subprocess.run(['setpriv', '--reuid', '65534', '--clear-groups', PROGRAM, command, '--db', self.db],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertIn(b'Permission denied', done.stderr)
            self.assertEqual(done.returncode, IO)


if __name__ == '__main__':
    unittest.main()
