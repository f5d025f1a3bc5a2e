"""Makes the sample data: a wholesaler of hardware and household goods with three branches.

  make_invoices.py DIRECTORY     writes invoices.csv and deliveries.jsonl there, always the same bytes

The trouble in it is of the kind that real files have: returns, numbers that are none, lines without a
code whose description is known, new or shared by two items, an invoice sent twice, an invoice that
does not stand in one piece.
"""
import csv
import datetime
import io
import json
import os
import random
import sys
import unicodedata

SEED = 20261123
LINES = 3000
BRANCHES = ('Nordhafen', 'Mühlbach', 'Westend')
COLUMNS = ('InvoiceNo', 'StockCode', 'Description', 'Quantity', 'UnitPrice', 'InvoiceDate', 'Vendor',
           'Unit', 'Branch')
# (code prefix, description, sizes, unit, cheapest and dearest in cents, vendor)
RANGES = (
    ('SCR', 'Wood screw {} countersunk', ('3x20', '3x30', '4x40', '5x50', '6x80'), 'box', 180, 990, 'Brindle & Sohn'),
    ('MSC', 'Machine screw {} zinc', ('M4x16', 'M5x20', 'M6x30', 'M8x40'), 'box', 220, 1250, 'Brindle & Sohn'),
    ('DOW', 'Dowel {} grey', ('6 mm', '8 mm', '10 mm', '12 mm'), 'box', 150, 640, 'Brindle & Sohn'),
    ('HNG', 'Hinge {} brass', ('40 mm', '60 mm', '80 mm'), 'pair', 260, 890, 'Nordkamm'),
    ('LCK', 'Padlock {}', ('30 mm', '40 mm', '50 mm'), 'pc', 590, 1890, 'Nordkamm'),
    ('CHN', 'Chain galvanised {}', ('3 mm', '4 mm', '6 mm'), 'm', 145, 520, 'Nordkamm'),
    ('RPE', 'Rope twisted {}', ('6 mm', '8 mm', '12 mm'), 'm', 60, 310, 'Taumacher Ost'),
    ('PNT', 'Wall paint white {}', ('1 l', '2.5 l', '10 l'), 'can', 790, 5490, 'Farbwerk Lützow'),
    ('VRN', 'Varnish clear {}', ('0.5 l', '1 l'), 'can', 890, 1690, 'Farbwerk Lützow'),
    ('BRS', 'Brush flat {}', ('25 mm', '50 mm', '75 mm'), 'pc', 190, 740, 'Farbwerk Lützow'),
    ('NAI', 'Wire nails {}, loose', ('30 mm', '50 mm', '70 mm'), 'kg', 310, 680, 'Brindle & Sohn'),
    ('MUG', 'Café mug {}', ('white', 'blue', 'rosé'), 'pc', 240, 690, 'Maison Orvélie'),
    ('JAR', 'Crème jar with lid {}', ('250 ml', '500 ml', '1 l'), 'pc', 130, 450, 'Maison Orvélie'),
    ('BWL', 'Mixing bowl {}', ('small', 'medium', 'large'), 'pc', 490, 1590, 'Maison Orvélie'),
    ('CLN', 'Floor cleaner "Blitz" {}', ('1 l', '5 l'), 'bottle', 210, 980, 'Sauberland'),
    ('SPG', 'Sponge scourer, pack of {}', ('3', '10'), 'pack', 90, 290, 'Sauberland'),
    ('BKT', 'Bucket {}', ('5 l', '10 l', '15 l'), 'pc', 240, 760, 'Sauberland'),
    ('LMP', 'LED bulb {}', ('4 W', '7 W', '11 W', '14 W'), 'pc', 190, 890, 'Lichtkontor'),
    ('CBL', 'Cable 3-core {}', ('1.5 mm²', '2.5 mm²'), 'm', 85, 240, 'Lichtkontor'),
    ('BTT', 'Battery {}, pack of 4', ('AA', 'AAA'), 'pack', 240, 560, 'Lichtkontor'),
    ('STR', 'Straßenbesen {}', ('40 cm', '60 cm'), 'pc', 890, 1790, 'Sauberland'),
)
MEASURED = ('m', 'kg')  # units that come in fractions
# Two codes, one description: a line with the description alone could mean either.
TWINS = (('GLV-M', 'Work glove leather', 'pair', 690, 'Nordkamm'), ('GLV-L', 'Work glove leather', 'pair', 690, 'Nordkamm'),
         ('TAP-19', 'Fabric tape black', 'roll', 420, 'Sauberland'), ('TAP-50', 'Fabric tape black', 'roll', 790, 'Sauberland'))
# Never with a code.
UNCODED = ('Pallet deposit', 'Shelf rental week', 'Assorted washers, leftover', 'Window putty, tub',
           'Entrée mat coir', 'Sample card paints')
BAD_QUANTITIES = ('6 pcs', '1,000', 'n/a', '', '2x12', '1e3', '--4', '12 m', '?')
BAD_PRICES = ('€4.20', '$3.10', 'n/a', '4,20', '12.-', 'free', 'EUR 7')
OUT_OF_BOUNDS = (('0.3333333', '1.20'), ('20000000000000', '0.10'), ('1', '0.00000005'), ('3', '9000000000000'))


def catalogue():
    """[(code, description, unit, cents, vendor)]"""
    items = []
    for prefix, name, sizes, unit, cheapest, dearest, vendor in RANGES:
        for number, size in enumerate(sizes):
            cents = cheapest + (dearest - cheapest) * number // max(1, len(sizes) - 1)
            items.append((f'{prefix}-{(number + 1) * 10}', name.format(size), unit, cents, vendor))
    return items + list(TWINS)


def other_spelling(rng, text):
    """The same text to a person: case, blanks, composed or decomposed accents, wide letters."""
    ways = (str.upper, str.lower, str.title, lambda t: t.replace(' ', '  '), lambda t: f' {t} ',
            lambda t: t.replace(' ', '\u00a0', 1), lambda t: unicodedata.normalize('NFD', t),
            lambda t: t.replace('ß', 'ss'), lambda t: t.replace('l', '\uff4c', 1),
            lambda t: t.replace(' ', '\t', 1))
    for way in rng.sample(ways, rng.randint(1, 2)):
        text = way(text)
    return text


def price(cents):
    return f'{cents // 100}.{cents % 100:02d}'


class Wholesaler:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.items = catalogue()
        self.time = datetime.datetime(2026, 3, 2, 7, 30)
        self.number = 48100

    def quantity(self, unit, returned):
        rng = self.rng
        if unit in MEASURED and rng.random() < 0.6:
            text = rng.choice((f'{rng.randint(1, 80)}.{rng.choice((5, 25, 75, 125))}', f'0.{rng.randint(100, 999)}', '.5'))
        else:
            text = str(rng.choice((1, 1, 2, 3, 4, 6, 10, 12, 24, 50, 144)))
        if returned:
            return '-' + text
        return '+' + text if rng.random() < 0.01 else text

    def line(self, vendor, returned):
        """[code, description, quantity, unit price, vendor, unit]"""
        rng = self.rng
        offered = [item for item in self.items if item[4] == vendor]
        code, description, unit, cents, made_by = rng.choice(offered if rng.random() < 0.85 else self.items)
        cents = max(1, cents + rng.randint(-5, 5) * (cents // 100))
        row = [code, description, self.quantity(unit, returned), price(cents), made_by, unit]
        self.trouble(row)
        return row

    def trouble(self, row):
        rng = self.rng
        kind = rng.random()
        if kind < 0.012:
            row[2] = rng.choice(BAD_QUANTITIES)
        elif kind < 0.020:
            row[3] = rng.choice(BAD_PRICES)
        elif kind < 0.026:
            row[2] = rng.choice(('0', '0.000', '-0', '+0.0'))
        elif kind < 0.030:
            row[0], row[1] = '', rng.choice(('', '   '))
        elif kind < 0.060:  # known, perhaps, by its description alone
            row[0], row[1] = '', other_spelling(rng, row[1])
        elif kind < 0.068:
            row[0], row[1] = ' ', other_spelling(rng, rng.choice(TWINS)[1])
        elif kind < 0.085:
            name = rng.choice(UNCODED)
            row[0], row[1] = '', name if rng.random() < 0.5 else other_spelling(rng, name)
        elif kind < 0.115:
            row[1] = other_spelling(rng, row[1])
        elif kind < 0.120:
            row[1] = ''
        elif kind < 0.128:
            row[0] = rng.choice((f' {row[0]}', f'{row[0]}  ', f'\t{row[0]} '))
        elif kind < 0.131:
            row[0] = row[0].lower()  # another code, for codes compare byte for byte
        elif kind < 0.141:
            row[3] = rng.choice(('0', '0.00'))  # a free item
        elif kind < 0.144:
            row[3] = '-' + row[3]
        elif kind < 0.146:
            row[2], row[3] = rng.choice(OUT_OF_BOUNDS)
        elif kind < 0.152:  # a description that is another item's too from now on
            row[1] = rng.choice(self.items)[1]

    def invoice(self):
        rng = self.rng
        self.number += 1
        self.time += datetime.timedelta(minutes=rng.randint(3, 240))
        returned = rng.random() < 0.08
        number = f'{"C" if returned else ""}{self.number}'
        branch = rng.choices(BRANCHES, (5, 3, 2))[0]
        vendor = rng.choice(sorted({item[4] for item in self.items}))
        time = self.time.strftime('%Y-%m-%d %H:%M')
        rows = []
        for _ in range(rng.randint(1, 4) if returned else rng.choice((1, 3, 7, 12, 18, 25, 40))):
            code, description, quantity, cost, made_by, unit = self.line(vendor, returned)
            rows.append([number, code, description, quantity, cost, time, made_by, unit, branch])
        return rows


def invoice_rows():
    wholesaler = Wholesaler(SEED)
    invoices = []
    while sum(map(len, invoices)) < LINES:
        invoices.append(wholesaler.invoice())
    long = [number for number, rows in enumerate(invoices) if len(rows) >= 12]
    torn = long[len(long) // 3]  # its second half comes three invoices later
    half = len(invoices[torn]) // 2
    invoices.insert(torn + 4, invoices[torn][half:])
    invoices[torn] = invoices[torn][:half]
    repeated = long[2 * len(long) // 3]
    invoices.insert(repeated + 20, list(invoices[repeated + 1]))
    return [row for rows in invoices for row in rows]


def invoices_csv():
    out = io.StringIO(newline='')
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(COLUMNS)
    writer.writerows(invoice_rows())
    return out.getvalue().encode()


def deliveries_jsonl():
    """What the branches received: numbers as numbers and as text, keys that come and go."""
    rng = random.Random(SEED + 1)
    items = catalogue()
    lines = []
    for number in range(200):
        code, description, unit, cents, vendor = rng.choice(items)
        quantity = rng.choice((5, 10, 12.5, 48, 100, '24', '0.75'))
        entry = {'sku': code, 'name': description, 'qty': quantity, 'price': price(cents * 6 // 10), 'uom': unit,
                 'supplier': vendor, 'document': f'D-{7000 + number // 9}', 'branch': rng.choice(BRANCHES),
                 'date': f'2026-03-{2 + number // 9:02d}'}
        kind = rng.random()
        if kind < 0.03:
            entry['qty'] = rng.choice(('a dozen', None, 'n/a'))
        elif kind < 0.08:
            del entry['sku']
            entry['name'] = other_spelling(rng, description)
        elif kind < 0.12:
            del entry['name']
        elif kind < 0.14:
            entry['qty'] = -1
        lines.append(json.dumps(entry, ensure_ascii=number % 2 == 0))
    return ('\n'.join(lines) + '\n').encode()


def files():
    """{name: bytes}"""
    return {'invoices.csv': invoices_csv(), 'deliveries.jsonl': deliveries_jsonl()}


if __name__ == '__main__':
    for file_name, content in files().items():
        with open(os.path.join(sys.argv[1], file_name), 'wb') as file:
            file.write(content)
