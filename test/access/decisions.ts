import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/**
 * Who may ask what: one line of `decisions.txt` for every route, or the tests fail. `of` is what the route's id names: `anybody` (strangers
 * too), `signed-in`, `firm` (what belongs to all), `nothing` (no row at all), or a row that one must see. `needs` are the
 * permissions beside that, all of them; `–` is none. The body is one that is good: a refusal must be one of rights, not of form.
 */
const table = readFileSync(resolve(import.meta.dirname, "decisions.txt"), "utf8");

export interface Decision {
  /** As the router lists it: `post /conversations/:id/notes`. */
  route: string;
  method: string;
  path: string;
  of: string;
  needs: readonly string[];
  body: string | null;
}

/** What the rows of one customer hang on: seen by whoever sees the conversation. */
export const ofCustomers = [
  "conversation",
  "contact",
  "message",
  "file",
  "note",
  "case",
  "commitment",
  "scheduled",
  "company",
];

export const decisions: readonly Decision[] = table
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => {
    const [route = "", of = "", needs = "", body] = line.split(" | ");
    const [method = "", path = ""] = route.split(" ");
    return { route, method, path, of, needs: needs === "–" ? [] : needs.split("+"), body: body ?? null };
  });

/** Puts values where a path says `:name` and a body `{name}`; what has no name stays. */
export const place = (text: string, names: Record<string, string>): string =>
  text.replaceAll(/:(\w+)|\{(\w+)\}/g, (whole, inPath, inBody) => names[inPath ?? inBody] ?? whole);
