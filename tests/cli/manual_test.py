"""The manual pages: their commands are those of the program, and scdoc can read them.

  TALLYSTONE=build-test/gcc/bin/tallystone tests/cli/manual_test.py --update

writes the section COMMANDS anew.
"""
import os
import re
import shutil
import subprocess
import sys
import unittest

from transcripts_test import leaf_commands, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, 'docs', 'man')
PAGE = os.path.join(FOLDER, 'tallystone.1.scd')
SECTION = re.compile(r'(?<=\n# COMMANDS\n\n).*?(?=# TIMES AND POSITIONS\n)', re.S)


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def commands_as_they_are():
    text = ''
    for command in sorted(leaf_commands()):
        told = run([*command.split(), '--help'], None).stdout.decode()
        text += f'## tallystone {command}\n\n```\n{told.strip()}\n```\n\n'
    return text


class Manual(unittest.TestCase):
    maxDiff = None

    def test_commands_are_those_of_the_program(self):
        self.assertEqual(SECTION.search(read(PAGE)).group(0), commands_as_they_are(), 'see the top of this test')

    def test_exit_codes_are_those_of_the_program(self):
        header = read(os.path.join(ROOT, 'tools/process/exit_code.h'))
        self.assertEqual(sorted(re.findall(r'^\|  (\d+)$', read(PAGE), re.M)),
                         sorted(set(re.findall(r'^  kExit\w+ = (\d+),', header, re.M))), 'two may share a number')

    def test_pages_that_are_named_are_there(self):
        for name in re.findall(r'\*(\w+\.md)\*', read(os.path.join(FOLDER, 'tallystone-formats.5.scd'))):
            self.assertTrue(os.path.exists(os.path.join(ROOT, 'docs', name)), name)

    @unittest.skipUnless(shutil.which('scdoc'), 'there is no scdoc here')
    def test_scdoc_reads_them(self):
        for name in os.listdir(FOLDER):
            done = subprocess.run(['scdoc'], input=read(os.path.join(FOLDER, name)).encode(), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b''), name)
            self.assertIn(b'.TH "tallystone', done.stdout)


if __name__ == '__main__':
    if '--update' in sys.argv:
        text = SECTION.sub(lambda _: commands_as_they_are(), read(PAGE))
        with open(PAGE, 'w', encoding='utf-8') as file:
            file.write(text)
    else:
        unittest.main()
