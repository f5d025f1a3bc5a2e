"""tallystone-bench compare: a planted slowdown is found, noise is not. The program: TALLYSTONE_BENCH."""
import json
import os
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get('TALLYSTONE_BENCH', 'tallystone-bench')


def figure(peer, rate):
    return {'peer': peer, 'workload': 'zipf10k', 'lines': 1000, 'batch_lines': 500, 'threads': 1,
            'applied_lines_per_s': rate, 'applied_lines_per_s_min': rate * 0.97,
            'applied_lines_per_s_max': rate * 1.03}


class Compare(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def write(self, name, figures):
        path = os.path.join(self.directory, name)
        with open(path, 'w', encoding='utf-8') as out:
            json.dump(figures, out)
        return path

    def compare(self, before, after, *options):
        return subprocess.run([PROGRAM, 'compare', self.write('a.json', before), self.write('b.json', after), *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8', timeout=60, check=False)

    def test_planted_slowdown_of_15_percent_is_found(self):
        done = self.compare([figure('tallystone', 1000), figure('lmdb', 50)],
                            [figure('tallystone', 850), figure('lmdb', 50)])
        self.assertEqual(done.returncode, 1, done.stderr)
        slower = [line for line in done.stdout.splitlines() if 'SLOWER' in line]
        self.assertEqual(len(slower), 1)
        self.assertIn('tallystone', slower[0])
        self.assertIn('-15.0 %', slower[0])

    def test_noise_and_gains_pass(self):
        for rate in [950, 1000, 1500]:
            self.assertEqual(self.compare([figure('tallystone', 1000)], [figure('tallystone', rate)]).returncode, 0)

    def test_slower_machine_is_not_a_slower_engine_relative_to_the_limit(self):
        before = [figure('tallystone', 1000), figure('log-limit', 4000)]
        after = [figure('tallystone', 500), figure('log-limit', 2000)]
        self.assertEqual(self.compare(before, after).returncode, 1)
        self.assertEqual(self.compare(before, after, '--relative-to', 'log-limit').returncode, 0)

    def test_nothing_to_compare_is_an_error(self):
        self.assertEqual(self.compare([figure('tallystone', 1)], [figure('lmdb', 1)]).returncode, 2)
        self.assertEqual(self.compare([figure('tallystone', 1)], {'not': 'an array'}).returncode, 2)
        self.assertEqual(self.compare([figure('lmdb', 1)], [figure('lmdb', 1)], '--relative-to', 'x').returncode, 2)


if __name__ == '__main__':
    unittest.main()
