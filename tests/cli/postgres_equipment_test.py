"""The PostgreSQL of the tests themselves: what it promises them.

  postgres_equipment_test.py
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

from postgres import PostgresServer, PostgresTest, programs


class EquipmentTest(PostgresTest):
    def sessions(self):
        return self.psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")

    def test_the_database_is_empty_and_reached_through_socket_and_port(self):
        self.assertEqual(self.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), '0')
        for where in (self.connection, self.url):
            done = subprocess.run([programs() + '/psql', '-X', '-A', '-t', '-c', 'SHOW fsync', where],
                                  stdout=subprocess.PIPE, check=True)
            self.assertEqual(done.stdout, b'on\n')

    def test_statements_that_fail_fail_the_test(self):
        with self.assertRaisesRegex(AssertionError, 'division by zero'):
            self.psql('SELECT 1/0;')

    def test_what_was_committed_is_there_after_each_kind_of_end(self):
        self.psql('CREATE TABLE notes (note text)')
        for end in (self.server.kill, self.server.stop_immediate, self.server.stop):
            with self.subTest(end.__name__):
                self.psql(f"INSERT INTO notes VALUES ('{end.__name__}')")
                # Another session, in the middle of its transaction.
                with subprocess.Popen([programs() + '/psql', '-X', '-q', self.connection], stdin=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL) as session:
                    session.stdin.write(b"BEGIN; INSERT INTO notes VALUES ('lost');\n")
                    session.stdin.flush()
                    while self.sessions() != '2':
                        time.sleep(0.01)
                    end()
                self.assertFalse(self.server.running)
                self.server.restart()
        self.assertEqual(self.psql('SELECT note FROM notes ORDER BY note'), 'kill\nstop\nstop_immediate')

    def test_a_server_that_cannot_start_says_why_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory(prefix='ts-') as own:  # other tests have servers in the usual place
            os.chmod(own, 0o755)
            with unittest.mock.patch.object(tempfile, 'tempdir', own):
                with self.assertRaisesRegex(AssertionError, 'no_such_setting'):
                    PostgresServer(['no_such_setting=1'])
            self.assertEqual(os.listdir(own), [])

    def test_it_ends_with_the_test_whatever_ends_the_test(self):
        code = 'import postgres, time; s = postgres.PostgresServer(); print(s.process.pid, s.parent, flush=True); time.sleep(99)'
        with subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE,
                              cwd=os.path.dirname(os.path.abspath(__file__))) as other:
            process, parent = other.stdout.readline().decode().split()
            self.addCleanup(subprocess.run, ['rm', '-rf', parent], check=True)
            other.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 20
        while os.path.exists(f'{parent}/pg/data/postmaster.pid') and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f'{parent}/pg/data/postmaster.pid'), f'server {process} goes on')


if __name__ == '__main__':
    unittest.main()
