const units: Record<string, number> = {
  s: 1,
  seg: 1,
  sec: 1,
  "": 60,
  m: 60,
  min: 60,
  h: 3600,
  hora: 3600,
  horas: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  dia: 86_400,
  dias: 86_400,
  day: 86_400,
  days: 86_400,
};

/** `90 s`, `5 min`, `5`, `2 h`, `1 día` in seconds; a bare number is minutes; null for what is none. Pure. */
export function parseDuration(text: string): number | null {
  const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();
  const match = /^(\d{1,5})(?:[.,](\d))?\s*([a-z]*)$/.exec(plain);
  const unit = match && units[match[3] ?? ""];
  if (!match || unit === undefined || unit === null) return null;
  return Math.round(Number(`${match[1]}.${match[2] ?? 0}`) * unit);
}

/** The shortest way to write it that `parseDuration` reads back. */
export function writeDuration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
