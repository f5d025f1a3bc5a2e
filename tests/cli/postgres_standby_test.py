"""Another machine takes over: the store is shared, the log was shipped. Here two directories stand for two machines."""
import os
import shutil
import signal
import time
import unittest

from postgres import PostgresTest

FENCED, FORMAT = 7, 8
HEADER = 'Code,Qty,Price\n'
LINES = ''.join(f'A{line % 50},{line % 7 + 1},2.5\n' for line in range(20_000))


class Standby(PostgresTest):
    def setUp(self):
        super().setUp()
        self.copy = self.path('standby.db')
        self.file = self.write('in.csv', HEADER + LINES)
        self.run_program('import', '-', '--db', self.db, '--store', self.connection, '--batch', 'first',
                         stdin=(HEADER + 'A1,1,1\n').encode())

    def ship(self):
        """What a standby has of the directory; again and again, as segments come and go."""
        shutil.rmtree(self.copy, ignore_errors=True)
        os.mkdir(self.copy)
        shutil.copy(os.path.join(self.db, 'SERVERS'), self.copy)
        shutil.copytree(os.path.join(self.db, 'log'), os.path.join(self.copy, 'log'))

    def die_with_lines_in_the_log(self, ship):
        """The import ends with all lines logged, none of them in the store; then the machine is gone."""
        with self.start_program('import', '-', '--db', self.db, '--batch', 'long') as process:
            process.stdin.write(HEADER.encode())
            process.stdin.flush()
            time.sleep(0.5)  # it has the database open
            self.server.kill()
            process.stdin.write(LINES.encode())
            process.stdin.flush()
            deadline = time.monotonic() + 60
            while self.log_bytes() < 30_000 and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.5)
            if ship:
                self.ship()
            process.send_signal(signal.SIGKILL)
        shutil.rmtree(self.db)
        self.server.restart()

    def log_bytes(self):
        """Not zero, of all segments: what was written."""
        total = 0
        for name in os.listdir(os.path.join(self.db, 'log')):
            with open(os.path.join(self.db, 'log', name), 'rb') as file:
                total += len(file.read().rstrip(b'\0'))
        return total

    def lines_there(self):
        return int(self.psql('SELECT count(*) FROM tallystone.transactions'))

    def send_again(self):
        """Whoever sent the lines sends them again: all are there, once."""
        answer = self.run_program('import', self.file, '--db', self.copy, '--batch', 'long', '--json').json
        self.assertEqual(self.lines_there(), 20_001)
        self.run_program('verify', '--db', self.copy)
        return answer['lines_new']

    def test_with_the_log_shipped_nothing_is_lost(self):
        self.die_with_lines_in_the_log(ship=True)
        self.assertEqual(self.lines_there(), 1)
        self.run_program('resume', '--db', self.copy)
        self.assertGreater(self.lines_there(), 10_000)
        there = self.lines_there()
        self.assertEqual(self.send_again(), 20_001 - there)

    def test_with_an_older_log_what_was_not_shipped_is_lost_and_can_be_sent_again(self):
        self.ship()
        self.die_with_lines_in_the_log(ship=False)
        # It was opened once more after the last shipment: only a person knows that it is gone for good.
        answer = self.run_program('resume', '--db', self.copy, code=FENCED)
        self.assertIn('resume --take-over', answer.err)
        self.run_program('resume', '--db', self.copy, '--take-over')
        self.assertEqual(self.lines_there(), 1)
        self.assertEqual(self.send_again(), 20_000)

    def test_the_first_is_refused_where_its_log_went_on_otherwise(self):
        """The lines that only it logged have the LSNs of others by now: to go on would lose them in silence."""
        with self.start_program('import', '-', '--db', self.db, '--batch', 'long') as process:
            process.stdin.write(HEADER.encode())
            process.stdin.flush()
            time.sleep(0.5)  # it has the database open
            self.ship()
            self.server.kill()
            process.stdin.write(LINES.encode())
            process.stdin.flush()
            deadline = time.monotonic() + 60
            while self.log_bytes() < 30_000 and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
        self.server.restart()
        self.run_program('import', '-', '--db', self.copy, '--batch', 'other', stdin=(HEADER + 'Z1,1,1\n').encode())
        for command in (['resume'], ['import', self.file, '--batch', 'long']):
            self.assertIn('another directory wrote', self.run_program(*command, '--db', self.db, code=FENCED).err)
        self.run_program('import', self.file, '--db', self.copy, '--batch', 'long')  # and that stopped nobody
        self.assertEqual(self.lines_there(), 20_002)
        self.run_program('verify', '--db', self.copy)

    def test_the_first_shows_nothing_as_its_own_once_it_was_taken_over(self):
        """The store is the other's, its own log may be nowhere else: to show both as one would be a lie."""
        self.ship()
        self.run_program('resume', '--db', self.copy)
        for command in ('status', 'inventory', 'verify', 'digest'):
            self.assertIn('another directory wrote', self.run_program(command, '--db', self.db, code=FENCED).err)
            self.run_program(command, '--db', self.copy)
        self.assertIn('first', self.run_program('log', 'cat', '--db', self.db, code=None).text)

    def test_a_list_of_servers_that_lacks_one_is_refused(self):
        """Also with --take-over: its tenants would be taken for new ones, and their lines booked twice."""
        old = self.path('SERVERS.old')
        shutil.copy(os.path.join(self.db, 'SERVERS'), old)
        self.server.new_database(self.database + '_second')
        second = self.server.connection(self.database + '_second')
        self.run_program('resume', '--db', self.db, '--store', self.connection, '--store', second)
        for tenant in range(8):
            self.run_program('import', '-', '--db', self.db, '--tenant', f't{tenant}', '--batch', 's',
                             stdin=(HEADER + 'A1,1,1\n').encode())
        self.ship()
        shutil.copy(old, os.path.join(self.copy, 'SERVERS'))
        for command in (['status'], ['resume'], ['resume', '--take-over']):
            answer = self.run_program(*command, '--db', self.copy, code=2)
            self.assertIn('does not name', answer.err)
        self.run_program('resume', '--take-over', '--db', self.copy, '--store', self.connection, '--store', second)
        self.assertEqual(len(self.run_program('tenant', 'list', '--db', self.copy, '--json').json['tenants']), 9)
        self.run_program('verify', '--db', self.copy)

    def test_a_lost_list_of_servers_is_made_anew(self):
        for garbage in (None, 'garbage'):
            path = os.path.join(self.db, 'SERVERS')
            os.remove(path)
            if garbage:
                self.write('stock.db/SERVERS', garbage)
            for command in (['status'], ['resume'], ['import', self.file], ['resume', '--store', self.connection]):
                answer = self.run_program(*command, '--db', self.db, code=None)
                self.assertNotEqual(answer.code, 0)
                self.assertIn('--take-over', answer.err)
            self.assertFalse(os.path.exists(os.path.join(self.db, 'store')))
            self.run_program('resume', '--take-over', '--db', self.db, '--store', self.connection)
            self.run_program('verify', '--db', self.db)
        self.assertEqual(self.lines_there(), 1)

    def test_the_log_of_another_database_does_not_take_over(self):
        other = self.path('other.db')
        self.server.new_database(self.database + '_other')
        self.run_program('import', '-', '--db', other, '--store', self.server.connection(self.database + '_other'),
                         stdin=(HEADER + 'A1,1,1\n').encode())
        os.remove(os.path.join(other, 'SERVERS'))
        answer = self.run_program('resume', '--take-over', '--db', other, '--store', self.connection, code=FORMAT)
        self.assertIn('another database', answer.err)
        self.run_program('import', self.file, '--db', self.db)

    def test_a_server_that_was_set_back_is_not_taken_for_another_directory(self):
        """An older standby, or a backup: it has an identity that this directory had some opens ago."""
        before = self.psql("SELECT encode(writer_id, 'hex') FROM tallystone.version")
        for _ in range(3):
            self.run_program('resume', '--db', self.db)
        self.psql(f"UPDATE tallystone.version SET writer_id = decode('{before}', 'hex')")
        self.run_program('status', '--db', self.db)
        self.run_program('import', self.file, '--db', self.db)
        for _ in range(20):
            self.run_program('resume', '--db', self.db)
        self.psql(f"UPDATE tallystone.version SET writer_id = decode('{before}', 'hex')")
        self.run_program('resume', '--db', self.db, code=FENCED)

    def test_nothing_is_made_where_a_server_of_the_database_was(self):
        self.psql('DROP SCHEMA tallystone CASCADE')
        for command in (['resume'], ['resume', '--store', self.connection], ['import', self.file]):
            answer = self.run_program(*command, '--db', self.db, code=2)
            self.assertIn('there is no store of Tallystone at', answer.err)
            self.assertEqual(self.psql("SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'tallystone'"), '0')

    def test_the_first_that_comes_back_changes_nothing(self):
        with self.start_program('import', '-', '--db', self.db, '--batch', 'long') as process:
            process.stdin.write((HEADER + LINES).encode())
            process.stdin.flush()
            time.sleep(4)  # its first window is in the store
            self.ship()
            # It books what the first does not know.
            self.run_program('import', '-', '--db', self.copy, '--batch', 'other', stdin=(HEADER + 'Z1,1,1\n').encode())
            there = self.lines_there()
            process.stdin.write(LINES.encode())
            process.stdin.close()
            self.assertEqual(process.wait(timeout=60), FENCED, process.stderr.read())
        self.assertEqual(self.lines_there(), there)
        self.run_program('verify', '--db', self.copy)
        self.run_program('import', self.file, '--db', self.copy, '--batch', 'long')
        self.assertEqual(self.lines_there(), 20_002)
        self.run_program('verify', '--db', self.copy)


if __name__ == '__main__':
    unittest.main()
