"""tallystone completion: the scripts, in their shells."""
import os
import shlex
import shutil
import subprocess
import unittest

from program import USAGE, ProgramTest

BASH = '''
source "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_tallystone
printf '%s\\n' "${COMPREPLY[@]}"
'''
# The two functions of zsh's completion system that the script calls, as far as it needs them.
ZSH = '''
compadd() { shift; local word; for word in "$@"; do [[ $word == ${words[CURRENT]}* ]] && print -r -- $word; done }
_files() { [[ $1 == -/ ]] && print -rl -- *(/N) || print -rl -- *(N) }
words=("$@"); CURRENT=$#
source "$SCRIPT"
_tallystone
'''
FISH = 'source $SCRIPT; complete -C (string join " " -- (string escape -- $argv[1..-2]) $argv[-1])'


class Completion(ProgramTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path('stock.db'))
        self.write('sales.csv', '')

    def complete(self, shell, line):
        """What the shell offers for the last word of `line`."""
        script = self.path('script')
        with open(script, 'wb') as file:
            file.write(self.run_program('completion', shell).out)
        words = shlex.split(line) + ([''] if line.endswith(' ') else [])
        command = {'bash': ['bash', '--norc', '-c', BASH, 'bash'], 'zsh': ['zsh', '-f', '-c', ZSH, 'zsh'],
                   'fish': ['fish', '--no-config', '-c', FISH]}[shell]
        done = subprocess.run([*command, *words], cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, 'SCRIPT': script, 'HOME': self.directory}, check=False, timeout=60)
        self.assertEqual(done.stderr.decode(), '', line)
        return [word.split('\t')[0].rstrip('/') for word in done.stdout.decode().splitlines() if word]

    def check(self, shell):
        if shutil.which(shell) is None:
            self.skipTest(f'there is no {shell} here')
        cases = (('tallystone inv', ['inventory']), ('tallystone batch', ['batch', 'batches']),
                 ('tallystone batch ', ['show']), ('tallystone dead-letters re', ['retry']),
                 ('tallystone items --db x --form', ['--format']), ('tallystone items sh', ['show']),
                 ('tallystone inventory --format n', ['ndjson']), ('tallystone inventory --db ', ['stock.db']),
                 ('tallystone items show A --js', ['--json']), ('tallystone completion f', ['fish']),
                 ('tallystone dead-letters list --cause bad_p', ['bad_price']),
                 ('tallystone dead-letters summary --by te', ['tenant']),
                 ('tallystone transactions --tenant batch --bat', ['--batch']),
                 ('tallystone transactions --tenant ', []))
        for line, expected in cases:
            self.assertEqual(sorted(self.complete(shell, line)), expected, line)
        self.assertIn('sales.csv', self.complete(shell, 'tallystone import '))
        self.assertIn('--outcomes', self.complete(shell, 'tallystone import --o'))

    def test_bash(self):
        self.check('bash')
        self.assertEqual(self.complete('bash', 'tallystone inventory --format = c'), ['csv'], 'as bash splits --format=c')

    def test_zsh(self):
        self.check('zsh')

    def test_fish(self):
        self.check('fish')

    def test_another_shell(self):
        self.run_program('completion', 'csh', code=USAGE)
        self.run_program('completion', code=USAGE)


if __name__ == '__main__':
    unittest.main()
