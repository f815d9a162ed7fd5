import type { MessageValues } from "../services/platform/message-key.ts";
import { en } from "./locales/en.ts";
import { es } from "./locales/es.ts";

export type Locale = "es" | "en";

/** A key that has its words in both languages. */
export type TextKey = keyof typeof es;

export type Translate = (key: string, values?: MessageValues) => string;

const texts: Record<Locale, Record<string, string>> = { es, en };
const plurals: Record<Locale, Intl.PluralRules> = {
  es: new Intl.PluralRules("es"),
  en: new Intl.PluralRules("en"),
};

/**
 * Words for a key. `{name}` shows a value; a text with `one | many` picks by the value `n`.
 *
 * @throws Error when there is no such key: a test walks all of them.
 */
export function translator(locale: Locale): Translate {
  const own = new Map(
    Object.entries(texts[locale]).map(([key, text]) => [key, text.split(" | ").map(parse)]),
  );
  return (key, values) => {
    const [one, many] = own.get(key) ?? [];
    if (one === undefined) throw new Error(`no words for ${key}`);
    if (!values) return one.text;
    const form = many && plurals[locale].select(Number(values.n ?? 0)) !== "one" ? many : one;
    return form.parts.map((part, n) => (n % 2 === 0 ? part : String(values[part] ?? `{${part}}`))).join("");
  };
}

/** A text and its parts: what is written, then the name of a value, in turn. */
const parse = (text: string) => ({ text, parts: text.split(/\{(\w+)\}/) });

const translators = { es: translator("es"), en: translator("en") };
export const translateFor = (locale: Locale): Translate => translators[locale];

/** Whether a key that a service named has words; the errors of people must never lack them. */
export const isTextKey = (key: string): key is TextKey => key in es;
