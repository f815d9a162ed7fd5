import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import type { CustomField } from "./types.ts";

const columns = `f.id, f.record_type_id as "recordTypeId", f.key, f.label, f.kind, f.options, f.place, f.position, f.archived_at as "archivedAt"`;

/** Fields of customers' cards (null) or of one type of record, in their order. Whoever signed in may know them. */
export function listFields(
  ctx: Pick<Reader, "db">,
  recordTypeId: number | null,
  withArchived = false,
): Promise<CustomField[]> {
  return rows(
    ctx.db,
    `select ${columns} from custom_fields f where f.record_type_id is not distinct from :recordTypeId::bigint
       ${withArchived ? "" : "and f.archived_at is null"} order by f.archived_at is not null, f.position, f.id`,
    { recordTypeId },
  );
}

/** All there are, archived ones too, in the order of each list. */
export function listAllFields(ctx: Pick<Reader, "db">): Promise<CustomField[]> {
  return rows(
    ctx.db,
    `select ${columns} from custom_fields f order by f.archived_at is not null, f.position, f.id`,
  );
}

/** Of the card, for a statement that asks several questions. */
export const cardFieldsSql = `select ${columns} from custom_fields f where f.record_type_id is null and f.archived_at is null order by f.position, f.id`;

export async function getField(ctx: Pick<Reader, "db">, id: number): Promise<CustomField> {
  const found = await row<CustomField>(ctx.db, `select ${columns} from custom_fields f where f.id = ?`, [id]);
  if (!found) throw new NotFound();
  return found;
}
