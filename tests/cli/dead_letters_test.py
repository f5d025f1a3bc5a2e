"""tallystone dead-letters: kept whole, mended, booked once, dropped."""
import unittest

from program import DEAD_LETTERS, NOT_FOUND, ProgramTest

TEXT = ('Code,Description,Qty,Price,Vendor\n'
        'A,Apple,1,1,V\n'
        'B,"Pear, ""big""",6 pcs,2,V\n'
        'C,Plum,3,"1,50",V\n'
        ',,4,1,V\n'
        'ragged\n')


class DeadLetters(ProgramTest):
    def setUp(self):
        super().setUp()
        self.import_text(TEXT, '--batch', 'b1', code=DEAD_LETTERS)

    def letters(self, command='list', *arguments):
        return self.run_program('dead-letters', command, '--db', self.db, '--format', 'csv', *arguments).rows

    def retry(self, *arguments, code=0):
        return self.run_program('dead-letters', 'retry', '--db', self.db, '--format', 'csv', *arguments,
                                code=code).rows

    def test_list_says_what_happened(self):
        self.assertEqual([(row['line'], row['cause'], row['attempts']) for row in self.letters()],
                         [('2', 'bad_quantity', '1'), ('3', 'bad_price', '1'), ('4', 'no_item', '1'),
                          ('5', 'bad_columns', '1')])
        self.assertEqual([row['line'] for row in self.letters('list', '--cause', 'no_item')], ['4'])
        self.assertEqual([row['line'] for row in self.letters('list', '--batch', 'b1', '--line', '3')], ['3'])

    def test_lines_are_kept_whole(self):
        rows = self.letters('export')
        self.assertEqual([rows[0][name] for name in ('code', 'description', 'quantity', 'unit_cost', 'vendor')],
                         ['B', 'Pear, "big"', '6 pcs', '2', 'V'])
        self.assertEqual(rows[3]['raw'], 'ragged')
        shown = self.run_program('dead-letters', 'show', '--db', self.db, '--batch', 'b1', '--line', '2').text
        self.assertIn('6 pcs', shown)
        self.assertIn('not a plain decimal', shown)

    def test_mended_line_is_booked_once(self):
        rows = self.retry('--batch', 'b1', '--line', '2', '--set', 'quantity=6')
        self.assertEqual([(row['line'], row['outcome']) for row in rows], [('2', 'accepted')])
        self.assertEqual(self.on_hand()[('default', 'B')], '6')
        self.retry('--batch', 'b1', '--line', '2', '--set', 'quantity=6', code=NOT_FOUND)
        self.assertEqual(self.on_hand()[('default', 'B')], '6')
        self.assert_sound()

    def test_repeated_import_after_mending_changes_nothing(self):
        self.retry('--batch', 'b1', '--line', '2', '--set', 'quantity=6')
        before = self.digest()
        self.import_text(TEXT, '--batch', 'b1', code=None)
        self.assertEqual(self.digest(), before)

    def test_line_that_fails_again_stays_with_one_attempt_more(self):
        self.retry('--cause', 'bad_price', code=DEAD_LETTERS)
        self.assertEqual([(row['line'], row['attempts']) for row in self.letters('list', '--cause', 'bad_price')],
                         [('3', '2')])
        self.assert_sound()

    def test_unreadable_line_can_be_given_its_fields(self):
        self.retry('--batch', 'b1', '--line', '5', '--set', 'code=R', '--set', 'quantity=1', '--set', 'unit_cost=1')
        self.assertEqual(self.on_hand()[('default', 'R')], '1')

    def test_drop_is_for_good_and_counted(self):
        self.run_program('dead-letters', 'drop', '--db', self.db, '--cause', 'no_item')
        self.assertEqual([row['line'] for row in self.letters()], ['2', '3', '5'])
        batch = self.run_program('batch', 'show', 'b1', '--db', self.db, '--format', 'csv').rows[0]
        self.assertEqual((batch['lines'], batch['items_processed'], batch['dropped']), ('5', '1', '1'))
        self.run_program('dead-letters', 'drop', '--db', self.db, '--cause', 'no_item', code=NOT_FOUND)
        self.assert_sound()

    def test_export_can_be_imported_after_mending(self):
        for form in ('csv', 'ndjson'):
            with self.subTest(form):
                path = self.path('failed.' + form)
                self.run_program('dead-letters', 'export', '--db', self.db, '--format', form, '--output', path)
                with open(path, encoding='utf-8') as exported:
                    mended = exported.read().replace('6 pcs', '6').replace('1,50', '1.50')
                self.db = self.path(form + '.db')
                self.import_text(mended, name='mended.' + form, code=DEAD_LETTERS)
                self.assertEqual(self.on_hand(), {('default', 'B'): '6', ('default', 'C'): '3'})
                self.db = self.path('stock.db')


if __name__ == '__main__':
    unittest.main()
