"""Ctrl-C while a server is silent: heard at once, said so, and nothing is lost."""
import os
import signal
import socket
import subprocess
import time
import unittest

from postgres import SUPERUSER, PostgresTest, parent_and_state, programs
from program import INTERRUPTED

HEADER = 'Code,Qty,Price\n'
LINES = ''.join(f'A{line % 50},{line % 7 + 1},2.5\n' for line in range(20_000))
# From the signal to the end: a second of grace, some waits of 0.2 s, and a busy machine.
END_MAX = 15


class SilentServer(PostgresTest):
    def interrupt(self, process):
        """Ctrl-C; what was said on stdout and stderr."""
        self.assertIsNone(process.poll(), 'it ended by itself')
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - start, END_MAX)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        return out.decode(), err.decode()

    def backends(self):
        found = []
        for name in os.listdir('/proc'):
            if name.isdigit() and parent_and_state(name)[0] == self.server.process.pid:
                with open(f'/proc/{name}/cmdline', 'rb') as words:
                    if f' {self.database} '.encode() in words.read():
                        found.append(int(name))
        return found

    def silence(self):
        for process in self.backends():
            os.kill(process, signal.SIGSTOP)
            self.addCleanup(self.go_on, process)

    @staticmethod
    def go_on(process):
        try:
            os.kill(process, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def test_an_import_whose_server_falls_silent(self):
        self.run_program('import', '-', '--db', self.db, '--store', self.connection, '--batch', 'first',
                         stdin=(HEADER + 'A1,1,1\n').encode())
        with self.start_program('import', '-', '--db', self.db, '--batch', 'long') as process:
            text = (HEADER + LINES).encode()
            process.stdin.write(text[:100_000])
            process.stdin.flush()
            while not self.backends():
                time.sleep(0.01)
            time.sleep(0.5)  # the database is open
            self.silence()
            process.stdin.write(text[100_000:])
            process.stdin.close()
            process.stdin = None
            time.sleep(3)  # older than a window gets: its drain waits for an answer
            out, err = self.interrupt(process)
            self.assertIn('interrupted', out + err)
            self.assertIn('run the same command again', err)
        for process in self.backends():
            self.go_on(process)
        self.run_program('import', self.write('in.csv', HEADER + LINES), '--db', self.db, '--batch', 'long')
        self.run_program('verify', '--db', self.db)
        self.assertEqual(self.psql('SELECT count(*) FROM tallystone.transactions'), '20001')

    def test_a_host_that_accepts_and_never_answers(self):
        with socket.socket() as silent:
            silent.bind(('127.0.0.1', 0))
            silent.listen(16)
            store = f'host=127.0.0.1 port={silent.getsockname()[1]} user={SUPERUSER} dbname=stock'
            with self.start_program('import', self.write('in.csv', HEADER + LINES), '--db', self.db, '--store', store) as process:
                time.sleep(1)
                start = time.monotonic()
                self.interrupt(process)
                self.assertLess(time.monotonic() - start, 6, 'it waited for libpq')

    def test_a_move_whose_table_is_locked(self):
        other = self.database + '_other'
        self.server.new_database(other)
        self.run_program('import', '-', '--db', self.db, '--store', self.connection, '--store', self.server.connection(other),
                         '--tenant-column', 'Tenant',
                         stdin=('Tenant,' + HEADER + ''.join(f't{n},A{n},1,1\n' for n in range(12))).encode())
        places = self.run_program('tenant', 'list', '--db', self.db, '--json').json['tenants']
        target = self.server.psql('SELECT server_id FROM tallystone.version', other).removeprefix('\\x')
        name = next(place['tenant'] for place in places if place['server_id'] != target)
        before = self.digest()
        with subprocess.Popen([programs() + '/psql', '-X', '-q', self.server.connection(other)], stdin=subprocess.PIPE) as lock:
            lock.stdin.write(b'BEGIN; LOCK TABLE tallystone.balances; SELECT pg_sleep(120);\n')
            lock.stdin.flush()
            while self.server.psql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted "
                                   "AND relation = 'tallystone.balances'::regclass", other) == '0':
                time.sleep(0.05)
            with self.start_program('tenant', 'move', name, '--to', target, '--db', self.db) as process:
                time.sleep(3)
                self.interrupt(process)
            lock.kill()
            self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)%' "
                             'AND pid <> pg_backend_pid()', other)
        self.run_program('tenant', 'move', name, '--to', target, '--db', self.db)
        self.run_program('verify', '--db', self.db)
        self.assertEqual(self.digest(), before)


if __name__ == '__main__':
    unittest.main()
