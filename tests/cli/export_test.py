"""tallystone export and import --database: the same database again, or none."""
import gzip
import json
import os
import unittest

from program import CORRUPTION, DEAD_LETTERS, INPUT, NOT_FOUND, OK, USAGE, ProgramTest
from transcripts_test import killed, sound

FORMAT = 8


class Export(ProgramTest):
    def export(self, *arguments):
        self.run_program('export', '--db', self.db, '--output', self.path('all.ndjson'), *arguments)
        with open(self.path('all.ndjson'), encoding='utf-8') as file:
            return [json.loads(line) for line in file]

    def import_again(self, name='all.ndjson', **options):
        return self.run_program('import', '--database', self.path(name), '--db', self.path('copy.db'), **options)

    def everything(self, database):
        """All that the reading commands say of a database."""
        said = []
        for command in (['inventory'], ['items'], ['transactions'], ['batches'], ['dead-letters', 'show'],
                        ['review', 'list', '--all']):
            said.append(self.run_program(*command, '--db', database, '--format', 'ndjson').text)
        for batch in self.run_program('batches', '--db', database, '--format', 'ndjson').objects:
            said.append(self.run_program('batch', 'show', batch['batch'], '--tenant', batch['tenant'], '--lines', '--db',
                                         database, '--format', 'ndjson').text)
        for tenant in ('default', 'other'):
            items = self.run_program('items', '--db', database, '--tenant', tenant, '--limit', '2', '--format', 'ndjson', code=None)
            for item in items.objects:
                said.append(self.run_program('items', 'show', '--item', item['item'], '--tenant', tenant, '--db', database,
                                             '--json').text)
        return said

    def assert_the_same_again(self):
        copy = self.path('copy.db')
        answer = self.import_again().text
        self.assertIn(self.digest(), answer)
        self.assertEqual(self.everything(copy), self.everything(self.db))
        self.run_program('verify', '--db', copy)
        self.assertFalse(os.path.exists(copy + '.importing'))

    def test_retries_drops_and_reviews_come_out_as_they_were(self):
        sound(self.directory)
        records = self.export()
        self.assertEqual((records[0]['type'], records[0]['version'], records[-1]['type'], records[-1]['records']),
                         ('header', 1, 'end', len(records) - 1))
        lines = [record for record in records if record['type'] == 'line' and record['batch'] == 'invoice/2']
        self.assertEqual((lines[3]['first_outcome'], lines[3]['outcome'], lines[3]['quantity']),
                         ('bad_quantity', 'accepted', '6 pcs'))
        self.assertEqual({record['type'] for record in records},
                         {'header', 'tenant', 'item', 'name', 'review', 'batch', 'line', 'dead_letter', 'block', 'end'})
        self.assert_the_same_again()

    def test_the_copy_goes_on_like_the_original(self):
        sound(self.directory)
        self.export()
        self.import_again()
        for name in ('stock.db', 'copy.db'):
            self.db = self.path(name)
            self.run_program('dead-letters', 'retry', '--db', self.db, '--cause', 'bad_price', '--replace', 'unit_cost=,=.')
            self.run_program('review', 'accept', '--db', self.db, '--item', '4', '--is', '2')
            self.import_text('Code,Description,Qty,Price\n,Wooden picture frame oak 20 cm set,5,1\n', '--batch', 'b9')
            again = self.run_program('import', '-', '--db', self.db, '--batch', 'count/1', '--tenant', 'other', '--json',
                                     stdin=b'Code,Description,Qty,Price\nF20,Something else,7,0.000001\n').json
            self.assertEqual(again['lines_new'], 0, 'a batch that was sent before')
        self.assertEqual(self.digest(), self.run_program('status', '--db', self.path('stock.db'), '--json').json['state_digest'])
        self.assert_sound()

    def test_an_unfinished_batch_of_a_killed_import_goes_on_in_the_copy(self):
        killed(self.directory)
        self.export('--blocks-only')
        self.assert_the_same_again()
        self.db = self.path('copy.db')
        lines = ''.join('C%d,%d,1\n' % (row % 700, row % 9) for row in range(20000))
        done = self.run_program('import', '-', '--db', self.db, '--batch', 'night/1', '--json', code=DEAD_LETTERS,
                                stdin=('Code,Qty,Price\n' + lines).encode()).json
        self.assertEqual((done['continued'], done['lines_new']), (1, 20000 - 16384))

    def test_many_lines_and_bytes_that_are_not_utf8(self):
        text = b'Code,Description,Qty,Price\n' + b'\xff\xfe,bad,1,1\n' + b''.join(
            b'C%d,Thing %d,%d,0.5\n' % (row % 3000, row % 3000, row % 7) for row in range(40000))
        self.run_program('import', '-', '--db', self.db, '--batch', 'many', stdin=text, code=DEAD_LETTERS)
        self.export()
        self.assert_the_same_again()

    def test_compressed_and_through_a_pipe(self):
        sound(self.directory)
        self.export('--blocks-only')
        with open(self.path('all.ndjson'), 'rb') as plain, gzip.open(self.path('all.gz'), 'wb') as packed:
            packed.write(plain.read())
        self.import_again('all.gz')
        out = self.run_program('export', '--db', self.path('copy.db')).out
        self.db = self.path('third.db')
        self.run_program('import', '--database', '-', '--db', self.db, '--json', stdin=out)
        self.assertEqual(self.everything(self.db), self.everything(self.path('stock.db')))

    def test_an_empty_database(self):
        self.run_program('import', '-', '--db', self.db, '--batch', 'b', stdin=b'Code,Qty,Price\nA,1,1\n')
        self.export()
        self.assert_the_same_again()

    def test_whatever_was_done_to_the_file_makes_the_same_database_or_none(self):
        sound(self.directory)
        self.export('--blocks-only')
        with open(self.path('all.ndjson'), 'rb') as file:
            whole = file.read()
        lines = whole.splitlines(True)
        blocks = [index for index, line in enumerate(lines) if b'"block"' in line]
        changed = {
            'cut': whole[:-20], 'cut at a line': b''.join(lines[:-1]), 'empty': b'', 'garbage': b'{"a":1}\n' + whole,
            'no header': b''.join(lines[1:]), 'twice': whole + whole, 'behind the end': whole + b'{"type":"x"}\n',
            'a block missing': b''.join(lines[:blocks[1]] + lines[blocks[1] + 1:]),
            'blocks swapped': b''.join(lines[:blocks[1]] + [lines[blocks[2]], lines[blocks[1]]] + lines[blocks[2] + 1:]),
            'a block twice': b''.join(lines[:blocks[1]] + [lines[blocks[1]]] + lines[blocks[1]:]),
            'not a number': whole.replace(b'"lsn":2,', b'"lsn":"2",'), 'csv': b'Code,Qty,Price\nA,1,1\n',
        }
        for at in range(0, len(lines[blocks[0]]), 97):
            flipped = bytearray(lines[blocks[0]])
            flipped[at] ^= 1
            changed[f'bit {at}'] = b''.join(lines[:blocks[0]] + [bytes(flipped)] + lines[blocks[0] + 1:])
        for name, content in changed.items():
            with self.subTest(name):
                self.write('changed', content)
                answer = self.import_again('changed', code=None)
                self.assertEqual(answer.code, INPUT, answer.err)
                self.assertRegex(answer.err, r'changed, line \d+: ')
                self.assertEqual(answer.out, b'')
                self.assertFalse(os.path.exists(self.path('copy.db')))
                self.assertFalse(os.path.exists(self.path('copy.db.importing')))
        self.write('newer', whole.replace(b'"version":1', b'"version":2'))
        self.assertIn('version 2', self.import_again('newer', code=FORMAT).err)

    def test_whatever_the_state_digest_says_it_is_compared_before_there_is_a_database(self):
        sound(self.directory)
        self.export('--blocks-only')
        with open(self.path('all.ndjson'), 'rb') as file:
            whole = file.read()
        digest = self.digest().encode()
        for other, code in ((digest[:-1] + (b'1' if digest.endswith(b'0') else b'0'), CORRUPTION), (b'', INPUT)):
            self.write('changed', whole.replace(digest, other))
            answer = self.import_again('changed', code=code)
            self.assertIn(self.digest() if other else 'not the end of an export', answer.err)
            self.assertEqual(answer.out, b'')
            self.assertFalse(os.path.exists(self.path('copy.db')))
            self.assertFalse(os.path.exists(self.path('copy.db.importing')))

    def test_nothing_is_overwritten(self):
        sound(self.directory)
        self.export()
        before = self.digest()
        for there in (self.db, self.write('copy.db', 'a file')):
            self.run_program('import', '--database', self.path('all.ndjson'), '--db', there, code=USAGE)
        self.assertEqual(self.digest(), before)
        self.run_program('import', '--database', self.path('none'), '--db', self.path('new.db'), code=NOT_FOUND)
        self.run_program('export', '--db', self.path('new.db'), code=NOT_FOUND)
        self.run_program('import', 'x.csv', '--database', self.path('all.ndjson'), '--db', self.path('new.db'), code=USAGE)
        self.run_program('import', '--db', self.path('new.db'), code=USAGE)
        self.assertFalse(os.path.exists(self.path('new.db')))

    def test_what_an_interrupted_import_left_is_removed(self):
        sound(self.directory)
        self.export()
        os.makedirs(self.path('copy.db.importing/store/db'))
        self.write('copy.db.importing/store/db/CURRENT', 'nonsense')
        self.import_again(code=OK)
        self.assert_sound()


if __name__ == '__main__':
    unittest.main()
