"""What a database shows to others, and what names in data can do to files."""
import os
import stat
import unittest

from program import DEAD_LETTERS, ProgramTest
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
