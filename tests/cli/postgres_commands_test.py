"""Every command on a database whose store is on one PostgreSQL server, and on two: the answers of the same import embedded."""
import json
import os
import re
import unittest

from live_reading_test import READERS
from postgres import PostgresTest
from program import CORRUPTION, DEAD_LETTERS, USAGE
from transcripts_test import leaf_commands

TENANTS = 6
LINES = ''.join(f'A{line % 5},Oak frame {line % 5},north,{line % 7 + 1},2.5,t{line % TENANTS}\n' for line in range(120))
FILE = 'Code,Description,Vendor,Qty,Price,Tenant\n' + LINES + 'B1,Cup,north,x,1,t1\nB2,Jug,north,0,1,t2\n'

# What may differ: times of a run, and blocks, which contain them.
VARYING = [(r'(?m)^\{"type":"block".*\n', ''), (r'\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ', 'TIME'), (r'\b1\d{15}\b', 'MICROS')]

# They ask no database, or do what a command does that is tried here (split: accept, apply: reject).
ELSEWHERE = {'tenant list', 'tenant move', 'bench', 'completion', 'schema', 'review split', 'review apply'}
# What is the same wherever the store is.
READING = [
    ['inventory', '--format', 'csv'],
    ['inventory', '--tenant', 't3', '--json'],
    ['items', '--format', 'csv'],
    ['items', 'show', 'A1', '--tenant', 't1'],
    ['transactions', '--format', 'ndjson'],
    ['batches', '--format', 'csv'],
    ['batch', 'show', 'b1', '--tenant', 't1', '--format', 'csv'],
    ['dead-letters', 'list', '--format', 'csv'],
    ['dead-letters', 'show', '--tenant', 't1', '--batch', 'b1', '--line', '21'],
    ['dead-letters', 'summary', '--format', 'csv'],
    ['dead-letters', 'export'],
    ['review', 'list', '--format', 'csv'],
    ['mapping', '--tenant', 't1'],
    ['explain-mapping', 'Oak frame 1', '--tenant', 't1', '--json'],
    ['scan', 'balances', '--format', 'csv'],
    ['scan', 'items', '--format', 'csv'],
    ['get', 'items', '1/1', '--json'],
    ['digest'],
    ['export'],
]


class Servers(PostgresTest):
    """The same import into a database on servers, and into an embedded one."""

    SERVERS = 1

    def setUp(self):
        super().setUp()
        self.stores = [self.connection]
        for number in range(1, self.SERVERS):
            name = f'{self.database}_{number}'
            self.server.new_database(name)
            self.stores.append(self.server.connection(name))
        self.embedded = self.path('embedded.db')
        file = self.write('in.csv', FILE)
        options = [option for store in self.stores for option in ('--store', store)]
        book = ['--tenant-column', 'Tenant', '--batch', 'b1']
        self.run_program('import', file, '--db', self.db, *book, *options, code=DEAD_LETTERS)
        self.run_program('import', file, '--db', self.embedded, *book, code=DEAD_LETTERS)

    def answer(self, command, db):
        text = self.run_program(*command, '--db', db).text.replace(db, 'DB')
        for pattern, name in VARYING:
            text = re.sub(pattern, name, text)
        return text

    @staticmethod
    def name_of(store):
        return store.split('dbname=')[1]

    def assert_same_digest(self):
        self.assertEqual(self.run_program('digest', '--db', self.db).text, self.run_program('digest', '--db', self.embedded).text)


class OnServers(Servers):
    def test_the_same_import_has_the_same_digest(self):
        self.assert_same_digest()
        counts = [self.server.psql('SELECT count(*) FROM tallystone.lines', self.name_of(store)) for store in self.stores]
        self.assertEqual(sum(map(int, counts)), 120)
        self.assertTrue(all(map(int, counts)), f'a server has no lines: {counts}')

    def test_reading_commands_say_what_they_say_of_an_embedded_store(self):
        for command in READING:
            with self.subTest(command=command):
                self.assertEqual(self.answer(command, self.db), self.answer(command, self.embedded))

    def test_every_command_that_readers_use(self):
        for command, _ in READERS:
            with self.subTest(command=command):
                here = self.run_program(*command, '--db', self.db, code=None)
                there = self.run_program(*command, '--db', self.embedded, code=None)
                self.assertEqual((here.code, bool(here.out)), (there.code, bool(there.out)), here.err)
                self.assertNotIn('cannot be read', here.err)

    def test_no_command_was_forgotten(self):
        """Each command is asked for somewhere in this file, or needs no database."""
        with open(__file__, encoding='utf-8') as source:
            text = source.read()
        asked = [' '.join(command) for command, _ in READERS]
        for command in leaf_commands() - ELSEWHERE:
            words = "'" + "', '".join(command.split()) + "'"
            self.assertTrue(words in text or any(one.startswith(command) for one in asked), command)

    def test_status_is_not_empty(self):
        for quick in ([], ['--quick']):
            status = self.run_program('status', *quick, '--db', self.db, '--json').json
            there = self.run_program('status', *quick, '--db', self.embedded, '--json').json
            for name in ('as_of_lsn', 'applied_lsn', 'tenants', 'items', 'transactions', 'batches', 'dead_letters',
                         'dead_letters_by_cause'):
                self.assertEqual(status[name], there[name], name)
            self.assertEqual(set(status['family_bytes']), {
                'version', 'tenants', 'balances', 'lines', 'blocks', 'batches', 'items', 'aliases', 'records', 'dead_letters'})
            self.assertEqual(status['store_bytes'], sum(status['family_bytes'].values()))
            sizes = [int(self.server.psql("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
                                          "relnamespace = 'tallystone'::regnamespace", self.name_of(store)))
                     for store in self.stores]
            self.assertEqual(status['store_bytes'], sum(sizes))

    def test_metrics_and_report(self):
        self.assertRegex(self.run_program('metrics', '--db', self.db).text, r'tallystone_database_store_bytes\{[^}]*\} [1-9]')
        page = self.run_program('report', '--html', '-', '--db', self.db).text
        self.assertIn('Oak frame', page)
        settings = {row['name']: row['value'] for row in self.run_program('config', 'show', '--db', self.db, '--format', 'csv').rows}
        for number in range(1, self.SERVERS + 1):
            self.assertEqual(settings[f'server.{number}.postgres.dialect'], 'postgresql')
            with open(os.path.join(self.db, 'SERVERS'), encoding='utf-8') as servers:
                self.assertIn(settings[f'server.{number}.id'] + ' ', servers.read())

    def test_verify(self):
        report = self.run_program('verify', '--db', self.db, '--json').json
        self.assertTrue(report['sound'])
        self.assertEqual(report['tenants_summed'], TENANTS)
        self.assertTrue(self.run_program('verify', '--quick', '--db', self.db, '--json').json['sound'])

    def test_log(self):
        for command in (['log', 'ls'], ['log', 'cat'], ['log', 'verify']):
            answer = self.run_program(*command, '--db', self.db)
            self.assertNotIn('tallystone:', answer.err, command)

    def test_resume_and_compact(self):
        self.assertIn('nothing was left', self.run_program('resume', '--db', self.db).text)
        self.assertIn('autovacuum', self.run_program('compact', '--db', self.db).text)
        self.assertTrue(self.run_program('compact', '--db', self.db, '--json').json['by_server'])

    def test_writing_commands(self):
        for db in (self.db, self.embedded):
            self.run_program('dead-letters', 'retry', '--db', db, '--tenant', 't1', '--code', 'B1', '--set', 'quantity=6')
            self.run_program('dead-letters', 'drop', '--db', db, '--cause', 'zero_quantity')
            self.run_program('import', '-', '--db', db, '--tenant', 't1', '--batch', 'b2', '--mapping', 'suggest',
                             stdin=b'Description,Qty,Price\nOak frmae 1,1,1\n')
            self.run_program('mapping', '--db', db, '--tenant', 't2', '--mapping', 'auto')
            self.run_program('import', '-', '--db', db, '--tenant', 't1', '--batch', 'b3', '--mapping', 'suggest', stdin=(
                b'Description,Qty,Price\nOak frmae 2,1,1\nOak frmae 3,1,1\n'))
        reviews = [self.run_program('review', 'list', '--db', db, '--format', 'csv').rows for db in (self.db, self.embedded)]
        self.assertEqual(*reviews)
        items = [row['item'] for row in reviews[0]]
        self.assertEqual(len(items), 3)
        for db in (self.db, self.embedded):
            of_item = ['--db', db, '--tenant', 't1', '--item']
            self.run_program('review', 'show', *of_item, items[0])
            self.run_program('review', 'accept', *of_item, items[0], '--is', '1')
            self.run_program('review', 'reject', *of_item, items[1])
            answers = self.run_program('review', 'list', '--db', db, '--format', 'ndjson').text
            self.assertEqual(len(answers.splitlines()), 1)
            self.run_program('verify', '--db', db)
        self.assert_same_digest()

    def test_serve(self):
        with self.start_program('serve', '--db', self.db, '--port', '0') as server:
            line = server.stdout.readline().decode()
            server.terminate()
        self.assertIn('http://127.0.0.1:', line)

    def test_backup_makes_an_embedded_database_or_one_on_a_server(self):
        saved = self.path('saved')
        self.run_program('backup', '--db', self.db, '--to', saved)
        self.run_program('restore', '--from', saved, '--db', self.path('back.db'), '--verify')
        self.assertTrue(os.path.isdir(self.path('back.db/store')))
        self.run_program('diff', self.db, self.path('back.db'))
        self.server.new_database(self.database + '_back')
        place = self.server.connection(self.database + '_back')
        self.run_program('restore', '--from', saved, '--db', self.path('far.db'), '--verify', '--store', place)
        self.assertFalse(os.path.exists(self.path('far.db/store')))
        self.run_program('diff', self.db, self.path('far.db'))
        # Going on with it.
        self.run_program('import', '-', '--db', self.path('far.db'), '--tenant', 't1', stdin=b'Code,Qty,Price\nA1,1,1\n')
        self.run_program('verify', '--db', self.path('far.db'))
        answer = self.run_program('restore', '--from', saved, '--db', self.path('two.db'), '--store', place, code=USAGE)
        self.assertIn('holds the lines of a database already', answer.err)

    def test_export_and_import_of_the_database(self):
        exported = self.write('all.ndjson', self.run_program('export', '--db', self.db).out)
        self.server.new_database(self.database + '_copy')
        place = self.server.connection(self.database + '_copy')
        self.run_program('import', '--database', exported, '--db', self.path('copy.db'), '--store', place)
        self.assertEqual(self.run_program('digest', '--db', self.path('copy.db')).text,
                         self.run_program('digest', '--db', self.db).text)

    def test_repair_in_another_database(self):
        # Which tenant has its home here is chosen anew for each database.
        lines = self.server.psql("UPDATE tallystone.batches SET lines = lines + 1 WHERE tenant = (SELECT min(tenant) FROM "
                                 "tallystone.batches) RETURNING lines", self.name_of(self.stores[0])).split()[0]
        self.run_program('verify', '--db', self.db, code=CORRUPTION)
        answer = self.run_program('repair', '--dry-run', '--db', self.db, code=CORRUPTION)
        self.assertIn('says %s lines' % lines, answer.text)
        answer = self.run_program('repair', '--db', self.db, code=USAGE)
        self.assertIn('--store', answer.err)
        self.server.new_database(self.database + '_new')
        self.run_program('repair', '--db', self.db, '--store', self.server.connection(self.database + '_new'))
        self.run_program('verify', '--db', self.db)
        self.assert_same_digest()
        self.run_program('import', '-', '--db', self.db, '--tenant', 't1', stdin=b'Code,Qty,Price\nA1,1,1\n')
        self.run_program('verify', '--db', self.db)

    def test_salvage(self):
        self.assertIn('the log is sound', self.run_program('repair', '--salvage-log', '--db', self.db).text)


class OnTwoServers(OnServers):
    SERVERS = 2


class EditedByHand(Servers):
    """Somebody changes rows with psql: verify names the tenant and the item, and repair --code mends it."""

    def expect(self, *words):
        report = self.run_program('verify', '--db', self.db, '--json', code=CORRUPTION).json
        text = json.dumps(report['findings'])
        for word in words:
            self.assertIn(word, text)
        return report

    def mend(self, tenant, code):
        answer = self.run_program('repair', '--db', self.db, '--tenant', tenant, '--code', code, '--dry-run', code=CORRUPTION)
        self.assertIn('would be made anew', answer.text)
        answer = self.run_program('repair', '--db', self.db, '--tenant', tenant, '--code', code)
        self.assertIn('made anew', answer.text)
        self.run_program('verify', '--db', self.db)
        self.assert_same_digest()

    def edit(self, statement):
        self.psql(statement.replace('ITEM', "(tenant, item) = (SELECT tenant, item FROM tallystone.items JOIN tallystone.tenants "
                                            "USING (tenant) WHERE name = 't3' AND code = 'A2')"))

    def test_balance(self):
        self.edit('UPDATE tallystone.balances SET on_hand = on_hand + 1000000 WHERE ITEM')
        report = self.expect("('A2') of tenant 't3'", "the server sums tenant 't3' to")
        self.assertEqual({finding['tenant'] for finding in report['findings']}, {'t3'})
        self.mend('t3', 'A2')

    def test_balance_is_gone(self):
        self.edit('DELETE FROM tallystone.balances WHERE ITEM')
        self.expect("('A2') of tenant 't3' has 4 transactions but no balance")
        self.mend('t3', 'A2')

    def test_line_is_gone(self):
        self.edit('DELETE FROM tallystone.lines WHERE ITEM AND lsn = (SELECT max(lsn) FROM tallystone.lines WHERE ITEM) AND '
                  'line_index = (SELECT max(line_index) FROM tallystone.lines WHERE ITEM)')
        self.expect("the postings of item", "('A2') of tenant 't3'")
        self.run_program('verify', '--quick', '--db', self.db, code=CORRUPTION)
        self.mend('t3', 'A2')

    def test_number_of_a_line(self):
        """Nothing but the server's own sum can show it: no answer of Tallystone is made of it."""
        self.edit('UPDATE tallystone.lines SET quantity = quantity * 2 WHERE ITEM AND line = (SELECT min(line) FROM '
                  'tallystone.lines WHERE ITEM)')
        self.expect("the lines of item", "('A2') of tenant 't3' sum to")
        self.mend('t3', 'A2')

    def test_two_lines_that_outweigh_each_other(self):
        self.edit('UPDATE tallystone.lines SET unit_cost = unit_cost + 1 WHERE ITEM')
        self.expect("('A2') of tenant 't3' sum to")

    def test_marker_of_a_tenant(self):
        self.psql("UPDATE tallystone.tenants SET applied = 0 WHERE name = 't3'")
        self.expect("the marker of tenant 't3' is at LSN 0")

    def test_block_is_gone(self):
        self.psql("DELETE FROM tallystone.blocks WHERE lsn = 2")
        self.expect('blocks 2 to 2 are missing')



if __name__ == '__main__':
    unittest.main()
