"""Books lines one by one, slowly and obviously: what the program's answers are compared with.

Shares nothing with the engine: decimals are decimal.Decimal, Unicode is unicodedata. Lines without a
GTIN only. The rules: fields are stripped; the first check that fails is the outcome; a code decides
alone; without one the normalised description does, if exactly one item has it; else a new item.
"""
import decimal
import re
import unicodedata

NUMBER = re.compile(r'[+-]?(\d+(\.\d*)?|\.\d+)', re.ASCII)
FIELDS = ('code', 'description', 'quantity', 'unit_cost', 'time')
BLANKS = ' \t\n\r\u00a0'
LARGEST = decimal.Decimal(10) ** 12
STEP = decimal.Decimal('0.000001')
decimal.getcontext().prec = 100


def normal_form(text):
    for _ in range(2):  # folding can make what decomposes further
        text = unicodedata.normalize('NFKC', unicodedata.normalize('NFD', text).casefold())
    return ' '.join(text.split())


def plain(number):
    """Without exponent, trailing zeros and a negative zero."""
    text = format(number, 'f')
    text = text.rstrip('0').rstrip('.') if '.' in text else text
    return '0' if text in ('-0', '') else text


def refusal(line):
    """The outcome of a line that fails for what it says itself; None if it does not."""
    numbers = {}
    for field, word in (('quantity', 'bad_quantity'), ('unit_cost', 'bad_price')):
        if not NUMBER.fullmatch(line[field]):
            return word
        numbers[field] = decimal.Decimal(line[field])
    if numbers['quantity'] == 0:
        return 'zero_quantity'
    if not line['code'] and not line['description']:
        return 'no_item'
    if abs(numbers['quantity']) > LARGEST:
        return 'quantity_out_of_range'
    if abs(numbers['unit_cost']) > LARGEST:
        return 'price_out_of_range'
    if any(number % STEP != 0 for number in numbers.values()):
        return 'inexact_number'
    return None


class Item:
    def __init__(self, number, code):
        self.number, self.code = number, code
        self.description = ''
        self.forms = set()
        self.on_hand = self.value = decimal.Decimal(0)
        self.lines = 0
        self.time = ''

    def take(self, line):
        form = normal_form(line['description'])
        if form:
            self.description = self.description or line['description']
            if len(self.forms) < 64:
                self.forms.add(form)
        quantity = decimal.Decimal(line['quantity'])
        self.on_hand += quantity
        self.value += quantity * decimal.Decimal(line['unit_cost'])
        self.lines += 1
        self.time = line['time'] or self.time


class Tenant:
    def __init__(self):
        self.items = []

    def book(self, line):
        """(outcome, item number or '', code, decided by) of a line, a dictionary of FIELDS."""
        line = {field: line[field].strip(BLANKS) for field in FIELDS}
        word = refusal(line)
        if word:
            return word, '', line['code'], ''
        if line['code']:
            rule, found = 'code', [item for item in self.items if item.code == line['code']]
        else:
            form = normal_form(line['description'])
            if not form:
                return 'unknown_item', '', '', ''
            rule, found = 'alias', [item for item in self.items if form in item.forms]
        if len(found) > 1:
            return 'ambiguous_item', '', line['code'], ''
        if not found:
            rule = 'created'
            self.items.append(Item(len(self.items) + 1, line['code']))
            found = self.items[-1:]
        found[0].take(line)
        return 'accepted', str(found[0].number), found[0].code, rule


class Books:
    def __init__(self):
        self.tenants = {}

    def book(self, tenant, line):
        return self.tenants.setdefault(tenant, Tenant()).book(line)

    def inventory(self):
        """[(tenant, code, description, on hand, value, lines, last time, item)], sorted."""
        return sorted((tenant, item.code, item.description, plain(item.on_hand), plain(item.value),
                       str(item.lines), item.time, str(item.number))
                      for tenant, books in self.tenants.items() for item in books.items)
