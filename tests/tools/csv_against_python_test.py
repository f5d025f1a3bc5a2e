"""CsvReader against Python's csv module, on generated hostile inputs.

usage: csv_against_python_test.py CSV_FIELDS [SEED [RUNS]]
"""
import csv
import io
import json
import random
import subprocess
import sys

PIECES = ['a', 'bc', '12', ',', ',', ';', '"', '"', '""', '\n', '\r\n', '\n', ' ', '\t', 'é', '\xff', '\0',
          '\x1b', '=', "'", '|', 'long' * 30]


def random_text(rng):
    """Any pieces in any order; a CR only before an LF, since Python takes a lone one for a line end."""
    return ''.join(rng.choice(PIECES) for _ in range(rng.randrange(0, 60)))


def random_table(rng, delimiter):
    """A well-formed table, as csv.writer makes it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=rng.choice(['\n', '\r\n']),
                        quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    for _ in range(rng.randrange(0, 8)):
        writer.writerow([random_text(rng).replace('\r', '') for _ in range(rng.randrange(1, 6))])
    return out.getvalue()


def python_records(text, delimiter):
    """What Python reads, without empty lines; None if the last quote is not closed."""
    # Python ends an unclosed quote silently at the end: a probe line tells.
    probe = 'tallystone-probe'
    rows = list(csv.reader(io.StringIO(text + '\n' + probe, newline=''), delimiter=delimiter))
    if not rows or rows[-1] != [probe]:
        return None
    return [row for row in rows[:-1] if row]


def our_records(program, text, delimiter, buffer_bytes):
    done = subprocess.run([program, delimiter, str(buffer_bytes)], input=text.encode('latin-1'),
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.decode('utf-8').splitlines()]


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    csv.field_size_limit(1 << 30)
    print('seed', seed, 'runs', runs)
    rng = random.Random(seed)
    compared = 0
    for run in range(runs):
        delimiter = rng.choice([',', ';', '\t', '|'])
        # Many small texts in one process: separated by well-formed records, which Python sees too.
        texts = [random_text(rng) if rng.random() < 0.5 else random_table(rng, delimiter) for _ in range(40)]
        whole = ''
        for text in texts:
            candidate = whole + text + '\n'
            if python_records(candidate, delimiter) is not None:
                whole = candidate
        expected = python_records(whole, delimiter)
        buffer_bytes = rng.choice([1, 2, 3, 7, 64, 4096, 262144])
        ours = our_records(program, whole, delimiter, buffer_bytes)
        if ours != expected:
            for index, (one, other) in enumerate(zip(ours + [None], expected + [None])):
                if one != other:
                    print('run', run, 'record', index, 'ours', one, 'python', other)
                    break
            print('text', repr(whole))
            return 1
        compared += len(expected)
    print('records compared:', compared)
    return 0 if compared > runs else 1


if __name__ == '__main__':
    sys.exit(main())
