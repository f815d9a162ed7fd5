import { languageCode } from "../contacts/language.ts";
import type { Arriving, Rule, RuleConditions } from "./types.ts";

/** Lower case, without accents: how words are compared. */
export const plainWords = (text: string): string =>
  text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** The first rule whose conditions all hold, or null. Rules are tried once and change nothing that others look at. */
export function matchRule(rules: readonly Rule[], arriving: Arriving): Rule | null {
  return rules.find(({ conditions }) => holds(conditions, arriving)) ?? null;
}

function holds(conditions: RuleConditions, arriving: Arriving): boolean {
  const { inboxIds, topicIds, keywords, languages, tagIds, highValue, hours } = conditions;
  return (
    (!inboxIds?.length || (arriving.inboxId !== null && inboxIds.includes(arriving.inboxId))) &&
    (!topicIds?.length || (arriving.topicId !== null && topicIds.includes(arriving.topicId))) &&
    (!keywords?.length || keywords.some((word) => contains(arriving.words, plainWords(word)))) &&
    (!languages?.length || languages.includes(languageCode(arriving.language))) &&
    (!tagIds?.length || tagIds.some((tag) => arriving.tagIds.includes(tag))) &&
    (!highValue || arriving.highValue) &&
    (!hours || (hours === "open") === arriving.isOpen)
  );
}

/** As whole words: `envío` is not in `reenvío`. */
function contains(words: string, wanted: string): boolean {
  if (wanted === "") return false;
  const isWord = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}]/u.test(char);
  for (let at = words.indexOf(wanted); at !== -1; at = words.indexOf(wanted, at + 1))
    if (!isWord(words[at - 1]) && !isWord(words[at + wanted.length])) return true;
  return false;
}

/**
 * A rule that no conversation ever reaches, because an earlier one takes everything that it would take.
 *
 * @returns the two, or null when every rule can come to its turn.
 */
export function findShadowed(rules: readonly Rule[]): { rule: Rule; by: Rule } | null {
  for (const [index, rule] of rules.entries()) {
    const by = rules.slice(0, index).find((earlier) => takesAll(earlier.conditions, rule.conditions));
    if (by) return { rule, by };
  }
  return null;
}

function takesAll(earlier: RuleConditions, later: RuleConditions): boolean {
  const within = <T>(wide: readonly T[] | undefined, narrow: readonly T[] | undefined) =>
    !wide?.length || (narrow !== undefined && narrow.length > 0 && narrow.every((one) => wide.includes(one)));
  return (
    within(earlier.inboxIds, later.inboxIds) &&
    within(earlier.topicIds, later.topicIds) &&
    within(earlier.keywords?.map(plainWords), later.keywords?.map(plainWords)) &&
    within(earlier.languages, later.languages) &&
    within(earlier.tagIds, later.tagIds) &&
    (!earlier.highValue || later.highValue === true) &&
    (!earlier.hours || earlier.hours === later.hours)
  );
}
