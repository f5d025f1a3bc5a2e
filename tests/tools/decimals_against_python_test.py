"""Decimal::Parse and ToString against Python's decimal module, on generated texts (law L8).

usage: decimals_against_python_test.py DECIMALS [SEED [TEXTS]]
"""
import decimal
import random
import re
import subprocess
import sys

SYNTAX = re.compile(r'[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)', re.ASCII)
UNITS_MIN, UNITS_MAX = -(1 << 63), (1 << 63) - 1
PIECES = ['0', '00', '000000', '1', '9', '123456', '.', '.', '-', '+', ' ', ',', 'e', 'E2', 'x', 'nan', 'inf', '_',
          '\t', '٣', '−', '٫', "'", '=']


def digits(rng, most):
    return ''.join(rng.choice('0123456789') for _ in range(rng.randrange(most)))


def number(rng):
    """A text that is likely to be a number: any length, with zeros at both ends."""
    whole = rng.choice(['', '0' * rng.randrange(30)]) + digits(rng, rng.choice([2, 6, 13, 15, 40]))
    part = digits(rng, rng.choice([1, 4, 7, 9, 40])) + '0' * rng.choice([0, 0, 1, 6, 30])
    return rng.choice(['', '', '-', '+']) + whole + rng.choice(['', '.']) + part


def near_a_limit(rng):
    """A text a few steps of some size beside a place where the answer changes."""
    place = rng.choice([UNITS_MIN, UNITS_MAX, 0, 10 ** 18, -10 ** 18, 10 ** rng.randrange(22)])
    exact = decimal.Decimal(place).scaleb(-6)
    step = decimal.Decimal(rng.randrange(-3, 4)).scaleb(-rng.randrange(12))
    return format(exact + step, 'f') + rng.choice(['', '0', '000', '000000000001'])


def garbage(rng):
    return ''.join(rng.choice(PIECES) for _ in range(rng.randrange(7)))


def plain(value):
    """Without exponent and without zeros at the end."""
    return format(value.normalize(), 'f') if value else '0'


def expected(text):
    if not SYNTAX.fullmatch(text):
        return 'syntax'
    value = decimal.Decimal(text)
    units = value.scaleb(6)
    if not UNITS_MIN <= units <= UNITS_MAX:
        return 'range'
    if units != units.to_integral_value():
        return 'inexact'
    return f'{plain(value)} {int(units)} {plain(value * value)}'


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 50000
    print('seed', seed, 'texts', count)
    decimal.getcontext().prec = 300  # exact for every text made here
    decimal.getcontext().traps[decimal.Inexact] = True
    rng = random.Random(seed)
    texts = [rng.choice([number, number, near_a_limit, garbage])(rng) for _ in range(count)]
    done = subprocess.run([program], input='\n'.join(texts).encode() + b'\n', stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().splitlines()
    if len(answers) != count:
        print('answers', len(answers))
        return 1
    seen = {}
    for text, answer in zip(texts, answers):
        if answer != expected(text):
            print('text', repr(text), 'ours', answer, 'python', expected(text))
            return 1
        kind = answer if answer.isalpha() else 'number'
        seen[kind] = seen.get(kind, 0) + 1
    print(seen)
    return 0 if len(seen) == 4 and min(seen.values()) > count // 100 else 1


if __name__ == '__main__':
    sys.exit(main())
