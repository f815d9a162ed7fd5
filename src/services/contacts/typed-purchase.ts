/** `1,250.50`, `1.250,50`, `$ 1250.5`: the last separator before one or two digits is the decimal one. Null when it is no amount. */
export function parseAmount(text: string): number | null {
  const digits = text.replaceAll(/[\s$€]|[A-Z]{3}/g, "");
  if (!/^-?\d[\d.,]*$/.test(digits)) return null;
  const [, whole = "", decimals = ""] = /^(-?[\d.,]*?)(?:[.,](\d{1,2}))?$/.exec(digits) ?? [];
  const amount = Number(`${whole.replaceAll(/[.,]/g, "")}.${decimals || "0"}`);
  return Number.isFinite(amount) && Math.abs(amount) < 1e11 ? amount : null;
}

const mostItems = 200;
const longestName = 200;

/** `2 x Silla`, or only its name; one a line, or parted as `between` says. */
export function parseItems(text: string, between: RegExp = /\n/): { name: string; quantity?: number }[] {
  return text
    .split(between)
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, mostItems)
    .map((line) => {
      const [, quantity, name] = /^(\d{1,6})\s*[x×]\s+(.+)$/i.exec(line) ?? [];
      return name
        ? { name: name.slice(0, longestName), quantity: Number(quantity) }
        : { name: line.slice(0, longestName) };
    });
}
