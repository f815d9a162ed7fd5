import { approved } from "../agents/approvals.ts";
import { may } from "../agents/policy.ts";
import { listCases } from "../cases/queries.ts";
import type { Case } from "../cases/types.ts";
import { type Contact, getContact } from "../contacts/queries.ts";
import { getFile } from "../conversations/messages.ts";
import { getThread, type ThreadCursor } from "../conversations/thread.ts";
import type { Message, Note } from "../conversations/types.ts";
import type { Context } from "../platform/context.ts";
import { Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { listFiles, type StoryFile } from "../story/files.ts";
import { listTimeline, type TimelineCursor, type TimelineEntry } from "../story/timeline.ts";

/** Everything that is known of a person, as far as the exporting agent sees it. */
export interface Dossier {
  contact: Contact;
  /** The newest first. */
  timeline: TimelineEntry[];
  cases: Case[];
  /** Oldest first. */
  messages: Message[];
  notes: Note[];
  files: { name: string; storageKey: string }[];
}

const perPage = 500;

/** The audit says who took it. @throws NotFound, Forbidden. */
export async function exportContact(ctx: Context, contactId: number): Promise<Dossier> {
  if (!may(ctx.actor, "contacts.export")) throw new Forbidden();
  const contact = await getContact(ctx, contactId);
  const use = await approved(ctx, "contacts.export", { contactId: contact.id });
  await transact(ctx, async (tx) => {
    await use(tx);
    tx.record(null, { act: "contact.exported", contactId: contact.id });
  });
  const timeline: TimelineEntry[] = [];
  for (let before: TimelineCursor | null = null; ; ) {
    const page: TimelineEntry[] = await listTimeline(ctx, contact.id, { kinds: [], before, limit: perPage });
    timeline.push(...page);
    const last = page.at(-1);
    if (!last || page.length < perPage) break;
    before = { micros: last.micros, kind: last.kind, id: last.id };
  }
  const messages: Message[] = [];
  const notes: Note[] = [];
  for (let before: ThreadCursor | null = null; ; ) {
    const page: Awaited<ReturnType<typeof getThread>> = await getThread(
      ctx,
      { contactId: contact.id },
      { before, limit: perPage },
    );
    messages.unshift(...page.messages);
    notes.unshift(...page.notes);
    if (!page.older) break;
    before = page.older;
  }
  const files: Dossier["files"] = [];
  for (let before: number | null = null; ; ) {
    const page: StoryFile[] = await listFiles(ctx, contact.id, {
      kind: null,
      search: "",
      before,
      limit: perPage,
    });
    for (const { id, publicId, fileName } of page) {
      const { storageKey, mediaType } = await getFile(ctx, publicId);
      files.push({ name: nameInArchive(id, fileName, mediaType), storageKey });
    }
    const last = page.at(-1);
    if (!last || page.length < perPage) break;
    before = last.id;
  }
  return { contact, timeline, files, cases: await listCases(ctx, contact.id, 1000), messages, notes };
}

/** Unique, and nothing that a folder could be: the sender chose the name. */
function nameInArchive(id: number, fileName: string, mediaType: string): string {
  const clean = fileName
    .replaceAll(/[^\p{L}\p{N}._ -]+/gu, "_")
    .replace(/^\.+/, "")
    .slice(-80);
  const [, extension = "bin"] = /^[a-z]+\/([a-z0-9]{1,10})/.exec(mediaType) ?? [];
  return `${id}-${clean || `file.${extension}`}`;
}
