"""tallystone report: one file, everything in it, nothing that data could do in it."""
import glob
import os
import re
import shutil
import unittest

from page import SHELL, PageTest
from program import CORRUPTION, DEAD_LETTERS, NOT_FOUND, USAGE


class Report(PageTest):
    def test_it_says_what_the_other_commands_say(self):
        self.fill()
        _, data = self.report()
        status = self.status()
        self.assertEqual(data['schema_version'], 1)
        self.assertEqual(data['as_of_lsn'], status['as_of_lsn'])
        self.assertEqual(data['totals']['applied_lsn'], status['applied_lsn'])
        self.assertEqual((data['totals']['tenants'], data['stock']['items'], data['stock']['lines'], data['batches']['total'],
                          data['dead_letters']['total']),
                         tuple(status[name] for name in ('tenants', 'items', 'transactions', 'batches', 'dead_letters')))
        self.assertEqual((data['proof']['sound'], data['proof']['full']), (True, False))
        values = {(row['tenant'], row['item']): row['value'] for row in data['stock']['by_value']}
        self.assertEqual(values, {(row['tenant'], int(row['item'])): row['value'] for row in self.inventory()})
        self.assertEqual({cause['cause']: cause['count'] for cause in data['dead_letters']['causes']},
                         {'bad_quantity': 2, 'zero_quantity': 1})
        self.assertEqual([(row['text'], [candidate['code'] for candidate in row['candidates']]) for row in data['reviews']['rows']],
                         [('Wooden picture frame oak 20 cm set', ['F20'])])
        whole = data['history']['whole']
        self.assertEqual(sum(bucket[1] for bucket in whole['buckets']), 9)
        self.assertEqual(sum(bucket[4] for bucket in whole['buckets']), 3)

    def test_lines_of_batches_come_with_their_outcomes(self):
        self.fill()
        _, data = self.report('--verify')
        self.assertTrue(data['proof']['full'])
        lines = {row['batch']: row for row in data['lines']}
        rows = lines[SHELL]['rows']
        self.assertEqual([row['outcome'] for row in rows],
                         ['accepted', 'bad_quantity', 'zero_quantity', 'accepted', 'bad_quantity'])
        self.assertEqual((rows[1]['code'], rows[1]['quantity']), ('X1', 'six'))
        self.assertEqual((rows[0]['decided_by'], rows[0]['quantity'], rows[0]['unit_cost']), ('created', '2', '1.5'))
        self.assertEqual([row['decided_by'] for row in lines['new names']['rows']], ['review', 'created'])

    def test_what_was_retried_or_dropped_shows_what_became_of_it(self):
        self.import_text('Code,Qty,Price\nA,x,1\nB,y,1\nC,1,1\n', '--batch', 'b', code=DEAD_LETTERS)
        letters = ['dead-letters', '--db', self.db, '--batch', 'b', '--line']
        self.run_program(letters[0], 'retry', *letters[1:], '1', '--set', 'quantity=7')
        self.run_program(letters[0], 'drop', *letters[1:], '2')
        rows = self.report()[1]['lines'][0]['rows']
        self.assertEqual([(row['outcome'], row['quantity'], row['detail']) for row in rows],
                         [('accepted', '7', ''), ('bad_quantity', '', 'dropped'), ('accepted', '1', '')])

    def test_the_page_asks_nobody_and_data_cannot_leave_its_element(self):
        self.fill()
        page, _ = self.report()
        self.assertEqual(re.findall(r'<script[^>]*>', page), ['<script type="application/json" id="data">', '<script>'])
        self.assertEqual(page.count('</script>'), 2)
        self.assertEqual(re.findall(r'(?:src|href)="(?!#|data:,")', page), [])
        self.assertNotIn('url(', page)
        self.assertNotIn('@import', page)
        self.assertIn("default-src 'none'", page)
        self.assertNotIn('unsafe-', page)
        self.assertNotIn('\x1b', page)

    def test_a_large_database_makes_a_bounded_page_that_says_what_is_left_out(self):
        rows = ''.join(f't{row % 60},b{row // 20},C{row % 3000},{"x" if row % 9 == 0 else 2},1.5\n' for row in range(20000))
        self.import_text('T,B,Code,Qty,Price\n' + rows, '--tenant-column', 'T', '--batch-column', 'B', code=DEAD_LETTERS)
        page, data = self.report()
        self.assertLess(len(page), 2_000_000)
        self.assertEqual(data['stock']['tenants'], 60)
        self.assertEqual(len(data['stock']['by_tenant']), data['limits']['tenants'])
        self.assertEqual(len(data['stock']['by_value']), data['limits']['items'])
        self.assertEqual(data['batches']['total'], self.status()['batches'])
        self.assertLessEqual(len(data['batches']['rows']), 2 * data['limits']['batches'])
        lsns = [row['last_lsn'] for row in data['batches']['rows']]
        self.assertEqual(lsns, sorted(lsns, reverse=True))
        batches = self.run_program('batches', '--db', self.db, '--format', 'csv').rows
        self.assertEqual(lsns[0], max(int(row['last_lsn']) for row in batches))
        cause = data['dead_letters']['causes'][0]
        self.assertEqual((cause['count'], len(cause['letters'])), (2223, data['limits']['letters']))
        self.assertLessEqual(sum(len(lines['rows']) for lines in data['lines']), data['limits']['batch_lines'])
        self.assertGreater(len(data['lines']), 0)

    def test_an_empty_database_has_a_page(self):
        self.import_text('Code,Qty,Price\nA,x,1\n', code=DEAD_LETTERS)
        self.run_program('dead-letters', 'drop', '--db', self.db, '--all')
        _, data = self.report()
        self.assertEqual((data['stock']['items'], data['dead_letters']['total']), (0, 0))

    def test_of_a_damaged_database_it_shows_what_can_be_read(self):
        rows = ''.join(f'C{row % 2000},{"x" if row % 997 == 0 else 2},1.5\n' for row in range(60000))
        self.import_text('Code,Qty,Price\n' + rows, code=DEAD_LETTERS)  # large enough for files by kind of data
        whole = self.report()[1]
        self.assertEqual(whole['troubles'], [])
        parts = set()
        for answer, data in self.reports_of_damage('--verify'):
            self.assertIn('tallystone: ', answer.err)
            self.assertTrue(data['troubles'] or not data['proof']['sound'])
            for trouble in data['troubles']:
                parts.add(trouble['part'])
                self.assertTrue(trouble['part'] == 'proof' or data[trouble['part']] is None)
            for part in ('stock', 'batches', 'dead_letters', 'history'):
                self.assertIn(data[part], (None, whole[part]), 'wrong rather than missing')
        self.assertLessEqual({'stock', 'history', 'proof'}, parts)

    def test_it_says_what_was_written_where(self):
        self.fill()
        answer = self.run_program('report', '--db', self.db, '--html', self.path('r.html'))
        self.assertEqual(answer.out, b'')
        self.assertEqual(answer.err, f'tallystone: {self.path("r.html")} has the inspection page of {self.db} as of LSN '
                                     f'{self.status()["as_of_lsn"]}\n')
        self.assertEqual(self.run_program('report', '--db', self.db, '--html', '-').err, '')

    def test_of_a_database_whose_sums_are_wrong_it_says_so(self):
        self.make_unsound()
        found = self.run_program('verify', '--db', self.db, '--json', code=CORRUPTION).json
        _, data = self.report('--verify', code=CORRUPTION)
        self.assertEqual((data['proof']['sound'], data['proof']['findings_count']), (False, len(found['findings'])))
        self.assertIn('lines that are not booked', data['proof']['findings'][0]['what'])
        self.assertEqual(data['troubles'], [])
        self.assertIsNotNone(data['stock'])
        with self.served('--verify') as page:
            served = page.data('snapshot')['proof']
        self.assertEqual({**served, 'seconds': 0}, {**data['proof'], 'seconds': 0})

    def test_of_a_database_that_does_not_open_it_says_why(self):
        self.fill()
        log = sorted(glob.glob(os.path.join(self.db, 'log', '0*.log')))[-1]
        with open(log, 'r+b') as file:
            file.seek(4096 + 60)
            file.write(b'\xff\xff\xff')
        page, data = self.report(code=CORRUPTION)
        self.assertIn('<!doctype html>', page)
        self.assertFalse(data['proof']['sound'])
        self.assertIn('cannot be read', data['proof']['not_examined'])
        self.assertTrue(data['proof']['findings'])
        self.assertEqual({trouble['part'] for trouble in data['troubles']}, {part for part in data if data[part] is None})
        os.rename(log, self.path('moved.log'))
        shutil.rmtree(os.path.join(self.db, 'log'))
        # The store is shown, and the page says what is missing beside it.
        data = self.report(code=CORRUPTION)[1]
        self.assertFalse(data['proof']['sound'])
        self.assertIn('there is no log', data['proof']['findings'][0]['what'])
        self.assertEqual(data['stock']['tenants'], 2)
        # The marker cannot be read.
        shutil.rmtree(os.path.join(self.db, 'store'))
        os.makedirs(os.path.join(self.db, 'store', 'db'))
        with open(os.path.join(self.db, 'store', 'db', '000009.sst'), 'wb') as file:
            file.write(b'x')
        data = self.report(code=CORRUPTION)[1]
        self.assertIn('CURRENT is missing', data['proof']['not_examined'])

    def test_usage_and_what_is_not_there(self):
        self.run_program('report', '--db', self.db, '--html', self.path('r.html'), code=NOT_FOUND)
        self.assertFalse(os.path.exists(self.path('r.html')))
        self.run_program('report', '--db', self.db, code=USAGE)
        self.fill()
        self.assertIn(b'<!doctype html>', self.run_program('report', '--db', self.db, '--html', '-').out)
        self.run_program('report', '--db', self.db, '--html', self.path('no/such/r.html'), code=None)
        for command in ('report', 'serve'):
            self.assertIn('Examples:', self.run_program(command, '--help').text)


if __name__ == '__main__':
    unittest.main()
