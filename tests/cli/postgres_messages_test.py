"""What the program says about servers: what blocks them, what may not be done to them, what a person can do."""
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time

from postgres import SUPERUSER, PostgresTest, programs
from program import CORRUPTION, DEAD_LETTERS, INTERRUPTED, IO, OK, PROGRAM, USAGE

HEADER = 'Code,Qty,Price,Tenant\n'
LINES = ''.join(f'A{line % 5},1,2,t{line % 3}\n' for line in range(30))
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'backends.md')


class Told(PostgresTest):
    """A database with three tenants and thirty lines on one server."""

    def setUp(self):
        super().setUp()
        self.book(HEADER + LINES, '--store', self.connection, '--batch', 'first')

    def book(self, text, *arguments, db=None, code=OK):
        return self.run_program('import', '-', '--db', db or self.db, '--tenant-column', 'Tenant', *arguments,
                                stdin=text.encode(), code=code)

    def start_import(self, text, *arguments, stderr=subprocess.PIPE):
        process = subprocess.Popen([PROGRAM, 'import', '-', '--db', self.db, '--tenant-column', 'Tenant', *arguments],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        process.stdin.write((HEADER + text).encode())
        process.stdin.close()
        self.addCleanup(process.kill)
        return process

    def read_until(self, descriptor, word, seconds=60):
        """What is written to it, until it has the word in it or the time is over."""
        said = b''
        deadline = time.monotonic() + seconds
        while word.encode() not in said and time.monotonic() < deadline:
            if select.select([descriptor], [], [], 0.1)[0]:
                data = os.read(descriptor, 65536)
                if not data:
                    break
                said += data
        return said.decode()


class Destroying(Told):
    def test_a_server_at_work_is_counted_and_no_command_removes_it(self):
        exported = self.write('all.ndjson', self.run_program('export', '--db', self.db).out)
        saved = self.path('saved')
        self.run_program('backup', '--db', self.db, '--to', saved)
        for command in (['import', '--database', exported], ['restore', '--from', saved]):
            said = self.run_program(*command, '--db', self.path('other.db'), '--store', self.connection, code=USAGE).err
            self.assertIn('3 tenants with 30 lines', said)
            self.assertNotRegex(said, '(?i)drop|cascade')
        self.run_program('verify', '--db', self.db)


class Constraints(Told):
    """Of the user's own."""

    def expect_wait(self, process, word):
        try:
            self.check_wait(process, word)
        except AssertionError:
            process.kill()
            raise

    def check_wait(self, process, word):
        """What is said in nine seconds, in which the store is tried some dozen times."""
        said = self.read_until(process.stderr.fileno(), word) + self.read_until(process.stderr.fileno(), 'never said', 9)
        self.assertIn(word, said)
        self.assertIn('drop it: the import goes on by itself', said)
        lines = [line for line in said.splitlines() if line]
        self.assertEqual(len(lines), len(set(lines)), said)
        self.assertLessEqual(len(lines), 20, said)
        self.assertIsNone(process.poll(), said)

    def test_one_on_lines_makes_all_wait_is_named_and_goes_on_when_dropped(self):
        self.psql('ALTER TABLE tallystone.lines ADD CONSTRAINT not_too_dear CHECK (unit_cost < 5000000)')
        with self.start_import('A1,1,6,t1\nA1,1,3,t2\n', '--batch', 'dear') as process:
            self.expect_wait(process, 'constraint not_too_dear of lines')
            self.psql('ALTER TABLE tallystone.lines DROP CONSTRAINT not_too_dear')
            self.assertEqual(process.wait(timeout=60), 0)
            self.assertIn('can be written again', process.stderr.read().decode())
        self.assertEqual(self.psql('SELECT count(*) FROM tallystone.lines'), '32')
        self.run_program('verify', '--db', self.db)

    def test_a_trigger_is_named_by_its_function(self):
        self.psql("CREATE FUNCTION public.too_many() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more lines'; END $$")
        self.psql('CREATE TRIGGER guard BEFORE INSERT ON tallystone.lines FOR EACH ROW EXECUTE FUNCTION public.too_many()')
        with self.start_import('A1,1,1,t1\n', '--batch', 'more') as process:
            self.expect_wait(process, 'no more lines [PL/pgSQL function too_many() line 1 at RAISE, SQLSTATE P0001]')
            self.psql('DROP TRIGGER guard ON tallystone.lines')
            self.assertEqual(process.wait(timeout=60), 0)
        self.run_program('verify', '--db', self.db)

    def test_dead_letters_of_one_on_balances_are_one_group(self):
        self.psql('ALTER TABLE tallystone.balances ADD CONSTRAINT never_below_zero CHECK (on_hand >= 0)')
        self.book(HEADER + ''.join(f'A{line % 5},-{100 + line},1,t{line % 3}\n' for line in range(15)), code=DEAD_LETTERS)
        groups = self.run_program('dead-letters', 'summary', '--by', 'detail', '--db', self.db, '--format', 'csv').rows
        self.assertEqual(len(groups), 1, groups)
        self.assertIn('[constraint never_below_zero of balances, SQLSTATE 23514]', str(groups))
        self.assertNotIn('Failing row', str(groups))
        self.run_program('verify', '--db', self.db)


class Names(Told):
    """Of servers, with what is secret."""

    def test_a_password_on_the_command_line(self):
        store = self.url.replace(SUPERUSER + '@', SUPERUSER + ':secret@')
        answer = self.book(HEADER + LINES, '--store', store)
        self.assertIn('list of processes', answer.err)
        self.assertIn('PGPASSWORD', answer.err)
        self.assertNotIn('secret', answer.err)
        self.assertNotIn('PGPASSWORD', self.book(HEADER + LINES, '--store', self.url).err)

    def test_a_password_that_is_missing(self):
        path = self.server.directory + '/data/pg_hba.conf'
        with open(path, encoding='utf-8') as file:
            before = file.read()
        def use(text):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            self.psql('SELECT pg_reload_conf()')
            time.sleep(0.5)
        self.addCleanup(use, before)
        self.psql("CREATE ROLE asked LOGIN PASSWORD 'secret'")
        use('host all asked 127.0.0.1/32 scram-sha-256\n' + before)
        said = self.book(HEADER, '--store', self.url.replace(SUPERUSER, 'asked'), db=self.path('new.db'), code=IO).err
        self.assertRegex(said, 'no password supplied.*set PGPASSWORD or ~/.pgpass')

    def test_an_option_that_there_is_not(self):
        for store in (self.connection + ' pasword=secret', self.url + '?pasword=secret'):
            said = self.book(HEADER, '--store', store, db=self.path('new.db'), code=USAGE).err
            self.assertIn("no option 'pasword'", said)
            self.assertNotIn('secret', said)
        # What may be a part of a password is not shown.
        said = self.book(HEADER, '--store', 'host=db password=my treasure=1', db=self.path('new.db'), code=USAGE).err
        self.assertNotIn('treasure', said)


class Servers(Told):
    def test_status_shows_all_servers(self):
        other = self.database + '_empty'
        self.server.new_database(other)
        self.run_program('resume', '--db', self.db, '--store', self.connection, '--store', self.server.connection(other))
        for quick in ([], ['--quick']):
            servers = self.run_program('status', '--db', self.db, '--json', *quick).json['servers']
            self.assertEqual([server['tenants'] for server in servers], [3, 0])
            text = self.run_program('status', '--db', self.db, *quick).text
            for server in servers:
                self.assertRegex(text, f"(?m)^  {server['server_id'][:8]} +{server['tenants']} tenants, .*"
                                       + re.escape(server['server']))
        listed = {row['server_id'] for row in self.run_program('tenant', 'list', '--db', self.db, '--format', 'csv').rows}
        self.assertEqual(listed, {servers[0]['server_id']})

    def test_a_server_that_is_away_at_the_start(self):
        self.server.kill()
        self.book(HEADER + LINES, '--batch', 'second', code=IO)
        self.run_program('inventory', '--db', self.db, code=IO)

    def test_what_repair_says_next_works(self):
        self.psql("UPDATE tallystone.batches SET lines = lines + 1 WHERE batch = 'first'")
        said = self.run_program('repair', '--dry-run', '--db', self.db, code=CORRUPTION).err
        self.assertIn(f'next: tallystone repair --db {self.db} --store SERVER', said)
        self.server.new_database(self.database + '_new')
        place = self.server.connection(self.database + '_new')
        said = self.run_program('repair', '--dry-run', '--db', self.db, '--store', place, code=CORRUPTION).err
        words = shlex.split(said.split('next: tallystone ')[1])
        self.run_program(*words)
        self.run_program('verify', '--db', self.db)


class Waiting(Told):
    """All is logged, and the server does not answer."""

    def start_holder(self):
        """A session whose lock lets nobody write."""
        process = subprocess.Popen([programs() + '/psql', '-X', '-q', self.connection], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        process.stdin.write(b"BEGIN; LOCK TABLE tallystone.lines IN EXCLUSIVE MODE; SELECT 'locked';\n")
        process.stdin.flush()
        self.read_until(process.stdout.fileno(), 'locked')
        return process

    def test_a_terminal_shows_how_far_the_store_is(self):
        holder = self.start_holder()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = self.start_import('A1,1,1,t1\n', '--batch', 'more', stderr=slave)
        os.close(slave)
        with process:
            said = self.read_until(master, 'waiting for the store: LSN')
            self.assertRegex(said + self.read_until(master, 'K'), r'waiting for the store: LSN \d+ of \d+')
            holder.stdin.write(b'COMMIT;\n')
            holder.stdin.flush()
            self.assertEqual(process.wait(timeout=60), 0)

    def test_an_interrupted_wait_says_what_was_logged(self):
        lsn = self.status()['as_of_lsn']
        process = self.start_program('import', '-', '--db', self.db, '--tenant-column', 'Tenant', '--batch', 'more')
        self.addCleanup(process.kill)
        with process:
            process.stdin.write((HEADER + 'B1,1,1,t1\nB2,1,1,t1\n').encode())
            process.stdin.flush()
            time.sleep(1)  # the database is opened once the header was read
            self.server.kill()
            process.stdin.close()
            self.read_until(process.stderr.fileno(), 'waits')
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), INTERRUPTED)
            said = process.stdout.read().decode()
        self.assertRegex(said, r'new +2 lines, 2 items')
        self.assertGreater(int(re.search(r'as of LSN +(\d+)', said).group(1)), lsn)


class Page(PostgresTest):
    """What docs/backends.md shows of the program, word for word."""

    def test_the_first_session(self):
        with open(PAGE, encoding='utf-8') as page:
            text = page.read()
        self.write('sales.csv', 'Code,Description,Qty,Price\nWID-10,Widget 10 mm,100,3.2\nWID-10,Widget 10 mm,-8,3.2\n'
                                'BOLT-8,Bolt M8,5000,0.04\nNUT-8,Nut M8,x,0.02\n')
        sessions = re.findall(r'((?:^    .*\n)+)', text, re.M)
        shown = [session for session in sessions if '    $ tallystone ' in session]
        self.assertGreaterEqual(len(shown), 2)
        for command in re.split(r'^    \$ ', ''.join(shown), flags=re.M)[1:]:
            line, _, expected = command.partition('\n')
            expected = re.sub('(?m)^    ', '', expected)
            words = shlex.split(line.replace('postgresql://stock@db.example/stock', self.url))
            with self.subTest(command=line):
                if words[0] == 'psql':
                    self.psql(words[2])
                    continue
                answer = self.run_program(*words[1:], code=None, cwd=self.directory)
                said = re.sub(r'(?m)^(  time +).*', r'\1TIME', answer.text + answer.err)
                self.assertEqual(said, re.sub(r'(?m)^(  time +).*', r'\1TIME', expected))


if __name__ == '__main__':
    import unittest
    unittest.main()
