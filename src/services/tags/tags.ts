import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** Colours that a tag may have, as names: how they look is for the screen. */
export const tagColours = [
  "none",
  "red",
  "orange",
  "yellow",
  "green",
  "teal",
  "blue",
  "violet",
  "pink",
] as const;
export type TagColour = (typeof tagColours)[number];

/** One word of the firm's one vocabulary, for contacts and conversations alike. */
export interface Tag {
  id: number;
  name: string;
  colour: TagColour;
  contacts: number;
  conversations: number;
}

const longestName = 60;

/** All of them, by name, with how often they are used. */
export function listTags(ctx: Pick<Reader, "db">): Promise<Tag[]> {
  return rows(
    ctx.db,
    `select t.id, t.name, t.colour, coalesce(p.n, 0) as contacts, coalesce(c.n, 0) as conversations from tags t
       left join (select tag_id, count(*)::int as n from contact_tags group by 1) p on p.tag_id = t.id
       left join (select tag_id, count(*)::int as n from conversation_tags group by 1) c on c.tag_id = t.id
     order by plain(t.name), t.id`,
  );
}

/** Names and colours of those that have one. */
export function listColours(ctx: Pick<Reader, "db">): Promise<{ name: string; colour: TagColour }[]> {
  return rows(ctx.db, "select name, colour from tags where colour <> 'none' order by id");
}

/** One more word; a word that is there keeps its colour. @throws Forbidden, Invalid. */
export function addTag(ctx: Context, to: { name: string; colour: TagColour }): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "tags.manage")) throw new Forbidden();
    const name = cleanName(to.name);
    const made = await row(
      tx.db,
      "insert into tags (name, colour) values (?, ?) on conflict (plain(name)) do nothing returning id",
      [name, to.colour],
    );
    if (made) tx.record({ type: "tags.changed" }, { act: "tag.added", data: { name, colour: to.colour } });
  });
}

function cleanName(given: string): string {
  const name = given.toWellFormed().replaceAll("\0", "").trim();
  if (name === "" || name.length > longestName || name.includes(","))
    throw new Invalid({ name: "tags.length" });
  return name;
}

/**
 * Gives a tag another name or colour. A name that another tag has makes the two one.
 *
 * @throws NotFound, Forbidden; Invalid when the name is empty, too long or holds a comma.
 */
export function changeTag(ctx: Context, id: number, to: { name: string; colour: TagColour }): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "tags.manage")) throw new Forbidden();
    const name = cleanName(to.name);
    const before = await row<{ name: string }>(tx.db, "select name from tags where id = ? for update", [id]);
    if (!before) throw new NotFound();
    const same = await row<{ id: number }>(
      tx.db,
      "select id from tags where plain(name) = plain(?) and id <> ? for update",
      [name, id],
    );
    if (same) {
      for (const [table, owner] of [
        ["contact_tags", "contact_id"],
        ["conversation_tags", "conversation_id"],
      ]) {
        await tx.db.raw(
          `insert into ${table} (${owner}, tag_id) select ${owner}, :id from ${table} where tag_id = :same on conflict do nothing`,
          { id, same: same.id },
        );
      }
      await tx.db("tags").where({ id: same.id }).delete();
    }
    await tx.db("tags").where({ id }).update({ name, colour: to.colour });
    tx.record(
      { type: "tags.changed" },
      { act: "tag.changed", data: { from: before.name, to: name, colour: to.colour } },
    );
  });
}

/** Takes a tag from everything that has it. @throws NotFound, Forbidden. */
export function deleteTag(ctx: Context, id: number): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "tags.manage")) throw new Forbidden();
    const gone = await row<{ name: string }>(tx.db, "delete from tags where id = ? returning name", [id]);
    if (!gone) throw new NotFound();
    tx.record({ type: "tags.changed" }, { act: "tag.deleted", data: { name: gone.name } });
  });
}
