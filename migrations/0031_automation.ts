import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table automatic_messages (
  kind text primary key
    check (kind in ('greeting', 'out_of_hours', 'queue_notice', 'confirm', 'csat', 'nps', 'thanks', 'nudge', 'silence')),
  enabled boolean not null default false,
  text_es text not null check (length(text_es) between 1 and 1000),
  text_en text not null check (length(text_en) <= 1000),
  -- Answers to choose from, best first; WhatsApp takes titles of 20 characters on buttons and of 24 in a list.
  options_es text[] not null default '{}',
  options_en text[] not null default '{}'
);
comment on table automatic_messages is 'What Hilo says by itself, in the firm''s words. Places in braces are filled in.';
insert into automatic_messages (kind, text_es, text_en, options_es, options_en) values
  ('greeting', 'Hola {nombre}, gracias por escribir a {empresa}. En un momento te atiende una persona.',
    'Hello {nombre}, thank you for writing to {empresa}. Somebody will be with you in a moment.', '{}', '{}'),
  ('out_of_hours', 'Hola {nombre}. Ahora estamos cerrados: abrimos {abre} y te respondemos entonces. Tu mensaje ya quedó guardado.',
    'Hello {nombre}. We are closed now: we open {abre} and will answer you then. Your message is kept.', '{}', '{}'),
  ('queue_notice', 'Seguimos contigo: eres el número {numero} en la fila{espera}.',
    'We are still with you: you are number {numero} in the queue{espera}.', '{}', '{}'),
  ('confirm', '{resumen} ¿Quedó resuelto\\?', '{resumen} Is it solved\\?',
    array['Sí, gracias', 'No, sigo con dudas'], array['Yes, thank you', 'No, I have doubts']),
  ('csat', '¿Cómo te atendimos\\? Elige del 5 (muy bien) al 1 (muy mal).', 'How did we do\\? Choose from 5 (very well) to 1 (very badly).',
    array['5 Muy bien', '4 Bien', '3 Regular', '2 Mal', '1 Muy mal'], array['5 Very well', '4 Well', '3 So-so', '2 Badly', '1 Very badly']),
  ('nps', 'Del 0 al 10, ¿qué tan probable es que nos recomiendes\\? Responde con un número.',
    'From 0 to 10, how likely are you to recommend us\\? Answer with a number.', '{}', '{}'),
  ('thanks', 'Gracias por contestar. Si quieres contarnos algo más, escríbelo en un mensaje.',
    'Thank you for answering. If you want to tell us more, write it in one message.', '{}', '{}'),
  ('nudge', 'Hola {nombre}, ¿pudiste ver nuestra respuesta\\? Si quedó resuelto, dinos aquí; si no, seguimos contigo.',
    'Hello {nombre}, did you see our answer\\? If it is solved, tell us here; if not, we go on.',
    array['Sí, quedó', 'Sigo con dudas'], array['Yes, solved', 'I have doubts']),
  ('silence', 'Cerramos esta conversación porque no supimos más de ti. Si necesitas algo, escribe y seguimos donde quedamos.',
    'We close this conversation, for we have not heard from you. If you need anything, write and we go on where we were.', '{}', '{}');

create table automatic_sends (
  conversation_id bigint not null references conversations on delete cascade,
  kind text not null references automatic_messages,
  on_date date not null,
  created_at timestamptz not null default now(),
  -- At most once in an episode and a day.
  primary key (conversation_id, kind, on_date)
);

alter table firm
  add column queue_notice_seconds integer not null default 60 check (queue_notice_seconds between 10 and 86400),
  add column requires_topic boolean not null default false,
  add column requires_case_state boolean not null default false,
  add column requires_summary boolean not null default false,
  add column after_resolving text not null default 'nothing' check (after_resolving in ('nothing', 'confirm', 'survey')),
  add column nps_percent integer not null default 0 check (nps_percent between 0 and 100),
  add column low_score numeric(3, 1) not null default 3.5 check (low_score between 1 and 5),
  add column low_score_reopens boolean not null default false,
  add column nudge_hours integer check (nudge_hours between 1 and 720),
  add column silence_hours integer check (silence_hours between 1 and 720);
comment on column firm.silence_hours is 'What we answered and nobody took up is closed after this long; null: never. Nudged before, after nudge_hours.';
alter table conversations add column summary text not null default '' check (length(summary) <= 1000);
-- What we answered and waits for the contact: looked through for silence.
create index conversations_answered on conversations (last_activity_at, id)
  where status in ('open', 'pending') and waiting_since is null;

create table surveys (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations,
  contact_id bigint not null references contacts,
  agent_id bigint references agents,
  kind text not null check (kind in ('confirm', 'csat', 'nps')),
  sent_at timestamptz not null default now(),
  score integer,
  comment text not null default '' check (length(comment) <= 4096),
  answered_at timestamptz,
  comment_until timestamptz,
  check ((score is null) = (answered_at is null)),
  check (score is null or case kind when 'confirm' then score between 0 and 1 when 'csat' then score between 1 and 5 else score between 0 and 10 end)
);
-- One question of its kind about a conversation; whether it is solved is asked again when it was not.
create unique index surveys_one on surveys (conversation_id) where kind <> 'confirm';
create index surveys_conversation on surveys (conversation_id, id);
create index surveys_contact on surveys (contact_id, id);
create index surveys_answered on surveys (answered_at) where answered_at is not null;
create index surveys_story on surveys (contact_id, answered_at desc, id desc) where answered_at is not null;
comment on column surveys.agent_id is 'Who resolved it: whom the answer is about.';
comment on column surveys.comment_until is 'Until then one message of the contact is the comment.';

alter table alerts add column mailed_at timestamptz;
create index alerts_unmailed on alerts (id) where mailed_at is null and seen_at is null;
alter table alerts drop constraint alerts_kind_check,
  add constraint alerts_kind_check check (kind in ('stalled', 'reassigned', 'nobody', 'neglected', 'nudge', 'low_score', 'comment', 'unsent', 'assigned'));

create table scheduled_messages (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations on delete cascade,
  agent_id bigint not null references agents,
  text text not null check (length(text) between 1 and 4096),
  send_at timestamptz not null,
  client_token uuid unique,
  message_id bigint references messages,
  error text,
  created_at timestamptz not null default now(),
  settled_at timestamptz
);
create index scheduled_messages_due on scheduled_messages (send_at) where settled_at is null;
create index scheduled_messages_conversation on scheduled_messages (conversation_id, send_at) where settled_at is null;
comment on column scheduled_messages.settled_at is 'When it was sent, given up with its error, or taken back.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop table scheduled_messages, surveys, automatic_sends, automatic_messages;
drop index conversations_answered;
alter table conversations drop column summary;
alter table firm drop column queue_notice_seconds, drop column requires_topic, drop column requires_case_state,
  drop column requires_summary, drop column after_resolving, drop column nps_percent, drop column low_score,
  drop column low_score_reopens, drop column nudge_hours, drop column silence_hours;
`);
