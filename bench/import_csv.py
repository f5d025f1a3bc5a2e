#!/usr/bin/env python3
"""Imports one CSV of invoice lines with tallystone, sqlite3 and DuckDB, side by side, and sums it per item.

usage: import_csv.py FILE [--build DIR] [--rounds N] [--dir DIR] [--json OUT]

FILE has the columns StockCode, Quantity, UnitPrice and Country (one tenant a country). Whole processes are timed, in
interleaved rounds, each on a fresh database. Everything is durable at the end: tallystone as always, SQLite with
WAL and synchronous=FULL, DuckDB with a CHECKPOINT. `parse` reads the file with tallystone's reader and does nothing
with it. SQLite's value is a binary floating point sum, for it has no decimals. sqlite3 is the program on the PATH; DuckDB the libduckdb.so that TALLYSTONE_DUCKDB names. Who is absent is named.
All must count the same lines and the same quantity on hand.
"""
import argparse
import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SUMS = ('SELECT Country, StockCode, sum(CAST(Quantity AS BIGINT)) AS on_hand, sum({value}) AS value, count(*) AS lines '
        'FROM lines GROUP BY 1, 2')


def sqlite_script(path):
    return (f'PRAGMA journal_mode=WAL;\nPRAGMA synchronous=FULL;\n.import --csv "{path}" lines\n'
            f'CREATE TABLE stock AS {SUMS.format(value="Quantity * UnitPrice")};\n'
            'SELECT sum(lines), sum(on_hand) FROM stock;\n')


def duckdb_child(library, path, database):
    """In a process of its own: what `duckdb DB -c ...` would do."""
    lib = ctypes.CDLL(library)
    result = (ctypes.c_uint64 * 6)()
    handle, connection = ctypes.c_void_p(), ctypes.c_void_p()
    lib.duckdb_value_varchar.restype = ctypes.c_char_p
    lib.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
    lib.duckdb_result_error.restype = ctypes.c_char_p

    def query(sql):
        if lib.duckdb_query(connection, sql.encode(), ctypes.byref(result)) != 0:
            raise SystemExit(lib.duckdb_result_error(ctypes.byref(result)).decode())

    if lib.duckdb_open(database.encode(), ctypes.byref(handle)) or lib.duckdb_connect(handle, ctypes.byref(connection)):
        raise SystemExit('duckdb cannot open ' + database)
    query(f"CREATE TABLE lines AS SELECT * FROM read_csv('{path}', header = true, all_varchar = false)")
    query('CREATE TABLE stock AS ' + SUMS.format(value='Quantity * CAST(UnitPrice AS DECIMAL(18, 6))'))
    query('CHECKPOINT')
    query('SELECT sum(lines)::BIGINT, sum(on_hand)::BIGINT FROM stock')
    print('|'.join(lib.duckdb_value_varchar(ctypes.byref(result), column, 0).decode() for column in (0, 1)))
    lib.duckdb_disconnect(ctypes.byref(connection))
    lib.duckdb_close(ctypes.byref(handle))


class Peers:
    def __init__(self, options):
        self.path = os.path.abspath(options.file)
        self.program = os.path.join(options.build, 'tallystone')
        self.bench = os.path.join(options.build, 'tallystone-bench')
        self.duckdb = os.environ.get('TALLYSTONE_DUCKDB', '')
        self.absent = {}
        self.names = ['parse', 'tallystone', 'sqlite3', 'duckdb']
        if shutil.which('sqlite3') is None:
            self.absent['sqlite3'] = 'there is no sqlite3 on the PATH'
        if not self.duckdb:
            self.absent['duckdb'] = 'TALLYSTONE_DUCKDB=/path/libduckdb.so names none'

    def command(self, name, directory):
        database = os.path.join(directory, 'db')
        return {
            'parse': ([self.bench, 'parse', self.path], None),
            'tallystone': ([self.program, 'import', self.path, '--db', database, '--tenant-column', 'Country', '--json'], None),
            'sqlite3': (['sqlite3', database], sqlite_script(self.path)),
            'duckdb': ([sys.executable, os.path.abspath(__file__), '--duckdb-child', self.duckdb, self.path, database], None),
        }[name]

    def run(self, name, directory):
        command, text = self.command(name, directory)
        os.sync()
        start = time.perf_counter()
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode != 0 and (name, done.returncode) != ('tallystone', 1):  # 1: with dead letters
            raise SystemExit(f'{name}: exit code {done.returncode}: {done.stderr}')
        return seconds, self.counted(name, done.stdout, directory)

    def counted(self, name, out, directory):
        """(lines, quantity on hand) as the database says them."""
        if name == 'parse':
            return None
        if name == 'tallystone':
            rows = subprocess.run([self.program, 'inventory', '--db', os.path.join(directory, 'db'), '--format', 'ndjson'],
                                  capture_output=True, text=True, check=True).stdout.splitlines()
            rows = [json.loads(row) for row in rows]
            return sum(int(row['lines']) for row in rows), sum(int(row['on_hand']) for row in rows)
        return tuple(int(number) for number in out.strip().splitlines()[-1].split('|'))


def main():
    if sys.argv[1:2] == ['--duckdb-child']:
        return duckdb_child(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('file')
    parser.add_argument('--build', default='build/bin', help='where tallystone and tallystone-bench are')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--dir', default='.', help='where the databases are made, and removed')
    parser.add_argument('--json', help='write the figures to this file')
    options = parser.parse_args()
    peers = Peers(options)
    names = [name for name in peers.names if name not in peers.absent]
    times, counts = {name: [] for name in names}, {}
    for number in range(options.rounds + 1):  # the first is a warm-up
        for name in names:
            with tempfile.TemporaryDirectory(dir=options.dir) as directory:
                seconds, counts[name] = peers.run(name, directory)
            if number > 0:
                times[name].append(seconds)
    expected = counts['tallystone']
    wrong = [name for name in names if name != 'parse' and counts[name] != expected]
    own = statistics.median(times['tallystone'])
    print(f'{"":<12} {"median s":>9} {"min":>7} {"max":>7}   tallystone is')
    for name in names:
        median = statistics.median(times[name])
        print(f'{name:<12} {median:>9.3f} {min(times[name]):>7.3f} {max(times[name]):>7.3f}   {median / own:.2f}x as fast')
    for name, why in peers.absent.items():
        print(f'absent: {name}: {why}')
    print(f'{expected[0]} lines, {expected[1]} on hand: ' + ('NOT the same in ' + ', '.join(wrong) if wrong else 'the same in all'))
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as out:
            json.dump([{'peer': name, 'seconds': times[name]} for name in names], out, indent=1)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
