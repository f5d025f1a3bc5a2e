"""What a person at a terminal is told when something is wrong with a server, and that nothing is lost by it."""
import os
import signal
import subprocess
import time

from postgres import SUPERUSER, PostgresTest
from program import DEAD_LETTERS, INTERRUPTED, IO, NOT_FOUND, PROGRAM, USAGE

FENCED, FORMAT = 7, 8
HEADER = 'Code,Qty,Price\n'
LINES = ''.join(f'A{line % 50},{line % 7 + 1},2.5\n' for line in range(20_000))


class Refused(PostgresTest):
    """The import ends at once, and says why."""

    def import_to(self, store, *words, code=IO, db=None, env=None):
        file = self.write('in.csv', HEADER + 'A1,1,1\n')
        answer = self.run_program('import', file, '--db', db or self.db, '--store', store, code=code,
                                  env={**os.environ, **(env or {})})
        for word in words:
            self.assertIn(word, answer.err)
        self.assertNotIn('secret', answer.err)
        return answer

    def test_nobody_answers(self):
        self.import_to(f'host=127.0.0.1 port=1 user={SUPERUSER} dbname=stock password=secret', '127.0.0.1', 'port=1', 'refused')

    def test_no_such_host(self):
        self.import_to('postgresql://stock:secret@nosuch.invalid/stock', 'nosuch.invalid')

    def test_no_such_database(self):
        self.import_to(self.server.connection('nosuch'), '"nosuch" does not exist')

    def test_no_such_user(self):
        self.import_to(self.connection.replace('user=' + SUPERUSER, 'user=nosuch'), '"nosuch" does not exist')

    def test_not_the_name_of_a_server(self):
        self.import_to('my server', 'postgresql://user@host', code=USAGE)

    def test_password(self):
        """Wrong, right from PGPASSWORD, and in no file of the database."""
        with open(self.server.directory + '/data/pg_hba.conf', encoding='utf-8') as file:
            before = file.read()
        self.addCleanup(self.use_rules, before)
        self.psql("CREATE ROLE clerk LOGIN PASSWORD 'secret'")
        self.psql(f'GRANT CREATE ON DATABASE {self.database} TO clerk')
        self.use_rules(f'host all clerk 127.0.0.1/32 scram-sha-256\n{before}')
        store = f'postgresql://clerk@127.0.0.1:{self.server.port}/{self.database}'
        self.import_to(store, 'password', env={'PGPASSWORD': 'wrong'})
        self.import_to(store, code=0, env={'PGPASSWORD': 'secret'})
        self.import_to(store.replace('clerk', 'clerk:secret'), code=0)
        for content in self.database_files().values():
            self.assertNotIn(b'secret', content)
        self.assertIn('password', self.run_program('status', '--db', self.db, code=IO).err)
        with open(self.path('pgpass'), 'w', encoding='utf-8') as file:
            file.write(f'127.0.0.1:*:{self.database}:clerk:secret\n')
        os.chmod(self.path('pgpass'), 0o600)
        self.run_program('verify', '--db', self.db, env={**os.environ, 'PGPASSFILE': self.path('pgpass')})

    def use_rules(self, text):
        with open(self.server.directory + '/data/pg_hba.conf', 'w', encoding='utf-8') as file:
            file.write(text)
        self.psql('SELECT pg_reload_conf()')
        time.sleep(0.5)  # the server takes them with the next connection

    def test_schema_of_somebody_else(self):
        self.psql('CREATE SCHEMA tallystone')
        self.psql('CREATE TABLE tallystone.mine (x int)')
        self.import_to(self.connection, 'was not made by Tallystone', code=FORMAT)
        self.assertEqual(self.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'tallystone'::regnamespace"), '1')

    def test_schema_of_a_newer_format(self):
        self.import_to(self.connection, code=0)
        self.psql('UPDATE tallystone.version SET format = 99')
        self.assertIn('format 99', self.run_program('inventory', '--db', self.db, code=FORMAT).err)
        self.import_to(self.connection, 'format 99', code=FORMAT)

    def test_who_may_not_make_a_schema_uses_the_one_that_was_made(self):
        self.psql('CREATE ROLE reader LOGIN')
        store = self.connection.replace('user=' + SUPERUSER, 'user=reader')
        self.import_to(store, 'permission denied')
        self.psql(self.run_program('schema', '--dialect', 'postgresql').text)
        self.psql('GRANT USAGE ON SCHEMA tallystone TO reader')
        self.psql('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tallystone TO reader')
        self.import_to(store, code=0)
        self.run_program('verify', '--db', self.db)

    def test_a_right_that_is_missing_is_named(self):
        self.psql('CREATE ROLE limited LOGIN')
        self.addCleanup(self.psql, 'DROP OWNED BY limited; DROP ROLE limited')
        store = self.connection.replace('user=' + SUPERUSER, 'user=limited')
        self.import_to(store, 'permission denied', '`tallystone schema`')
        self.psql(self.run_program('schema', '--dialect', 'postgresql').text)
        # Each right is named as long as it is missing, and only then.
        rights = ['USAGE', 'SELECT', 'INSERT', 'UPDATE', 'DELETE']
        while rights:
            said = self.import_to(store, 'user "limited" lacks', '`tallystone schema`', 'TO "limited"').err
            for right in rights:
                self.assertIn(right, said)
            right = rights.pop(0)
            where = 'SCHEMA tallystone' if right == 'USAGE' else 'ALL TABLES IN SCHEMA tallystone'
            self.psql(f'GRANT {right} ON {where} TO limited')
        self.import_to(store, code=0)
        # Who only reads needs no more than that, and is told so.
        self.psql('REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tallystone FROM limited')
        self.run_program('verify', '--db', self.db)
        self.psql('REVOKE USAGE ON SCHEMA tallystone FROM limited')
        said = self.run_program('verify', '--db', self.db, code=IO).err
        self.assertIn('GRANT USAGE ON SCHEMA tallystone TO "limited"', said)
        self.assertNotIn('INSERT', said)

    def test_directory_of_another_database(self):
        self.import_to(self.connection, code=0)
        self.import_to(self.connection, 'holds the lines of a database already', code=USAGE, db=self.path('other.db'))
        self.run_program('verify', '--db', self.db)

    def test_a_server_that_is_left_out_or_named_twice(self):
        self.import_to(self.connection, code=0)
        other = self.database + '_other'
        self.server.new_database(other)
        self.import_to(self.server.connection(other), 'name all of its servers', code=USAGE)
        self.run_program('import', '-', '--db', self.db, '--store', self.connection, '--store', self.url, stdin=HEADER.encode(),
                         code=USAGE)

    def test_an_embedded_database_stays_embedded(self):
        self.import_text(HEADER + 'A1,1,1\n')
        self.import_to(self.connection, 'export it', code=USAGE)

    def test_a_server_that_moved_to_another_address(self):
        self.import_to(self.connection, code=0)
        path = os.path.join(self.db, 'SERVERS')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.write('stock.db/SERVERS', text.replace(f'port={self.server.port}', 'port=1'))
        self.run_program('verify', '--db', self.db, code=IO)
        self.run_program('resume', '--db', self.db, '--store', self.connection)
        self.run_program('verify', '--db', self.db)

    def test_the_list_of_servers_is_damaged(self):
        self.import_to(self.connection, code=0)
        self.write('stock.db/SERVERS', 'tallystone servers 1\nnonsense\n')
        self.assertIn('SERVERS', self.run_program('status', '--db', self.db, code=5).err)


class TakenAway(PostgresTest):
    """The server ends while an import is under way."""

    def setUp(self):
        super().setUp()
        self.file = self.write('in.csv', HEADER + LINES)
        self.run_program('import', '-', '--db', self.db, '--store', self.connection, '--batch', 'first',
                         stdin=(HEADER + 'A1,1,1\n').encode())

    def start_import(self):
        """An import whose server is killed when its lines are logged; gives the process and what it has said by then."""
        process = self.start_program('import', '-', '--db', self.db, '--batch', 'long')
        process.stdin.write((HEADER + LINES).encode())
        process.stdin.flush()
        time.sleep(0.5)
        self.server.kill()
        process.stdin.close()
        said = b''
        os.set_blocking(process.stderr.fileno(), False)
        deadline = time.monotonic() + 60
        while b'waits' not in said and time.monotonic() < deadline and process.poll() is None:
            said += process.stderr.read() or b''
            time.sleep(0.05)
        return process, said.decode()

    def finish(self):
        """What was sent is all there, once."""
        self.run_program('import', self.file, '--db', self.db, '--batch', 'long')
        self.run_program('verify', '--db', self.db)
        self.assertEqual(self.psql('SELECT count(*) FROM tallystone.transactions'), '20001')

    def test_it_waits_says_for_what_and_goes_on(self):
        process, said = self.start_import()
        with process:
            self.assertIsNone(process.poll(), said)
            self.assertIn('waits', said)
            self.assertIn(self.database, said)
            self.server.restart()
            self.assertEqual(process.wait(timeout=90), 0)
            os.set_blocking(process.stderr.fileno(), True)
            self.assertIn('can be written again', process.stderr.read().decode())
        self.finish()

    def test_ctrl_c_ends_the_wait(self):
        process, said = self.start_import()
        with process:
            self.assertIsNone(process.poll(), said)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), INTERRUPTED, said)
        self.server.restart()
        self.finish()


class TakenOver(PostgresTest):
    """Another writer has the store."""

    def test_a_fenced_import_ends_and_says_what_to_do(self):
        self.run_program('import', '-', '--db', self.db, '--store', self.connection, '--batch', 'first',
                         stdin=(HEADER + 'A1,1,1\n').encode())
        with self.start_program('import', '-', '--db', self.db, '--batch', 'long') as process:
            process.stdin.write((HEADER + LINES).encode())
            process.stdin.flush()
            time.sleep(0.5)
            self.psql('UPDATE tallystone.tenants SET epoch = epoch + 1')
            try:
                process.stdin.write(LINES.encode())
                process.stdin.close()
            except BrokenPipeError:
                pass
            self.assertEqual(process.wait(timeout=60), FENCED)
            said = process.stderr.read().decode()
        self.assertIn('another writer', said)
        self.assertIn('Go on there', said)
        self.assertIn(self.database, said)


class RefusedByAConstraint(PostgresTest):
    """A constraint of the server's owner refuses lines that were accepted."""

    def setUp(self):
        super().setUp()
        self.run_program('import', self.write('a.csv', HEADER + 'A,10,1\nB,5,1\nC,7,1\n'), '--db', self.db, '--store',
                         self.connection)
        self.psql('ALTER TABLE tallystone.balances ADD CONSTRAINT no_negative_stock CHECK (on_hand >= 0)')
        self.file = self.write('b.csv', HEADER + 'A,-1,1\nB,-9,1\nD,-1,1\nx,bad,1\nB,-3,1\n')

    def refused(self):
        rows = self.run_program('dead-letters', 'list', '--db', self.db, '--format', 'csv', '--cause', 'store_rejected').rows
        return [(row['line'], row['attempts']) for row in rows]

    def retry(self, *arguments, code):
        return self.run_program('dead-letters', 'retry', '--db', self.db, '--cause', 'store_rejected', *arguments, code=code)

    def test_a_retry_that_the_store_refuses_is_not_told_as_booked(self):
        self.run_program('import', self.file, '--db', self.db, '--batch', 'b', code=DEAD_LETTERS)
        self.assertEqual(self.refused(), [('2', '1'), ('3', '1'), ('5', '1')])
        answer = self.retry('--format', 'csv', code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['outcome']) for row in answer.rows],
                         [('2', 'store_rejected'), ('3', 'store_rejected'), ('5', 'store_rejected')])
        self.assertIn('0 booked, 3 failed again', answer.err)
        self.assertEqual(self.refused(), [('2', '2'), ('3', '2'), ('5', '2')])
        # One that can be booked now, among others that cannot.
        self.run_program('import', '-', '--db', self.db, '--batch', 'c', stdin=(HEADER + 'B,20,1\n').encode())
        answer = self.retry('--json', code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['outcome']) for row in answer.json['dead_letters']],
                         [(2, 'accepted'), (3, 'store_rejected'), (5, 'accepted')])
        self.assertIn('2 booked, 1 failed again', answer.err)
        self.psql('ALTER TABLE tallystone.balances DROP CONSTRAINT no_negative_stock')
        self.assertEqual([row['outcome'] for row in self.retry('--format', 'csv', code=0).rows], ['accepted'])
        self.run_program('verify', '--db', self.db)

    def test_an_import_names_the_rows_that_the_store_refused(self):
        outcomes = self.path('outcomes.csv')
        answer = self.run_program('import', self.file, '--db', self.db, '--json', '--outcomes', outcomes, code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['code'], row['error']) for row in answer.json['failed_items']],
                         [(2, 'B', 'store_rejected'), (3, 'D', 'store_rejected'), (4, 'x', 'bad_quantity'),
                          (5, 'B', 'store_rejected')])
        self.assertEqual((answer.json['items_processed'], answer.json['items_failed']), (1, 4))
        self.assertEqual(answer.json['outcomes'], {'accepted': 1, 'bad_quantity': 1, 'store_rejected': 3})
        with open(outcomes, encoding='utf-8') as file:
            self.assertEqual([line.split(',')[:2] for line in file.read().splitlines()[1:]],
                             [['1', 'accepted'], ['2', 'store_rejected'], ['3', 'store_rejected'], ['4', 'bad_quantity'],
                              ['5', 'store_rejected']])
        again = self.run_program('import', self.file, '--db', self.db, '--json', code=DEAD_LETTERS)
        self.assertEqual(again.json['failed_items'], answer.json['failed_items'])

    def test_rows_are_found_in_their_files_whatever_batch_they_went_to(self):
        header = 'Batch,Code,Qty,Price\n'
        files = [self.write('one.csv', header + 'p,A,1,1\nq,B,-9,1\np,C,-8,1\n'),
                 self.write('two.csv', header + 'r,A,1,1\ns,D,-1,1\n')]
        answer = self.run_program('import', *files, '--db', self.db, '--batch-column', 'Batch', '--outcomes', '-', code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['outcome']) for row in answer.rows],
                         [('1', 'accepted'), ('2', 'store_rejected'), ('3', 'store_rejected'), ('1', 'accepted'),
                          ('2', 'store_rejected')])
        answer = self.run_program('import', *files, '--db', self.db, '--batch-column', 'Batch', '--json', '--outcomes',
                                  self.path('outcomes.ndjson'), code=DEAD_LETTERS)
        self.assertEqual([(os.path.basename(row['file']), row['line'], row['code']) for row in answer.json['failed_items']],
                         [('one.csv', 2, 'B'), ('one.csv', 3, 'C'), ('two.csv', 2, 'D')])


if __name__ == '__main__':
    import unittest
    unittest.main()
