import type { Context } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import type { Mail, Mailer } from "../platform/mailer.ts";
import type { LinkKind } from "./links.ts";
import type { Locale } from "./queries.ts";

/** What somebody is sent: the words are the views'. */
export interface LinkMail {
  to: string;
  name: string;
  locale: Locale;
  firmName: string;
  kind: LinkKind;
  token: string;
}

const perSweep = 50;

/**
 * Sends the links that wait for it. Claimed before it is sent, so a link goes once or, when the server fails, not at all:
 * whoever asked asks again.
 *
 * @returns how many went.
 */
export async function mailLinks(
  ctx: Context,
  mailer: Mailer,
  compose: (link: LinkMail) => Mail,
): Promise<number> {
  const claimed = await rows<Omit<LinkMail, "token"> & { sealed: string }>(
    ctx.db,
    `with due as (select id, sealed_token from agent_links where sealed_token is not null order by id limit ${perSweep} for update skip locked)
     update agent_links l set sealed_token = null from due, agents a, firm f
     where l.id = due.id and a.id = l.agent_id
     returning a.email as "to", a.name, a.locale, f.name as "firmName", l.kind, due.sealed_token as sealed`,
  );
  let sent = 0;
  for (const { sealed, ...link } of claimed) {
    try {
      await mailer.send(compose({ ...link, token: ctx.secrets.decrypt(sealed) }));
      sent += 1;
    } catch (error) {
      ctx.logger.warn({ err: error }, "a mail with a link did not go");
    }
  }
  return sent;
}
