import { may } from "../agents/policy.ts";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, NotFound } from "../platform/errors.ts";
import type { MessageKey } from "../platform/message-key.ts";
import type { Import } from "./types.ts";

export const importColumns = `m.id, m.kind, m.agent_id as "agentId", a.name as "agentName", m.file_name as "fileName", m.storage_key as "storageKey",
  m.encoding, m.delimiter, m.header, m.mapping, m.on_duplicate as "onDuplicate", m.state, m.position, m.total,
  m.created, m.updated, m.skipped, m.faulty, m.fault, m.created_at as "createdAt", m.finished_at as "finishedAt"`;

/** @throws NotFound, Forbidden. */
export async function getImport(ctx: Reader, id: number): Promise<Import> {
  if (!may(ctx.actor, "contacts.import")) throw new Forbidden();
  const found = await row<Import>(
    ctx.db,
    `select ${importColumns} from imports m join agents a on a.id = m.agent_id where m.id = ?`,
    [id],
  );
  if (!found) throw new NotFound();
  return found;
}

/** The newest first. @throws Forbidden. */
export async function listImports(ctx: Reader): Promise<Import[]> {
  if (!may(ctx.actor, "contacts.import")) throw new Forbidden();
  return rows(
    ctx.db,
    `select ${importColumns} from imports m join agents a on a.id = m.agent_id order by m.id desc limit 20`,
  );
}

/** Faults in the order of the rows; `after` is the last row seen. The caller has loaded the import. */
export function listFaults(
  ctx: Reader,
  importId: number,
  page: { after: number; limit: number },
): Promise<{ rowNumber: number; column: string; reason: MessageKey; value: string }[]> {
  return rows(
    ctx.db,
    `select row_number as "rowNumber", column_name as "column", reason, value from import_faults
     where import_id = :importId and row_number > :after order by row_number, column_name limit :limit`,
    { importId, ...page },
  );
}
