"""Makes the golden database of the format that a program writes: format_N.tar.xz and format_N.json.

usage: make_golden.py TALLYSTONE N    (once for each format; what it made is never made again)
"""
import json
import os
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def rows(start, count):
    lines = ['Code,Description,GTIN,Qty,Price,Unit,Doc,Time']
    for number in range(start, start + count):
        item = number * 7 % 23
        code = '' if number % 11 == 3 else f'C{item}'
        quantity = {5: '0', 6: 'six', 7: '-2.5'}.get(number % 40, str(number % 9 + 1))
        price = {8: 'n/a', 9: '999999999.999999'}.get(number % 40, f'{number % 13}.25')
        lines.append(f'{code},Größe {item} x,{4000000000000 + item},{quantity},{price},pc,INV-{number // 10},'
                     f'2026-01-{number % 28 + 1:02}')
    return '\n'.join(lines) + '\n'


def run(program, *arguments, stdin=''):
    done = subprocess.run([program, *arguments], input=stdin.encode(), stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f'{arguments}: exit {done.returncode}')
    return done.stdout.decode()


def listing(program, db):
    """All that is in a database, as the program says it."""
    tables = {}
    for table in (['inventory'], ['items'], ['transactions'], ['batches'], ['dead-letters', 'list'], ['review', 'list', '--all']):
        tables[' '.join(table)] = run(program, *table, '--db', db, '--format', 'csv')
    return tables


NAMES = """vendor,vendor code,description,quantity,price
north,N-1,Wooden garden table with drawers,4,10
north,,Wooden gardne table with drawers,2,10
north,,Wooden garden table with drawers and lamp,3,11
south,S-9,Wooden garden table without drawers,5,9
south,S-9,,1,9
"""


def decide(program, directory, db):
    """Records of the catalogue: settings, suggestions, answers of a review, vendors' codes."""
    path = os.path.join(directory, 'names.csv')
    with open(path, 'w', encoding='utf-8') as out:
        out.write(NAMES)
    run(program, 'mapping', '--db', db, '--tenant', 'names', '--mapping', 'auto', '--protect', 'oak')
    run(program, 'import', path, '--db', db, '--tenant', 'names', '--batch', 'names')
    run(program, 'review', 'accept', '--db', db, '--tenant', 'names', '--item', '2', '--is', '1')
    run(program, 'review', 'reject', '--db', db, '--tenant', 'names', '--item', '3')
    run(program, 'review', 'split', '--db', db, '--tenant', 'names', '--item', '1',
        '--text', 'Wooden gardne table with drawers')


def main():
    program, number = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as directory:
        db = os.path.join(directory, 'stock.db')
        for tenant, start in (('acme', 0), ('béta', 500), ('acme', 900)):
            path = os.path.join(directory, f'in-{start}.csv')
            with open(path, 'w', encoding='utf-8') as out:
                out.write(rows(start, 120))
            run(program, 'import', path, '--db', db, '--tenant', tenant, '--batch', f'b{start}')
        decide(program, directory, db)
        status = json.loads(run(program, 'status', '--db', db, '--json'))
        expected = {'state_digest': status['state_digest'], 'tables': listing(program, db)}
        name = os.path.join(HERE, f'format_{number}')
        with open(name + '.json', 'x', encoding='utf-8') as out:
            json.dump(expected, out, ensure_ascii=False, indent=0, sort_keys=True)
        with tarfile.open(name + '.tar.xz', 'x:xz') as archive:
            archive.add(db, 'stock.db', filter=without_owner)


def without_owner(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ''
    return member


if __name__ == '__main__':
    main()
