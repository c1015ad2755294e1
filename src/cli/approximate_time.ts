/** A wall clock: what is not set is `undefined`. */
interface Clock {
  year: number | undefined;
  /** 0 for January. */
  month: number | undefined;
  day: number | undefined;
  hour: number | undefined;
  minute: number | undefined;
  second: number | undefined;
}

const MONTHS = [
  ...["january", "february", "march", "april", "may", "june", "july", "august", "september"],
  ...["october", "november", "december"],
];
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const NUMBERS = [
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
];

/** Units in seconds. */
const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
};

/** Time zones by name, in hours east of Greenwich; summer time is one of them. */
const ZONES: Readonly<Record<string, number>> = {
  ...{ idlw: -12, nt: -11, cat: -10, hst: -10, hdt: -9, yst: -9, ydt: -8, pst: -8, pdt: -7 },
  ...{ mst: -7, mdt: -6, cst: -6, cdt: -5, est: -5, edt: -4, ast: -3, adt: -2, wat: -1 },
  ...{ gmt: 0, utc: 0, z: 0, wet: 0, bst: 1, cet: 1, met: 1, mewt: 1, mest: 2, cest: 2, mesz: 2 },
  ...{ fwt: 1, fst: 2, eet: 2, eest: 3, wast: 7, wadt: 8, cct: 8, jst: 9, east: 10, eadt: 11 },
  ...{ gst: 10, nzt: 12, nzst: 12, nzdt: 13, idle: 12 },
};

/** From here on a number counts seconds since 1970. */
const FIRST_SECONDS = 100_000_000;

/** So far a date may lie in the future before it is taken for another one. */
const TOLERANCE = 10 * 86400;

/**
 * Guesses what people mean by a time as Git does: `yesterday`, `2 weeks ago`, `last friday at noon`, `2026-01-31 10:00
 * +0100`, seconds since 1970. What is not said is taken from the present.
 *
 * @param now The present, in seconds since 1970-01-01 UTC.
 * @returns Seconds since 1970-01-01 UTC; `undefined` when nothing in the text is about time.
 */
export function parseApproximateTime(text: string, now: number): number | undefined {
  return parseExactTime(text) ?? new Guess(now).read(text);
}

/**
 * Parses before which time something is to go: as {@linkcode parseApproximateTime}, but `now` and `all` mean
 * everything, `never` and `false` nothing.
 *
 * @returns Seconds since 1970-01-01 UTC, `Infinity` for everything.
 */
export function parseExpiryTime(text: string, now: number): number | undefined {
  if (text === "never" || text === "false") return 0;
  if (text === "now" || text === "all") return Infinity;
  return parseApproximateTime(text, now);
}

/** Words, numbers that belong together, and time zones. */
const TOKENS =
  /([a-z]+)|([0-9]+)(?:([:./-])([0-9]+)(?:\3([0-9]+))?)?|([+-])([0-9]+)(?::([0-9]*))?/gi;

/** Parses what says year, month, day and time, and perhaps a time zone. */
function parseExactTime(text: string): number | undefined {
  const [, seconds] = /^@([0-9]+) [+-][0-9]{4}\n?$/.exec(text) ?? [];
  if (seconds !== undefined) return Number(seconds);
  const clock = emptyClock();
  let offset: number | undefined;
  let total: number | undefined;
  for (
    const [all, word, first, sign, second, third, plus, zone, minutes] of text.matchAll(TOKENS)
  ) {
    if (word !== undefined) {
      const lower = word.toLowerCase();
      const month = findWord(MONTHS, lower);
      if (month >= 0) clock.month = month;
      else if (Object.hasOwn(ZONES, lower)) offset ??= ZONES[lower]! * 60;
      else if (lower === "pm" || lower === "am") {
        clock.hour = (clock.hour ?? -1) % 12 + (lower === "pm" ? 12 : 0);
      }
    } else if (plus !== undefined) {
      offset = zoneMinutes(plus, zone!, minutes) ?? offset;
    } else if (sign !== undefined && setPair(clock, first!, sign, second!, third)) {
      // That was it.
    } else if (Number(first) >= FIRST_SECONDS && isEmpty(clock)) {
      total = Number(first);
    } else {
      setNumber(clock, sign === undefined ? all : first!);
    }
  }
  if (total !== undefined) return total;
  const { year, month, day, hour, minute, second } = clock;
  if (
    year === undefined || month === undefined || day === undefined || hour === undefined ||
    minute === undefined || second === undefined
  ) return undefined;
  const time = offset === undefined
    ? new Date(year, month, day, hour, minute, second).getTime() / 1000
    : Date.UTC(year, month, day, hour, minute, second) / 1000 - offset * 60;
  return time < 0 ? undefined : time;
}

function emptyClock(): Clock {
  return {
    ...{ year: undefined, month: undefined, day: undefined },
    ...{ hour: undefined, minute: undefined, second: undefined },
  };
}

function isEmpty(clock: Clock): boolean {
  return Object.values(clock).every((value) => value === undefined);
}

/** Finds the word that begins with three letters or more. */
function findWord(words: readonly string[], beginning: string): number {
  return beginning.length < 3 ? -1 : words.findIndex((word) => word.startsWith(beginning));
}

function zoneMinutes(
  sign: string,
  digits: string,
  minutes: string | undefined,
): number | undefined {
  const [hour, minute] = digits.length === 4
    ? [Number(digits.slice(0, 2)), Number(digits.slice(2))]
    : [Number(digits), minutes === undefined ? 0 : Number(minutes)];
  const isKnown = digits.length === 4 ||
    (digits.length === 2 && (minutes === undefined || minutes.length === 2));
  if (!isKnown || hour >= 24 || minute >= 60) return undefined;
  return (sign === "-" ? -1 : 1) * (hour * 60 + minute);
}

/** Takes numbers without a separator: 20260131, 103000, a year, a day. */
function setNumber(clock: Clock, digits: string): void {
  const number = Number(digits);
  const [, high = "", middle = "", low = ""] = /^([0-9]+)([0-9]{2})([0-9]{2})$/.exec(digits) ?? [];
  if (digits.length === 8) setDate(clock, Number(high), Number(middle), Number(low));
  else if (digits.length === 6) setTime(clock, Number(high), Number(middle), Number(low));
  else if (clock.hour === undefined && clock.day !== undefined && clock.year !== undefined) {
    if (digits.length === 4) setTime(clock, Math.floor(number / 100), number % 100, 0);
    else if (digits.length === 2) setTime(clock, number, 0, 0);
  } else if (digits.length === 4) {
    if (number > 1900 && number < 2100) clock.year = number;
  } else if (digits.length <= 2) {
    if (number > 0 && number < 32 && clock.day === undefined) clock.day = number;
    else if (digits.length === 2 && clock.year === undefined && number >= 70) {
      clock.year = 1900 + number;
    } else if (digits.length === 2 && clock.year === undefined && number < 10) {
      clock.year = 2000 + number;
    } else if (number > 0 && number < 13 && clock.month === undefined) clock.month = number - 1;
  }
}

function setTime(clock: Clock, hour: number, minute: number, second: number): boolean {
  if (hour > 24 || minute > 59 || second > 60) return false;
  Object.assign(clock, { hour, minute, second });
  return true;
}

/**
 * Sets a date when it is one.
 *
 * @param now When it must not lie much behind the present.
 */
function setDate(
  clock: Clock,
  year: number | undefined,
  month: number | undefined,
  day: number | undefined,
  now?: number,
): boolean {
  if (month === undefined || day === undefined) return false;
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  const full = year === undefined ? undefined : fullYear(year);
  if (year !== undefined && full === undefined) return false;
  if (now === undefined && full === undefined) return false;
  if (now !== undefined) {
    const there = full ?? new Date(now * 1000).getUTCFullYear();
    const { hour = 0, minute = 0, second = 0 } = clock;
    const time = Date.UTC(there, month - 1, day, hour, minute, second) / 1000;
    if (now + TOLERANCE < time) return false;
  }
  clock.month = month - 1;
  clock.day = day;
  if (full !== undefined) clock.year = full;
  return true;
}

function fullYear(year: number): number | undefined {
  if (year >= 1970 && year < 2100) return year;
  if (year > 70 && year < 100) return 1900 + year;
  return year < 38 ? 2000 + year : undefined;
}

/** Takes numbers with a separator: a time, or a date in one of several orders. */
function setPair(
  clock: Clock,
  first: string,
  separator: string,
  second: string,
  third: string | undefined,
  now: number = Math.floor(Date.now() / 1000),
): boolean {
  const [a, b] = [Number(first), Number(second)];
  const c = third === undefined ? undefined : Number(third);
  if (separator === ":") return setTime(clock, a, b, c ?? 0);
  if (a > 70 && (setDate(clock, a, b, c) || setDate(clock, a, c, b))) return true;
  // With dots the day comes first, with slashes the month, unless that cannot be.
  if (separator !== "." && setDate(clock, c, a, b, now)) return true;
  if (setDate(clock, c, b, a, now)) return true;
  return separator === "." && setDate(clock, c, a, b, now);
}

/** Puts together what a text says, word by word. */
class Guess {
  readonly #now: number;
  readonly #present: Date;
  readonly #clock: Clock;
  /** A number of which it is not known yet what it counts. */
  #number = 0;
  /** Whether the time of the day is that of yesterday, unless a day is told. */
  #isYesterday = false;
  #weekday: number;
  #isTouched = false;

  constructor(now: number) {
    this.#now = now;
    this.#present = new Date(now * 1000);
    const present = this.#present;
    this.#weekday = present.getDay();
    this.#clock = {
      ...emptyClock(),
      hour: present.getHours(),
      minute: present.getMinutes(),
      second: present.getSeconds(),
    };
  }

  read(text: string): number | undefined {
    for (const [, word, first, sign, second, third, , zone] of text.matchAll(TOKENS)) {
      if (word !== undefined) this.#word(word.toLowerCase());
      else if (zone !== undefined) this.#digits(zone);
      else this.#digits(first!, sign, second, third);
    }
    this.#settleNumber();
    return this.#isTouched ? this.#settle(0) : undefined;
  }

  #digits(first: string, sign?: string, second?: string, third?: string): void {
    this.#settleNumber();
    this.#isTouched = true;
    if (sign !== undefined && setPair(this.#clock, first, sign, second!, third, this.#now)) return;
    if (!first.startsWith("0") || first.length <= 2) this.#number = Number(first);
    if (sign === undefined) return;
    this.#digits(second!);
    if (third !== undefined) this.#digits(third);
  }

  #word(word: string): void {
    const month = findWord(MONTHS, word);
    if (month >= 0) this.#clock.month = month;
    else if (Object.hasOwn(this.#specials, word)) this.#specials[word]!();
    else if (this.#number === 0) {
      const number = NUMBERS.indexOf(word);
      if (number > 0) this.#number = number;
      else if (word === "last") this.#number = 1;
      else return;
    } else if (!this.#unit(word.replace(/s$/, ""))) return;
    this.#isTouched = true;
  }

  readonly #specials: Readonly<Record<string, () => void>> = {
    yesterday: () => this.#dayBefore(86400),
    today: () => {
      const { hour, minute, second } = this.#clock;
      const present = this.#present;
      const isUntold = hour === present.getHours() && minute === present.getMinutes() &&
        second === present.getSeconds();
      if (isUntold) this.#timeOfDay(0);
      this.#dayBefore(0);
    },
    now: () => {
      this.#number = 0;
      this.#settle(0);
    },
    never: () => {
      this.#number = 0;
      this.#take(new Date(0));
    },
    midnight: () => this.#timeOfDay(0),
    noon: () => this.#timeOfDay(12),
    tea: () => this.#timeOfDay(17),
    am: () => this.#halfDay(0),
    pm: () => this.#halfDay(12),
  };

  #dayBefore(seconds: number): void {
    this.#number = 0;
    this.#isYesterday = false;
    this.#clock.day = undefined;
    this.#settle(seconds);
  }

  #timeOfDay(hour: number): void {
    this.#settleNumber();
    const clock = this.#clock;
    // The last time that it was so late.
    if (clock.day === undefined && (clock.hour ?? 0) < hour) this.#isYesterday = true;
    Object.assign(clock, { hour, minute: 0, second: 0 });
  }

  #halfDay(add: number): void {
    const clock = this.#clock;
    if (this.#number > 0) Object.assign(clock, { hour: this.#number, minute: 0, second: 0 });
    this.#number = 0;
    clock.hour = (clock.hour ?? 0) % 12 + add;
  }

  #unit(unit: string): boolean {
    const count = this.#number;
    const weekday = findWord(WEEKDAYS, unit);
    if (Object.hasOwn(UNITS, unit)) {
      this.#settle(UNITS[unit]! * count);
    } else if (weekday >= 0) {
      const difference = this.#weekday - weekday;
      const weeks = difference <= 0 ? count : count - 1;
      this.#settle((difference + 7 * weeks) * 86400);
    } else if (unit === "month" || unit === "year") {
      this.#settle(0);
      const months = (unit === "year" ? 12 : 1) * count;
      const index = this.#clock.year! * 12 + this.#clock.month! - months;
      this.#clock.year = Math.floor(index / 12);
      this.#clock.month = index % 12;
    } else {
      return false;
    }
    this.#number = 0;
    return true;
  }

  /** A number that nothing follows is a day, a month or a year. */
  #settleNumber(): void {
    const number = this.#number;
    const clock = this.#clock;
    this.#number = 0;
    if (number === 0) return;
    if (clock.day === undefined && number < 32) clock.day = number;
    else if (clock.month === undefined && number < 13) clock.month = number - 1;
    else if (clock.year === undefined) {
      if (number > 1969 && number < 2100) clock.year = number;
      else if (number > 69 && number < 100) clock.year = 1900 + number;
      else if (number < 38) clock.year = 2000 + number;
    }
  }

  /** Fills in what is not said, and goes back some seconds. */
  #settle(seconds: number): number {
    const clock = this.#clock;
    const present = this.#present;
    const back = this.#isYesterday && clock.day === undefined && seconds === 0 ? 86400 : seconds;
    this.#isYesterday = false;
    clock.day ??= present.getDate();
    clock.month ??= present.getMonth();
    clock.year ??= present.getFullYear() - (clock.month > present.getMonth() ? 1 : 0);
    const { year, month, day, hour = 0, minute = 0, second = 0 } = clock;
    const time = new Date(year, month, day, hour, minute, second).getTime() / 1000 - back;
    this.#take(new Date(time * 1000));
    return time;
  }

  #take(date: Date): void {
    this.#weekday = date.getDay();
    Object.assign(this.#clock, {
      year: date.getFullYear(),
      month: date.getMonth(),
      day: date.getDate(),
      hour: date.getHours(),
      minute: date.getMinutes(),
      second: date.getSeconds(),
    });
  }
}
