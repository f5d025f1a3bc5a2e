"""The inspection page in a real browser: drawn without an error, usable by keyboard, unharmed by what data says.

Needs Chromium, its driver and selenium (Debian: chromium, chromium-driver, python3-selenium); without them the
test ends with 77, which ctest shows as skipped.
"""
import os
import shutil
import subprocess
import sys
import time
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    webdriver = None

from page import CLOSING, IMAGE, SCRIPT, SHELL, PageTest
from program import CORRUPTION, DEAD_LETTERS

SKIPPED = 77
CHROMIUM = shutil.which('chromium')
DRIVER = shutil.which('chromedriver')
WAIT_SECONDS = 20
# The page under a phone's width; headless windows are not made as narrow as this by themselves.
NARROW = {'width': 375, 'height': 800, 'deviceScaleFactor': 1, 'mobile': True}


def start_browser():
    options = Options()
    options.binary_location = CHROMIUM
    for argument in ('--headless=new', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1200,1000',
                     '--force-prefers-reduced-motion'):  # a page that still scrolls cannot be clicked on
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument('--no-sandbox')  # it refuses to run as root with one
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    return webdriver.Chrome(service=Service(DRIVER), options=options)


class InspectionPage(PageTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = start_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def setUp(self):
        super().setUp()
        self.browser.get('about:blank')  # so that no page of an earlier test still asks
        self.browser.get_log('browser')
        self.fill()

    def open_report(self):
        self.report()
        self.browser.get('file://' + self.path('report.html'))
        self.wait('#reviews-body *')

    def open_served(self, page):
        self.browser.get(page.url)
        self.wait('#reviews-body *')

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def wait(self, selector, text=''):
        """Until an element says so."""
        there = 'return [...document.querySelectorAll(arguments[0])].some(found => found.textContent.includes(arguments[1]))'
        WebDriverWait(self.browser, WAIT_SECONDS).until(
            lambda browser: browser.execute_script(there, selector, text), f'{selector} {text}')

    def script(self, text):
        return self.browser.execute_script('return ' + text)

    def check_no_harm(self):
        """No error, nothing of the data became an element, nothing was asked of anybody else."""
        messages = [entry['message'] for entry in self.browser.get_log('browser') if entry['level'] != 'INFO']
        self.assertEqual(messages, [])
        self.assertIsNone(self.script('window.harmed'))
        self.assertEqual(self.script('document.querySelectorAll("img, iframe, object, a[href]:not([href^=\'#\']), [onerror]").length'), 0)
        self.assertEqual(self.script('document.scripts.length'), 2)
        asked = self.script('performance.getEntriesByType("resource").map(entry => entry.name)')
        self.assertEqual([name for name in asked if not name.startswith(self.script('location.origin') + '/')], [])
        return asked

    def open_everything(self):
        """Whatever opens, what it opens to included."""
        closed = 'document.querySelectorAll("details:not([open]), button.opener[aria-expanded=false]")'
        opening = f'{closed}.forEach(found => found.tagName === "DETAILS" ? found.open = true : found.click())'
        deadline = time.monotonic() + WAIT_SECONDS
        while self.script(closed + '.length') > 0 or self.script('document.body.innerText.includes("Reading\u2026")'):
            self.assertLess(time.monotonic(), deadline)
            self.script(opening)
            time.sleep(0.1)  # what is in details is put in when they are open

    def check_hostile_texts(self):
        text = self.script('document.querySelector("main").innerText')
        for hostile in (SCRIPT, IMAGE, CLOSING, SHELL):
            self.assertIn(hostile, text)
        self.assertIn('\u2039U+202E\u203a', text)  # what would turn the text around is shown
        self.assertIn('\u241b[31m', text)
        self.assertNotIn('\u202e', text)
        self.assertNotIn('\x1b', text)

    def test_the_report_shows_everything_and_nothing_in_it_acts(self):
        self.open_report()
        self.open_everything()
        self.wait('#batches tr.inside tr.failed-line', 'bad_quantity')
        self.check_hostile_texts()
        self.assertEqual(self.check_no_harm(), [])
        self.assertIn('Sound', self.one('#overview .stamp').text)
        self.assertEqual(len(self.all('#activity svg[role="img"]')), 2)
        self.assertEqual([found.text for found in self.all('#reviews mark')], ['set'])

    def test_the_served_page_shows_the_same(self):
        with self.served() as page:
            self.open_served(page)
            self.open_everything()
            self.wait('#batches tr.inside tr.failed-line', 'bad_quantity')
            self.check_hostile_texts()
            self.assertGreater(len(self.check_no_harm()), 1)

    def test_a_batch_opens_by_keyboard_and_shows_its_failed_lines(self):
        self.open_report()
        opener = next(found for found in self.all('#batches button.opener') if found.text == SHELL)
        self.assertEqual(opener.get_attribute('aria-expanded'), 'false')
        opener.send_keys(Keys.ENTER)
        self.assertEqual(opener.get_attribute('aria-expanded'), 'true')
        rows = self.all('#batches tr.inside tbody tr')
        self.assertEqual(len(rows), 5)
        self.assertIn('bad_quantity', rows[1].text)
        self.one('#batches tr.inside input[type="checkbox"]').send_keys(Keys.SPACE)
        self.assertEqual(len(self.all('#batches tr.inside tbody tr')), 3)
        opener.send_keys(Keys.ENTER)
        self.assertEqual(self.all('#batches tr.inside tbody tr:not([hidden])')[0].is_displayed(), False)

    def test_batches_are_found_by_text_and_outcome(self):
        self.open_report()
        names = lambda: [found.text for found in self.all('#batches button.opener')]
        self.assertEqual(len(names()), 3)
        self.one('#batches input[type="search"]').send_keys('FRA')
        self.assertEqual(names(), ['frames'])
        self.one('#batches input[type="search"]').send_keys(Keys.BACKSPACE * 3)
        self.one('#batches select').send_keys('partial')
        self.assertEqual(names(), [SHELL])

    def test_commands_can_be_pasted_whatever_the_names_are(self):
        self.open_report()
        self.open_everything()
        commands = [found.get_attribute('textContent') for found in self.all('code.command')]
        mend = [text for text in commands if ' --line ' in text]
        self.assertEqual(len(mend), 3)
        for text in mend:
            shell = 'tallystone() { printf "%s\\0" "$@"; }; ' + text
            done = subprocess.run(['bash', '-c', shell], stdout=subprocess.PIPE, check=True, cwd=self.directory, timeout=20)
            arguments = done.stdout.decode().split('\0')
            self.assertEqual(arguments[arguments.index('--batch') + 1], SHELL)
            self.assertEqual(arguments[arguments.index('--db') + 1], self.db)
            self.assertEqual(arguments[arguments.index('--set') + 1], 'quantity=\u2026')
        self.assertFalse(os.path.exists(self.path('harmed')))
        accept = next(text for text in commands if 'review accept' in text)
        self.run_program(*accept.split()[1:])

    def test_the_served_page_follows_the_database(self):
        with self.served() as page:
            self.open_served(page)
            self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\n', '--batch', 'later', code=DEAD_LETTERS)
            self.wait('#batches button.opener', 'later')
            self.wait('#as-of', f'As of LSN {self.status()["as_of_lsn"]}')
            self.assertEqual(len(self.all('#activity svg[role="img"]')), 3)
            self.check_no_harm()
        self.wait('#trouble', 'No new data')

    def test_what_is_read_does_not_change_under_the_reader(self):
        with self.served() as page:
            self.open_served(page)
            self.all('#batches button.opener')[0].click()
            self.import_text('Code,Qty,Price\nA,1,1\n', '--batch', 'later')
            self.wait('#batches .news')
            self.assertEqual(len(self.all('#batches button.opener')), 3)
            self.one('#batches .news').click()
            self.wait('#batches button.opener', 'later')

    def test_a_damaged_database_is_not_called_sound(self):
        rows = ''.join(f'C{row % 2000},2,1.5\n' for row in range(60000))
        self.import_text('Code,Qty,Price\n' + rows, '--batch', 'large')
        shown = 0
        for _ in self.reports_of_damage():
            self.browser.get('file://' + self.path('report.html'))
            self.wait('#overview .stamp.bad')
            self.check_no_harm()
            shown += 1
        self.assertGreater(shown, 1)

    def test_a_database_whose_sums_are_wrong_is_not_called_sound(self):
        self.make_unsound()
        self.report('--verify', code=CORRUPTION)
        self.browser.get('file://' + self.path('report.html'))
        self.wait('#overview .stamp.bad', 'Not sound: 1 finding')
        self.wait('#overview', 'lines that are not booked')  # which one
        self.open_everything()
        self.check_no_harm()

    def test_it_fits_a_phone_and_says_what_it_is(self):
        self.browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', NARROW)
        try:
            self.open_report()
            self.open_everything()
            self.assertLessEqual(self.script('document.documentElement.scrollWidth'), NARROW['width'])
            self.assertEqual(self.script('innerWidth'), NARROW['width'])
        finally:
            self.browser.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})
        self.assertEqual(self.script('document.documentElement.lang'), 'en')
        self.assertEqual(self.script('[...document.querySelectorAll("table")].filter(table => !table.caption).length'), 0)
        self.assertEqual(self.script('[...document.querySelectorAll("th:not([scope])")].length'), 0)
        self.assertEqual(self.script('[...document.querySelectorAll("h1, h2, h3")].map(found => found.tagName).join("").slice(0, 8)'), 'H1H2H2H3')
        self.assertEqual(self.script('[...document.querySelectorAll("svg[role=img]")].every(svg => svg.querySelector("title") && svg.querySelector("desc"))'), True)
        ids = self.script('[...document.querySelectorAll("[id]")].map(found => found.id)')
        self.assertEqual(len(ids), len(set(ids)))

    def test_the_keyboard_begins_with_a_way_to_the_content(self):
        self.open_report()
        self.one('body').send_keys(Keys.TAB)
        self.assertEqual(self.script('document.activeElement.className'), 'skip')
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        self.assertEqual(self.script('document.activeElement.id'), 'content')

    def check_tab_order(self):
        """TAB reaches whatever can be used, and what it reaches can be seen: not under the contents, which stay at the top."""
        usable = '''[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')].filter(
            found => found.checkVisibility() && !(found.type === 'radio' && !found.checked))'''
        self.browser.execute_script('document.activeElement.blur(); scrollTo(0, 0); window.reached = []')
        for _ in range(self.script(usable + '.length') + 2):  # it may begin in the middle, and passes the end of the page
            webdriver.ActionChains(self.browser).send_keys(Keys.TAB).perform()
            place = self.script('''(() => {
                const found = document.activeElement, bar = document.querySelector('.contents');
                window.reached.push(found);
                const box = found.getBoundingClientRect();
                return {name: found.outerHTML.slice(0, 80), seen: box.bottom > 0 && box.top < innerHeight,
                        free: bar.contains(found) || found.className === 'skip' || box.bottom > bar.getBoundingClientRect().bottom + 4};
            })()''')
            self.assertTrue(place['seen'] and place['free'], place)
        self.assertEqual(self.script(usable + '.filter(found => !window.reached.includes(found)).map(found => found.outerHTML.slice(0, 80))'), [])

    def test_the_keyboard_reaches_everything(self):
        self.open_report()
        self.check_tab_order()
        self.open_everything()
        self.check_tab_order()

    def test_on_a_phone_the_contents_are_whole_and_lead_to_what_they_name(self):
        self.browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', NARROW)
        try:
            self.open_report()
            self.check_tab_order()
            links = self.all('.contents a')
            self.assertEqual(len(links), 6)
            for link in links:
                box = self.browser.execute_script('return arguments[0].getBoundingClientRect().toJSON()', link)
                self.assertTrue(0 <= box['left'] and box['right'] <= NARROW['width'], (link.text, box))
                link.click()
                covered = '''document.querySelector(location.hash).querySelector('h2').getBoundingClientRect().top <
                    document.querySelector('.contents').getBoundingClientRect().bottom'''
                self.assertFalse(self.script(covered), link.text)
        finally:
            self.browser.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})


if __name__ == '__main__':
    missing = [name for name, found in (('chromium', CHROMIUM), ('chromium-driver', DRIVER), ('python3-selenium', webdriver))
               if not found]
    if missing:
        print('SKIPPED, the page was not tested in a browser; missing:', ', '.join(missing))
        sys.exit(SKIPPED)
    unittest.main()
