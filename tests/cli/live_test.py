"""What a database says about itself while it lives: status, stats, metrics, and the metrics of an import.

  live_test.py
"""
import json
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import time
import unittest

from program import CORRUPTION, DEAD_LETTERS, INTERRUPTED, IO, NOT_FOUND, OK, PROGRAM, USAGE, ProgramTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROWS = 'Code,Qty,Price\n' + ''.join(f'C{row % 50},1,1\n' for row in range(10000))
BLOCK = 8192  # rows that an import makes durable together


class FormatError(Exception):
    pass


def parse_labels(text):
    """{name: value} of 'a="b",c="d"', with nothing forgiven."""
    labels = {}
    at = 0
    while at < len(text):
        match = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)').match(text, at)
        if match is None or match[1] in labels or (match[3] == ',' and match.end() == len(text)):
            raise FormatError(f'labels {text!r}')
        labels[match[1]] = re.sub(r'\\(.)', lambda escape: '\n' if escape[1] == 'n' else escape[1], match[2])
        at = match.end()
    return labels


def parse_prometheus(data):
    """{family: (type, [(name, labels, value)])} of the text format 0.0.4; raises for anything that is not quite it."""
    text = data.decode('utf-8')
    if not text.endswith('\n'):
        raise FormatError('the last line does not end')
    families = {}
    current = None
    helped = None
    seen = set()
    for line in text[:-1].split('\n'):
        if line.startswith('# HELP '):
            name, text = re.fullmatch(r'# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)', line).groups()
            if name in families or re.search(r'(?<!\\)(?:\\\\)*\\[^\\n]', text):
                raise FormatError(line)
            helped = name
        elif line.startswith('# TYPE '):
            name, kind = re.fullmatch(r'# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)', line).groups()
            if name != helped or name in families:
                raise FormatError(line)
            current = name
            families[name] = (kind, [])
        else:
            match = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\d+(?:\.\d+)?)', line)
            if match is None or current is None:
                raise FormatError(line)
            name, labels, value = match[1], parse_labels(match[2] or ''), float(match[3])
            kind, samples = families[current]
            suffixes = ('_bucket', '_sum', '_count') if kind == 'histogram' else ('',)
            if name not in [current + suffix for suffix in suffixes] or (name, match[2]) in seen:
                raise FormatError(line)
            seen.add((name, match[2]))
            samples.append((name, labels, value))
    for name, (kind, samples) in families.items():
        check_family(name, kind, samples)
    return families


def check_family(name, kind, samples):
    if not samples or not name.startswith('tallystone_') or (kind == 'counter') != name.endswith('_total'):
        raise FormatError(f'family {name}')
    if re.search('milli|micro|_ms|_us|kilo|_kb|_mb', name):
        raise FormatError(f'{name} is not in base units')
    if kind != 'histogram':
        return
    buckets = [(labels['le'], value) for sample, labels, value in samples if sample == name + '_bucket']
    bounds = [float(le.replace('+Inf', 'inf')) for le, _ in buckets]
    counts = [value for _, value in buckets]
    total = [value for sample, _, value in samples if sample == name + '_count']
    sums = [value for sample, _, value in samples if sample == name + '_sum']
    if (bounds != sorted(set(bounds)) or bounds[-1] != float('inf') or counts != sorted(counts) or
            total != counts[-1:] or len(sums) != 1):
        raise FormatError(f'histogram {name}')


def values(families, name):
    """{labels without database: value} of a family without histogram."""
    return {tuple(sorted((key, value) for key, value in labels.items() if key != 'database')): value
            for _, labels, value in families[name][1]}


class LiveTest(ProgramTest):
    def metrics(self, *arguments, code=OK):
        return parse_prometheus(self.run_program('metrics', '--db', self.db, *arguments, code=code).out)

    def interrupted_import(self):
        """An import that is killed with a block in the log, and nothing of it in the store."""
        with self.start_program('import', '-', '--db', self.db, '--batch', 'b') as running:
            running.stdin.write(ROWS.encode())
            running.stdin.flush()
            self.wait_for(lambda: self.run_program('status', '--db', self.db, '--quick', '--json', code=None),
                          lambda answer: answer.code == OK and answer.json['as_of_lsn'] > 0)
            running.kill()
            running.communicate()

    def wait_for(self, ask, good, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = ask()
            if good(answer):
                return answer
            time.sleep(0.02)
        self.fail('it did not happen')

    def damage_log(self):
        """Spoils a record that later ones prove to have been durable."""
        directory = os.path.join(self.db, 'log')
        segment = sorted(name for name in os.listdir(directory) if name.endswith('.log'))[0]
        with open(os.path.join(directory, segment), 'r+b') as log:
            log.seek(4096 + 40)
            log.write(b'\x5a' * 64)


class ParserTest(unittest.TestCase):
    """The judge of the other tests is not lenient."""

    GOOD = b'# HELP tallystone_x_total X.\n# TYPE tallystone_x_total counter\ntallystone_x_total{a="b\\n"} 1\n'

    def test_good_text_is_read(self):
        self.assertEqual(parse_prometheus(self.GOOD),
                         {'tallystone_x_total': ('counter', [('tallystone_x_total', {'a': 'b\n'}, 1.0)])})

    def test_bad_text_is_refused(self):
        for old, new in ((b'# HELP', b'# HELD'), (b' counter', b' gauge'), (b'\\n"', b'\\q"'), (b'"} 1', b'} 1'),
                         (b'} 1\n', b'} 1'), (b'} 1\n', b'} 1 99\n'), (b'} 1\n', b'} x\n'), (b'a=', b'1='),
                         (b'\ntallystone_x_total{', b'\ntallystone_y_total{'), (b'"}', b'",}')):
            with self.subTest(new):
                self.assertIn(old, self.GOOD)
                with self.assertRaises((FormatError, AttributeError)):
                    parse_prometheus(self.GOOD.replace(old, new))


class StatusTest(LiveTest):
    def test_sound_database(self):
        self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\n', '--batch', 'b1', code=DEAD_LETTERS)
        full = self.status()
        self.assertFalse(full['quick'])
        self.assertEqual((full['transactions'], full['dead_letters'], full['tail_chunks']), (1, 1, 0))
        self.assertEqual(full['oldest_dead_letter']['batch'], 'b1')
        self.assertEqual(full['oldest_dead_letter']['line'], 2)
        self.assertEqual([note['name'] for note in full['notes']], ['dead_letters'])
        self.assertIn('tallystone dead-letters list --db', full['notes'][0]['next'])
        quick = self.run_program('status', '--db', self.db, '--quick', '--json').json
        self.assertTrue(quick['quick'])
        self.assertNotIn('state_digest', quick)
        for field in quick:
            if field not in ('quick', 'read_at'):
                self.assertEqual(quick[field], full[field], field)
        self.assertEqual(quick['estimated'], [])
        text = self.run_program('status', '--db', self.db).text
        self.assertIn('state digest', text)
        self.assertIn('note: lines could not be booked', text)
        self.assertIn(f'run: tallystone dead-letters list --db {self.db}', text)
        self.assertNotIn('state digest', self.run_program('status', '--db', self.db, '--quick').text)

    def test_what_a_note_says_to_run_can_be_run(self):
        self.db = self.path("it's a stock.db")
        self.import_text('Code,Qty,Price\nB,x,1\n', code=DEAD_LETTERS)
        command = self.status()['notes'][0]['next']
        self.assertTrue(command.startswith('tallystone '), command)
        done = subprocess.run(command.replace('tallystone', PROGRAM, 1), shell=True, check=True,
                              stdout=subprocess.PIPE, timeout=60)
        self.assertIn(b'bad_quantity', done.stdout)

    def test_interrupted_import(self):
        self.interrupted_import()
        status = self.run_program('status', '--db', self.db, '--quick', '--json').json
        self.assertEqual((status['batches_unfinished'], status['transactions']), (1, BLOCK))
        self.assertEqual(status['as_of_lsn'] - status['applied_lsn'], status['tail_chunks'])
        self.assertIn('batches_unfinished', [note['name'] for note in status['notes']])
        text = self.run_program('status', '--db', self.db).text
        self.assertIn('1 unfinished', text)
        self.assertIn('run: tallystone batches --unfinished', text)
        self.run_program('resume', '--db', self.db)
        after = self.run_program('status', '--db', self.db, '--quick', '--json').json
        self.assertEqual((after['tail_lines'], after['tail_age_seconds'], after['transactions']), (0, 0, BLOCK))

    def test_damaged_log_says_what_to_run(self):
        self.import_text(ROWS)
        self.damage_log()
        for arguments in ([], ['--quick'], ['--json']):
            answer = self.run_program('status', '--db', self.db, *arguments, code=CORRUPTION)
            self.assertEqual(answer.out, b'')
            self.assertIn('tallystone repair --salvage-log --dry-run --db', answer.err)

    def test_nothing_in_the_database_changes(self):
        self.import_text(ROWS)

        def stamps():
            return {path: (os.stat(path).st_mtime_ns, os.stat(path).st_size)
                    for folder, _, names in os.walk(self.db) for path in (os.path.join(folder, n) for n in names)}
        before = stamps()
        self.run_program('status', '--db', self.db, '--quick')
        self.run_program('stats', '--db', self.db, '--interval', '0.1')
        self.metrics()
        self.assertEqual(stamps(), before)


class StatsTest(LiveTest):
    def stats(self, *arguments, code=OK):
        return self.run_program('stats', '--db', self.db, '--interval', '0.1', *arguments, code=code)

    def test_one_sample_has_rates(self):
        self.import_text(ROWS)
        sample, = self.stats('--format', 'ndjson').objects
        self.assertEqual((sample['acknowledged_lines_per_second'], sample['applied_lines_per_second'],
                          sample['lag_lines'], sample['lag_milliseconds']), (0, 0, 0, 0))
        self.assertEqual(sample['as_of_lsn'], sample['applied_lsn'])

    def test_formats(self):
        self.import_text(ROWS)
        watch = ['--watch', '--count', '3']
        objects = self.stats(*watch, '--format', 'ndjson').objects
        self.assertEqual(len(objects), 3)
        self.assertIsNone(objects[0]['acknowledged_lines_per_second'])
        self.assertIsNotNone(objects[1]['acknowledged_lines_per_second'])
        self.assertEqual(len(self.stats(*watch, '--json').json['samples']), 3)
        self.assertEqual(self.stats(*watch, '--format', 'csv').rows[2]['dead_letters'], '0')
        lines = self.stats(*watch).text.splitlines()
        self.assertEqual(len(lines), 4, 'a heading and three samples')
        self.assertNotIn('\x1b', ''.join(lines))

    def test_writer_is_seen_and_not_disturbed(self):
        with self.start_program('stats', '--db', self.db, '--watch', '--interval', '0.1', '--format',
                                'ndjson') as watching:
            with self.start_program('import', '-', '--db', self.db, '--batch', 'b', '--json') as running:
                for _ in range(5):
                    running.stdin.write(('' if _ else 'Code,Qty,Price\n').encode() + b'A,1,1\n' * BLOCK)
                    running.stdin.flush()
                    time.sleep(0.2)
                out, err = running.communicate(timeout=60)
                self.assertEqual(running.returncode, OK, err)
            time.sleep(0.5)
            watching.send_signal(signal.SIGINT)
            samples, err = watching.communicate(timeout=60)
        self.assertEqual(watching.returncode, OK, err)
        self.assertIn(b'waiting: ', err)
        samples = [json.loads(line) for line in samples.splitlines()]
        self.assertEqual(json.loads(out)['lines_new'], 5 * BLOCK)
        self.assertGreater(len(samples), 2)
        self.assertGreater(max(sample['acknowledged_lines_per_second'] or 0 for sample in samples), 0)
        self.assertEqual([sample['as_of_lsn'] for sample in samples], sorted(s['as_of_lsn'] for s in samples))
        self.assertEqual(samples[-1]['lag_lines'], 0)

    def test_database_that_takes_the_place_of_another_has_no_rate(self):
        self.import_text(ROWS)
        other = self.path('other.db')
        self.run_program('import', self.path('in.csv'), '--db', other)
        with self.start_program('stats', '--db', self.db, '--watch', '--interval', '0.1', '--format', 'ndjson',
                                ) as watching:
            first = json.loads(watching.stdout.readline())
            os.rename(self.db, self.path('old.db'))
            time.sleep(0.3)
            os.rename(other, self.db)
            for line in iter(watching.stdout.readline, b''):
                sample = json.loads(line)
                if sample['database_id'] != first['database_id']:
                    break
            self.assertIsNone(sample['acknowledged_lines_per_second'])
            watching.send_signal(signal.SIGTERM)
            _, err = watching.communicate(timeout=60)
        self.assertEqual(watching.returncode, OK, err)

    def test_screen_at_a_terminal_is_rewritten(self):
        self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\n', code=DEAD_LETTERS)
        control, terminal = pty.openpty()
        environment = dict(os.environ, TERM='xterm', NO_COLOR='1')
        with subprocess.Popen([PROGRAM, 'stats', '--db', self.db, '--watch', '--count', '2', '--interval', '0.1'],
                              stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, env=environment) as running:
            os.close(terminal)
            shown = b''
            while True:
                try:
                    part = os.read(control, 4096)
                except OSError:
                    break
                if not part:
                    break
                shown += part
            self.assertEqual(running.wait(timeout=60), OK, running.stderr.read())
        os.close(control)
        self.assertEqual(shown.count(b'\x1b[9A'), 1, shown)
        self.assertEqual(shown.count(b'acknowledged'), 2)
        self.assertIn(b'dead letters   1 (+0 in', shown)

    def test_without_a_database(self):
        self.assertIn('there is no database', self.stats(code=NOT_FOUND).err)
        with self.start_program('stats', '--db', self.db, '--watch', '--interval', '0.1') as watching:
            time.sleep(0.4)
            watching.send_signal(signal.SIGINT)
            out, err = watching.communicate(timeout=60)
        self.assertEqual((watching.returncode, out), (OK, b''))
        self.assertEqual(err.count(b'waiting: '), 1, 'said once')

    def test_damaged_database_ends_the_watch(self):
        self.import_text(ROWS)
        self.damage_log()
        self.stats(code=CORRUPTION)
        self.stats('--watch', code=CORRUPTION)

    def test_bad_arguments(self):
        for arguments in (['--interval', '0'], ['--interval', 'x'], ['--count', '0'], ['--format', 'xml']):
            self.run_program('stats', '--db', self.db, *arguments, code=USAGE)

    def test_broken_pipe_ends_it_quietly(self):
        self.import_text(ROWS)
        with self.start_program('stats', '--db', self.db, '--watch', '--interval', '0.1') as watching:
            watching.stdout.readline()
            watching.stdout.close()
            self.assertEqual(watching.wait(timeout=60), OK)
            self.assertEqual(watching.stderr.read(), b'')


class MetricsTest(LiveTest):
    def test_sound_database(self):
        self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\nC,0,1\n', code=DEAD_LETTERS)
        families = self.metrics()
        self.assertEqual(values(families, 'tallystone_database_readable'), {(): 1})
        letters = values(families, 'tallystone_database_dead_letters')
        self.assertEqual(sum(letters.values()), 2)
        self.assertEqual(letters[(('cause', 'zero_quantity'),)], 1)
        self.assertEqual(values(families, 'tallystone_database_tail_lines'), {(): 0})
        oldest = values(families, 'tallystone_database_oldest_dead_letter_timestamp_seconds')[()]
        self.assertLess(abs(time.time() - oldest), 600)
        status = self.status()
        for metric, field in (('logged_lsn', 'as_of_lsn'), ('applied_lsn', 'applied_lsn'), ('items', 'items'),
                              ('transactions', 'transactions'), ('store_bytes', 'store_bytes')):
            self.assertEqual(values(families, 'tallystone_database_' + metric), {(): status[field]})

    def test_any_name_of_a_database_is_a_label(self):
        self.db = self.path('st"o\\ck\n{},=é.db')
        self.import_text('Code,Qty,Price\nA,1,1\n')
        for kind, samples in self.metrics().values():
            for _, labels, _ in samples:
                self.assertEqual(labels['database'], self.db)

    def test_interrupted_database_has_a_lag(self):
        self.interrupted_import()
        families = self.metrics()
        self.assertEqual(values(families, 'tallystone_database_batches_unfinished'), {(): 1})
        logged = values(families, 'tallystone_database_logged_lsn')[()]
        applied = values(families, 'tallystone_database_applied_lsn')[()]
        self.assertEqual(values(families, 'tallystone_database_tail_chunks'), {(): logged - applied})

    def test_what_cannot_be_read_is_a_figure_too(self):
        target = self.path('t.prom')
        self.run_program('metrics', '--db', self.db, '--output', target, code=NOT_FOUND)
        with open(target, 'rb') as text:
            self.assertEqual(values(parse_prometheus(text.read()), 'tallystone_database_readable'), {(): 0})
        self.assertFalse(os.path.exists(self.db))
        self.import_text(ROWS)
        self.damage_log()
        families = self.metrics(code=CORRUPTION)
        self.assertEqual(list(families), ['tallystone_database_readable'])
        self.assertEqual(values(families, 'tallystone_database_readable'), {(): 0})

    def test_file_is_replaced_whole(self):
        self.import_text('Code,Qty,Price\nA,1,1\n')
        before = os.umask(0o022)
        self.addCleanup(os.umask, before)
        victim = self.write('victim', 'precious')
        target = self.path('t.prom')
        os.symlink(victim, target)
        self.run_program('metrics', '--db', self.db, '--output', target)
        self.assertFalse(os.path.islink(target))
        self.assertEqual(stat.S_IMODE(os.stat(target).st_mode), 0o644, 'node_exporter is another user')
        with open(target, 'rb') as text:
            parse_prometheus(text.read())
        with open(victim, encoding='utf-8') as text:
            self.assertEqual(text.read(), 'precious')
        self.assertEqual([name for name in os.listdir(self.directory) if 'tmp' in name], [])
        self.run_program('metrics', '--db', self.db, '--output', self.path('no/such/file'), code=IO)
        os.mkdir(self.path('folder'))
        self.run_program('metrics', '--db', self.db, '--output', self.path('folder'), code=IO)
        self.assertEqual([name for name in os.listdir(self.directory) if 'tmp' in name], [])


class ImportMetricsTest(LiveTest):
    def read(self, path):
        with open(path, 'rb') as text:
            return parse_prometheus(text.read())

    def test_the_engines_own_figures_of_an_import(self):
        target = self.path('m.prom')
        text = 'Code,Qty,Price\n' + 'A,1,1\n' * 1200 + 'B,x,1\n'
        self.import_text(text, '--metrics', target, '--batch', 'b', code=DEAD_LETTERS)
        families = self.read(target)
        lines = values(families, 'tallystone_lines_total')
        self.assertEqual(lines[(('outcome', 'accepted'),)], 1200)
        self.assertEqual(lines[(('outcome', 'bad_quantity'),)], 1)
        self.assertEqual(values(families, 'tallystone_batches_total')[(('result', 'new'),)], 1)
        self.assertEqual(values(families, 'tallystone_applied_lsn'), values(families, 'tallystone_logged_lsn'))
        counts = {name: value for name, _, value in families['tallystone_drained_window_lines'][1]}
        self.assertEqual(counts['tallystone_drained_window_lines_sum'], 1200)
        self.import_text(text, '--metrics', target, '--batch', 'b', code=DEAD_LETTERS)
        self.assertEqual(values(self.read(target), 'tallystone_batches_total')[(('result', 'resent'),)], 1)

    def test_file_is_there_while_the_import_waits(self):
        target = self.path('m.prom')
        with self.start_program('import', '-', '--db', self.db, '--batch', 'b', '--metrics', target) as running:
            running.stdin.write(b'Code,Qty,Price\n' + b'A,1,1\n' * BLOCK)
            running.stdin.flush()
            self.wait_for(lambda: os.path.exists(target), bool)
            self.read(target)
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)
        self.assertEqual(running.returncode, INTERRUPTED)
        self.assertEqual(sum(values(self.read(target), 'tallystone_lines_total').values()), BLOCK)

    def test_file_that_cannot_be_written_is_told_before_anything_is_booked(self):
        path = self.write('in.csv', ROWS)
        self.run_program('import', path, '--db', self.db, '--metrics', self.path('no/m.prom'), code=IO)
        self.assertEqual(self.inventory(), [])
        self.run_program('import', path, '--db', self.db, '--dry-run', '--metrics', self.path('m'), code=USAGE)

    def test_the_page_has_every_metric_and_no_other(self):
        target = self.path('m.prom')
        self.import_text('Code,Qty,Price\nA,1,1\n', '--metrics', target)
        given = {name: kind for families in (self.read(target), self.metrics()) for name, (kind, _) in families.items()}
        with open(os.path.join(ROOT, 'docs/metrics.md'), encoding='utf-8') as page:
            text = page.read()
        written = re.findall(r'^\| `(tallystone_\w+)(?:\{[^}]*\})?` \| (counter|gauge|histogram) \| [^|]+ \| [^|]+ \|$',
                             text, re.MULTILINE)
        self.assertEqual(len(written), len(dict(written)), 'a metric stands twice')
        self.assertEqual(dict(written), given)
        for name in re.findall(r'tallystone_\w+', text):
            self.assertIn(re.sub('_(bucket|sum|count)$', '', name), given, 'a rule names a metric that is not there')


class BenchTest(LiveTest):
    def setUp(self):
        super().setUp()
        self.program = self.path('tallystone')
        shutil.copy(PROGRAM, self.program)

    def bench(self, *arguments, path='/nowhere'):
        return subprocess.run([self.program, 'bench', *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, timeout=60, env=dict(os.environ, PATH=path))

    def script(self, name, text):
        path = self.write(name, '#!/bin/sh\n' + text)
        os.chmod(path, 0o755)

    def test_not_installed(self):
        done = self.bench('peers')
        self.assertEqual(done.returncode, NOT_FOUND)
        self.assertIn(b'tallystone-bench is not installed', done.stderr)

    def test_arguments_and_exit_code_are_handed_over(self):
        os.mkdir(self.path('bin'))
        self.script('bin/tallystone-bench', 'printf "%s|" in-path "$@"; exit 9\n')
        done = self.bench('peers', '--lines', '5', '--help', 'a b', 'status', path=self.path('bin'))
        self.assertEqual((done.returncode, done.stdout), (9, b'in-path|peers|--lines|5|--help|a b|status|'))
        done = self.bench('--benchmark_filter=x', path=self.path('bin'))
        self.assertEqual(done.stdout, b'in-path|--benchmark_filter=x|')
        self.script('tallystone-bench', 'echo beside\n')
        self.assertEqual(self.bench('peers', path=self.path('bin')).stdout, b'beside\n')


if __name__ == '__main__':
    unittest.main()
