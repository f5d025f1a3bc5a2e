"""The real files against their expected results, exactly.

Needs the data folder: TALLYSTONE_SHARED_DATA, or ../shared/data beside the repository. Skips loudly without.
"""
import collections
import csv
import decimal
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

from program import DEAD_LETTERS, INTERRUPTED, NOT_FOUND, OK, ProgramTest

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get('TALLYSTONE_SHARED_DATA', os.path.join(os.path.dirname(REPOSITORY), 'shared', 'data'))
REAL, FAULTS = 'online_retail_2010_2011', 'faults_online_retail_20k'


def plain(number):
    """Exact, without exponent and trailing zeros."""
    text = format(number, 'f')
    text = text.rstrip('0').rstrip('.') if '.' in text else text
    return '0' if text in ('-0', '') else text


def expected(name, table):
    with open(os.path.join(DATA, 'expected', f'{name}.{table}.csv'), encoding='utf-8', newline='') as content:
        return list(csv.DictReader(content))


class RealData(ProgramTest):
    def file(self, name):
        return os.path.join(DATA, name + '.csv.zst')

    def assert_inventory(self, name):
        """Summed by code and by tenant the inventory is what was expected."""
        decimal.getcontext().prec = 60
        rows = self.inventory()
        for table, key in (('by_code', 'code'), ('by_tenant', 'tenant')):
            sums = collections.defaultdict(lambda: [decimal.Decimal(0), decimal.Decimal(0), 0])
            for row in rows:
                total = sums[row[key]]
                total[0] += decimal.Decimal(row['on_hand'])
                total[1] += decimal.Decimal(row['value'])
                total[2] += int(row['lines'])
            ours = {name: (plain(total[0]), plain(total[1]), str(total[2])) for name, total in sums.items()}
            theirs = {row[key]: (row['on_hand'], row['value'], row['lines']) for row in expected(name, table)}
            # Items without a code: lines that had only a description are not in by_code.
            self.assertEqual({key: value for key, value in ours.items() if key in theirs or table == 'by_tenant'},
                             theirs)
            self.assertLessEqual(set(ours) - set(theirs), {''})
        return rows

    def assert_repeats(self, name, code, *options):
        before = self.digest()
        answer = self.run_program('import', self.file(name), '--db', self.db, *options, '--json', code=code)
        self.assertEqual((answer.json['lines_new'], answer.json['already_imported']), (0, True))
        self.assertEqual(answer.json['resent'], answer.json['batches'])
        self.assertEqual(self.digest(), before)

    def test_real_file_one_batch_a_tenant(self):
        options = ['--tenant-column', 'Country']
        answer = self.run_program('import', self.file(REAL), '--db', self.db, *options, '--json')
        self.assertEqual((answer.json['items_processed'], answer.json['tenants']), (541909, 38))
        self.assert_inventory(REAL)
        self.assertEqual(self.status()['transactions'], 541909)
        self.assert_repeats(REAL, OK, *options)
        self.assert_sound()

    def test_real_file_one_batch_an_invoice(self):
        options = ['--tenant-column', 'Country', '--batch-column', 'InvoiceNo']
        answer = self.run_program('import', self.file(REAL), '--db', self.db, *options, '--json')
        self.assertEqual((answer.json['items_processed'], answer.json['batches']), (541909, 25900))
        self.assert_inventory(REAL)
        status = self.status()
        self.assertEqual((status['transactions'], status['batches'], status['batches_unfinished']),
                         (541909, 25900, 0))
        self.assert_repeats(REAL, OK, *options)
        self.assert_sound()

    def test_faults(self):
        options = ['--tenant-column', 'Country']
        outcomes = self.path('outcomes.csv')
        answer = self.run_program('import', self.file(FAULTS), '--db', self.db, *options, '--outcomes', outcomes,
                                  '--json', code=DEAD_LETTERS)
        self.assertEqual((answer.json['items_processed'], answer.json['items_failed']), (19261, 739))
        with open(outcomes, encoding='utf-8', newline='') as content:
            self.assertEqual(content.readline(), 'line,outcome,item,code,decided_by,score,candidates\n')
            content.seek(0)
            rows = list(csv.DictReader(content))
        self.assertEqual([row['line'] for row in rows], [str(line) for line in range(1, 20001)])
        rejected = [(row['row'], row['reason']) for row in expected(FAULTS, 'rejected')]
        self.assertEqual([(row['line'], row['outcome']) for row in rows if row['outcome'] != 'accepted'], rejected)
        self.assertEqual(len(rejected), 739)
        self.assertEqual(self.status()['dead_letters'], 739)
        self.assert_inventory(FAULTS)
        self.assert_repeats(FAULTS, DEAD_LETTERS, *options)
        self.assert_sound()

    def test_part_of_the_real_file(self):
        """The totals after each 50,000 lines, of files cut there."""
        if shutil.which('zstd') is None:
            print('SKIPPED: part of the real file: the zstd program is not here', file=sys.stderr)
            return
        decimal.getcontext().prec = 60
        whole = subprocess.run(['zstd', '-dc', self.file(REAL)], stdout=subprocess.PIPE, check=True).stdout
        lines = whole.split(b'\n')
        for prefix in expected(REAL, 'prefix')[:3]:
            count = int(prefix['rows_read'])
            self.db = self.path(f'{count}.db')
            self.import_text(b'\n'.join(lines[:count + 1]) + b'\n', '--tenant-column', 'Country')
            rows = self.inventory()
            self.assertEqual((sum(int(row['lines']) for row in rows),
                              plain(sum(decimal.Decimal(row['on_hand']) for row in rows)),
                              plain(sum(decimal.Decimal(row['value']) for row in rows))),
                             (int(prefix['accepted']), prefix['on_hand'], prefix['value']))

    def running_sums(self, whole):
        """{tenant: [(on hand, value) after its first n lines]}, and checks them against the expected totals."""
        decimal.getcontext().prec = 60
        totals = {int(row['rows_read']): row for row in expected(REAL, 'prefix')}
        sums, on_hand, value = {}, 0, decimal.Decimal(0)
        for number, row in enumerate(csv.DictReader(io.StringIO(whole.decode(), newline='')), start=1):
            quantity = int(row['Quantity'])
            cost = quantity * decimal.Decimal(row['UnitPrice'])
            on_hand, value = on_hand + quantity, value + cost
            of_tenant = sums.setdefault(row['Country'], [(0, decimal.Decimal(0))])
            of_tenant.append((of_tenant[-1][0] + quantity, of_tenant[-1][1] + cost))
            if number in totals:
                self.assertEqual((str(on_hand), plain(value)), (totals[number]['on_hand'], totals[number]['value']))
        return sums

    def assert_prefix(self, sums):
        """Each tenant has exactly its first lines; gives their number."""
        found = collections.defaultdict(lambda: [0, 0, decimal.Decimal(0)])
        answer = self.run_program('inventory', '--db', self.db, '--format', 'csv', code=None)
        if answer.code == NOT_FOUND:
            self.assertIn('interrupted', answer.err, 'killed while the database was made')
            return 0
        self.assertEqual(answer.code, OK, answer.err)
        for row in answer.rows:
            of_tenant = found[row['tenant']]
            of_tenant[0] += int(row['lines'])
            of_tenant[1] += int(row['on_hand'])
            of_tenant[2] += decimal.Decimal(row['value'])
        for tenant, (lines, on_hand, value) in found.items():
            self.assertEqual((on_hand, value), sums[tenant][lines], f'{tenant} after {lines} lines')
        return sum(lines for lines, _, _ in found.values())

    def test_interrupted_again_and_again(self):
        """kill -9, SIGINT and SIGTERM at random moments: always the first lines of each tenant, and the same end."""
        if shutil.which('zstd') is None:
            print('SKIPPED: interrupted real file: the zstd program is not here', file=sys.stderr)
            return
        seed = int(os.environ.get('TALLYSTONE_SEED', '11'))
        runs = int(os.environ.get('TALLYSTONE_KILLS', '16'))
        rng = random.Random(seed)
        whole = subprocess.run(['zstd', '-dc', self.file(REAL)], stdout=subprocess.PIPE, check=True).stdout
        file = self.write('real.csv', whole)
        sums = self.running_sums(whole)
        for options in (['--tenant-column', 'Country'], ['--tenant-column', 'Country', '--batch-column', 'InvoiceNo']):
            self.db = self.path('reference.db')
            start = time.monotonic()
            self.run_program('import', file, '--db', self.db, *options)
            took = time.monotonic() - start
            reference = self.digest()
            shutil.rmtree(self.db)
            self.db, ended, prefixes = self.path('stock.db'), collections.Counter(), set()
            for run in range(runs):
                number = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM))
                with self.start_program('import', file, '--db', self.db, *options) as running:
                    time.sleep(rng.uniform(0, took))
                    running.send_signal(number)
                    _, err = running.communicate(timeout=60)
                if running.returncode == INTERRUPTED:
                    self.assertIn(b'interrupted', err)
                else:
                    self.assertIn(running.returncode, (OK, -number), err)
                ended[running.returncode] += 1
                if os.path.exists(self.db):
                    lines = self.assert_prefix(sums)
                    prefixes.add(lines)
                    if lines == 541909:  # all lines are in, their batches may be unfinished: end it, and begin anew
                        self.run_program('import', file, '--db', self.db, *options)
                        self.assertEqual(self.digest(), reference)
                        shutil.rmtree(self.db)
            self.run_program('import', file, '--db', self.db, *options)
            self.assertEqual(self.digest(), reference, f'seed {seed}')
            self.assert_inventory(REAL)
            self.assert_sound()
            print(f'{" ".join(options)}: exits {dict(ended)}, {len(prefixes)} prefixes', file=sys.stderr)
            shutil.rmtree(self.db)


if __name__ == '__main__':
    if not os.path.isdir(os.path.join(DATA, 'expected')):
        print(f'SKIPPED: real data tests: there is no {DATA}; set TALLYSTONE_SHARED_DATA')
        sys.exit(0)
    unittest.main()
