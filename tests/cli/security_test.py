"""What a database shows to others, and what names in data can do to files."""
import os
import stat
import unittest

from program import DEAD_LETTERS, IO, ProgramTest
from interrupt_test import make_text


class Security(ProgramTest):
    def all_paths(self):
        for folder, folders, names in os.walk(self.db):
            for name in folders + names:
                yield os.path.join(folder, name)

    def test_files_and_directories_are_the_owners_alone_whatever_the_umask(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.import_text(make_text(60000), '--tenant-column', 'T', '--batch-column', 'Inv', code=DEAD_LETTERS)
        self.run_program('repair', '--db', self.db)
        self.run_program('resume', '--db', self.db)
        seen = 0
        for path in [self.db, *self.all_paths()]:
            mode = stat.S_IMODE(os.stat(path).st_mode)
            self.assertEqual(mode & 0o077, 0, f'{path} has mode {oct(mode)}')
            seen += 1
        self.assertGreater(seen, 15)

    def test_directory_that_is_a_link_is_refused_and_nothing_behind_it_changes(self):
        self.import_text(make_text(5000), '--tenant-column', 'T', '--batch-column', 'Inv', code=DEAD_LETTERS)
        outside = self.path('outside')
        for name in ('log', 'store', 'store/db', 'store/ingest'):
            directory = os.path.join(self.db, name)
            os.rename(directory, outside)
            self.write('outside/victim', b'precious')
            before = {file: os.stat(os.path.join(outside, file)).st_mtime_ns for file in os.listdir(outside)}
            os.symlink(outside, directory)
            for command in (['import', self.path('in.csv'), '--batch', 'other'], ['status'], ['verify'], ['resume'],
                            ['inventory'], ['repair', '--dry-run'], ['repair'], ['repair', '--salvage-log']):
                with self.subTest(name=name, command=command):
                    answer = self.run_program(*command, '--db', self.db, code=None)
                    if name == 'log' and command[0] == 'repair' and '--salvage-log' not in command:
                        continue  # looks at the store only
                    self.assertEqual(answer.code, IO, answer.err)
                    self.assertIn(f'{directory} is a symbolic link', answer.err)
            self.assertEqual({file: os.stat(os.path.join(outside, file)).st_mtime_ns
                              for file in os.listdir(outside)}, before)
            os.remove(directory)
            os.remove(os.path.join(outside, 'victim'))
            os.rename(outside, directory)
        self.assert_sound()

    def test_database_may_be_named_by_a_link(self):
        os.mkdir(self.path('disk'))
        os.symlink(self.path('disk'), self.db)
        self.import_text('Code,Qty,Price\nA,1,1\n')
        self.assert_sound()

    def test_outcomes_are_a_file_like_that_of_any_tool(self):
        before = os.umask(0o027)
        self.addCleanup(os.umask, before)
        target = self.write('target', 'what was there before, and longer than what comes now' * 10)
        os.symlink(target, self.path('link.csv'))
        for name in ('new.csv', 'link.csv'):
            self.import_text('Code,Qty,Price\nA,1,1\n', '--outcomes', self.path(name))
            with open(self.path(name), encoding='utf-8') as outcomes:
                self.assertEqual(outcomes.readlines()[1:], ['1,accepted,1,A,created,,\n'])
        self.assertEqual(stat.S_IMODE(os.stat(self.path('new.csv')).st_mode), 0o640)

    def test_names_from_data_never_become_paths(self):
        names = ['../../escape', '/etc/escape', 'a/../../b', '..', '.', 'con', '%2e%2e%2f', '~root', '$(touch x)', '`id`']
        rows = ''.join(f'{name},{name},{name},1,1\n' for name in names)
        self.import_text('T,Inv,Code,Qty,Price\n' + rows, '--tenant-column', 'T', '--batch-column', 'Inv')
        self.assertEqual(len(self.inventory()), len(names))
        for path in self.all_paths():
            self.assertNotIn('escape', path)
        self.assertEqual(sorted(os.listdir(self.directory)), ['in.csv', 'stock.db'])


if __name__ == '__main__':
    unittest.main()
