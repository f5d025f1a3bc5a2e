"""Makes the golden backup of the archive format that a program writes: backup_N.tar.xz and backup_N.json.

usage: make_golden_backup.py TALLYSTONE N    (once for each format; what it made is never made again)

The archive has final blocks of two backups, and a tail: the database was killed while lines were in its log only. It is in there, too.
"""
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

import make_golden
from make_golden import HERE, run

LINES = 8192  # that an import makes durable together


def killed_import(program, db):
    """Lines that are durable and not in the store."""
    with subprocess.Popen([program, 'import', '-', '--db', db, '--batch', 'night'], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        running.stdin.write(b'Code,Qty,Price\n' + b''.join(b'C%d,%d,1\n' % (row % 30, row % 9) for row in range(LINES + 100)))
        running.stdin.flush()
        while f',{LINES},' not in run(program, 'batches', '--db', db, '--batch', 'night', '--format', 'csv'):
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    if json.loads(run(program, 'status', '--db', db, '--json'))['tail_lines'] != LINES:
        raise SystemExit('the import was not killed in time: once more')


def main():
    program, number = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as directory:
        db, backup = os.path.join(directory, 'stock.db'), os.path.join(directory, 'saved')
        path = os.path.join(directory, 'in.csv')
        with open(path, 'w', encoding='utf-8') as out:
            out.write(make_golden.rows(0, 120))
        run(program, 'import', path, '--db', db, '--tenant', 'béta', '--batch', 'b0')
        run(program, 'backup', '--db', db, '--to', backup)
        make_golden.decide(program, directory, db)
        killed_import(program, db)
        run(program, 'backup', '--db', db, '--to', backup)
        expected = {'list': json.loads(run(program, 'backup', '--list', backup, '--json')),
                    'tables': make_golden.listing(program, db)}
        del expected['tables']['transactions']  # long; the digest has them
        name = os.path.join(HERE, f'backup_{number}')
        with open(name + '.json', 'x', encoding='utf-8') as out:
            json.dump(expected, out, ensure_ascii=False, indent=0, sort_keys=True)
        with tarfile.open(name + '.tar.xz', 'x:xz') as archive:
            for part in ('stock.db', 'saved'):
                archive.add(os.path.join(directory, part), part, filter=make_golden.without_owner)


if __name__ == '__main__':
    main()
