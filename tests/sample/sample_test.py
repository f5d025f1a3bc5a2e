"""The sample data, imported by the program, against the slow booking of book_lines.py: exactly.

  sample_test.py PROGRAM
"""
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest

import book_lines
import make_invoices

HERE = os.path.dirname(os.path.abspath(__file__))
INVOICES = os.path.join(HERE, 'invoices.csv')
DELIVERIES = os.path.join(HERE, 'deliveries.jsonl')
CSV_FIELDS = {'code': 'StockCode', 'description': 'Description', 'quantity': 'Quantity', 'unit_cost': 'UnitPrice',
              'time': 'InvoiceDate'}
JSON_FIELDS = {'code': 'sku', 'description': 'name', 'quantity': 'qty', 'unit_cost': 'price', 'time': 'date'}
INVENTORY = ('tenant', 'code', 'description', 'on_hand', 'value', 'lines', 'last_time', 'item')
PROGRAM = 'tallystone'


def invoices():
    """[(tenant, batch, line)] in the order of the file"""
    with open(INVOICES, encoding='utf-8', newline='') as file:
        return [(row['Branch'], row['InvoiceNo'], {field: row[name] for field, name in CSV_FIELDS.items()})
                for row in csv.DictReader(file)]


def deliveries():
    rows = []
    with open(DELIVERIES, encoding='utf-8') as file:
        for text in file:
            entry = json.loads(text, parse_float=str, parse_int=str)
            rows.append((entry['branch'], entry['document'],
                         {field: entry.get(name) or '' for field, name in JSON_FIELDS.items()}))
    return rows


def book(rows, by_batch):
    """(books, outcomes in the order of `rows`). by_batch: a batch is booked whole where it begins."""
    order = range(len(rows))
    if by_batch:
        begins = {}
        for number, row in enumerate(rows):
            begins.setdefault(row[:2], number)
        order = sorted(order, key=lambda number: begins[rows[number][:2]])
    books = book_lines.Books()
    outcomes = {number: books.book(rows[number][0], rows[number][2]) for number in order}
    return books, [outcomes[number] for number in range(len(rows))]


class SampleTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='tallystone-sample-')
        self.addCleanup(directory.cleanup)
        self.db = os.path.join(directory.name, 'stock.db')
        self.outcomes = os.path.join(directory.name, 'outcomes.csv')

    def run_program(self, *arguments, code):
        done = subprocess.run([PROGRAM, *arguments, '--db', self.db], capture_output=True, text=True, timeout=120,
                              encoding='utf-8', check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def rows(self, command):
        return list(csv.DictReader(self.run_program(command, '--format', 'csv', code=0).splitlines()))

    def compare(self, file, rows, *columns):
        by_batch = '--batch-column' in columns
        books, outcomes = book(rows, by_batch)
        self.run_program('import', file, *columns, '--outcomes', self.outcomes, code=1)
        with open(self.outcomes, encoding='utf-8', newline='') as written:
            answers = [tuple(row.values())[:5] for row in csv.DictReader(written)]
        self.assertEqual(answers, [(str(number), *outcome) for number, outcome in enumerate(outcomes, 1)])
        inventory = sorted(tuple(row[name] for name in INVENTORY) for row in self.rows('inventory'))
        self.assertEqual(inventory, books.inventory())
        self.run_program('verify', code=0)
        return outcomes

    def test_the_files_are_what_their_generator_makes(self):
        for name, content in make_invoices.files().items():
            with open(os.path.join(HERE, name), 'rb') as file:
                self.assertEqual(file.read(), content, f'{name} differs: run make_invoices.py again')

    def test_the_trouble_is_there(self):
        _, outcomes = book(invoices(), by_batch=False)
        words = {outcome[0] for outcome in outcomes}
        self.assertLessEqual({'accepted', 'bad_quantity', 'bad_price', 'zero_quantity', 'no_item', 'ambiguous_item',
                              'quantity_out_of_range', 'price_out_of_range', 'inexact_number'}, words)
        self.assertEqual({outcome[3] for outcome in outcomes}, {'', 'code', 'alias', 'created'})

    def test_invoices_as_one_batch_a_branch(self):
        self.compare(INVOICES, invoices(), '--tenant-column', 'Branch')

    def test_invoices_as_a_batch_each(self):
        rows = invoices()
        self.compare(INVOICES, rows, '--tenant-column', 'Branch', '--batch-column', 'InvoiceNo')
        self.assertEqual(len(self.rows('batches')), len({row[:2] for row in rows}))

    def test_every_line_is_booked_or_a_dead_letter(self):
        outcomes = self.compare(INVOICES, invoices(), '--tenant-column', 'Branch')
        failed = sum(outcome[0] != 'accepted' for outcome in outcomes)
        self.assertEqual(len(self.rows('transactions')), len(outcomes) - failed)
        listed = self.run_program('dead-letters', 'list', '--format', 'csv', code=0)
        self.assertEqual(len(list(csv.DictReader(listed.splitlines()))), failed)

    def test_deliveries_as_json_lines(self):
        self.compare(DELIVERIES, deliveries(), '--tenant-column', 'branch', '--batch-column', 'document')


if __name__ == '__main__':
    PROGRAM = sys.argv.pop(1)
    unittest.main()
