"""Records one by one: items show, batch show, and the filters that every list has."""
import unittest

from program import DEAD_LETTERS, NOT_FOUND, USAGE, ProgramTest

NAMES = ('Code,Description,Vendor,Qty,Price,Vendor Code\n'
         'F20,Wooden picture frame oak 20 cm,north,10,2,N-1\n'
         'L1,Small glass lamp with chain,north,5,3,\n'
         'F20,Frame,north,-1,2,\n')
MORE = ('Description,Vendor,Qty,Price\n'
        'Wooden pitcure frame oak 20 cm,north,1,2\n'
        'Wooden picture frame oak 20 cm set,north,3,2\n'
        'Vase,south,6 pcs,2\n'
        'Bowl,south,0,2\n')


class Records(ProgramTest):
    def setUp(self):
        super().setUp()
        self.import_text(NAMES, '--batch', 'b1', name='names.csv')
        self.import_text(MORE, '--batch', 'b2', '--mapping', 'auto', name='more.csv', code=DEAD_LETTERS)

    def rows(self, *command):
        return self.run_program(*command, '--db', self.db, '--format', 'csv').rows

    def item(self, *arguments):
        return self.run_program('items', 'show', *arguments, '--db', self.db, '--json').json

    def test_an_item_with_everything_that_means_it(self):
        item = self.item('F20')
        self.assertEqual((item['item'], item['on_hand'], item['value'], item['lines'], item['review']),
                         (1, '10', '20', 3, None))
        self.assertEqual({(name['kind'], name['vendor'], name['name']) for name in item['names']},
                         {('seen', '', 'wooden picture frame oak 20cm'), ('seen', '', 'frame'),
                          ('learned', '', 'wooden pitcure frame oak 20cm'), ('vendor_code', 'north', 'N-1')})
        self.assertEqual([(line['batch'], line['line'], line['decided_by']) for line in item['transactions']],
                         [('b1', 1, 'created'), ('b1', 3, 'code'), ('b2', 1, 'fuzzy')])
        self.assertEqual([(batch['batch'], batch['lines']) for batch in item['batches']], [('b2', 1), ('b1', 2)])
        self.assertEqual([line['line'] for line in self.item('F20', '--limit', '2')['transactions']], [3, 1])
        text = self.run_program('items', 'show', 'F20', '--db', self.db).text
        self.assertIn('the last 3 of 3 transactions', text)

    def test_an_item_under_review_and_merged(self):
        item = self.item('--item', '3')
        self.assertEqual((item['review']['status'], item['review']['candidates'][0]['code']), ('open', 'F20'))
        self.run_program('review', 'accept', '--db', self.db, '--item', '3', '--is', '1')
        for which in (('F20',), ('--item', '3')):
            self.assertIn(('merged', 'north', 1, 3),
                          {(name['kind'], name['vendor'], name['item'], name['merged_item'])
                           for name in self.item(*which)['names']})

    def test_an_item_that_is_not_there(self):
        self.run_program('items', 'show', 'NONE', '--db', self.db, code=NOT_FOUND)
        self.run_program('items', 'show', '--item', '99', '--db', self.db, code=NOT_FOUND)
        self.run_program('items', 'show', 'F20', '--db', self.db, '--tenant', 'nobody', code=NOT_FOUND)
        self.run_program('items', 'show', '--db', self.db, code=USAGE)
        self.run_program('items', code=USAGE)

    def test_the_last_lines_of_an_item_with_lines_far_apart(self):
        text = 'Batch,Code,Qty,Price\n' + ''.join(
            f'{row},{"RARE" if row % 400 == 0 else "C"},1,1\n' for row in range(2000))
        self.import_text(text, '--batch-column', 'Batch')
        lines = self.item('RARE', '--limit', '3')['transactions']
        self.assertEqual([line['batch'] for line in lines], ['800', '1200', '1600'])
        self.assertEqual(len(self.item('RARE')['transactions']), 5)

    def test_a_batch_line_by_line(self):
        rows = self.run_program('batch', 'show', 'b2', '--db', self.db, '--lines', '--format', 'csv').rows
        self.assertEqual([(row['outcome'], row['state'], row['item_code'], row['decided_by']) for row in rows],
                         [('accepted', 'booked', 'F20', 'fuzzy'), ('accepted', 'booked', '', 'review'),
                          ('bad_quantity', 'dead_letter', '', ''), ('zero_quantity', 'dead_letter', '', '')])
        self.assertRegex(rows[0]['score'], r'^0\.\d+$')
        self.assertEqual((rows[1]['score'], rows[1]['runner_up']), ('', '1'))
        self.assertEqual((rows[2]['quantity'], rows[2]['description'], rows[2]['attempts']), ('6 pcs', 'Vase', '1'))
        self.run_program('dead-letters', 'drop', '--db', self.db, '--cause', 'zero_quantity')
        self.run_program('dead-letters', 'retry', '--db', self.db, '--cause', 'bad_quantity', '--set', 'quantity=6')
        rows = self.rows('batch', 'show', 'b2', '--failed')
        self.assertEqual([(row['line'], row['state'], row['attempts']) for row in rows], [('4', 'dropped', '')])
        chunks = self.rows('batch', 'show', 'b2', '--chunks')
        self.assertEqual(sorted(row['kind'] for row in chunks), ['drop', 'lines', 'retry'])
        self.assertEqual({row['in_store'] for row in chunks}, {'true'})

    def test_a_batch_as_a_report(self):
        text = self.run_program('batch', 'show', 'b2', '--db', self.db).text
        for words in ('partial_success, finished', '4: 2 booked, 2 failed', 'chunks', 'failed lines', '6 pcs'):
            self.assertIn(words, text)
        document = self.run_program('batch', 'show', 'b2', '--db', self.db, '--json').json
        batch = document['batches'][0]
        self.assertEqual((batch['items_failed'], len(batch['chunks']), len(batch['failed_lines'])), (2, 1, 2))
        self.import_text(NAMES, '--batch', 'b2', '--tenant', 'other', name='names.csv')
        self.assertEqual(len(self.run_program('batch', 'show', 'b2', '--db', self.db, '--json').json['batches']), 2)
        self.run_program('batch', 'show', 'b2', '--db', self.db, '--lines', code=USAGE)
        self.assertEqual(len(self.rows('batch', 'show', 'b2', '--lines', '--tenant', 'other')), 3)

    def test_filters_choose_by_batch_item_and_place(self):
        self.assertEqual([row['item'] for row in self.rows('inventory', '--batch', 'b2')], ['1', '3'])
        self.assertEqual([row['item'] for row in self.rows('items', '--batch', 'b1')], ['1', '2'])
        self.assertEqual([row['batch'] for row in self.rows('batches', '--code', 'L1')], ['b1'])
        self.assertEqual([row['batch'] for row in self.rows('batches', '--tenant', 'default', '--item', '1')],
                         ['b1', 'b2'])
        self.assertEqual([row['batch'] for row in self.rows('batches', '--failed')], ['b2'])
        second = self.rows('batches', '--batch', 'b2')[0]['first_lsn']
        before = str(int(second) - 1)
        self.assertEqual({row['batch'] for row in self.rows('transactions', '--from', second)}, {'b2'})
        self.assertEqual({row['batch'] for row in self.rows('transactions', '--to', before)}, {'b1'})
        self.assertEqual([row['batch'] for row in self.rows('batches', '--from', second)], ['b2'])
        self.assertEqual([row['item'] for row in self.rows('inventory', '--from', second)], ['1', '3'])
        self.assertEqual([row['item'] for row in self.rows('items', '--from', second, '--item', '3')], ['3'])
        self.assertEqual(len(self.rows('dead-letters', 'list', '--from', second)), 2)
        self.assertEqual(self.rows('dead-letters', 'list', '--to', before), [])
        for flags, items in ((['--code', 'F20'], ['3']), (['--code', 'L1'], []), (['--batch', 'b1'], []),
                             (['--batch', 'b2'], ['3']), (['--item', '3'], ['3']), (['--item', '1'], []),
                             (['--from', second], ['3']), (['--to', before], [])):
            self.assertEqual([row['item'] for row in self.rows('review', 'list', *flags)], items, flags)
            objects = self.run_program('review', 'list', *flags, '--db', self.db, '--format', 'ndjson').objects
            self.assertEqual([str(one['item']) for one in objects], items, flags)

    def test_a_batch_without_lines_is_listed(self):
        self.run_program('mapping', '--db', self.db, '--mapping', 'auto')
        self.assertEqual([row['batch'] for row in self.rows('batches')], ['b1', 'b2', 'mapping/1'])
        self.run_program('batch', 'show', 'mapping/1', '--db', self.db)
        self.assertEqual(self.rows('batch', 'show', 'mapping/1', '--lines'), [])
        self.assertEqual(self.rows('batch', 'show', 'mapping/1', '--chunks'), [])

    def test_times_of_acceptance(self):
        accepted = self.rows('batches')[0]['accepted_at']
        day = accepted[:10]
        year = int(day[:4])
        for flags, lines in ((['--from', day], 5), (['--to', day], 5), (['--from', accepted], 5),
                             (['--from', accepted.rstrip('Z')], 5), (['--from', f'{year + 1}-01-01'], 0),
                             (['--to', f'{year - 1}-12-31'], 0), (['--from', '1', '--to', f'{year + 1}-01-01'], 5),
                             (['--from', f'{year - 1}-02-28T23:59:59', '--to', '1'], 3)):
            self.assertEqual(len(self.rows('transactions', *flags)), lines, flags)
            self.assertEqual(self.rows('batches', *flags) != [], lines > 0, flags)
        for wrong in ('0', '-1', 'yesterday', '2026-13-01', '2026-02-31', '2026-11-24T25:00:00', '2026-11-24 ', ''):
            self.run_program('transactions', '--db', self.db, '--from=' + wrong, code=USAGE)


if __name__ == '__main__':
    unittest.main()
