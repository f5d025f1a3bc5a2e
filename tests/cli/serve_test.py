"""tallystone serve: who is answered, with what around it, and that it is live."""
import json
import os
import signal
import socket
import time
import unittest
import urllib.parse

from page import SHELL, PageTest
from program import DEAD_LETTERS, IO, NOT_FOUND, OK, USAGE

HEADERS = {'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store'}


class Serve(PageTest):
    def check_headers(self, headers):
        for name, value in HEADERS.items():
            self.assertEqual(headers[name], value)
        policy = headers['Content-Security-Policy']
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn('unsafe', policy)

    def test_the_page_and_its_data(self):
        self.fill()
        with self.served() as page:
            status, headers, body = page.ask()
            self.assertEqual(status, 200)
            self.check_headers(headers)
            self.assertIn(b'id="data">null</script>', body)
            data = page.data('snapshot')
            self.assertEqual(data['batches']['total'], 3)
            self.assertEqual((data['live'], data['lines']), (True, []))
            self.assertEqual(page.data('pulse')['as_of_lsn'], data['as_of_lsn'])
            batch = next(row for row in data['batches']['rows'] if row['batch'] == SHELL)
            query = urllib.parse.urlencode({'tenant': batch['tenant'], 'batch': batch['batch']})
            lines = page.data('batch?' + query)['lines']
            self.assertEqual((lines['total'], lines['rows'][1]['quantity']), (5, 'six'))
            status, headers, body = page.ask(page.path + 'api/batch?tenant=acme&batch=nosuch')
            self.assertEqual((status, headers['Content-Type']), (404, 'application/json'))
            self.assertIn('nosuch', json.loads(body)['error'])

    def test_only_who_knows_the_address_is_answered(self):
        self.fill()
        with self.served() as page:
            token = page.path.strip('/')
            self.assertRegex(token, '^[0-9a-f]{32}$')
            wrong = ('0' if token[0] != '0' else '1') + token[1:]
            for path in ('/', f'/{wrong}/', f'/{token[:-1]}/', f'/{token}0/', f'/{token}', f'/{wrong}/api/snapshot', '/api/snapshot',
                         f'/{token}/api/', f'/{token}/api/nosuch', f'/{token}/../etc/passwd', '/favicon.ico', '/' + 'x' * 4000):
                status, headers, body = page.ask(path)
                self.assertEqual(status, 404, path)
                self.assertNotIn(b'lsn', body)
                self.check_headers(headers)

    def test_another_name_for_this_machine_is_refused(self):
        self.fill()
        with self.served() as page:
            for host in ('evil.example', f'evil.example:{page.port}', '127.0.0.1', f'127.0.0.1.evil.example:{page.port}', '127.0.0.1:1', ''):
                status, headers, body = page.ask(headers={'Host': host})
                self.assertEqual((status, body), (421, b'refused\n'), host)
                self.check_headers(headers)
            self.assertEqual(page.ask(headers={'Host': f'localhost:{page.port}'})[0], 200)

    def test_nothing_but_reading_is_answered(self):
        self.fill()
        with self.served() as page:
            for method in ('POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'):
                self.assertEqual(page.ask(method=method)[0], 405, method)
                self.assertEqual(page.ask(page.path + 'api/snapshot', method=method)[0], 405, method)
            self.assertNotEqual(page.ask(method='TRACE')[0], 200)
            self.assertEqual(page.ask(method='POST', body=b'x' * 10000)[0], 405)
            self.assertEqual(page.ask(body=b'x')[0], 413)
            status, headers, body = page.ask(method='HEAD')
            self.assertEqual((status, body), (200, b''))
            self.assertGreater(int(headers['Content-Length']), 1000)

    def test_requests_that_are_too_long_or_none_at_all(self):
        self.fill()
        with self.served() as page:
            for raw in (b'GET /' + b'x' * 100000 + b' HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nX: ' + b'y' * 100000 + b'\r\n\r\n',
                        b'\x00\xff\r\n\r\n', b'GET\r\n\r\n', b''):
                with socket.create_connection(('127.0.0.1', page.port), timeout=10) as connection:
                    try:
                        connection.sendall(raw)
                        connection.shutdown(socket.SHUT_WR)
                        answer = connection.recv(65536)
                    except ConnectionError:  # closed on us, which is an answer too
                        answer = b''
                self.assertNotIn(b' 200 ', answer)
            self.assertEqual(page.ask()[0], 200)

    def test_it_listens_to_this_machine_only(self):
        self.fill()
        with self.served() as page:
            with open('/proc/net/tcp', encoding='ascii') as table:
                listening = [line.split()[1] for line in table if line.split()[3] == '0A']
            self.assertEqual([place for place in listening if place.endswith(f':{page.port:04X}')], [f'0100007F:{page.port:04X}'])

    def test_it_is_live_and_takes_no_lock(self):
        self.fill()
        with self.served() as page:
            before = page.data('pulse')
            self.import_text('Code,Qty,Price\nA,1,1\nB,x,1\n', '--batch', 'later', code=DEAD_LETTERS)
            after = before
            deadline = time.monotonic() + 30  # an answer is kept for a while
            while after['as_of_lsn'] == before['as_of_lsn'] and time.monotonic() < deadline:
                time.sleep(0.1)
                after = page.data('pulse')
            self.assertGreater(after['as_of_lsn'], before['as_of_lsn'])
            lines = [sum(bucket[1] for bucket in data['history']['whole']['buckets']) for data in (before, after)]
            self.assertEqual(lines, [9, 11])

    def test_a_database_that_goes_away_is_said_and_not_the_end(self):
        self.fill()
        with self.served() as page:
            os.rename(self.db, self.path('away.db'))
            status, _, body = page.ask(page.path + 'api/snapshot')
            self.assertEqual(status, 404)
            self.assertIn('error', json.loads(body))
            os.rename(self.path('away.db'), self.db)
            self.assertEqual(page.data('snapshot')['batches']['total'], 3)

    def test_signals_end_it_quietly(self):
        self.fill()
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.start_program('serve', '--db', self.db) as process:
                self.assertRegex(process.stdout.readline().decode(), r'^http://127\.0\.0\.1:\d+/[0-9a-f]{32}/\n$')
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
            self.assertEqual((process.returncode, out, err), (OK, b'', b''))

    def test_a_port_that_is_taken_and_what_is_not_there(self):
        self.run_program('serve', '--db', self.db, code=NOT_FOUND)
        self.fill()
        with self.served() as page:
            answer = self.run_program('serve', '--db', self.db, '--port', page.port, code=IO)
            self.assertIn('--port', answer.err)
        self.run_program('serve', '--db', self.db, '--port', '70000', code=USAGE)


if __name__ == '__main__':
    unittest.main()
