/** How languages are written on cards, by people and by providers, and what they are called here. */
const beginnings: readonly [beginning: RegExp, code: string][] = [
  [/^(es|spa|cast)/, "es"],
  [/^(en|ing)/, "en"],
  [/^(pt|por)/, "pt"],
  [/^(fr|fra)/, "fr"],
  [/^it/, "it"],
  [/^(de|ale|ger)/, "de"],
];

/** The code of a language as somebody wrote it: `español`, `es-MX` and `Spanish` are `es`. Empty for what is none of ours. Pure. */
export function languageCode(written: string): string {
  const plain = written.normalize("NFD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();
  return beginnings.find(([beginning]) => beginning.test(plain))?.[1] ?? "";
}
