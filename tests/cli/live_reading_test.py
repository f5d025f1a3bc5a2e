"""Every reading command, again and again, while another process imports: no error, no false number, no slow writer.

Line i (from 0) books (i % 7) + 1 of item i % ITEMS, so that every prefix of the file has one inventory only.
TALLYSTONE_LIVE_LINES: lines of the file (200,000). TALLYSTONE_LIVE_ROUNDS: also measures the writer, so many times alone, beside
a reader, and beside a loop that does nothing but take a core, and prints the rates.
"""
import os
import re
import statistics
import subprocess
import time
import unittest

from program import PROGRAM, ProgramTest

LINES = int(os.environ.get('TALLYSTONE_LIVE_LINES', 200_000))
ROUNDS = int(os.environ.get('TALLYSTONE_LIVE_ROUNDS', 0))
ITEMS = 1000
BLOCK = 7 * ITEMS  # lines after which the pattern begins again
# Pieces in which the file is handed over in the short run, and the pause after each.
PIECES, PAUSE = 40, 0.1

# How a command is called, and the exit codes that are no error.
READERS = [
    (['items', '--limit', '100', '--format', 'csv'], [0]),
    (['transactions', '--limit', '1000', '--format', 'ndjson'], [0]),
    (['batches', '--json'], [0]),
    (['batch', 'show', 'live', '--format', 'csv'], [0, 3]),
    (['status', '--json'], [0]),
    (['verify', '--quick', '--json'], [0]),
    (['verify', '--json'], [0]),
    (['dead-letters', 'list', '--format', 'csv'], [0]),
    (['dead-letters', 'export'], [0]),
    (['review', 'list', '--format', 'csv'], [0]),
    (['mapping', '--tenant', 'default'], [0, 3]),
    (['items', 'show', 'C7', '--limit', '5'], [0]),
    (['dead-letters', 'summary'], [0]),
    (['status', '--quick', '--json'], [0]),
    (['stats', '--json'], [0]),
    (['metrics'], [0]),
    (['digest', '--json'], [0]),
    (['config', 'show', '--format', 'csv'], [0]),
    (['log', 'ls', '--format', 'csv'], [0]),
    (['log', 'cat', '--limit', '100', '--format', 'ndjson'], [0]),
    (['log', 'verify'], [0]),
    (['scan', 'balances', '--limit', '100', '--format', 'csv'], [0]),
    (['get', 'items', '1/1', '--json'], [0]),
    (['report', '--html', '-'], [0]),
    (['explain-mapping', 'Item number 7 of many', '--tenant', 'default', '--json'], [0, 3]),
]


def quantity(line):
    return line % 7 + 1


def rows(begin, end):
    return ''.join(f'C{line % ITEMS},Item number {line % ITEMS} of many,{quantity(line)},1.25\n'
                   for line in range(begin, end))


HEADER = 'Code,Description,Quantity,Price\n'


def prefix(lines):
    """Lines and quantity on hand of each item after the first `lines` lines."""
    blocks, rest = divmod(lines, BLOCK)
    # In a block each item comes seven times, with every quantity once.
    sums = {item: [7 * blocks, sum(range(1, 8)) * blocks] for item in range(ITEMS)}
    for line in range(rest):
        entry = sums[line % ITEMS]
        entry[0] += 1
        entry[1] += quantity(line)
    return {f'C{item}': tuple(entry) for item, entry in sums.items() if entry[0]}


class LiveReading(ProgramTest):
    def write_file(self):
        path = self.path('live.csv')
        block = rows(0, BLOCK)
        with open(path, 'w', encoding='ascii') as out:
            out.write(HEADER)
            for _ in range(LINES // BLOCK):
                out.write(block)
            out.write(rows(LINES // BLOCK * BLOCK, LINES))
        return path

    def check_inventory(self, before):
        """The inventory is that of a prefix, no shorter than what was seen before; gives its length."""
        answer = self.run_program('inventory', '--db', self.db, '--format', 'csv')
        found = {row['code']: (int(row['lines']), int(row['on_hand'])) for row in answer.rows}
        lines = sum(entry[0] for entry in found.values())
        self.assertGreaterEqual(lines, before, 'what was there is gone')
        self.assertEqual(found, prefix(lines), f'not the first {lines} lines')
        return lines

    def read_all(self, counts, lines):
        """Every reading command once."""
        lines = self.check_inventory(lines)
        for command, codes in READERS:
            answer = self.run_program(*command, '--db', self.db, code=None)
            self.assertIn(answer.code, codes, f'{command}\n{answer.err}')
            counts[' '.join(command[:2])] = counts.get(' '.join(command[:2]), 0) + 1
            if command[0] == 'verify':
                self.assertTrue(answer.json['sound'], answer.text)
        counts['inventory'] = counts.get('inventory', 0) + 1
        self.back_up()
        counts['backup'] = counts.get('backup', 0) + 1
        return lines

    def back_up(self):
        """A backup of the database at work; the first restores what it has."""
        saved, again = self.path('saved'), self.path('again.db')
        self.run_program('backup', '--db', self.db, '--to', saved)
        if not os.path.exists(again):
            self.run_program('restore', '--from', saved, '--db', again, '--verify')
            self.run_program('backup', '--check', saved)

    def wait_for_database(self, writer):
        while self.run_program('status', '--db', self.db, '--json', code=None).code == 3:
            self.assertIsNone(writer.poll(), 'the writer ended before there was a database')
            time.sleep(0.01)

    def test_readers_beside_a_writer_see_prefixes_and_no_error(self):
        counts, lines = {}, 0
        with self.start_program('import', '-', '--db', self.db, '--batch', 'live') as writer:
            writer.stdin.write(HEADER.encode())
            writer.stdin.write(rows(0, LINES // PIECES).encode())
            writer.stdin.flush()
            self.wait_for_database(writer)
            for piece in range(1, PIECES):
                data = rows(LINES * piece // PIECES, LINES * (piece + 1) // PIECES).encode()
                writer.stdin.write(data)
                writer.stdin.flush()
                if piece % 8 == 0:
                    lines = self.read_all(counts, lines)
                else:
                    lines = self.check_inventory(lines)
                    time.sleep(PAUSE)
            writer.stdin.close()
            writer.wait()
            self.assertEqual(writer.returncode, 0, writer.stderr.read())
        self.assertGreater(lines, 0, 'the readers saw nothing of the import')
        self.assertEqual(self.check_inventory(lines), LINES)

    def import_whole(self, path, beside):
        """Imports the file with nothing, a reader or a busy loop beside it; gives seconds and what was read meanwhile."""
        subprocess.run(['rm', '-rf', self.db, self.path('saved'), self.path('again.db')], check=True)
        counts, lines, begun = {}, 0, time.monotonic()
        with open(self.path('report.txt'), 'w+', encoding='utf-8') as report:
            writer = subprocess.Popen([PROGRAM, 'import', path, '--db', self.db, '--batch', 'live'], stdout=report,
                                      stderr=report)
            if beside == 'reader':
                self.wait_for_database(writer)
                while writer.poll() is None:
                    lines = self.read_all(counts, lines)
            busy = subprocess.Popen(['sh', '-c', 'while :; do :; done']) if beside == 'busy loop' else None
            writer.wait()
            if busy is not None:
                busy.kill()
                busy.wait()
            self.assertEqual(writer.returncode, 0)
            report.seek(0)
            seconds = re.search(r'in ([0-9.]+) s', report.read())
        return float(seconds.group(1)) if seconds else time.monotonic() - begun, counts

    @unittest.skipUnless(ROUNDS, 'SKIPPED: set TALLYSTONE_LIVE_ROUNDS to measure the writer beside readers')
    def test_readers_beside_a_writer_do_not_slow_it(self):
        path = self.write_file()
        rates = {'nothing': [], 'reader': [], 'busy loop': []}
        for _ in range(ROUNDS):
            for beside, found in rates.items():
                seconds, counts = self.import_whole(path, beside)
                found.append(LINES / seconds)
                if beside == 'reader':
                    print('read meanwhile:', counts)
                    self.assertGreater(sum(counts.values()), 0)
        alone, reader, busy = (statistics.median(found) for found in rates.values())
        for beside, found in rates.items():
            print(f'{LINES} lines, beside {beside}: {[round(rate) for rate in found]} lines/s')
        print(f'beside a reader {reader / alone:.2f} of alone; beside a busy loop, which only takes a core, {busy / alone:.2f}')
        self.assertGreaterEqual(reader / alone, 0.9)


if __name__ == '__main__':
    unittest.main()
