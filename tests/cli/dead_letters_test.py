"""tallystone dead-letters: kept whole, mended, booked once, dropped."""
import shlex
import unittest

from program import DEAD_LETTERS, NOT_FOUND, USAGE, ProgramTest

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

    def test_summary_groups_and_says_what_is_next(self):
        self.import_text('Code,Qty,Price\nX,1,"2,5"\nY,1,"2,5"\n', '--batch', 'b2', '--tenant', 'o\'t', code=DEAD_LETTERS)
        rows = self.letters('summary')
        self.assertEqual([(row['cause'], row['count'], row['example']) for row in rows],
                         [('bad_price', '3', 'unit_cost=1,50'), ('bad_columns', '1', 'ragged'),
                          ('bad_quantity', '1', 'quantity=6 pcs'), ('no_item', '1', '')])
        self.assertIn('--cause bad_price --replace unit_cost=,=. --dry-run', rows[0]['next'])
        self.assertIn("--replace 'quantity= pcs=' --dry-run", rows[2]['next'])
        finer = self.letters('summary', '--by', 'tenant', '--cause', 'bad_price')
        self.assertEqual([(row['tenant'], row['count']) for row in finer], [("o't", '2'), ('default', '1')])
        self.assertEqual(len(self.letters('summary', '--by', 'code', '--limit', '2')), 2)
        for row in rows + finer:  # as a person would paste it
            words = shlex.split(row['next'])
            self.assertEqual(words[0], 'tallystone')
            self.run_program(*words[1:])

    def test_one_rule_mends_many_and_leaves_the_others(self):
        self.import_text('Code,Qty,Price\nX,1,"2,5"\nY,1,cheap\nZ,1,"1,2,3"\n', '--batch', 'b2', code=DEAD_LETTERS)
        before = self.digest()
        rule = ['--cause', 'bad_price', '--replace', 'unit_cost=,=.']
        dry = self.retry(*rule, '--dry-run', code=DEAD_LETTERS)
        self.assertEqual([(row['batch'], row['line'], row['outcome'], row['unit_cost']) for row in dry],
                         [('b1', '3', 'accepted', '1.50'), ('b2', '1', 'accepted', '2.5'),
                          ('b2', '3', 'bad_price', '1.2.3')])
        self.assertEqual(self.digest(), before)
        self.assertEqual(self.retry(*rule, code=DEAD_LETTERS), dry)
        self.assertEqual([(row['line'], row['attempts']) for row in self.letters('list', '--batch', 'b2')],
                         [('2', '1'), ('3', '2')])
        self.assertEqual(self.inventory('--code', 'X')[0]['value'], '2.5')
        self.retry('--cause', 'bad_price', '--replace', 'unit_cost=;=.', code=NOT_FOUND)
        self.assert_sound()

    def test_selections_by_code_and_place(self):
        self.assertEqual([row['line'] for row in self.letters('list', '--code', 'C')], ['3'])
        self.assertEqual([row['line'] for row in self.retry('--code', 'B', '--set', 'quantity=6')], ['2'])
        lsn = int(self.letters()[0]['attempts']) and self.status()['as_of_lsn']
        self.retry('--from', str(lsn), '--set', 'quantity=1', code=NOT_FOUND)
        self.assertEqual([row['line'] for row in self.retry('--to', '1', '--cause', 'no_item', '--set', 'code=N')], ['4'])

    def test_retry_with_a_mapping(self):
        self.import_text('Code,Description,Qty,Price\nF,Wooden picture frame oak,1,1\n', '--batch', 'b3')
        self.import_text('Description,Qty,Price\nWooden pitcure frame oak,1 pc,1\n', '--batch', 'b4', code=DEAD_LETTERS)
        rule = ['--batch', 'b4', '--replace', 'quantity= pc=']
        for mode, decided in (('exact', 'created'), ('auto', 'fuzzy')):
            self.assertEqual([row['decided_by'] for row in self.retry(*rule, '--mapping', mode, '--dry-run')], [decided])
        self.assertEqual([row['decided_by'] for row in self.retry(*rule, '--mapping', 'auto')], ['fuzzy'])

    def test_rules_that_make_no_sense_are_refused(self):
        for wrong in ('unit_cost', 'unit_cost=x', 'unit_cost==x', 'price=,=.', '=,=.'):
            self.retry('--all', '--replace', wrong, code=USAGE)
        self.retry('--set', 'quantity=1', code=USAGE)
        self.retry('--dry-run', code=USAGE)

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
