"""What the commands say, word for word: tests/cli/transcripts/*.txt and docs/admin_tool.md against the program.

A transcript begins with the database that its commands see (`database: NAME`, made below by the function
of that name; more.csv, two lines, is beside it). Then come comments (`# `), commands, and what they printed, stdout before stderr:

    $ tallystone status --db stock.db
    as of LSN         7
    ! a line of stderr
    [exit 0]

A transcript is changed by writing its `$` lines and running

    TALLYSTONE=build-test/gcc/bin/tallystone tests/cli/transcripts_test.py --update
"""
import difflib
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from program import DEAD_LETTERS, PROGRAM

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, 'transcripts')
# The walk of a newcomer is a transcript, too.
PAGE = os.path.join(HERE, '..', '..', 'docs', 'admin_tool.md')

# All that may differ from run to run, and what stands for it. Of the same width where it may be in a table.
VARYING = [
    (r'\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ', 'YYYY-MM-DDTHH:MM:SSZ'),
    (r'\b1\d{15}\b', 'MICROSECONDSUTC.'),
    (r'(?m)(^database +|database_id"?[: ] *"?)[0-9a-f]{32}', r'\1' + 'DATABASE' * 4),
    (r'"family_bytes":\{[^}]*\}', '"family_bytes":{SIZES}'),
    (r'"(log_|store_|)bytes":\d+', r'"\1bytes":N'),
    (r'(?m)^(  [a-z_]+ +)[0-9.]+ k?B$', r'\1SIZE'),
    (r'(rocksdb\.\w+\.bytes +)\d+ *', r'\1SIZE '),
    (r'[0-9.]+ kB +[0-9.]+ kB\n', 'SIZE SIZE\n'),
    (r'the oldest logged [0-9.]+ m?s ago', 'the oldest logged TIME ago'),
    (r'\blog [0-9.]+ [kMG]?B, store [0-9.]+ [kMG]?B', 'log SIZE, store SIZE'),
    (r'[0-9.]+ m?s, [0-9,]+ lines/s', 'TIME, SPEED'),
    (r'(?m)^(YYYY\S+ +[\d,]+ +[\d,]+ +[\d,]+) +[0-9.]+ m?s', r'\1 TIME'),
    (r'the store has [0-9.]+ kB now, [0-9.]+ kB before', 'the store has SIZE now, SIZE before'),
    (r'"seconds":[0-9.]+', '"seconds":N'),
    (r'(\d+) (lines? .*)in [0-9.]+ m?s\b', r'\1 \2in TIME'),
    (r'\bin [0-9.]+ m?s\b', 'in TIME'),
    (r'\b\d{6}\.sst', 'NNNNNN.sst'),
    (r'(expected|stored|computed|checksum)( checksum)?( =|:)? \d+', r'\1\2\3 N'),
    (r'\boffset \d+ size \d+', 'offset N size N'),
]

# Commands without a transcript: one does not end by itself (tests/cli/serve_test.py), the other hands over to another program.
WITHOUT = {'serve', 'bench'}
# They ask no database.
OF_NO_DATABASE = {'completion', 'schema'}


def constant(text):
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text)
    return text


def run(arguments, folder, **options):
    """Runs the program; the columns of a terminal are none of a transcript's business."""
    environment = {**os.environ, 'NO_COLOR': '1', 'TZ': 'UTC'}
    return subprocess.run([PROGRAM, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          check=False, env=environment, **options)


def must(folder, *arguments, codes=(0, DEAD_LETTERS), stdin=b''):
    done = run(arguments, folder, input=stdin)
    if done.returncode not in codes:
        raise AssertionError(f'{arguments}: {done.returncode}\n{done.stderr.decode()}')


# --- the databases: each makes stock.db in `folder` ---

def sound(folder):
    """Two tenants, failed lines of several causes, a retry, a drop, a review, a move."""
    must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'invoice/1', stdin=(
        'Code,Description,Vendor,Qty,Price,GTIN,Unit,InvoiceNo,Date,Line Id,Vendor Code\n'
        'F20,Wooden picture frame oak 20 cm,north,10,2.5,4006381333931,pcs,I1,2026-01-02,1,N-1\n'
        'L1,Small glass lamp with chain,north,5,3,,,I1,2026-01-02,2,\n'
        'F20,Wooden picture frame oak 20 cm,north,-1,2.5,,,I1,2026-01-03,3,\n').encode())
    must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'invoice/2', '--mapping', 'auto', stdin=(
        'Code,Description,Vendor,Qty,Price\n'
        ',Wooden pitcure frame oak 20 cm,north,1,2\n'
        ',Wooden picture frame oak 20 cm set,north,3,2\n'
        ',Chain with small glass lamp,north,2,3\n'
        'V1,Vase,south,6 pcs,2\n'
        'V2,Bowl,south,4,"1,50"\n'
        'V3,Jug,south,4,"2,75"\n'
        ',,south,4,1\n'
        'V4,Cup,south,0,1\n'
        'ragged\n').encode())
    must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'count/1', '--tenant', 'other', stdin=(
        'Code,Description,Qty,Price\nF20,Something else,7,0.000001\n').encode())
    must(folder, 'dead-letters', 'retry', '--db', 'stock.db', '--code', 'V1', '--set', 'quantity=6')
    must(folder, 'dead-letters', 'drop', '--db', 'stock.db', '--cause', 'zero_quantity')
    must(folder, 'review', 'accept', '--db', 'stock.db', '--item', '3', '--is', '1')


def night(folder):
    """One batch that went well and one with lines that two rules mend."""
    must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'delivery/2026-11-24', stdin=(
        'Code,Description,Vendor,Qty,Price\nWID-10,Widget 10 mm,north,100,3.20\nBOLT-8,Bolt M8,north,5000,0.04\n').encode())
    must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'delivery/2026-11-25', stdin=(
        'Code,Description,Vendor,Qty,Price\nWID-10,Widget 10 mm,south,50,"3,15"\nWID-12,Widget 12 mm,south,40,"3,60"\n'
        'BOLT-8,Bolt M8,south,1000 pcs,0.05\nNUT-8,Nut M8,south,2000,0.02\n').encode())


def killed(folder):
    """An import that was killed when two blocks of lines were durable and not yet in the store."""
    lines = b''.join(b'C%d,%d,1\n' % (row % 700, row % 9) for row in range(20000))
    for _ in range(20):
        shutil.rmtree(os.path.join(folder, 'stock.db'), ignore_errors=True)
        must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'before', stdin=b'Code,Qty,Price\nC1,1,1\nC2,2,x\n')
        with subprocess.Popen([PROGRAM, 'import', '-', '--db', 'stock.db', '--batch', 'night/1'], cwd=folder,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            running.stdin.write(b'Code,Qty,Price\n' + lines)
            running.stdin.flush()
            for _ in range(200):
                seen = run(['batches', '--db', 'stock.db', '--batch', 'night/1', '--format', 'csv'], folder).stdout
                if b',16384,' in seen:
                    break
                time.sleep(0.01)
            running.send_signal(signal.SIGKILL)
            running.communicate(timeout=60)
        # The engine drains a window of two seconds: on a machine that is too slow this is tried again.
        if b'"tail_lines":16384,' in run(['status', '--db', 'stock.db', '--json'], folder).stdout:
            return
    raise AssertionError('the import could not be killed before its lines were in the store')


def damaged_log(folder):
    """The killed import, and a flipped bit in a record of the log that later ones attest."""
    killed(folder)
    logs = glob.glob(os.path.join(folder, 'stock.db', 'log', '*'))
    flip(max(logs, key=os.path.getmtime), 30000)


def damaged_block(folder):
    """40,000 lines in sorted files, and flipped bits in the file with the lines."""
    must(folder, 'import', '-', '--db', 'stock.db', '--batch', 'big',
         stdin=b'Code,Qty,Price\n' + b''.join(b'C%d,%d,%d\n' % (row % 50, row % 7 + 1, row % 1000) for row in range(40000)))
    tables = [os.path.join(directory, name) for directory, _, names in os.walk(os.path.join(folder, 'stock.db'))
              for name in names if name.endswith('.sst')]
    largest = max(tables, key=os.path.getsize)
    flip(largest, os.path.getsize(largest) // 2)


def flip(path, at):
    with open(path, 'r+b') as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 0x10]))


DATABASES = {make.__name__: make for make in (sound, night, killed, damaged_log, damaged_block)}


class Transcript:
    """A file with commands. In a Markdown page they stand in blocks of ```console, and an exit code of 0 is
    not shown; in a file of its own every line that does not begin with `# ` belongs to a command."""

    def __init__(self, path):
        self.path = path
        self.page = path.endswith('.md')
        with open(path, encoding='utf-8') as file:
            self.text = file.read()
        lines = self.text.splitlines()
        self.database = next(re.search(r'database: (\w+)', line).group(1) for line in lines if 'database: ' in line)
        self.parts = []  # lines that are kept, and commands
        inside = not self.page
        for index, line in enumerate(lines):
            if self.page and line.startswith('```'):
                inside = line == '```console'
                self.parts.append(line)
            elif inside and line.startswith('$ '):
                self.parts.append(shlex.split(line[2:]))
                self.parts[-1].append(line)
            elif not inside or (not self.page and (index == 0 or line.startswith('# '))):
                self.parts += ['', line] if inside and index > 0 else [line]

    @property
    def commands(self):
        return [part[:-1] for part in self.parts if isinstance(part, list)]

    def play(self, folder):
        """The transcript as the program says it now."""
        out = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
                continue
            assert part[0] == 'tallystone', part
            done = run(part[1:-1], folder, input=b'')
            out.append(part[-1])
            out += constant(done.stdout.decode('utf-8')).splitlines()
            out += ['! ' + line for line in constant(done.stderr.decode('utf-8')).splitlines()]
            out += [] if self.page and done.returncode == 0 else [f'[exit {done.returncode}]']
        text = '\n'.join(out) + '\n'
        return text.replace('YYYY-MM-DDTHH:MM:SSZ', '2026-11-25T02:14:07Z') if self.page else text


def transcripts():
    return [Transcript(path) for path in [*sorted(glob.glob(os.path.join(FOLDER, '*.txt'))), PAGE]]


def leaf_commands(*before):
    """The commands that the program has, as its --help lists them: {'status', 'batch show', ...}"""
    text = run([*before, '--help'], None).stdout.decode()
    found = set()
    if '\nSubcommands:' in text:
        for name in re.findall(r'^  ([a-z][a-z-]*)  ', text.split('\nSubcommands:\n')[1].split('\n\n')[0], re.M):
            found |= leaf_commands(*before, name) or {' '.join([*before, name])}
    return found | ({' '.join(before)} if before == ('items',) else set())


class Transcripts(unittest.TestCase):
    maxDiff = None

    def test_commands_say_what_the_transcripts_say(self):
        made = {}
        with tempfile.TemporaryDirectory(prefix='tallystone-transcripts-') as folder:
            for transcript in transcripts():
                with self.subTest(os.path.basename(transcript.path)):
                    self.assertEqual(''.join(difflib.unified_diff(
                        transcript.text.splitlines(True), play(transcript, folder, made).splitlines(True),
                        'the transcript', 'the program')), '')

    def test_every_command_has_a_transcript_on_each_kind_of_database(self):
        commands = leaf_commands()
        self.assertIn('batch show', commands)
        self.assertLessEqual(WITHOUT | OF_NO_DATABASE, commands)
        for database in ('sound', 'killed', 'damaged_block', 'damaged_log'):
            shown = {' '.join(name) for transcript in transcripts() if transcript.database == database
                     for command in transcript.commands for name in (command[1:2], command[1:3])}
            missing = commands - WITHOUT - shown - (set() if database == 'sound' else OF_NO_DATABASE)
            self.assertEqual(missing, set(), f'no transcript on the database {database}')


def play(transcript, folder, made):
    """Plays it on a copy of its database; `made` has those that were made already."""
    name = transcript.database
    if name not in made:
        made[name] = os.path.join(folder, name)
        os.mkdir(made[name])
        DATABASES[name](made[name])
    work = os.path.join(folder, 'work')
    shutil.copytree(made[name], work)
    with open(os.path.join(work, 'more.csv'), 'w', encoding='utf-8') as file:
        file.write('Code,Qty,Price\nC1,3,1.5\nC2,x,1\n')
    try:
        return transcript.play(work)
    finally:
        shutil.rmtree(work)


def update():
    made = {}
    with tempfile.TemporaryDirectory(prefix='tallystone-transcripts-') as folder:
        for transcript in transcripts():
            text = play(transcript, folder, made)
            if text != transcript.text:
                with open(transcript.path, 'w', encoding='utf-8') as file:
                    file.write(text)
                print('changed', os.path.relpath(transcript.path))


if __name__ == '__main__':
    if '--update' in sys.argv:
        update()
    else:
        unittest.main()
