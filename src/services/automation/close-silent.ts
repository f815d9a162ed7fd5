import { type ClosingSettings, getClosing } from "../conversations/closing-settings.ts";
import { endConversation } from "../conversations/status.ts";
import { type Context, systemContext, type Tx } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { ask } from "./ask.ts";
import { listAutomaticMessages } from "./automatic-messages.ts";
import { sendAutomatic } from "./send-automatic.ts";

const perSweep = 100;

interface Silent {
  id: number;
  contactId: number;
  assigneeId: number | null;
}

/**
 * What we answered and the contact did not take up: nudged once, with buttons, and closed with a word when nothing came. Counted
 * from our last answer; who has an open case or a promise of ours is not closed.
 *
 * @returns how many were nudged or closed.
 */
export async function closeSilent(ctx: Context): Promise<number> {
  const settings = await getClosing(ctx.db);
  let total = 0;
  if (settings.nudgeHours !== null) total += await sweep(ctx, settings.nudgeHours, settings, nudge);
  if (settings.silenceHours !== null) total += await sweep(ctx, settings.silenceHours, settings, close);
  return total;
}

async function sweep(
  ctx: Context,
  hours: number,
  settings: ClosingSettings,
  work: (tx: Tx, silent: readonly Silent[], settings: ClosingSettings) => Promise<number>,
): Promise<number> {
  return transact(systemContext(ctx, ctx.now), async (tx) => {
    const silent = await rows<Silent>(
      tx.db,
      `select c.id, c.contact_id as "contactId", c.assignee_id as "assigneeId" from conversations c
       where c.status in ('open', 'pending') and c.waiting_since is null and c.first_response_at is not null
         and c.last_activity_at < now() - make_interval(hours => :hours)
         and (:closing::boolean or not exists (select 1 from automatic_sends s where s.conversation_id = c.id and s.kind = 'nudge'))
         and not exists (select 1 from cases k where k.contact_id = c.contact_id and k.resolved_at is null)
         and not exists (select 1 from scheduled_messages w where w.conversation_id = c.id and w.settled_at is null)
         and not exists (select 1 from commitments m where m.contact_id = c.contact_id and m.done_at is null)
       order by c.last_activity_at, c.id limit ${perSweep} for update of c skip locked`,
      { hours, closing: work === close },
    );
    return work(tx, silent, settings);
  });
}

async function nudge(tx: Tx, silent: readonly Silent[]): Promise<number> {
  for (const one of silent) {
    // Once in an episode, whether or not it could be said: the window may be closed by now.
    await tx.db.raw(
      "insert into automatic_sends (conversation_id, kind, on_date) values (?, 'nudge', '2000-01-01') on conflict do nothing",
      [one.id],
    );
    await ask(tx, one, "nudge", "confirm", {});
  }
  return silent.length;
}

async function close(tx: Tx, silent: readonly Silent[]): Promise<number> {
  const [words] = (await listAutomaticMessages(tx.db)).filter(({ kind }) => kind === "silence");
  if (words)
    await sendAutomatic(
      tx,
      words,
      silent.map(({ id }) => ({ conversationId: id })),
      { daily: true },
    );
  for (const { id } of silent) await endConversation(tx, id, "silence");
  return silent.length;
}
