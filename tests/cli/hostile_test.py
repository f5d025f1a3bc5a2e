"""Files that nobody should send: never a crash, a clear message or outcome, and a sound database."""
import gzip
import os
import random
import unittest

from program import DEAD_LETTERS, INPUT, OK, ProgramTest

HEADER = b'Code,Description,Qty,Price\n'
GOOD = b'A,Apple,1,1\n'


class Unusable(ProgramTest):
    """Nothing is applied, no database is made, the message names what was found."""

    def check(self, content, *arguments, name='in.csv', words=()):
        answer = self.import_text(content, *arguments, name=name, code=INPUT)
        self.assertFalse(os.path.exists(self.db))
        self.assertEqual(answer.out, b'')
        for word in words:
            self.assertIn(word, answer.err)
        for char in answer.err:
            self.assertTrue(char == '\n' or char >= ' ', f'control character in {answer.err!r}')

    def test_empty(self):
        self.check(b'', words=['empty', 'Quantity'])
        self.check(b'\n\r\n\n', words=['empty'])
        self.check(b'\xef\xbb\xbf', words=['empty'])
        self.check(b'', name='in.jsonl', words=['empty'])

    def test_no_header(self):
        self.check(b'A,Apple,1,1\nB,Pear,2,2\n', words=['"Apple"', 'Quantity', '--column'])

    def test_random_bytes(self):
        rng = random.Random(7)
        for size in (1, 10, 1000, 300000):
            for name in ('in.csv', 'in.jsonl', 'in'):
                self.check(rng.randbytes(size), name=name)

    def test_header_with_terminal_codes(self):
        self.check(b'\x1b]0;evil\x07,\x1b[2J\n')

    def test_header_with_an_unclosed_quote(self):
        self.check(b'Code,"Qty\nA,1\n' + b'B,2\n' * 100000, words=['quote'])

    def test_header_of_megabytes(self):
        self.check(b'x' * 5_000_000)
        self.check(b',' * 3_000_000)

    def test_utf16(self):
        self.check('Code,Qty\nA,1\n'.encode('utf-16'), words=['UTF-16'])

    def test_cut_off_and_damaged_compression(self):
        packed = gzip.compress(HEADER + GOOD * 10000)
        self.check(packed[:len(packed) // 2], name='in.csv.gz', words=['in.csv.gz', 'cut off'])
        self.check(packed[:500] + b'\xff' * 20 + packed[520:], name='in.csv.gz', words=['damaged'])
        self.check(HEADER + GOOD, name='in.csv.gz', words=['not gzip'])
        self.check(b'\x28\xb5\x2f\xfd' + b'\0' * 100, name='in.csv.zst', words=['zstd'])

    def test_directory(self):
        os.mkdir(self.path('directory.csv'))
        answer = self.run_program('import', self.path('directory.csv'), '--db', self.db, code=INPUT)
        self.assertIn('directory', answer.err)


class Lines(ProgramTest):
    """Each bad line is one outcome; its neighbours are booked."""

    def outcomes(self, content, *arguments, code=DEAD_LETTERS):
        answer = self.import_text(content, '--outcomes', '-', *arguments, code=code)
        rows = answer.rows
        self.assertEqual([row['line'] for row in rows], [str(number + 1) for number in range(len(rows))])
        self.assert_sound()
        status = self.status()
        self.assertEqual(status['transactions'] + status['dead_letters'], len(rows))
        return [row['outcome'] for row in rows]

    def around(self, line):
        """The outcome of a line between two good ones."""
        result = self.outcomes(HEADER + GOOD + line + b'\n' + GOOD, code=None)
        self.assertEqual([result[0], result[-1]], ['accepted', 'accepted'])
        self.db += 'x'
        return result[1:-1]

    def test_ragged_rows(self):
        self.assertEqual(self.around(b'A,Apple,1'), ['bad_columns'])
        self.assertEqual(self.around(b'A,Apple,1,1,1'), ['bad_columns'])
        self.assertEqual(self.around(b'\n\r\n'), [])

    def test_unclosed_quote_costs_one_line(self):
        self.assertEqual(self.around(b'A,"Apple,1,1'), ['bad_columns'])
        self.assertEqual(self.outcomes(HEADER + GOOD + b'A,"Apple,1,1\n' + GOOD * 3),
                         ['accepted', 'bad_columns', 'accepted', 'accepted', 'accepted'])

    def test_numbers(self):
        for text, outcome in [(b'99999999999999999999', 'quantity_out_of_range'),
                              (b'1000000000001', 'quantity_out_of_range'), (b'1000000000000', 'accepted'),
                              (b'1e3', 'bad_quantity'), (b'0x10', 'bad_quantity'), (b'nan', 'bad_quantity'),
                              (b'inf', 'bad_quantity'), (b'1 000', 'bad_quantity'), (b'--1', 'bad_quantity'),
                              (b'.', 'bad_quantity'), (b'-0.00', 'zero_quantity'),
                              (b'0.0000001', 'inexact_number'), (b'+.5', 'accepted'),
                              (b'9' * 5000, 'quantity_out_of_range')]:
            self.assertEqual(self.around(b'A,Apple,' + text + b',1'), [outcome], text)

    def test_field_of_five_megabytes(self):
        self.assertEqual(self.around(b'A,' + b'x' * 5_000_000 + b',1,1'), ['field_too_long'])
        self.assertEqual(self.around(b'A,"' + b'x"",\n' * 1_000_000 + b'",1,1'), ['field_too_long'])

    def test_row_longer_than_any_buffer(self):
        self.assertEqual(self.around(b'A,' + b'x' * 20_000_000 + b',1,1'), ['bad_columns'])

    def test_nul_and_invalid_utf8(self):
        self.assertEqual(self.around(b'A,Ap\xffple,1,1'), ['invalid_utf8'])
        self.assertEqual(self.around(b'\xc3,Apple,1,1'), ['invalid_utf8'])
        self.assertEqual(len(self.around(b'A\0B,App\0le,1,1')), 1)
        self.assertEqual(self.around(b'A,Apple,1\0,1'), ['bad_quantity'])

    def test_latin1_is_converted_when_asked(self):
        text = HEADER + b'A,Caf\xe9,1,1\n'
        self.assertEqual(self.outcomes(text), ['invalid_utf8'])
        self.db = self.path('latin.db')
        self.assertEqual(self.outcomes(text, '--encoding', 'latin-1', code=OK), ['accepted'])

    def test_crlf_bom_and_semicolons(self):
        self.assertEqual(self.outcomes(b'\xef\xbb\xbfCode;Qty;Price\r\nA;1;1,5\r\nB;2;1.5\r\n'),
                         ['bad_price', 'accepted'])

    def test_json_lines(self):
        lines = [b'{"code":"A","qty":1,"price":1}', b'{"code":"A","qty":1,"price":1', b'[]', b'null', b'\xff',
                 b'{"code":"A","qty":{},"price":1}', b'{"code":"A","qty":1e400,"price":1}',
                 b'{"code":"A","qty":0.1234567,"price":1}', b'{"code":"A","qty":true,"price":1}',
                 b'{"code":"\\u0000","qty":1,"price":1}', b'[' * 100000,
                 b'{"code":"' + b'x' * 5_000_000 + b'","qty":1,"price":1}', b'{"code":"A","qty":"1","price":"1"}']
        result = self.outcomes_jsonl(b'\n'.join(lines))
        self.assertEqual(result[0], 'accepted')
        self.assertEqual(result[1:6], ['bad_columns'] * 5)
        self.assertEqual(result[6:9], ['bad_quantity', 'inexact_number', 'bad_columns'])
        self.assertEqual(result[10:], ['bad_columns', 'field_too_long', 'accepted'])

    def outcomes_jsonl(self, content):
        answer = self.import_text(content, '--outcomes', '-', name='in.jsonl', code=DEAD_LETTERS)
        self.assert_sound()
        return [row['outcome'] for row in answer.rows]

    def test_formulas_and_terminal_codes_stay_exact_in_csv_and_harmless_in_tables(self):
        name = '=cmd|x!A1\x1b[31m\u009b1m'
        self.import_text(f'Code,Description,Qty,Price\nA,{name},1,1\n'.encode())
        self.assertEqual(self.inventory()[0]['description'], name)
        table = self.run_program('inventory', '--db', self.db).text
        self.assertNotIn('\x1b', table)
        self.assertNotIn('\u009b', table)
        self.assertEqual(self.run_program('inventory', '--db', self.db, '--json').json['inventory'][0]['description'],
                         name)

    def test_generated_rubbish_never_breaks_anything(self):
        seed = int(os.environ.get('TALLYSTONE_SEED', '20260101'))
        rng = random.Random(seed)
        pieces = [b',', b'"', b'""', b'\n', b'\r\n', b'A', b'Apple', b'1', b'-2.5', b'0', b'\0', b'\xff', b' ',
                  b'"q,\n"', b'A,Apple,1,1\n']
        for run in range(25):
            body = b''.join(rng.choice(pieces) for _ in range(rng.randrange(1, 2000)))
            with self.subTest(seed=seed, run=run):
                answer = self.import_text(HEADER + body, '--outcomes', '-', name=f'{run}.csv', code=None)
                self.assertIn(answer.code, (OK, DEAD_LETTERS), answer.err)
        self.assert_sound()


if __name__ == '__main__':
    unittest.main()
