import type { Bell } from "./bell.ts";
import type { Fact } from "./events.ts";

/** Trusted for this long while the bell is heard, for a connection can be dead before anybody knows. Milliseconds. */
const longestTrust = 5000;
/** Answers of one kind; the oldest go first. */
const mostAnswers = 1000;

/** Answers of one kind. */
export interface Memory<T> {
  /** What is remembered under the key, else what `load` answers; who asks at the same time waits for the same answer. */
  get: (key: string, load: () => Promise<T>) => Promise<T>;
  forget: (key: string) => void;
}

/**
 * Answers that are asked for far more often than they change, kept in this process until a fact is heard that may
 * have changed them. A commit of this process is heard at once, so that whoever caused it reads what they wrote;
 * others' when the bell brings them. While the bell hears nothing, nothing is remembered.
 */
export interface Memories {
  open: <T>(forgets: (fact: Fact) => boolean) => Memory<T>;
  hear: (facts: readonly Fact[]) => void;
  /** From now on what the bell brings is heard too. */
  listen: (bell: Bell) => void;
}

export function openMemories(): Memories {
  const all: { forgets: (fact: Fact) => boolean; answers: Map<string, unknown> }[] = [];
  let isHearing = () => false;

  function hear(facts: readonly Fact[]): void {
    for (const { forgets, answers } of all) if (answers.size > 0 && facts.some(forgets)) answers.clear();
  }

  return {
    hear,
    listen(bell) {
      isHearing = bell.isHearing;
      bell.onFacts(hear);
      bell.onGap(() => {
        for (const { answers } of all) answers.clear();
      });
    },
    open<T>(forgets: (fact: Fact) => boolean): Memory<T> {
      const answers = new Map<string, { at: number; heard: boolean; answer: Promise<T> }>();
      all.push({ forgets, answers });
      return {
        get(key, load) {
          const known = answers.get(key);
          if (known?.heard && isHearing() && known.at > Date.now() - longestTrust) return known.answer;
          const made = { at: Date.now(), heard: isHearing(), answer: load() };
          answers.delete(key);
          answers.set(key, made);
          if (answers.size > mostAnswers) answers.delete(answers.keys().next().value ?? key);
          made.answer.catch(() => {
            if (answers.get(key) === made) answers.delete(key);
          });
          return made.answer;
        },
        forget: (key) => void answers.delete(key),
      };
    },
  };
}
