"""The real file and the one with faults, in PostgreSQL: psql says what is expected, exactly.

Needs the data folder, as real_data_test.py does. Skips loudly without.
"""
import decimal
import os
import sys
import unittest

from postgres import PostgresTest
from program import DEAD_LETTERS, OK
from real_data_test import DATA, FAULTS, REAL, expected, plain

# docs/backends.md shows these.
BY = ('SELECT {key}, sum(on_hand), sum(value), sum(lines) FROM tallystone.stock GROUP BY {key}')
BY_LINES = ('SELECT {key}, sum(quantity), sum(value), count(*) FROM tallystone.transactions GROUP BY {key}')


@unittest.skipUnless(os.path.isdir(DATA), f'SKIPPED: there is no {DATA}')
class RealDataInSql(PostgresTest):
    SETTINGS = ('shared_buffers=256MB', 'max_wal_size=4GB')

    def import_file(self, name, code):
        decimal.getcontext().prec = 60
        path = os.path.join(DATA, name + '.csv.zst')
        self.run_program('import', path, '--db', self.db, '--store', self.connection, '--tenant-column', 'Country', code=code)

    def sums(self, query, key):
        found = {}
        for row in self.psql(query.format(key=key)).split('\n'):
            name, on_hand, value, lines = row.rsplit('|', 3)
            found[name] = (plain(decimal.Decimal(on_hand)), plain(decimal.Decimal(value)), lines)
        return found

    def assert_sql(self, name):
        for table, key in (('by_code', 'code'), ('by_tenant', 'tenant')):
            theirs = {row[key]: (row['on_hand'], row['value'], row['lines']) for row in expected(name, table)}
            for query in (BY, BY_LINES):
                ours = self.sums(query, key)
                # Items without a code are not in by_code.
                self.assertLessEqual(set(ours) - set(theirs), {''} if table == 'by_code' else set())
                self.assertEqual({key: ours.get(key) for key in theirs}, theirs)

    def test_real_file(self):
        self.import_file(REAL, OK)
        self.assert_sql(REAL)
        self.assertEqual(self.psql('SELECT count(*) FROM tallystone.transactions'), '541909')
        report = self.run_program('verify', '--db', self.db, '--json').json
        self.assertEqual((report['sound'], report['tenants_summed']), (True, 38))
        again = self.run_program('import', os.path.join(DATA, REAL + '.csv.zst'), '--db', self.db, '--tenant-column', 'Country',
                                 '--json').json
        self.assertEqual((again['lines_new'], again['already_imported']), (0, True))

    def test_faults(self):
        self.import_file(FAULTS, DEAD_LETTERS)
        self.assert_sql(FAULTS)
        causes = self.psql('SELECT cause, count(*) FROM tallystone.dead_letters GROUP BY cause ORDER BY cause').split('\n')
        wanted = {}
        for row in expected(FAULTS, 'rejected'):
            wanted[row['reason']] = wanted.get(row['reason'], 0) + 1
        self.assertEqual(causes, [f'{cause}|{count}' for cause, count in sorted(wanted.items())])
        self.run_program('verify', '--db', self.db)


if __name__ == '__main__':
    if not os.path.isdir(DATA):
        print(f'SKIPPED: the real data in SQL: there is no {DATA}', file=sys.stderr)
    unittest.main()
