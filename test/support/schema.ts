import type { Knex } from "knex";
import { rows } from "../../src/services/platform/database.ts";

/** The schema as text, from the catalogue: whoever reviews a migration reads its difference here. */
export async function describeSchema(db: Knex): Promise<string> {
  const columns = await rows<{ table: string; line: string; comment: string | null }>(
    db,
    `select c.relname as table, format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
       case when a.attnotnull then ' not null' else '' end,
       coalesce(case when a.attidentity <> '' then ' generated always as identity' when a.attgenerated <> '' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored' else ' default ' || pg_get_expr(d.adbin, d.adrelid) end, '')) as line,
       col_description(c.oid, a.attnum) as comment
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where n.nspname = 'public' and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and c.relname not like 'knex_%'
     order by c.relname, a.attnum`,
  );
  const constraints = await rows<{ table: string; line: string }>(
    db,
    `select c.relname as table, format('  constraint %s %s', k.conname, pg_get_constraintdef(k.oid)) as line
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and k.contype <> 'n' and c.relname not like 'knex_%' order by c.relname, k.contype, k.conname`,
  );
  const indexes = await rows<{ table: string; line: string }>(
    db,
    `select tablename as table, indexdef as line from pg_indexes where schemaname = 'public' and tablename not like 'knex_%'
       and indexname not in (select conname from pg_constraint) order by tablename, indexname`,
  );
  const triggers = await rows<{ table: string; line: string }>(
    db,
    `select c.relname as table, pg_get_triggerdef(t.oid) as line from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where not t.tgisinternal order by c.relname, t.tgname`,
  );
  const functions = await rows<{ line: string }>(
    db,
    `select pg_get_functiondef(p.oid) as line from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'public' and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by p.proname`,
  );
  const tables = [...new Set(columns.map(({ table }) => table))];
  const parts = tables.map((table) => {
    const own = <T extends { table: string }>(all: readonly T[]) => all.filter((one) => one.table === table);
    const inside = [
      ...own(columns).map(({ line, comment }) => (comment ? `${line} -- ${comment}` : line)),
      ...own(constraints).map(({ line }) => line),
    ];
    const after = [...own(indexes), ...own(triggers)].map(({ line }) => `${line};`);
    return [`table ${table} (`, ...inside, ")", ...after].join("\n");
  });
  return `${[...parts, ...functions.map(({ line }) => line.trim())].join("\n\n")}\n`;
}
