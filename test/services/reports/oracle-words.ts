import { detailPatterns, repeatsPattern, thanksPattern } from "../../../src/services/reports/words.ts";
import type { Words } from "./oracle.ts";

/** Postgres' patterns as JavaScript's: the words are the same, the engine is not. */
const js = (pattern: string) => {
  const made = new RegExp(
    pattern.replaceAll("\\m", "(?<!\\w)(?=\\w)").replaceAll("\\M", "(?<=\\w)(?!\\w)"),
    "u",
  );
  return (low: string) => made.test(low);
};
export const oracleWords: Words = {
  repeats: js(repeatsPattern),
  thanks: js(thanksPattern),
  details: Object.fromEntries(Object.entries(detailPatterns).map(([name, one]) => [name, js(one)])),
};
