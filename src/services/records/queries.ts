import type { CustomField, FieldValues } from "../fields/types.ts";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";

/** What a trade keeps about its customers: appointments, visits, policies. */
export interface RecordType {
  id: number;
  name: string;
  archivedAt: Date | null;
  fields: CustomField[];
  /** How many there are of it. */
  count: number;
}

export interface ContactRecord {
  id: number;
  contactId: number;
  recordTypeId: number;
  typeName: string;
  externalId: string;
  title: string;
  at: Date;
  state: string;
  values: FieldValues;
  createdAt: Date;
  updatedAt: Date;
}

const fieldsSql = `coalesce((select json_agg(f order by f.position, f.id) from (
    select id, record_type_id as "recordTypeId", key, label, kind, options, place, position, archived_at as "archivedAt"
    from custom_fields where record_type_id = t.id and archived_at is null) f), '[]')`;

const typeColumns = `t.id, t.name, t.archived_at as "archivedAt", ${fieldsSql} as fields,
  (select count(*)::int from (select 1 from records where record_type_id = t.id limit 10000) r) as count`;

/** Types that are in use, by name; `withArchived` brings the others too, last. */
export function listRecordTypes(ctx: Pick<Reader, "db">, withArchived = false): Promise<RecordType[]> {
  return rows(
    ctx.db,
    `select ${typeColumns} from record_types t ${withArchived ? "" : "where t.archived_at is null"}
     order by t.archived_at is not null, plain(t.name), t.id`,
  );
}

export async function getRecordType(ctx: Pick<Reader, "db">, id: number): Promise<RecordType> {
  const found = await row<RecordType>(ctx.db, `select ${typeColumns} from record_types t where t.id = ?`, [
    id,
  ]);
  if (!found) throw new NotFound();
  return found;
}

const columns = `r.id, r.contact_id as "contactId", r.record_type_id as "recordTypeId", t.name as "typeName",
  r.external_id as "externalId", r.title, r.at, r.state, r.values, r.created_at as "createdAt", r.updated_at as "updatedAt"`;

/** The newest and the coming of contact `:contactId`, those that lie ahead first. */
export const recordsSql = (limit: number): string =>
  `select ${columns} from records r join record_types t on t.id = r.record_type_id
   where r.contact_id = :contactId order by r.at desc, r.id desc limit ${limit}`;

/** Newest first; the caller has loaded the contact. */
export function listRecords(ctx: Reader, contactId: number, limit = 50): Promise<ContactRecord[]> {
  return rows(ctx.db, recordsSql(limit), { contactId });
}

export async function getRecord(
  ctx: Pick<Reader, "db">,
  contactId: number,
  id: number,
): Promise<ContactRecord> {
  const found = await row<ContactRecord>(
    ctx.db,
    `select ${columns} from records r join record_types t on t.id = r.record_type_id where r.id = ? and r.contact_id = ?`,
    [id, contactId],
  );
  if (!found) throw new NotFound();
  return found;
}
