"""The tests notice mistakes: with each of those of engine/base/canary.h put in, a test that protects the law fails.

Usage: canary_test.py BIN_DIRECTORY
"""
import os
import re
import subprocess
import sys
import unittest

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = sys.argv.pop(1) if len(sys.argv) > 1 else ''

# Mistake: the program and its tests that must fail.
CAUGHT_BY = {
    'marker_outside_the_batch': ('crash_tests', '*drain_by_WriteBatch'),
    'sync_skipped': ('batchlog_tests', 'LogCrashTest.AtEveryOperation'),
    'retry_without_marker': ('engine_tests', 'KeyReplayTest.*:StoreFaultTest.*'),
    'replay_resumes_one_early': ('crash_tests', '*key_replay'),
    'stale_record_accepted': ('batchlog_tests', 'Log*'),
    'overflow_wraps': ('engine_tests', 'LimitsTest.*'),
    'dead_letter_forgotten': ('crash_tests', '*drain_by_WriteBatch'),
    'resend_booked_again': ('crash_tests', '*fresh_database'),
    'move_begins_again': ('crash_tests', '*split_of_a_name'),
}


class Canaries(unittest.TestCase):
    def run_tests(self, program, tests, canary=None):
        environment = dict(os.environ)
        environment.pop('TALLYSTONE_CANARY', None)
        if canary is not None:
            environment['TALLYSTONE_CANARY'] = canary
        done = subprocess.run([os.path.join(BIN, program), f'--gtest_filter={tests}', '--gtest_fail_fast'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, timeout=300, check=False)
        text = done.stdout.decode('utf-8', 'replace')
        self.assertNotIn('Running 0 tests', text, f'{program} has no {tests}')
        return done.returncode, text

    def test_every_mistake_has_tests_that_must_notice_it(self):
        with open(os.path.join(REPOSITORY, 'engine', 'base', 'canary.h'), encoding='utf-8') as header:
            names = set(re.findall(r'"([a-z_]+)"', header.read()))
        self.assertEqual(names, set(CAUGHT_BY))

    def test_each_is_noticed(self):
        for canary, (program, tests) in CAUGHT_BY.items():
            with self.subTest(canary):
                code, text = self.run_tests(program, tests, canary)
                self.assertNotEqual(code, 0, f'{program} {tests} passes with the mistake "{canary}"')
                print(f'{canary}: noticed by {program} {tests}, exit code {code}', file=sys.stderr)

    def test_without_a_mistake_they_pass(self):
        for program, tests in sorted(set(CAUGHT_BY.values())):
            code, text = self.run_tests(program, tests)
            self.assertEqual(code, 0, text[-2000:])


if __name__ == '__main__':
    unittest.main()
