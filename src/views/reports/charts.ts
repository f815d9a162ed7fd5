import type { Bars, Heat } from "./model.ts";

const box = { wide: 1120, half: 560, height: 190, left: 40, bottom: 22, top: 8 };

export interface Bar {
  name: string;
  value: number;
  /** What it is held against; null: nothing. */
  before?: number | null;
  title: string;
  isDashed?: boolean;
}

/** No bar is wider: three of them are not a wall. */
const widest = 72;

/**
 * Bars from left to right, with a line for what they are held against; between things that are no steps of time, a stroke at each.
 *
 * @param say how a number of the axis reads.
 */
export function drawBars(
  all: readonly Bar[],
  {
    label,
    key = null,
    say,
    isTime = true,
    isHalf = false,
  }: { label: string; key?: Bars["key"]; say: (n: number) => string; isTime?: boolean; isHalf?: boolean },
): Bars {
  const { height, left, bottom, top } = box;
  const width = isHalf ? box.half : box.wide;
  const most = niceTop(Math.max(1, ...all.flatMap(({ value, before }) => [value, before ?? 0])));
  const place = (width - left) / Math.max(1, all.length);
  const thick = Math.max(1, Math.min(widest, place - Math.min(place * 0.25, 8)));
  const y = (value: number) => round(height - bottom - (value / most) * (height - bottom - top));
  const middle = (i: number) => round(left + place * (i + 0.5));
  const held = all.flatMap(({ before }, i) =>
    before === null || before === undefined ? [] : [{ x: middle(i), y: y(before) }],
  );
  const stroke = ({ x, y: at }: { x: number; y: number }) =>
    `M${round(x - thick / 2 - 3)} ${at}L${round(x + thick / 2 + 3)} ${at}`;
  // As many names as fit side by side.
  const every = isTime ? Math.max(1, Math.ceil(all.length / Math.floor((width - left) / 56))) : 1;
  const letters = isTime ? 12 : Math.max(6, Math.floor(place / 7));
  return {
    label,
    isTime,
    width,
    height,
    bars: all.map(({ value, title, isDashed = false }, i) => ({
      x: round(middle(i) - thick / 2),
      y: y(value),
      width: round(thick),
      height: round(height - bottom - y(value)),
      title,
      isDashed,
    })),
    line:
      held.length < 2
        ? ""
        : isTime
          ? `M${held.map((one) => `${one.x} ${one.y}`).join("L")}`
          : held.map(stroke).join(""),
    marks: [0, 0.5, 1].map((part) => ({ y: y(most * part), text: say(most * part) })),
    names: all.flatMap(({ name }, i) =>
      i % every === 0
        ? [{ x: middle(i), text: name.length > letters ? `${name.slice(0, letters - 1)}…` : name }]
        : [],
    ),
    key: held.length > 1 ? key : null,
  };
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** Pure. The next number that reads well on an axis and halves well. */
export function niceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const found = [1, 2, 4, 6, 8, 10].find((one) => one * power >= most) ?? 10;
  return Math.max(2, found * power);
}

/** Hours of the week; only those in which something ever began, and what lies between. */
export function drawHeat(
  days: readonly string[],
  value: (day: number, hour: number) => number,
  cellOf: (day: number, hour: number, value: number) => { text: string; title: string; href: string | null },
  label: string,
): Heat {
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const used = hours.filter((hour) => days.some((_, i) => value(i + 1, hour) > 0));
  const [first = 8, last = 18] = [used[0], used.at(-1)];
  const shown = hours.slice(first, last + 1);
  const most = Math.max(0, ...days.flatMap((_, i) => hours.map((hour) => value(i + 1, hour))));
  return {
    label,
    hours: shown.map(String),
    days: days.map((name, i) => ({
      name,
      cells: shown.map((hour) => {
        const n = value(i + 1, hour);
        return {
          shade: most > 0 && n > 0 ? Math.max(1, Math.round((n / most) * 9)) : 0,
          ...cellOf(i + 1, hour, n),
        };
      }),
    })),
  };
}
