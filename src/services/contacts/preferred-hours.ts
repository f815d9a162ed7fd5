/** Parts of a day as people name them. Hours, the end not included. */
const named: [RegExp, from: number, until: number][] = [
  [/\b(ma[nñ]anas?|mornings?)\b/i, 6, 12],
  [/\b(mediod[ií]a|noon|midday)\b/i, 12, 15],
  [/\b(tardes?|afternoons?)\b/i, 12, 20],
  [/\b(noches?|evenings?|nights?)\b/i, 19, 23],
];
const clock = /(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.\s?m\.|p\.\s?m\.)?/gi;

/**
 * The span of a day that somebody wrote as their preferred hours (`por la mañana`, `de 9 a 13`, `10:00–12:30`, `after 5 pm`).
 *
 * @returns minutes since midnight, the end not included; null when it names none, for then nobody can be warned.
 */
export function parsePreferredHours(text: string): { from: number; until: number } | null {
  const times = [...text.matchAll(clock)].flatMap(([, hour, minute, half]) => {
    const h = Number(hour) + (/^p/i.test(half ?? "") && Number(hour) < 12 ? 12 : 0);
    return h <= 24 && Number(minute ?? 0) < 60 ? [h * 60 + Number(minute ?? 0)] : [];
  });
  const [first, second] = times;
  if (first !== undefined && second !== undefined) {
    return second > first ? { from: first, until: second } : null;
  }
  if (first !== undefined) {
    if (/\b(despu[eé]s|a partir|desde|after|from)\b/i.test(text)) return { from: first, until: 24 * 60 };
    if (/\b(antes|hasta|before|until)\b/i.test(text)) return { from: 0, until: first };
    return null;
  }
  const part = named.find(([words]) => words.test(text));
  return part ? { from: part[1] * 60, until: part[2] * 60 } : null;
}

/** Whether it is now outside the hours that a customer prefers, on a clock of the given zone. */
export function isOutsidePreferredHours(text: string, now: Date, timeZone: string): boolean {
  const span = parsePreferredHours(text);
  if (!span) return false;
  const local = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone);
  const minute = local.hour * 60 + local.minute;
  return minute < span.from || minute >= span.until;
}
