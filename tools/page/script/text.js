'use strict';
// Texts for people: numbers, times, what may be shown of data, commands for a shell.

// What cannot be seen, or would turn the text around it, becomes a sign of its own.
function visible(text) {
  return String(text).replace(
      /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (sign) => {
        const code = sign.charCodeAt(0);
        if (code < 0x20) {
          return String.fromCharCode(0x2400 + code);
        }
        return '\u2039U+' + code.toString(16).toUpperCase().padStart(4, '0') + '\u203a';
      });
}

// "-1,234.5" of an exact decimal; its digits are never touched.
function decimal(text) {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(String(text));
  if (!match) {
    return String(text);
  }
  return (match[1] ? '\u2212' : '') + match[2].replace(/\B(?=(\d{3})+$)/g, ',') + (match[3] || '');
}

const plural = (count, one, many) => `${decimal(count)} ${count === 1 ? one : many || one + 's'}`;

// "1.2 M": for axes only.
function brief(number) {
  for (const [unit, sign] of [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']]) {
    if (number >= unit) {
      return String(Number((number / unit).toPrecision(3))) + sign;
    }
  }
  return String(Number(number.toPrecision(3)));
}

function bytes(number) {
  let unit = 0;
  while (number >= 1000 && unit < 4) {
    number /= 1000;
    ++unit;
  }
  return `${unit === 0 ? number : number.toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}

function duration(seconds) {
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  for (const [size, one] of [[86400, 'day'], [3600, 'hour'], [60, 'minute']]) {
    if (seconds >= size && seconds % size === 0) {
      return plural(seconds / size, one);
    }
  }
  return `${Number(seconds.toPrecision(3))} s`;
}

// A date of the calendar, or null where the number is not one.
function dateOf(micros) {
  const date = new Date(micros / 1000);
  return micros > 0 && !Number.isNaN(date.getTime()) ? date : null;
}

function time(micros) {
  const date = dateOf(micros);
  return date ? date.toISOString().slice(0, 19).replace('T', ' ') : '';
}

// A word for a POSIX shell with $'...': nothing in it can do anything there.
function shellWord(text) {
  text = String(text);
  if (/^[A-Za-z0-9_.\/:,@%+=-]+$/.test(text)) {
    return text;
  }
  if (text === visible(text)) {
    return "'" + text.replace(/'/g, "'\\''") + "'";
  }
  const escaped = Array.from(text, (sign) => {
    if (sign === '\\' || sign === "'") {
      return '\\' + sign;
    }
    const code = sign.codePointAt(0);
    if (code < 0x80 && visible(sign) !== sign) {
      return '\\x' + code.toString(16).padStart(2, '0');
    }
    return visible(sign) === sign ? sign : '\\u' + code.toString(16).padStart(4, '0');
  });
  return "$'" + escaped.join('') + "'";
}

// command('review accept', {db: ..., item: 3}); options without a value are left out.
function command(words, options) {
  let text = 'tallystone ' + words;
  for (const [name, value] of Object.entries(options)) {
    if (value !== '' && value !== undefined) {
      text += ` --${name}` + (String(value).startsWith('-') ? '=' : ' ') + shellWord(value);
    }
  }
  return text;
}
