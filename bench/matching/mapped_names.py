"""What the scripts beside it share: reading CSV, mapping names with tallystone, printing tables."""
import argparse
import csv
import io
import json
import os
import re
import subprocess
import tempfile


def options_of(description):
    """A parser with the options that every script here has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default='build/bin/tallystone', help='the tallystone to measure')
    parser.add_argument('--json', metavar='FILE', help='write the figures to FILE as well')
    return parser


def read_csv(path, encoding='utf-8'):
    """The rows of a CSV file, plain or .zst, as dictionaries."""
    if path.endswith('.zst'):
        data = subprocess.run(['zstd', '-dc', path], stdout=subprocess.PIPE, check=True).stdout
    else:
        with open(path, 'rb') as file:
            data = file.read()
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline='')))


def words_of(name):
    """The lower-case words of letters and digits of a name, in order."""
    return re.findall(r'[^\W_]+', name.lower())


def write_csv(path, header, rows):
    with open(path, 'w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def run_import(program, path, database, *options, accept):
    command = [program, 'import', path, '--db', database, *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in accept:
        raise SystemExit(f'{" ".join(command)}: exit code {done.returncode}\n{done.stderr.decode(errors="replace")}')


def map_names(program, catalogue, names):
    """What becomes of each of `names`, in order, as lines without a code in --mapping auto.

    `catalogue`: code -> name. The lines are a dry run that rejects unknown items: none sees what others made.
    """
    with tempfile.TemporaryDirectory() as directory:
        items, lines, out = (os.path.join(directory, name) for name in ('items.csv', 'lines.csv', 'out.ndjson'))
        database = os.path.join(directory, 'db')
        write_csv(items, ('code', 'description', 'quantity', 'unit_cost'),
                  ((code, name, 1, 1) for code, name in catalogue.items()))
        write_csv(lines, ('description', 'quantity', 'unit_cost'), ((name, 1, 1) for name in names))
        run_import(program, items, database, accept=(0,))
        run_import(program, lines, database, '--dry-run', '--mapping', 'auto', '--unknown-items', 'reject',
                   '--outcomes', out, accept=(0, 1))
        with open(out, encoding='utf-8') as file:
            outcomes = [json.loads(line) for line in file]
    if len(outcomes) != len(names):
        raise SystemExit(f'{len(names)} lines have {len(outcomes)} outcomes')
    return outcomes


def booked_on(outcome):
    """The code of the item that the line is booked on, or None."""
    return outcome['code'] if outcome['outcome'] == 'accepted' else None


def candidates_of(outcome):
    """The codes of the items that the line may mean, best first; the one it is booked on before all others."""
    booked = booked_on(outcome)
    first = [] if booked is None else [booked]
    return first + [candidate['code'] for candidate in outcome['candidates'] if candidate['code'] != booked]


def percent(part, whole):
    return f'{100 * part / whole:.1f} %' if whole else '-'


def print_table(title, header, rows):
    """The first column to the left, all others to the right."""
    rows = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    print(f'\n{title}\n')
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print('  ' + '  '.join(cells).rstrip())


def write_json(path, figures):
    if path:
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(figures, file, indent=2)
            file.write('\n')
