import type { Reader } from "../platform/context.ts";
import { calendarOf, choosePolicy, dueOf } from "./clock.ts";
import { loadRulebook } from "./rulebook.ts";
import { type Subject, type TargetName, targetNames } from "./types.ts";

/** What a message of a moment would be promised, and why. */
export interface Preview {
  policy: string;
  calendar: string;
  timeZone: string;
  isOpen: boolean;
  /** Name of the holiday or special day of that moment, or null. */
  exception: string | null;
  dues: { target: TargetName; dueAt: Date }[];
}

/** Pure but for the rules that it reads. */
export async function previewMessage(ctx: Reader, subject: Subject, at: Date): Promise<Preview> {
  const book = await loadRulebook(ctx.db);
  const policy = choosePolicy(book, subject);
  const { id, open } = calendarOf(book, policy, subject.teamId);
  const calendar = book.calendars.get(id);
  const moment = at.getTime();
  return {
    policy: policy.name,
    calendar: calendar?.name ?? "",
    timeZone: calendar?.timeZone ?? "UTC",
    isOpen: open.isOpen(moment),
    exception: open.exceptionOn(moment)?.name ?? null,
    dues: targetNames.flatMap((target) => {
      const due = dueOf(policy.targets[target], open, moment);
      return due === null ? [] : [{ target, dueAt: new Date(due) }];
    }),
  };
}
