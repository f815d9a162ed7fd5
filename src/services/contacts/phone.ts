import { parsePhoneNumberFromString } from "libphonenumber-js/min";

/**
 * Key under which the spellings of one phone meet; never an address to send to. Digits of E.164, without the
 * extra 1 of Mexican and 9 of Argentinian mobiles, and with the ninth digit of Brazilian mobiles (what follows the
 * area code begins with 6 to 9; landlines begin with 2 to 5 and stay).
 */
export function phoneMatchKey(phone: string): string {
  const digits = phone.replaceAll(/\D/g, "");
  const mexico = /^521(\d{10})$/.exec(digits);
  if (mexico) return `52${mexico[1]}`;
  const argentina = /^549(\d{10})$/.exec(digits);
  if (argentina) return `54${argentina[1]}`;
  const brazil = /^55(\d{2})([6-9]\d{7})$/.exec(digits);
  if (brazil) return `55${brazil[1]}9${brazil[2]}`;
  return digits;
}

/** The other spelling that a provider may know the same number by (without +), or null. */
export function phoneAlternate(digits: string): string | null {
  const swaps: [RegExp, string][] = [
    [/^521(\d{10})$/, "52$1"],
    [/^52(\d{10})$/, "521$1"],
    [/^549(\d{10})$/, "54$1"],
    [/^55(\d{2})9([6-9]\d{7})$/, "55$1$2"],
    [/^55(\d{2})([6-9]\d{7})$/, "55$19$2"],
  ];
  for (const [pattern, alternate] of swaps) {
    if (pattern.test(digits)) return digits.replace(pattern, alternate);
  }
  return null;
}

/** As people write it, with the country's spaces; the digits themselves when they are no known number. */
export function formatPhone(digits: string): string {
  // Hidden from whoever reads it: `••• 5678`.
  if (digits.includes("•")) return digits;
  const plain = digits.replaceAll(/\D/g, "");
  const mexico = /^521(\d{10})$/.exec(plain);
  const number = parsePhoneNumberFromString(`+${mexico ? `52${mexico[1]}` : plain}`);
  return number?.isPossible() ? number.formatInternational() : `+${plain}`;
}

/**
 * Digits of a number that somebody typed, in the firm's country unless it begins with + or 00.
 *
 * @returns null when it cannot be a phone number.
 */
export function parsePhone(typed: string, country: string): string | null {
  // Mexicans still write the 1 that mobiles had after the country until 2019 (IFT, "Plan Técnico Fundamental de Numeración").
  const cleaned = typed
    .trim()
    .replace(/^00/, "+")
    .replace(/^(\+\s*52)[\s().-]*1(?=(?:[\s().-]*\d){10}$)/, "$1");
  const number = parsePhoneNumberFromString(cleaned, country as "MX");
  return number?.isPossible() ? number.number.slice(1) : null;
}

/**
 * Key by which a sender may be recognised as somebody known in another spelling, or null when only the exact
 * number will do: an Argentinian number without the 9 could be a landline, which no mobile's messages may reach.
 */
export function phoneLookupKey(digits: string): string | null {
  return /^54(?!9)\d{10}$/.test(digits) ? null : phoneMatchKey(digits);
}
