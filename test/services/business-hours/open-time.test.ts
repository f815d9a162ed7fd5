import { expect } from "chai";
import { openTime } from "../../../src/services/business-hours/open-time.ts";
import type { Calendar, Span } from "../../../src/services/business-hours/types.ts";

const minute = 60_000;
const hour = 60 * minute;
const at = (text: string) => Date.parse(text);
const iso = (ms: number | null) => ms && new Date(ms).toISOString();

function calendar(timeZone: string, week: Span[][], exceptions: Calendar["exceptions"] = []): Calendar {
  return { id: 1, version: 1, name: "x", timeZone, week, exceptions };
}

const nineToSix: Span[][] = [...Array.from({ length: 5 }, (): Span[] => [[540, 1080]]), [], []];
const always: Span[][] = Array.from({ length: 7 }, (): Span[] => [[0, 1440]]);

describe("open time", () => {
  it("counts through the night and the weekend", () => {
    const open = openTime(calendar("America/Mexico_City", nineToSix));
    // Friday 27 November 2026, 17:58 in Mexico (UTC-6).
    expect(iso(open.add(at("2026-11-27T23:58:00Z"), 5 * minute))).to.equal("2026-11-30T15:03:00.000Z");
    expect(open.isOpen(at("2026-11-27T23:58:00Z"))).to.equal(true);
    expect(open.isOpen(at("2026-11-28T00:00:00Z"))).to.equal(false);
    expect(iso(open.opensAt(at("2026-11-28T00:00:00Z")))).to.equal("2026-11-30T15:00:00.000Z");
    expect(open.between(at("2026-11-27T23:00:00Z"), at("2026-11-30T16:00:00Z"))).to.equal(2 * hour);
  });

  it("knows holidays, days with other hours, and several spans a day", () => {
    const open = openTime(
      calendar(
        "Europe/Madrid",
        [
          ...Array.from({ length: 5 }, (): Span[] => [
            [540, 840],
            [960, 1140],
          ]),
          [],
          [],
        ],
        [
          { date: "2026-12-08", name: "Inmaculada", spans: [] },
          { date: "2026-12-24", name: "Nochebuena", spans: [[540, 720]] },
        ],
      ),
    );
    expect(iso(open.opensAt(at("2026-12-07T18:30:00Z")))).to.equal("2026-12-09T08:00:00.000Z");
    expect(open.exceptionOn(at("2026-12-08T12:00:00Z"))?.name).to.equal("Inmaculada");
    expect(open.between(at("2026-12-24T00:00:00Z"), at("2026-12-25T00:00:00Z"))).to.equal(3 * hour);
    expect(iso(open.add(at("2026-12-09T12:59:00Z"), 2 * minute))).to.equal("2026-12-09T15:01:00.000Z");
  });

  it("leaves the night before a holiday to the day it began on", () => {
    const week: Span[][] = Array.from({ length: 7 }, (): Span[] => [[1320, 1560]]);
    const open = openTime(calendar("Europe/Madrid", week, [{ date: "2026-01-10", name: "x", spans: [] }]));
    expect(open.isOpen(at("2026-01-10T00:30:00Z"))).to.equal(true);
    expect(open.isOpen(at("2026-01-10T21:30:00Z"))).to.equal(false);
  });

  it("is open every minute of the day around the clock, also when a day has 23 or 25 hours", () => {
    const open = openTime(calendar("Europe/Berlin", always));
    for (const day of ["2026-03-29", "2026-10-25", "2026-06-01"]) {
      const from = Temporal.PlainDate.from(day).toZonedDateTime("Europe/Berlin").epochMilliseconds;
      const to = Temporal.PlainDate.from(day)
        .add({ days: 1 })
        .toZonedDateTime("Europe/Berlin").epochMilliseconds;
      expect(open.between(from, to)).to.equal(to - from);
      expect(open.add(from, to - from)).to.equal(to);
    }
  });

  it("minds the hour that is skipped and the hour that comes twice", () => {
    const open = openTime(
      calendar(
        "Europe/Berlin",
        Array.from({ length: 7 }, (): Span[] => [[90, 180]]),
      ),
    );
    // 01:30 to 03:00: on 29 March clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
    expect(open.between(at("2026-03-28T23:00:00Z"), at("2026-03-29T12:00:00Z"))).to.equal(30 * minute);
    expect(open.between(at("2026-10-24T22:00:00Z"), at("2026-10-25T12:00:00Z"))).to.equal(150 * minute);
    const inGap = openTime(
      calendar(
        "Europe/Berlin",
        Array.from({ length: 7 }, (): Span[] => [[150, 240]]),
      ),
    );
    expect(iso(inGap.opensAt(at("2026-03-28T23:00:00Z")))).to.equal("2026-03-29T01:00:00.000Z");
  });

  it("never opens when nothing is open", () => {
    const open = openTime(
      calendar(
        "Asia/Kolkata",
        Array.from({ length: 7 }, () => []),
      ),
    );
    expect(open.opensAt(at("2026-01-01T00:00:00Z"))).to.equal(null);
    expect(open.add(at("2026-01-01T00:00:00Z"), minute)).to.equal(null);
    expect(open.between(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))).to.equal(0);
  });

  it("agrees with an oracle that walks minute by minute, in 100,000 random cases", function () {
    this.timeout(0);
    const random = generator(20261125);
    const zones = [
      "Europe/Berlin",
      "America/Mexico_City",
      "America/Sao_Paulo",
      "Asia/Kolkata",
      "America/Santiago",
      "Europe/Madrid",
      "America/New_York",
      "Australia/Lord_Howe",
    ];
    let cases = 0;
    const differences: string[] = [];
    for (let round = 0; round < 125; round += 1) {
      const timeZone = zones[round % zones.length] ?? "UTC";
      const made = randomCalendar(timeZone, random);
      const open = openTime(made);
      const changes = [
        at("2026-03-29T00:00:00Z"),
        at("2026-10-25T00:00:00Z"),
        at("2026-04-05T00:00:00Z"),
        at("2026-09-06T00:00:00Z"),
        at("2026-03-08T00:00:00Z"),
        at("2026-11-01T00:00:00Z"),
      ];
      const start =
        (changes[Math.floor(random() * changes.length)] ?? 0) -
        3 * 24 * hour +
        Math.floor(random() * 60) * minute;
      const oracle = walk(made, start, 7 * 24 * 60);
      for (let n = 0; n < 800; n += 1) {
        cases += 1;
        const a = Math.floor(random() * oracle.open.length);
        const b = a + Math.floor(random() * (oracle.open.length - a));
        const counted = (oracle.before[b] ?? 0) - (oracle.before[a] ?? 0);
        const from = start + a * minute;
        const to = start + b * minute;
        if (open.between(from, to) !== counted * minute)
          differences.push(`${timeZone} between ${iso(from)} ${iso(to)}`);
        if (open.isOpen(from) !== oracle.open[a]) differences.push(`${timeZone} isOpen ${iso(from)}`);
        const m = a + Math.floor(random() * (b - a + 1));
        const middle = start + m * minute;
        if (open.between(from, middle) + open.between(middle, to) !== open.between(from, to))
          differences.push(
            `${timeZone} not additive ${iso(from)} ${iso(middle)} ${iso(to)}: ${open.between(from, middle) / minute} + ${open.between(middle, to) / minute} not ${open.between(from, to) / minute}, oracle ${(oracle.before[m] ?? 0) - (oracle.before[a] ?? 0)} ${JSON.stringify(made)}`,
          );
        if (counted > 0) {
          const due = open.add(from, counted * minute);
          if (due !== oracle.add(a, counted))
            differences.push(
              `${timeZone} add ${iso(from)} ${counted}: ${iso(due)} not ${iso(oracle.add(a, counted))}`,
            );
        }
      }
    }
    expect(cases).to.equal(100_000);
    expect(differences.slice(0, 5)).to.deep.equal([]);
  });
});

/** Mulberry32: the same cases in every run. */
function generator(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function randomCalendar(timeZone: string, random: () => number): Calendar {
  const spans = (): Span[] => {
    const made: Span[] = [];
    let cursor = Math.floor(random() * 400);
    for (let n = 0; n < Math.floor(random() * 4); n += 1) {
      const until = cursor + 15 + Math.floor(random() * 500);
      if (cursor >= 1440) break;
      made.push([cursor, Math.min(until, cursor + 1440)]);
      cursor = until + Math.floor(random() * 200);
    }
    return made;
  };
  const days = [
    "2026-03-29",
    "2026-10-25",
    "2026-04-05",
    "2026-09-06",
    "2026-03-08",
    "2026-11-01",
    "2026-10-26",
  ];
  return calendar(
    timeZone,
    Array.from({ length: 7 }, spans),
    days
      .filter(() => random() < 0.4)
      .map((date) => ({ date, name: "f", spans: random() < 0.5 ? [] : spans() })),
  );
}

/**
 * Nothing of the code under test and no Temporal: it walks minute by minute, asks Intl what the clock on the wall shows, and
 * opens each span when that first reaches its beginning and closes it when that first reaches its end.
 */
function walk(made: Calendar, start: number, minutes: number) {
  const wall = new Intl.DateTimeFormat("en-CA", {
    timeZone: made.timeZone,
    dateStyle: "short",
    timeStyle: "short",
    hourCycle: "h23",
  });
  const lead = 4 * 24 * 60;
  const shown: number[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  for (let n = -lead; n < minutes + lead; n += 1) {
    const [date = "", time = ""] = wall.format(start + n * minute).split(", ");
    const [h = 0, m = 0] = time.split(":").map(Number);
    latest = Math.max(latest, Date.parse(`${date}T00:00:00Z`) / minute + h * 60 + m);
    shown.push(latest);
  }
  const exceptions = new Map(made.exceptions.map((one) => [one.date, one.spans]));
  const openAt = new Set<number>();
  const firstDay = Math.floor((shown[0] ?? 0) / 1440) + 1;
  const lastDay = Math.floor((shown.at(-1) ?? 0) / 1440) - 2;
  const reached = (wanted: number) => shown.findIndex((one) => one >= wanted);
  for (let day = firstDay; day <= lastDay; day += 1) {
    const date = new Date(day * 1440 * minute);
    const spans =
      exceptions.get(date.toISOString().slice(0, 10)) ?? made.week[(date.getUTCDay() + 6) % 7] ?? [];
    for (const [from, until] of spans)
      for (let n = reached(day * 1440 + from); n < reached(day * 1440 + until); n += 1) openAt.add(n - lead);
  }
  const open = Array.from({ length: minutes }, (_one, n) => openAt.has(n));
  const before = [0];
  for (const one of open) before.push((before.at(-1) ?? 0) + (one ? 1 : 0));
  return {
    open,
    before,
    add(a: number, wanted: number): number | null {
      let left = wanted;
      for (let n = a; n < minutes; n += 1) {
        if (open[n]) left -= 1;
        if (left === 0) return start + (n + 1) * minute;
      }
      return null;
    },
  };
}
