"""A tenant moves between servers, by a process of its own and while another imports: nothing lost, nothing doubled."""
import os
import unittest

from postgres import PostgresTest
from program import NOT_FOUND, USAGE

TENANTS = 12
LINES = 6000
MANY = 150_000
HEADER = 'tenant,batch,code,quantity,price\n'


def rows(begin, end):
    return ''.join(f't{line % TENANTS},b{line // 100},c{line % 37},{line % 9 + 1},{line % 5}.25\n'
                   for line in range(begin, end))


def has_open(process, name):
    folder = f'/proc/{process}/fd'
    try:
        return any(os.readlink(os.path.join(folder, fd)).endswith(name) for fd in os.listdir(folder))
    except OSError:  # closed meanwhile
        return False


class Tenant(PostgresTest):
    def setUp(self):
        super().setUp()
        self.second = self.database + '_second'
        self.server.new_database(self.second)
        self.options = ('--tenant-column', 'tenant', '--batch-column', 'batch')
        self.stores = ('--store', self.server.connection(self.database), '--store', self.server.connection(self.second))

    def tenants(self):
        return {row['tenant']: row for row in self.run_program('tenant', 'list', '--db', self.db, '--json').json['tenants']}

    def digest(self, db):
        return self.run_program('digest', '--db', db, '--json').json['state_digest']

    def embedded_digest(self, lines):
        embedded = self.path('embedded.db')
        self.run_program('import', '-', '--db', embedded, *self.options, stdin=(HEADER + rows(0, lines)).encode())
        return self.digest(embedded)

    def test_it_moves_when_nobody_writes_and_back(self):
        self.run_program('import', '-', '--db', self.db, *self.stores, *self.options,
                         stdin=(HEADER + rows(0, LINES)).encode())
        before = self.tenants()
        servers = sorted({row['server_id'] for row in before.values()})
        self.assertEqual(len(servers), 2, 'twelve tenants on one of two servers: one in 2,048 runs')
        name, row = next(iter(before.items()))
        other = next(server for server in servers if server != row['server_id'])
        expected = self.embedded_digest(LINES)
        self.assertEqual(self.digest(self.db), expected)
        for goal in (other, row['server_id'][:8]):
            self.run_program('tenant', 'move', name, '--to', goal, '--db', self.db)
            self.assertTrue(self.tenants()[name]['server_id'].startswith(goal))
            self.assertEqual(self.digest(self.db), expected)
            self.assertTrue(self.run_program('verify', '--db', self.db, '--json').json['sound'])
        # Sent again, everything is known, wherever it is.
        again = self.run_program('import', '-', '--db', self.db, *self.options, '--json',
                                 stdin=(HEADER + rows(0, LINES)).encode())
        self.assertEqual(again.json['items_processed'], LINES)
        self.assertEqual(self.digest(self.db), expected)

    def test_it_moves_while_another_process_imports(self):
        path = self.write('many.csv', HEADER + rows(0, MANY))
        self.run_program('import', '-', '--db', self.db, *self.stores, *self.options,
                         stdin=(HEADER + rows(0, LINES)).encode())
        before = self.tenants()
        name, row = next(iter(before.items()))
        other = next(one['server_id'] for one in before.values() if one['server_id'] != row['server_id'])
        with self.start_program('import', path, '--db', self.db, *self.options) as writer:
            while not has_open(writer.pid, '/LOCK'):
                self.assertIsNone(writer.poll(), 'the writer ended before anything was asked')
            moved = self.run_program('tenant', 'move', name, '--to', other, '--db', self.db, code=None)
            writer.wait()
            self.assertEqual(writer.returncode, 0, writer.stderr.read())
        if moved.code != 0:  # the writer was quicker
            self.assertIn('run this once more', moved.err)
            self.run_program('tenant', 'move', name, '--to', other, '--db', self.db)
        self.assertEqual(self.tenants()[name]['server_id'], other)
        self.assertEqual(self.digest(self.db), self.embedded_digest(MANY))
        self.assertTrue(self.run_program('verify', '--db', self.db, '--json').json['sound'])

    def test_what_cannot_be_is_said(self):
        self.run_program('tenant', 'list', '--db', self.db, code=NOT_FOUND)
        self.run_program('import', '-', '--db', self.db, *self.stores, *self.options, stdin=(HEADER + rows(0, 50)).encode())
        self.assertIn('they are', self.run_program('tenant', 'move', 't1', '--to', 'zz', '--db', self.db, code=NOT_FOUND).err)
        self.run_program('tenant', 'move', 'nobody', '--to', 'zz', '--db', self.db, code=NOT_FOUND)
        embedded = self.path('embedded.db')
        self.run_program('import', '-', '--db', embedded, *self.options, stdin=(HEADER + rows(0, 50)).encode())
        self.assertEqual(self.run_program('tenant', 'list', '--db', embedded, '--json').json['tenants'][0]['server'], '')
        self.run_program('tenant', 'move', 't1', '--to', 'zz', '--db', embedded, code=USAGE)


if __name__ == '__main__':
    unittest.main()
