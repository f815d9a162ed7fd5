/** `1,250.50`, `1.250,50`, `$ 1250.5`: the last separator before one or two digits is the decimal one. Null when it is no amount. */
export function parseAmount(text: string): number | null {
  const digits = text.replaceAll(/[\s$€]|[A-Z]{3}/g, "");
  if (!/^-?\d[\d.,]*$/.test(digits)) return null;
  const [, whole = "", decimals = ""] = /^(-?[\d.,]*?)(?:[.,](\d{1,2}))?$/.exec(digits) ?? [];
  const amount = Number(`${whole.replaceAll(/[.,]/g, "")}.${decimals || "0"}`);
  return Number.isFinite(amount) && Math.abs(amount) < 1e11 ? amount : null;
}
