"""The tree keeps its shape: layers point downwards, files stay small, docs say what the headers say.

  layout_test.py
"""
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAYERS = ['base', 'model', 'window', 'catalog', 'batchlog', 'store', 'ingest', 'inspect', 'api']
SIDE_BY_SIDE = {('catalog', 'window'), ('batchlog', 'catalog'), ('store', 'batchlog')}  # may not include each other
LINES_MAX = 700


def sources(folder):
    for directory, _, names in os.walk(os.path.join(ROOT, folder)):
        for name in sorted(names):
            if name.endswith(('.h', '.cc')):
                yield os.path.join(directory, name)


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


class LayoutTest(unittest.TestCase):
    def test_layers_point_downwards_only(self):
        for layer in LAYERS:
            for path in sources('engine/' + layer):
                for included in re.findall(r'#include "(\w+)/', read(path)):
                    if included not in LAYERS:
                        continue
                    self.assertLessEqual(LAYERS.index(included), LAYERS.index(layer), f'{path} includes {included}')
                    self.assertNotIn((layer, included), SIDE_BY_SIDE, f'{path} includes {included}')

    def test_public_headers_include_only_public_headers(self):
        for path in sources('engine/include'):
            for included in re.findall(r'#include "([^"]+)"', read(path)):
                self.assertTrue(included.startswith('tallystone/'), f'{path} includes {included}')

    def test_only_the_rocks_store_sees_rocksdb(self):
        for path in [*sources('engine'), *sources('tools')]:
            if '/store/rocks/' not in path:
                self.assertNotIn('#include <rocksdb/', read(path), path)

    def test_only_the_postgres_store_sees_libpq(self):
        for path in [*sources('engine'), *sources('tools')]:
            if '/store/postgres/' not in path:
                self.assertNotRegex(read(path), '#include [<"](libpq|postgres_ext)', path)

    def test_files_have_one_subject(self):
        for folder in ('engine', 'tools', 'tests', 'bench'):
            for path in sources(folder):
                self.assertLessEqual(read(path).count('\n'), LINES_MAX, path)

    def test_limits_are_documented_as_they_are(self):
        header = read(os.path.join(ROOT, 'engine/include/tallystone/limits.h'))
        page = read(os.path.join(ROOT, 'docs/limits.md'))
        limits = re.findall(r'inline constexpr \w+ (k\w+) = ([^;]+);', header)
        self.assertEqual(len(limits), header.count('constexpr'))
        self.assertEqual(re.findall(r'\| `(k\w+)` \| (.+) \|', page), limits)

    def test_pages_show_the_programs_that_are_compiled(self):
        for page, program in (('README.md', 'main.cc'), ('docs/backends.md', 'servers.cc')):
            shown = read(os.path.join(ROOT, page)).split('```cpp\n')[1].split('```')[0]
            self.assertEqual(shown, read(os.path.join(ROOT, 'tests/consumer', program)))


if __name__ == '__main__':
    unittest.main()
