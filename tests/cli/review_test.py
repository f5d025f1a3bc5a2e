"""tallystone review, mapping and explain-mapping: suggestions, answers, and why."""
import json
import unittest

from program import INPUT, NOT_FOUND, OK, USAGE, ProgramTest

NAMES = ('Code,Description,Vendor,Qty,Price\n'
         'F20,Wooden picture frame oak 20 cm,north,10,2\n'
         'L1,Small glass lamp with chain,north,5,3\n')
MORE = ('Description,Vendor,Qty,Price\n'
        'Wooden pitcure frame oak 20 cm,north,1,2\n'
        'Wooden picture frame oak 20 cm set,north,3,2\n'
        'Something else entirely,north,1,1\n'
        '"Chain with small, glass lamp",north,1,1\n'
        'LAMP small glass with chain,north,2,1\n')


class Review(ProgramTest):
    def setUp(self):
        super().setUp()
        self.import_text(NAMES, '--batch', 'b1')

    def answer(self, command, *arguments, code=OK):
        return self.run_program('review', command, '--db', self.db, *arguments, code=code)

    def more(self, *arguments):
        outcomes = self.path('outcomes.ndjson')
        self.import_text(MORE, '--batch', 'b2', '--outcomes', outcomes, *arguments, name='more.csv')
        with open(outcomes, encoding='utf-8') as lines:
            return [json.loads(line) for line in lines]

    def stock(self):
        return {row['description']: row['on_hand'] for row in self.inventory()}

    def test_a_dry_run_says_what_an_import_would_do(self):
        for mode, expected in (('exact', ['created'] * 4 + ['sorted']), ('suggest', ['review', 'review', 'created', 'review', 'sorted']),
                               ('auto', ['fuzzy', 'review', 'created', 'review', 'sorted'])):
            rows = self.more('--dry-run', '--mapping', mode)
            self.assertEqual([row['decided_by'] for row in rows], expected, mode)
        self.assertEqual(rows[0]['code'], 'F20')
        self.assertLess(0.5, rows[0]['score'])
        self.assertEqual(rows[1]['candidates'][0]['code'], 'F20')
        self.assertEqual(rows[2]['candidates'], [])
        self.assertEqual((rows[4]['score'], rows[4]['candidates']), (1, []))
        self.assertEqual([row['decided_by'] for row in self.more('--mapping', 'auto')], expected, 'the import itself')

    def test_a_dry_run_sees_what_its_earlier_lines_would_make(self):
        text = 'Description,Qty,Price\nBlue garden table round,1,1\nBlue gardne table round,1,1\nblue garden TABLE round,1,1\n'
        path = self.path('out.csv')
        self.import_text(text, '--dry-run', '--mapping', 'auto', '--outcomes', path, name='dry.csv')
        with open(path, encoding='utf-8') as out:
            rows = [line.split(',')[:5] for line in out.read().splitlines()[1:]]
        self.assertEqual([(row[2], row[4]) for row in rows], [('3', 'created'), ('3', 'fuzzy'), ('3', 'alias')])

    def test_the_way_of_a_suggestion(self):
        self.more('--mapping', 'auto')
        rows = self.run_program('review', 'list', '--db', self.db, '--format', 'csv').rows
        self.assertEqual([(row['item'], row['code'], row['status']) for row in rows],
                         [('3', 'F20', 'open'), ('5', 'L1', 'open')])
        shown = self.answer('show', '--tenant', 'default', '--item', '3').text
        self.assertIn('Wooden picture frame oak 20 cm set', shown)
        self.assertIn('F20', shown)
        self.assertIn('1 line moved to item 1', self.answer('accept', '--item', '3', '--is', '1').text)
        self.assertEqual(self.stock()['Wooden picture frame oak 20 cm'], '14')
        self.answer('reject', '--item', '5')
        self.assertEqual(self.run_program('review', 'list', '--db', self.db, '--format', 'csv').rows, [])
        split = self.answer('split', '--item', '1', '--text', 'wooden PITCURE frame oak 20cm', '--json').json
        self.assertEqual((split['item'], split['lines_moved']), (6, 1))
        self.assertEqual(self.stock()['Wooden picture frame oak 20 cm'], '13')
        self.assertEqual(self.run_program('verify', '--db', self.db).code, OK)

    def test_ndjson_goes_out_and_answers_come_in(self):
        self.more('--mapping', 'suggest')
        reviews = self.run_program('review', 'list', '--db', self.db, '--format', 'ndjson').objects
        self.assertEqual(len(reviews), 3)
        answers = [{'action': 'accept', 'tenant': one['tenant'], 'item': one['item'], 'is': one['candidates'][0]['item']}
                   for one in reviews[:2]] + [{'action': 'reject', 'item': reviews[2]['item']}]
        text = '\n'.join(json.dumps(one) for one in answers) + '\n\n'
        told = self.run_program('review', 'apply', '-', '--db', self.db, '--json', stdin=text.encode()).objects
        self.assertEqual([one['lines_moved'] for one in told], [1, 1, 0])
        self.assertEqual(self.stock()['Wooden picture frame oak 20 cm'], '14')
        again = self.run_program('review', 'apply', '-', '--db', self.db, '--json', stdin=text.encode()).objects
        self.assertEqual([one['batch'] for one in again[:2]], [one['batch'] for one in told[:2]], 'harmless again')

    def test_bad_answers_say_where(self):
        for text in ('nonsense', '[]', '{"action":"agree","item":1}', '{"action":"accept"}', '{"action":"accept","item":-1}',
                     '{"action":"accept","item":1}', '{"action":"reject","item":1,"is":["x"]}',
                     '{"action":"accept","item":1,"is":"2"}', '{"action":"reject","item":3,"items":[1]}',
                     '{"action":"split","item":1,"text":5}', '{"action":"accept","item":3,"is":1,"any_vendor":"yes"}'):
            done = self.run_program('review', 'apply', '-', '--db', self.db, stdin=('\n' + text).encode(), code=INPUT)
            self.assertIn('line 2', done.err, text)
        self.assertIn('not under review', self.answer('accept', '--item', '1', '--is', '2', code=NOT_FOUND).err)
        self.answer('accept', '--item', '1', code=USAGE)
        self.answer('split', '--item', '1', code=USAGE)
        self.run_program('review', 'apply', self.path('none'), '--db', self.db, code=NOT_FOUND)
        self.run_program('review', 'list', '--db', self.path('none'), code=NOT_FOUND)

    def test_settings_of_a_tenant(self):
        settings = self.run_program('mapping', '--db', self.db, '--json').json
        self.assertEqual(settings, {'mapping': 'exact', 'protected_words': []})
        self.run_program('mapping', '--db', self.db, '--mapping', 'auto', '--protect', 'Oak', '--protect', 'picture')
        self.run_program('mapping', '--db', self.db, '--unprotect', 'oak')
        settings = self.run_program('mapping', '--db', self.db, '--json').json
        self.assertEqual(settings, {'mapping': 'auto', 'protected_words': ['picture']})
        self.assertEqual(self.more()[0]['decided_by'], 'review', 'picture is not repaired')
        self.run_program('mapping', '--db', self.db, '--mapping', 'tenant', code=USAGE)
        self.run_program('mapping', '--db', self.db, '--tenant', 'nobody', code=NOT_FOUND)

    def test_explain_mapping(self):
        def explain(*arguments):
            return self.run_program('explain-mapping', *arguments, '--db', self.db, '--json').json
        told = explain('Wooden pitcure frame oak 20 cm', '--mapping', 'auto')
        self.assertEqual((told['decided_by'], told['item'], told['normal_form']), ('fuzzy', 1, 'wooden pitcure frame oak 20cm'))
        tokens = {token['text']: token for token in told['tokens']}
        self.assertEqual(tokens['pitcure']['may_mean'], ['picture'])
        self.assertEqual(tokens['oak']['protected_as'], 'material')
        self.assertTrue(tokens['20cm']['known'])
        self.assertEqual(told['candidates'][0]['code'], 'F20')
        self.assertEqual(explain('Wooden pitcure frame oak 20 cm')['decided_by'], 'created', 'exact')
        self.assertEqual(explain('--code', 'L1')['item'], 2)
        self.assertEqual(explain('x', '--gtin', '4006381333931')['gtin'], '04006381333931')
        self.assertEqual(explain('x', '--gtin', '4006381333932')['gtin'], '')
        text = self.run_program('explain-mapping', '\x1b[31mWooden pitcure frame oak 20 cm', '--db', self.db, '--mapping', 'auto').text
        self.assertNotIn('\x1b', text)
        self.assertIn('may mean picture', text)
        self.assertIn('say what the line has', self.run_program('explain-mapping', '--db', self.db, code=USAGE).err)
        self.run_program('explain-mapping', 'x', '--db', self.db, '--tenant', 'nobody', code=NOT_FOUND)


if __name__ == '__main__':
    unittest.main()
