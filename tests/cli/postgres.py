"""A PostgreSQL of its own for the tests of the program; they are skipped, and say so, where there is none.

    class SomeTest(PostgresTest):
        def test_something(self):
            self.run_program('import', ..., '--some-option', self.url)
            self.psql('SELECT count(*) FROM ...')
            self.server.kill()
            self.server.restart()
"""
import ctypes
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from program import ProgramTest

SUPERUSER = 'tallystone'
START_MAX = 60  # seconds
END_MAX = 60
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def programs():
    """The directory of the newest installed version's programs; '' = none is installed."""
    found = sorted(glob.glob('/usr/lib/postgresql/*/bin/postgres'))
    return os.path.dirname(found[-1]) if found else ''


def server_user():
    """Who the server runs as, because PostgreSQL refuses to be root; None = ourselves."""
    return pwd.getpwnam('postgres') if os.geteuid() == 0 else None


def missing():
    """Why there can be no server here; '' = there can."""
    if not programs():
        return 'PostgreSQL is not installed (postgresql-15)'
    try:
        server_user()
    except KeyError:
        return "there is no user 'postgres' to run a server as"
    return ''


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def parent_and_state(process):
    """(parent, state) of a process; (-1, 'X') = there is none."""
    try:
        with open(f'/proc/{process}/stat', encoding='utf-8', errors='replace') as stat:
            state, parent = stat.read().rsplit(')', 1)[1].split()[:2]
    except OSError:
        return -1, 'X'
    return int(parent), state


class PostgresServer:
    """A server on a private directory, with a Unix socket and a loopback port. `close` ends it and removes all of it."""

    def __init__(self, settings=()):
        """Starts it; `settings`: 'name=value', as in postgresql.conf."""
        self.settings = settings
        self.process = None
        self.parent = tempfile.mkdtemp(prefix='tallystone-pg-')
        self.directory = os.path.join(self.parent, 'pg')
        self.log = os.path.join(self.directory, 'log')
        try:
            os.chmod(self.parent, 0o755)
            os.mkdir(self.directory, 0o700)
            user = server_user()
            self.identity = {}
            if user is not None:
                os.chown(self.directory, user.pw_uid, user.pw_gid)
                self.identity = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}
            subprocess.run([programs() + '/initdb', '-N', '-D', self.directory + '/data', '-A', 'trust', '-U', SUPERUSER,
                            '-E', 'UTF8', '--locale=C'], check=True, stdout=subprocess.DEVNULL, cwd='/', **self.identity)
            self.port = free_port()
            self.restart()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the server, however it is, and removes its files."""
        self.kill()
        shutil.rmtree(self.parent, ignore_errors=True)

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def connection(self, database='postgres'):
        """For libpq, through the socket."""
        return f'host={self.directory} port={self.port} user={SUPERUSER} dbname={database}'

    def url(self, database='postgres', port=None):
        """The same as a URL, to the loopback port (or to that of a proxy)."""
        return f'postgresql://{SUPERUSER}@127.0.0.1:{port or self.port}/{database}'

    def psql(self, sql, database='postgres'):
        """Runs statements; the rows as text, a line each, columns apart by '|'. Raises what psql says if one fails."""
        done = subprocess.run([programs() + '/psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-',
                               self.connection(database)], input=sql.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(f'{sql}\n{done.stderr.decode()}')
        return done.stdout.decode().removesuffix('\n')

    def new_database(self, name):
        self.psql(f'CREATE DATABASE "{name}" STRATEGY file_copy')

    def kill(self):
        """SIGKILL to the server and all its sessions, as if at one moment."""
        if not self.running:
            return
        # Stopped, it can neither start a child nor let the number of one go to another process.
        os.kill(self.process.pid, signal.SIGSTOP)
        while parent_and_state(self.process.pid)[1] not in 'TZX':
            time.sleep(0.001)
        children = [int(name) for name in os.listdir('/proc')
                    if name.isdigit() and parent_and_state(name)[0] == self.process.pid]
        for process in [*children, self.process.pid]:
            os.kill(process, signal.SIGKILL)
        self.process.wait()
        self.process = None
        deadline = time.monotonic() + END_MAX
        while any(parent_and_state(child)[1] not in 'ZX' for child in children) and time.monotonic() < deadline:
            time.sleep(0.001)

    def stop_immediate(self):
        """Ends without a checkpoint."""
        self._end(signal.SIGQUIT)

    def stop(self):
        """Ends in order; sessions are cut."""
        self._end(signal.SIGINT)

    def _end(self, number):
        if self.running:
            self.process.send_signal(number)
            try:
                self.process.wait(END_MAX)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            self.process = None

    def restart(self):
        """After any of these; on the same socket and port. From the main thread only: the server ends with it."""
        assert not self.running
        settings = ['listen_addresses=127.0.0.1', f'unix_socket_directories={self.directory}',
                    'log_min_messages=warning', *self.settings]
        arguments = [programs() + '/postgres', '-D', self.directory + '/data', '-p', str(self.port)]
        for setting in settings:
            arguments += ['-c', setting]
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/', start_new_session=True,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT), **self.identity)
        deadline = time.monotonic() + START_MAX
        while subprocess.run([programs() + '/pg_isready', '-q', '-d', self.connection()], check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                with open(self.log, encoding='utf-8', errors='replace') as log:
                    raise AssertionError('the server did not start:\n' + log.read())
            time.sleep(0.02)


class PostgresTest(ProgramTest):
    """A test of the program with a server (one for the class) and an empty database of its own."""

    SETTINGS = ()
    databases = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        why = missing()
        if why:
            print(f'SKIPPED: {cls.__name__}: {why}', file=sys.stderr)
            raise unittest.SkipTest(why)
        cls.server = PostgresServer(cls.SETTINGS)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        super().setUp()
        if not self.server.running:  # the test before has ended it
            self.server.restart()
        PostgresTest.databases += 1
        self.database = f'test{PostgresTest.databases}'
        self.server.new_database(self.database)

    @property
    def url(self):
        return self.server.url(self.database)

    @property
    def connection(self):
        return self.server.connection(self.database)

    def psql(self, sql):
        return self.server.psql(sql, self.database)
