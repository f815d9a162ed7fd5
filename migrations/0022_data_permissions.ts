import type { Knex } from "knex";

/** Who may bring whole lists in, take them out, and erase a person. */
export const up = (knex: Knex) =>
  knex.raw(`
update roles set permissions = permissions || '{import,export}' where built_in and name in ('supervisor', 'admin');
update roles set permissions = permissions || '{erase}' where built_in and name = 'admin';
`);

export const down = (knex: Knex) =>
  knex.raw(
    `update roles set permissions = array_remove(array_remove(array_remove(permissions, 'import'), 'export'), 'erase')`,
  );
